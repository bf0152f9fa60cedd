//! Which chunks there are: about a hundred bytes each in memory, in a slab, and per log in order.

use hashbrown::HashMap;
use majlis_protocol::LogKey;

use super::rows::ChunkMeta;

/// One log's chunks.
pub struct LogChunks {
    /// Which log.
    pub key: LogKey,
    /// Slab places, ascending by lowest sequence number, then by number. They overlap only in a forked log.
    pub chunks: Vec<u32>,
}

/// All chunks and logs.
#[derive(Default)]
pub struct Directory {
    slab: Vec<Option<ChunkMeta>>,
    free: Vec<u32>,
    logs: Vec<Option<LogChunks>>,
    numbers: HashMap<LogKey, u32>,
    /// One more than the highest chunk number ever seen.
    pub next_chunk: u64,
}

impl Directory {
    /// Makes a log known by its number.
    pub fn add_log(&mut self, number: u32, key: LogKey) {
        let at = number as usize;
        if self.logs.len() <= at {
            self.logs.resize_with(at + 1, || None);
        }
        self.logs[at] = Some(LogChunks { key, chunks: Vec::new() });
        self.numbers.insert(key, number);
    }

    /// Forgets a log that has no chunks. Its number is not used again before the next start.
    pub fn remove_log(&mut self, number: u32) {
        if let Some(log) = self.logs.get_mut(number as usize).and_then(Option::take) {
            self.numbers.remove(&log.key);
        }
    }

    /// A number for a further log.
    pub fn next_log(&self) -> u32 {
        self.logs.len() as u32
    }

    /// The number of a log.
    pub fn number(&self, key: &LogKey) -> Option<u32> {
        self.numbers.get(key).copied()
    }

    /// A log by its number.
    pub fn log(&self, number: u32) -> Option<&LogChunks> {
        self.logs.get(number as usize)?.as_ref()
    }

    /// A log by its key.
    pub fn log_of(&self, key: &LogKey) -> Option<&LogChunks> {
        self.log(self.number(key)?)
    }

    /// All logs.
    pub fn logs(&self) -> impl Iterator<Item = (u32, &LogChunks)> {
        self.logs.iter().enumerate().filter_map(|(number, log)| Some((number as u32, log.as_ref()?)))
    }

    /// How many chunks there are.
    pub fn len(&self) -> usize {
        self.slab.len() - self.free.len()
    }

    /// A chunk by its place.
    pub fn chunk(&self, place: u32) -> Option<&ChunkMeta> {
        self.slab.get(place as usize)?.as_ref()
    }

    /// All chunks.
    pub fn chunks(&self) -> impl Iterator<Item = (u32, &ChunkMeta)> {
        self.slab.iter().enumerate().filter_map(|(place, meta)| Some((place as u32, meta.as_ref()?)))
    }

    /// Gives chunks no number below `next` any more.
    pub fn reserve(&mut self, next: u64) {
        self.next_chunk = self.next_chunk.max(next);
    }

    /// Adds a chunk of a known log; returns its place.
    pub fn insert(&mut self, meta: ChunkMeta) -> u32 {
        self.reserve(meta.no + 1);
        let (log, order) = (meta.log as usize, (meta.low, meta.no));
        let place = if let Some(place) = self.free.pop() {
            self.slab[place as usize] = Some(meta);
            place
        } else {
            self.slab.push(Some(meta));
            (self.slab.len() - 1) as u32
        };
        if let Some(log) = self.logs.get_mut(log).and_then(Option::as_mut) {
            let slab = &self.slab;
            let at = log.chunks.partition_point(|held| {
                slab.get(*held as usize)
                    .and_then(Option::as_ref)
                    .is_some_and(|held| (held.low, held.no) < order)
            });
            log.chunks.insert(at, place);
            refresh_running(&mut self.slab, &log.chunks, at, place);
        }
        place
    }

    /// Takes a chunk away.
    pub fn remove(&mut self, place: u32) -> Option<ChunkMeta> {
        let meta = self.slab.get_mut(place as usize)?.take()?;
        self.free.push(place);
        if let Some(log) = self.logs.get_mut(meta.log as usize).and_then(Option::as_mut)
            && let Some(at) = log.chunks.iter().rposition(|held| *held == place)
        {
            log.chunks.remove(at);
            refresh_running(&mut self.slab, &log.chunks, at, place);
        }
        Some(meta)
    }

    /// Replaces what is known of a chunk whose entries, and hence whose place in its log, stay the same.
    pub fn update_flags(&mut self, place: u32, flags: u8) {
        if let Some(meta) = self.slab.get_mut(place as usize).and_then(Option::as_mut) {
            meta.flags = flags;
        }
    }

    /// The place of the first chunk in `log` that lies above `seq` in the order of lowest sequence numbers.
    fn above(&self, log: &LogChunks, seq: u64) -> usize {
        log.chunks.partition_point(|held| self.chunk(*held).is_some_and(|held| held.low <= seq))
    }

    /// The chunks of a log that cover `seq`, the highest first. More than one only in a forked log.
    pub fn covering<'a>(
        &'a self,
        log: &'a LogChunks,
        seq: u64,
    ) -> impl Iterator<Item = (u32, &'a ChunkMeta)> {
        // A chunk spans at most 64 sequence numbers, so the search ends soon below.
        let from = self.above(log, seq);
        log.chunks[..from]
            .iter()
            .rev()
            .filter_map(|place| Some((*place, self.chunk(*place)?)))
            .take_while(move |(_, meta)| meta.low.saturating_add(64) > seq)
            .filter(move |(_, meta)| meta.covers(seq))
    }

    /// Chunks of a log whose lowest entry is at `seq`.
    pub fn starting<'a>(
        &'a self,
        log: &'a LogChunks,
        seq: u64,
    ) -> impl Iterator<Item = (u32, &'a ChunkMeta)> {
        let from = self.above(log, seq);
        log.chunks[..from]
            .iter()
            .rev()
            .filter_map(|place| Some((*place, self.chunk(*place)?)))
            .take_while(move |(_, meta)| meta.low == seq)
    }

    /// Bytes of memory.
    pub fn memory(&self) -> usize {
        self.slab.capacity() * size_of::<Option<ChunkMeta>>()
            + self.logs.iter().flatten().map(|log| log.chunks.capacity() * 4).sum::<usize>()
            + self.logs.capacity() * (size_of::<Option<LogChunks>>() + size_of::<(LogKey, u32)>())
    }
}

/// Carries the running maximum of display times upwards from `from`, until it no longer changes beyond the
/// chunk at `changed`.
fn refresh_running(slab: &mut [Option<ChunkMeta>], chunks: &[u32], from: usize, changed: u32) {
    let mut running = from
        .checked_sub(1)
        .and_then(|below| slab.get(*chunks.get(below)? as usize)?.as_ref())
        .map_or(0, |below| below.running);
    for place in chunks.iter().skip(from) {
        let Some(meta) = slab.get_mut(*place as usize).and_then(Option::as_mut) else { continue };
        running = running.max(meta.max_display);
        if meta.running == running && *place != changed {
            return;
        }
        meta.running = running;
    }
}
