//! A relay on loopback that counts what passes: the bytes of TCP as they are, with Noise and Yamux.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::Result;

/// What passed so far.
#[derive(Default)]
pub struct Counters {
    /// From the one who dialled.
    pub up: AtomicU64,
    /// To the one who dialled.
    pub down: AtomicU64,
    /// When the first connection was taken.
    pub first: Mutex<Option<Instant>>,
}

/// A relay in front of a node. It ends with the process.
pub struct Proxy {
    /// The address to dial instead of the node's.
    pub address: String,
    pub counters: Arc<Counters>,
}

impl Proxy {
    /// In front of the node at `target`, `/ip4/127.0.0.1/tcp/…/p2p/…`.
    pub fn start(target: &str) -> Result<Self> {
        let mut parts = target.split('/').skip_while(|part| *part != "tcp");
        let port =
            parts.nth(1).and_then(|port| port.parse().ok()).ok_or_else(|| format!("no port in {target}"))?;
        let node = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let failed = |error: std::io::Error| format!("cannot relay: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let own = listener.local_addr().map_err(failed)?.port();
        let counters = Arc::new(Counters::default());
        let shared = Arc::clone(&counters);
        std::thread::spawn(move || {
            for inbound in listener.incoming().flatten() {
                shared.first.lock().expect("nobody panics with it").get_or_insert_with(Instant::now);
                let Ok(outbound) = TcpStream::connect(node) else { continue };
                relay(inbound, outbound, &shared);
            }
        });
        let address = target.replacen(&format!("/tcp/{port}"), &format!("/tcp/{own}"), 1);
        Ok(Self { address, counters })
    }

    /// When somebody first dialled.
    pub fn dialled(&self) -> Result<Instant> {
        let first = *self.counters.first.lock().map_err(|error| error.to_string())?;
        first.ok_or_else(|| "nobody has dialled the relay".to_owned())
    }

    /// Bytes both ways.
    pub fn bytes(&self) -> u64 {
        self.counters.up.load(Relaxed) + self.counters.down.load(Relaxed)
    }
}

fn relay(inbound: TcpStream, outbound: TcpStream, counters: &Arc<Counters>) {
    // Without it, small frames would wait for one another.
    let (_, _) = (inbound.set_nodelay(true), outbound.set_nodelay(true));
    let (Ok(inbound_too), Ok(outbound_too)) = (inbound.try_clone(), outbound.try_clone()) else { return };
    let (up, down) = (Arc::clone(counters), Arc::clone(counters));
    std::thread::spawn(move || pump(inbound, outbound, &up.up));
    std::thread::spawn(move || pump(outbound_too, inbound_too, &down.down));
}

fn pump(mut from: TcpStream, mut to: TcpStream, counter: &AtomicU64) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count) = from.read(&mut buffer) {
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            break;
        }
        counter.fetch_add(count as u64, Relaxed);
    }
    // Either may be closed already.
    let _ = to.shutdown(Shutdown::Write);
}
