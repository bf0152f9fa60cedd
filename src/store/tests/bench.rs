//! Measurements, run by hand: `cargo test --release store::tests::bench -- --ignored --nocapture`.

use std::time::Instant;

use majlis_protocol::AccountId;
use majlis_protocol::Kind;

use super::support::{Author, NOW, config, open, post};
use crate::store::{Batch, Store};

fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// Processor time of all threads so far.
fn processor() -> std::time::Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let nanos = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    std::time::Duration::from_nanos(nanos.sum())
}

#[test]
#[ignore = "a measurement"]
fn ingest_reopen_and_timeline() {
    let per = std::env::var("PER").ok().and_then(|per| per.parse().ok()).unwrap_or(100);
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(dir.path(), config()).unwrap();
    let mut authors: Vec<_> = (0..1_000).map(Author::new).collect();
    let identities = authors.iter_mut().map(Author::identity).collect();
    store.commit_blocking(Batch { now_ms: NOW, identities, ..Batch::default() }).unwrap();
    let text = "a post of about a hundred and fifty bytes, as people write them, with a little more to say "
        .repeat(2);
    let (mut spent, mut bytes, mut count) = (std::time::Duration::ZERO, 0, 0);
    let mut left: usize = per;
    let mut worked = std::time::Duration::ZERO;
    for (number, author) in authors.iter_mut().enumerate() {
        author.clock += number as u64 * 97;
    }
    while left > 0 {
        let now = left.min(64);
        left -= now;
        for group in authors.chunks_mut(50) {
            let mut packs: Vec<Vec<_>> = Vec::new();
            for author in group {
                packs.push(
                    (0..now)
                        .map(|_| {
                            author.clock += 96_000;
                            author.say(&post(&text[..134]))
                        })
                        .collect(),
                );
            }
            let (start, before) = (Instant::now(), processor());
            let waiting: Vec<_> = packs
                .into_iter()
                .map(|entries| {
                    store.commit(Batch {
                        now_ms: NOW,
                        own: true,
                        entries: entries.into(),
                        ..Batch::default()
                    })
                })
                .collect();
            for one in waiting {
                let outcome = one.blocking_recv().unwrap().unwrap();
                bytes += outcome.bytes;
                count += outcome.added;
            }
            spent += start.elapsed();
            worked += processor().saturating_sub(before);
        }
    }
    let stats = store.stats().unwrap();
    println!(
        "ingest {count} posts: {:.0}/s ({:.0}/s of processor time), commits {}, disk {} / logical {bytes} = {:.2}, index {} B, peak {} MB",
        count as f64 / spent.as_secs_f64(),
        count as f64 / worked.as_secs_f64(),
        store.metrics().commits.load(std::sync::atomic::Ordering::Relaxed),
        stats.db_bytes,
        stats.db_bytes as f64 / bytes as f64,
        stats.index_bytes,
        memory(),
    );
    let accounts: Vec<AccountId> = authors[..500].iter().map(|author| author.account).collect();
    let lines = |store: &Store, what: &str| {
        let mut times: Vec<_> = (0..1_000)
            .map(|_| {
                let start = Instant::now();
                assert_eq!(store.timeline(Some(&accounts), &[Kind::POST], None, 50).unwrap().len(), 50);
                start.elapsed()
            })
            .collect();
        times.sort();
        let start = Instant::now();
        for _ in 0..1_000 {
            store.timeline(Some(&accounts), &[Kind::POST], None, 0).unwrap();
        }
        println!("{what}: start alone {:?}", start.elapsed() / 1_000);
        println!("{what}: timeline 50 of 500: p50 {:?} p99 {:?}", times[500], times[990]);
    };
    lines(&store, "after ingest");
    let start = Instant::now();
    store.close();
    drop(store);
    println!("close {:?}", start.elapsed());
    let start = Instant::now();
    let (store, _) = open(dir.path());
    println!("reopen {:?}", start.elapsed());
    lines(&store, "after reopening");
    let entry = store.timeline(None, &[Kind::POST], None, 1).unwrap().remove(0).entry;
    let mut author = authors.into_iter().find(|author| author.account == entry.header.account).unwrap();
    let start = Instant::now();
    for _ in 0..100 {
        let entries = vec![author.post("one by one")];
        store.commit_blocking(Batch { now_ms: NOW, entries: entries.into(), ..Batch::default() }).unwrap();
    }
    println!("single commits {:?} each", start.elapsed() / 100);
    let entries = vec![author.delete(author.tail)];
    store.commit_blocking(Batch { now_ms: NOW, entries: entries.into(), ..Batch::default() }).unwrap();
    let start = Instant::now();
    store.purge(NOW * 10, &[]).unwrap();
    println!("purge {:?}, disk {}, peak {} MB", start.elapsed(), store.stats().unwrap().db_bytes, memory());
    let start = Instant::now();
    let report = store.check().unwrap();
    println!("check {:?}, {} bad, peak {} MB", start.elapsed(), report.bad.len(), memory());
}
