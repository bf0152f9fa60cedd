//! A short run of the protocol's fuzz targets on stable: valid input, changed by a generator with a fixed seed. The long
//! run is `cargo fuzz`, in `protocol/fuzz`; the targets are the same files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    reason = "a test ends at the first surprise, and says so"
)]

use std::time::{Duration, Instant};

#[path = "../../protocol/fuzz/src/machine.rs"]
mod machine;
mod mutate;
#[path = "../../protocol/fuzz/src/seeds.rs"]
mod seeds;
#[path = "../../protocol/fuzz/src/targets.rs"]
mod targets;

/// Says which input it was that made a target panic, so that it can be run again.
struct Culprit<'a> {
    target: &'a str,
    input: &'a [u8],
}

impl Drop for Culprit<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("target {}, input {}", self.target, data_encoding::HEXLOWER.encode(self.input));
        }
    }
}

fn run(name: &str, rounds: u64) {
    let (_, target) = targets::TARGETS.into_iter().find(|(target, _)| *target == name).unwrap();
    let try_one = |input: &[u8]| {
        let culprit = Culprit { target: name, input };
        target(input);
        drop(culprit);
    };
    let seeds = seeds::seeds(name);
    assert!(!seeds.is_empty());
    for seed in &seeds {
        try_one(seed);
    }
    try_one(&[]);
    let mut random = mutate::Random::new(name.bytes().map(u64::from).sum());
    for _ in 0..rounds {
        try_one(&mutate::mutate(&mut random, &seeds));
    }
}

#[test]
fn entry() {
    run("entry", 10_000);
}

#[test]
fn body() {
    run("body", 40_000);
}

#[test]
fn sealed() {
    run("sealed", 3_000);
}

#[test]
fn identity() {
    run("identity", 2_000);
}

#[test]
fn pack() {
    run("pack", 8_000);
}

#[test]
fn frame() {
    run("frame", 40_000);
}

#[test]
fn chunk() {
    run("chunk", 2_000);
}

#[test]
fn text() {
    run("text", 20_000);
}

#[test]
fn piece() {
    run("piece", 1_000);
}

#[test]
fn have() {
    run("have", 4_000);
}

#[test]
fn machine_of_sync() {
    run("machine", 500);
}

/// The seeds are worth starting from: each is taken by its target's decoder, and the recorded session is a whole one.
#[test]
fn seeds_are_valid() {
    use majlis_protocol::body::Body;
    use majlis_protocol::sync::{Frame, Message};
    use majlis_protocol::{Entry, Kind};

    for seed in seeds::seeds("entry") {
        Entry::decode(&seed).unwrap();
    }
    for seed in seeds::seeds("body") {
        assert!(Body::decode(Kind(seed[0]), &seed[1..]).unwrap().is_some());
    }
    for seed in seeds::seeds("frame") {
        Message::decode(Frame { kind: seed[0], body: seed[1..].to_vec().into() }).unwrap();
    }
    let (frames, held) = seeds::session(12);
    assert_eq!(held, 12, "the session brought {held} of 12 entries in {} frames", frames.len());
    // The same frames again, without the other node, bring the same.
    let mut alone = seeds::listener();
    alone.open(seeds::DIALER, false, None);
    machine::feed(&mut alone, &machine::record(&frames));
    assert_eq!(alone.held(), 12);
}

/// What no flood may take, on a machine that does other things as well.
const LONGEST: Duration = Duration::from_mins(1);

/// Memory of this process, in bytes.
fn memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// A kind of message, and how to make one that is unlike all before.
type Flood<'a> = (&'a str, Box<dyn Fn(&mut u64) -> majlis_protocol::sync::Message + 'a>);

/// A peer that says the same kind of thing for ever, always something new, neither fills the memory nor makes the
/// machine slower and slower.
#[test]
fn a_flood_of_each_kind_is_bounded() {
    use majlis_protocol::sync::{Ask, LogRef, Message, Row, RowRun, RowsOf};
    use majlis_protocol::{AccountId, DeviceId, LogId};

    let (opening, _) = seeds::session(3);
    let fresh = |counter: &mut u64| -> [u8; 32] {
        *counter += 1;
        *blake3::hash(&counter.to_be_bytes()).as_bytes()
    };
    let tag = |bytes: [u8; 32]| -> [u8; 8] { bytes[..8].try_into().unwrap() };
    let row = |counter: &mut u64| {
        let run = RowRun { top: 1 << 40, tag: tag(fresh(counter)), low: 1 };
        Row {
            log: LogRef::New(DeviceId(fresh(counter)), LogId::new(0, *counter)),
            seal: None,
            runs: vec![run],
        }
    };
    let rows = |counter: &mut u64| {
        let logs = (0..1_500).map(|_| row(counter)).collect();
        vec![RowsOf { number: 0, identity: Some((0, 1, [0; 8])), frozen: false, full: false, logs }]
    };
    let floods: [Flood<'_>; 9] = [
        ("HEAD", Box::new(|counter| Message::Head(rows(counter)))),
        ("ROWS", Box::new(|counter| Message::Rows { answer: true, accounts: rows(counter) })),
        (
            "OFFER +",
            Box::new(|counter| Message::Offer {
                add: true,
                tags: (0..4096).map(|_| tag(fresh(counter))).collect(),
            }),
        ),
        (
            "OFFER -",
            Box::new(|counter| Message::Offer {
                add: false,
                tags: (0..4096).map(|_| tag(fresh(counter))).collect(),
            }),
        ),
        (
            "WANT",
            Box::new(|counter| {
                let ask = |counter: &mut u64| {
                    *counter += 1;
                    Ask::Range { wid: *counter, handle: *counter % 7, hi: 1 << 40, lo: 1, headers: false }
                };
                Message::Want((0..1_000).map(|_| ask(counter)).collect())
            }),
        ),
        (
            "WANT identities",
            Box::new(|counter| {
                Message::Want((0..1_000).map(|_| Ask::Identity(AccountId(fresh(counter)))).collect())
            }),
        ),
        ("NONE", Box::new(|counter| Message::None((0..10_000).map(|at| *counter + at).collect()))),
        ("IDDOC", Box::new(|_| Message::Identities(vec![seeds::document().entry().encode().into(); 100]))),
        (
            "MODE",
            Box::new(|counter| {
                *counter += 1;
                Message::Mode { handle: *counter, eager: false }
            }),
        ),
    ];
    for (name, next) in floods {
        let mut node = seeds::listener();
        node.open(seeds::DIALER, false, None);
        machine::feed(&mut node, &machine::record(&opening));
        assert!(!node.closed);
        let (before, began, mut counter, mut frames) = (memory(), Instant::now(), 0, 0);
        while !node.closed && frames < 200 && began.elapsed() < LONGEST {
            node.frame(next(&mut counter).encode());
            node.sent.clear();
            if frames % 10 == 0 && !node.closed {
                node.pass(100);
                node.sent.clear();
            }
            frames += 1;
        }
        let grown = memory().saturating_sub(before) >> 20;
        eprintln!(
            "{name}: {frames} frames in {:?}, {grown} MiB more, closed {}",
            began.elapsed(),
            node.closed
        );
        assert!(grown < 400, "{name}: {grown} MiB after {frames} frames");
        assert!(began.elapsed() < LONGEST, "{name}: only {frames} frames in {LONGEST:?}");
    }
}
