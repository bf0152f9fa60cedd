//! The units in which other figures are stated: one signature, one fsync, one round trip.

use std::fmt;
use std::fs::OpenOptions;
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Instant;

use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use majlis_protocol::keys::{Claim, verify_batch};

use crate::Result;
use crate::table::median;

/// Bytes of what a device signs for an entry.
const MESSAGE: usize = 178;
/// Signatures of one batch.
const BATCH: usize = 64;

/// The units, in seconds.
pub struct Base {
    /// One `verify_strict`.
    pub verify: f64,
    /// One of a batch of 64 by one key, as the node verifies packs.
    pub batched: f64,
    /// One of a batch of 64 by as many keys.
    pub batched_apart: f64,
    /// Writing 400 bytes at the end of a file and syncing it.
    pub fsync: f64,
    /// There and back over loopback TCP.
    pub round_trip: f64,
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "verify_strict {:.0}/s on one core ({:.1} µs); in batches of 64 {:.1} µs by one key, {:.1} µs by 64 keys; \
             fsync {:.0} µs; loopback round trip {:.0} µs",
            1.0 / self.verify,
            self.verify * 1e6,
            self.batched * 1e6,
            self.batched_apart * 1e6,
            self.fsync * 1e6,
            self.round_trip * 1e6,
        )
    }
}

struct Signed {
    key: SigningKey,
    message: [u8; MESSAGE],
    signature: Signature,
}

fn signed(key: u8, number: usize) -> Signed {
    use ed25519_dalek::Signer as _;
    let key = SigningKey::from_bytes(&[key; 32]);
    let mut message = [7; MESSAGE];
    message[..8].copy_from_slice(&number.to_be_bytes());
    let signature = key.sign(&message);
    Signed { key, message, signature }
}

/// Seconds a call, the median of several stretches.
fn timed(calls: usize, mut call: impl FnMut(usize)) -> f64 {
    let stretches: Vec<f64> = (0..9)
        .map(|_| {
            let started = Instant::now();
            (0..calls).for_each(&mut call);
            started.elapsed().as_secs_f64() / calls as f64
        })
        .collect();
    median(&stretches)
}

fn batch(entries: &[Signed]) -> f64 {
    let parts: Vec<_> = entries
        .iter()
        .map(|entry| (entry.key.verifying_key().to_bytes(), entry.signature.to_bytes(), entry.message))
        .collect();
    let once = timed(20, |_| {
        let claims = parts.iter().map(|(key, signature, message)| Claim { key, signature, message });
        assert!(black_box(verify_batch(claims)));
    });
    once / BATCH as f64
}

/// Seconds of one `verify_strict`, as the machine is now. A unit is of use only if it was measured when the figure was: what
/// else the machine does changes both.
pub fn verify_strict() -> f64 {
    let apart: Vec<Signed> = (0..BATCH).map(|number| signed(number as u8, number)).collect();
    let keys: Vec<VerifyingKey> = apart.iter().map(|entry| entry.key.verifying_key()).collect();
    timed(500, |call| {
        let entry = &apart[call % BATCH];
        assert!(black_box(keys[call % BATCH].verify_strict(&entry.message, &entry.signature)).is_ok());
    })
}

/// A file to be synced now and then.
pub struct Syncing(std::fs::File);

impl Syncing {
    pub fn create(path: &Path) -> std::io::Result<Self> {
        Ok(Self(OpenOptions::new().create(true).append(true).open(path)?))
    }

    /// Seconds that writing 400 bytes and syncing them takes now.
    pub fn once(&mut self) -> std::io::Result<f64> {
        let started = Instant::now();
        self.0.write_all(&[7; 400])?;
        self.0.sync_data()?;
        Ok(started.elapsed().as_secs_f64())
    }
}

/// Measures the units, syncing in `folder`.
pub fn measure(folder: &Path) -> Result<Base> {
    let one_key: Vec<Signed> = (0..BATCH).map(|number| signed(1, number)).collect();
    let apart: Vec<Signed> = (0..BATCH).map(|number| signed(number as u8, number)).collect();
    let failed = |error: std::io::Error| format!("cannot measure the machine: {error}");
    Ok(Base {
        verify: verify_strict(),
        batched: batch(&one_key),
        batched_apart: batch(&apart),
        fsync: fsync(folder).map_err(failed)?,
        round_trip: round_trip().map_err(failed)?,
    })
}

fn fsync(folder: &Path) -> std::io::Result<f64> {
    let path = folder.join("fsync");
    let mut file = Syncing::create(&path)?;
    let times: Vec<f64> = (0..300).map(|_| file.once()).collect::<std::io::Result<_>>()?;
    std::fs::remove_file(&path)?;
    Ok(median(&times))
}

fn round_trip() -> std::io::Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let echo = std::thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut byte = [0];
        while stream.read(&mut byte)? > 0 {
            stream.write_all(&byte)?;
        }
        Ok(())
    });
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut times = Vec::new();
    for _ in 0..3_000 {
        let started = Instant::now();
        stream.write_all(&[1])?;
        stream.read_exact(&mut [0])?;
        times.push(started.elapsed().as_secs_f64());
    }
    drop(stream);
    echo.join().expect("the echo has panicked")?;
    Ok(median(&times))
}
