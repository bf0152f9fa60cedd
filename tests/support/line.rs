//! A long line between two machines that have no other: what goes in comes out late, and it can be cut.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::wires::Spaces;

/// What came, and when it goes on.
type Late = (Instant, Vec<u8>);

/// The connections that are on the line.
type Open = Arc<Mutex<Vec<TcpStream>>>;

/// A line from an address of the machine in the middle to one that it reaches.
pub struct Line(Open);

impl Line {
    /// Lays it in the machine of this name; a byte takes `delay` from one end to the other.
    pub fn new(spaces: &Spaces, middle: &str, from: SocketAddr, to: SocketAddr, delay: Duration) -> Self {
        let space = File::open(spaces.file(middle)).unwrap();
        let open = Open::default();
        let known = Arc::clone(&open);
        let (ready, laid) = mpsc::channel();
        thread::spawn(move || {
            // Threads that it starts are there too.
            move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            let door = TcpListener::bind(from).unwrap();
            ready.send(()).unwrap();
            for near in door.incoming() {
                let near = near.unwrap();
                // As where nobody listens at the far end.
                let Ok(far) = TcpStream::connect(to) else { continue };
                for (one, other) in [(&near, &far), (&far, &near)] {
                    known.lock().unwrap().push(one.try_clone().unwrap());
                    lead(one.try_clone().unwrap(), other.try_clone().unwrap(), delay);
                }
            }
        });
        laid.recv().unwrap();
        Self(open)
    }

    /// Ends all connections that are there now.
    pub fn cut(&self) {
        for stream in self.0.lock().unwrap().drain(..) {
            // Fails only where it has ended already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Leads what comes from one on to the other, until either ends.
fn lead(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (takes, late) = mpsc::sync_channel::<Late>(64);
    thread::spawn(move || {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(count) = from.read(&mut bytes)
            && count > 0
            && takes.send((Instant::now() + delay, bytes[..count].to_vec())).is_ok()
        {}
    });
    thread::spawn(move || {
        for (due, bytes) in late {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        // Fails only where it has ended already.
        let _ = to.shutdown(Shutdown::Both);
    });
}
