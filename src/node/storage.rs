//! What takes the room, and what goes when there is to be less: old posts of others, by age, count and bytes, and their
//! files. The owner's own, what has a bookmark, and accounts that are pinned stay.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use majlis_protocol::{AccountId, EntryId, Kind};

use super::api::{KeepView, PrunedView, StorageOf, StorageView};
use super::{Failure, Node, NodeConfig, blocking, now_ms};
use crate::blobs::Owner;
use crate::store::Weight;

const DAY: u64 = 24 * 60 * 60 * 1000;
/// How finely it is known when what was written, where the oldest of all goes, in milliseconds.
const HOUR: u64 = 60 * 60 * 1000;
/// How often a running node looks whether something is to go.
const INTERVAL: Duration = Duration::from_hours(1);

/// How much of others' posts is kept; 0 sets no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Keep {
    days: u64,
    posts: u64,
    bytes: u64,
    bytes_of_all: u64,
    media: u64,
}

impl Keep {
    pub(super) fn new(config: &NodeConfig) -> Self {
        Self {
            days: config.keep_days,
            posts: config.keep_posts,
            bytes: config.keep_bytes,
            bytes_of_all: config.keep_bytes_of_all,
            media: config.media_quota,
        }
    }

    /// The same with what is given.
    fn with(self, given: &KeepView) -> Self {
        Self {
            days: given.days.unwrap_or(self.days),
            posts: given.posts.unwrap_or(self.posts),
            bytes: given.bytes.unwrap_or(self.bytes),
            bytes_of_all: given.bytes_of_all.unwrap_or(self.bytes_of_all),
            media: given.media.unwrap_or(self.media),
        }
    }

    fn view(self) -> KeepView {
        let bound = |value: u64| Some(value).filter(|value| *value > 0);
        KeepView {
            days: bound(self.days),
            posts: bound(self.posts),
            bytes: bound(self.bytes),
            bytes_of_all: bound(self.bytes_of_all),
            media: Some(self.media),
        }
    }

    fn prunes(self) -> bool {
        self.days > 0 || self.posts > 0 || self.bytes > 0 || self.bytes_of_all > 0
    }

    /// Of an account's posts, the latest first, those from before this time go.
    fn cut(self, newest_first: &[Weight], now: u64) -> u64 {
        let mut cut = if self.days > 0 { now.saturating_sub(self.days.saturating_mul(DAY)) } else { 0 };
        let (mut posts, mut bytes) = (0, 0);
        for weight in newest_first {
            posts += u64::from(weight.kind == Kind::POST);
            bytes += weight.bytes;
            let is_over = (self.posts > 0 && posts > self.posts) || (self.bytes > 0 && bytes > self.bytes);
            if is_over {
                // It goes, and so does what is older.
                cut = cut.max(weight.display_ms + 1);
                break;
            }
        }
        cut
    }
}

/// What is to go of an account.
#[derive(Clone, Copy, Debug, Default)]
struct Cut {
    before_ms: u64,
    entries: u64,
    bytes: u64,
}

/// What an account's posts take.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    posts: u64,
    bytes: u64,
}

/// Everything that pruning looks at.
#[derive(Default)]
struct Survey {
    taken: BTreeMap<AccountId, Taken>,
    cuts: BTreeMap<AccountId, Cut>,
    keep: HashSet<EntryId>,
}

impl Node {
    /// Posts that stay whatever the bounds are: with a bookmark, and their edits.
    pub(super) fn kept_posts(&self) -> Result<HashSet<EntryId>, Failure> {
        let mut keep = HashSet::new();
        for id in self.bookmarks() {
            if let Some(stored) = self.store.entry(&id)? {
                let edits = self.store.edits(&stored.entry.header.account, &id)?;
                keep.extend(edits.iter().map(|edit| edit.entry.id));
            }
            keep.insert(id);
        }
        Ok(keep)
    }

    fn is_prunable(&self, account: &AccountId) -> bool {
        *account != self.keys.account && !self.pins.holds(account)
    }

    /// What all accounts take, and what is to go of each within these bounds.
    fn survey(&self, bounds: Keep) -> Result<Survey, Failure> {
        let mut survey = Survey { keep: self.kept_posts()?, ..Survey::default() };
        let accounts: Vec<AccountId> = self.store.replica().accounts().map(|(account, _)| *account).collect();
        let now = now_ms();
        // Of all that the bounds of each leave, how many bytes are from which hour.
        let mut hours: BTreeMap<u64, u64> = BTreeMap::new();
        for account in &accounts {
            let mut taken = Taken::default();
            let mut weights = Vec::new();
            self.store.weigh(account, |weight| {
                taken.posts += u64::from(weight.kind == Kind::POST);
                taken.bytes += weight.bytes;
                weights.push(weight);
            })?;
            survey.taken.insert(*account, taken);
            if !self.is_prunable(account) {
                continue;
            }
            weights.retain(|weight| !survey.keep.contains(&weight.id));
            weights.sort_unstable_by_key(|weight| std::cmp::Reverse(weight.display_ms));
            let before_ms = bounds.cut(&weights, now);
            for weight in weights.iter().filter(|weight| weight.display_ms >= before_ms) {
                *hours.entry(weight.display_ms / HOUR).or_default() += weight.bytes;
            }
            survey.cuts.insert(*account, Cut { before_ms, ..Cut::default() });
        }
        let mut left: u64 = hours.values().sum();
        let mut oldest = 0;
        if bounds.bytes_of_all > 0 {
            for (hour, bytes) in hours {
                if left <= bounds.bytes_of_all {
                    break;
                }
                left -= bytes;
                oldest = (hour + 1) * HOUR;
            }
        }
        for (account, cut) in &mut survey.cuts {
            cut.before_ms = cut.before_ms.max(oldest);
            if cut.before_ms == 0 {
                continue;
            }
            let keep = &survey.keep;
            self.store.weigh(account, |weight| {
                if weight.display_ms < cut.before_ms && !keep.contains(&weight.id) {
                    cut.entries += 1;
                    cut.bytes += weight.bytes;
                }
            })?;
        }
        survey.cuts.retain(|_, cut| cut.entries > 0);
        Ok(survey)
    }

    /// What takes the room, of each account and in all, and what would go with these bounds in place of those set.
    pub(super) fn storage(&self, given: &KeepView) -> Result<(Vec<StorageOf>, StorageView), Failure> {
        let bounds = self.keep.with(given);
        let survey = self.survey(bounds)?;
        let (stats, blobs) = (self.store.stats()?, self.blobs()?);
        let mut files: HashMap<AccountId, (u64, u64)> = HashMap::new();
        let mut view = StorageView {
            database_bytes: stats.db_bytes,
            journal_bytes: stats.journal_bytes,
            search_bytes: size_of(&self.home.join(super::finding::FOLDER)),
            free_bytes: stats.free_bytes,
            keep: bounds.view(),
            ..StorageView::default()
        };
        for (blob, held) in blobs.all() {
            let (count, bytes) = match held.owner {
                Owner::Me => (&mut view.own_files, &mut view.own_file_bytes),
                Owner::Others => (&mut view.others_files, &mut view.others_file_bytes),
            };
            *count += 1;
            *bytes += held.size;
            // A file that several name is told once.
            if let Some(stored) = self.naming(&blob)?.first() {
                let of = files.entry(stored.entry.header.account).or_default();
                *of = (of.0 + 1, of.1 + held.size);
            }
        }
        let would_free = |cut: Cut| PrunedView { entries: cut.entries, bytes: cut.bytes };
        let mut accounts: Vec<StorageOf> = Vec::new();
        for (account, taken) in &survey.taken {
            let (file_count, file_bytes) = files.get(account).copied().unwrap_or_default();
            if taken.bytes + file_bytes == 0 {
                continue;
            }
            accounts.push(StorageOf {
                account: account.to_string(),
                name: self.profile_of(account)?.name,
                own: *account == self.keys.account,
                posts: taken.posts,
                post_bytes: taken.bytes,
                files: file_count,
                file_bytes,
                would_free: would_free(survey.cuts.get(account).copied().unwrap_or_default()),
            });
        }
        accounts.sort_by_key(|of| std::cmp::Reverse(of.post_bytes + of.file_bytes));
        for cut in survey.cuts.values() {
            view.would_free.entries += cut.entries;
            view.would_free.bytes += cut.bytes;
        }
        view.would_free_file_bytes = view.others_file_bytes.saturating_sub(bounds.media);
        Ok((accounts, view))
    }

    /// Removes what these bounds leave no room for; what went.
    pub(super) async fn prune(self: &Arc<Self>, given: &KeepView) -> Result<PrunedView, Failure> {
        let (node, bounds) = (Arc::clone(self), self.keep.with(given));
        blocking(move || {
            let mut pruned = PrunedView::default();
            if bounds.prunes() {
                let survey = node.survey(bounds)?;
                let keep = Arc::new(survey.keep);
                for (account, cut) in survey.cuts {
                    node.prune_account(&account, cut.before_ms, &keep, &mut pruned)?;
                }
            }
            node.make_room(bounds.media)?;
            if pruned.entries > 0 {
                tracing::info!(entries = pruned.entries, bytes = pruned.bytes, "old posts were pruned");
                node.purge(&[], &HashSet::new())?;
            }
            Ok(pruned)
        })
        .await
    }

    /// In small steps, between which the store does what else there is.
    fn prune_account(
        &self,
        account: &AccountId,
        before_ms: u64,
        keep: &Arc<HashSet<EntryId>>,
        pruned: &mut PrunedView,
    ) -> Result<(), Failure> {
        let mut from = Some(0);
        while let Some(start) = from {
            let step = self.store.prune(account, before_ms, keep, start)?;
            self.forget_found(account, &step.posts)?;
            pruned.entries += step.entries;
            pruned.bytes += step.bytes;
            from = step.next;
        }
        Ok(())
    }

    /// Prunes by the bounds that are set, as long as the node runs.
    pub async fn keep_pruning(self: Arc<Self>) {
        let mut interval = tokio::time::interval(INTERVAL);
        loop {
            interval.tick().await;
            if !self.keep.prunes() {
                continue;
            }
            if let Err(error) = self.prune(&KeepView::default()).await {
                tracing::warn!(%error, "old posts could not be pruned");
            }
        }
    }
}

/// Bytes of the files of a folder; 0 where there is none.
fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|meta| meta.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(count: u64) -> Vec<Weight> {
        let weight = |n: u64| Weight {
            id: EntryId([n as u8; 32]),
            kind: if n % 4 == 3 { Kind::EDIT } else { Kind::POST },
            display_ms: n * HOUR,
            bytes: 100,
        };
        (0..count).rev().map(weight).collect()
    }

    #[test]
    fn the_strictest_bound_decides() {
        let all = weights(48);
        let now = 48 * HOUR;
        let none = Keep::default();
        assert_eq!(none.cut(&all, now), 0);
        assert_eq!(Keep { days: 1, ..none }.cut(&all, now), 24 * HOUR);
        // 12 posts and the edits between them; 10 entries.
        assert_eq!(Keep { posts: 12, ..none }.cut(&all, now), 30 * HOUR + 1);
        assert_eq!(Keep { bytes: 1_000, ..none }.cut(&all, now), 37 * HOUR + 1);
        assert_eq!(Keep { days: 1, posts: 12, bytes: 1_000, ..none }.cut(&all, now), 37 * HOUR + 1);
        assert_eq!(Keep { posts: 36, ..none }.cut(&all, now), 0, "as many as there are");
        assert_eq!(Keep { days: 1, ..none }.cut(&[], now), 24 * HOUR);
    }
}
