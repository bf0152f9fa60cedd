//! What is done for accounts that are held, and for asks, as time passes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use majlis_protocol::AccountId;
use tokio::time::{Instant, MissedTickBehavior};

use super::Pins;
use super::disk::Part;
use crate::blobs::Owner;
use crate::node::{Failure, Local, Node, blocking, now_ms};

/// How often it is looked whether hosts are to be asked again, and whether this node is found elsewhere.
const TICK: Duration = Duration::from_secs(5);
/// How often it is looked whether there is room again for accounts that are full: their owners may have taken
/// something back.
const LOOK: Duration = Duration::from_mins(1);
/// How often everything is counted anew, and accounts are let go whose time is over.
const SURVEY: Duration = Duration::from_hours(1);

/// An account is let go when its end is past by the clock and the node has been at work for so long since, by the time
/// that passed: a clock that is wrong ends nothing unless it is wrong for as long.
const OVERDUE: Duration = Duration::from_hours(7 * 24);

impl Pins {
    /// Notes that the node was at work for so long; the accounts whose time is over.
    pub(super) fn pass(&self, now: u64, passed: Duration) -> Vec<AccountId> {
        let passed = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        let mut state = self.state.lock();
        let state = &mut *state;
        let mut over = Vec::new();
        for (account, pin) in &mut state.pins {
            let is_past = pin.until.is_some_and(|until| until <= now);
            let overdue = if is_past { pin.overdue.saturating_add(passed) } else { 0 };
            if overdue != pin.overdue {
                pin.overdue = overdue;
                state.changed.insert(Part::Pin(*account));
            }
            if u128::from(overdue) >= OVERDUE.as_millis() {
                over.push(*account);
            }
        }
        over
    }

    /// Forgets tokens that let nobody in any more, and asks that nobody answers.
    fn sweep(&self, now: u64) {
        let mut state = self.state.lock();
        let state = &mut *state;
        let gone = state.asks.give_up(now);
        state.changed.extend(gone.into_iter().map(Part::Ask));
        let over = state.tokens.extract_if(.., |_, token| token.is_over(now));
        state.changed.extend(over.map(|(id, _)| Part::Token(id)));
    }
}

impl Node {
    /// Puts right what an account that is held for others takes; whether there is room again for one that was full.
    pub(in crate::node) fn recount(&self, account: &AccountId) -> Result<bool, Failure> {
        let bytes = self.store.size_of(account)?;
        let mut state = self.pins.state.lock();
        let state = &mut *state;
        let Some(pin) = state.pins.get(account) else { return Ok(false) };
        let quota = self.pins.quota_of(pin);
        let has_room = state.ledger.correct(account, bytes, quota, self.pins.quota_of_all);
        if has_room {
            state.ledger.reopen(account);
        }
        Ok(has_room)
    }

    /// The same for one that seems to be full, and its owner is told.
    pub(in crate::node) async fn look_at_full(self: Arc<Self>, account: AccountId) {
        let node = Arc::clone(&self);
        match blocking(move || node.recount(&account)).await {
            Ok(true) => self.tell(Local::Full { account, full: false }).await,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, %account, "what an account takes could not be counted"),
        }
        self.tell(Local::PinNews(Some(account))).await;
    }

    /// Counts the entries of all accounts that are held for others: before the first of them can come.
    pub fn count_pins(&self) -> Result<(), Failure> {
        for account in self.pins.accounts() {
            self.recount(&account)?;
        }
        Ok(())
    }

    /// Counts what all accounts that are held for others take; those for which there is room again.
    pub(in crate::node) fn survey_pins(&self) -> Result<Vec<AccountId>, Failure> {
        let accounts = self.pins.accounts();
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        let mut files = HashMap::new();
        for (blob, held) in self.blobs()?.all() {
            if held.owner == Owner::Me {
                continue;
            }
            // A file that several name is counted once.
            let naming = self.naming(&blob)?.into_iter().map(|stored| stored.entry.header.account);
            if let Some(account) = naming.into_iter().find(|account| self.pins.holds(account)) {
                files.insert(blob, (account, held.size));
            }
        }
        self.pins.state.lock().ledger.correct_files(files);
        let mut with_room = Vec::new();
        for account in accounts {
            if self.recount(&account)? {
                with_room.push(account);
            }
        }
        Ok(with_room)
    }

    /// Looks whether there is room again for accounts that are full.
    async fn look_at_all_full(self: &Arc<Self>) -> Result<(), Failure> {
        let full = self.pins.full();
        if full.is_empty() {
            return Ok(());
        }
        let node = Arc::clone(self);
        let with_room = blocking(move || {
            let blobs = node.blobs()?;
            let gone = node.pins.files().into_iter().filter(|blob| blobs.get(blob).is_none()).collect();
            node.pins.state.lock().ledger.forget_files(&gone);
            let mut with_room = Vec::new();
            for account in full {
                if node.recount(&account)? {
                    with_room.push(account);
                }
            }
            Ok(with_room)
        })
        .await?;
        self.tell_of_room(with_room).await;
        Ok(())
    }

    async fn tell_of_room(&self, accounts: Vec<AccountId>) {
        for account in accounts {
            self.tell(Local::Full { account, full: false }).await;
            self.tell(Local::PinNews(Some(account))).await;
        }
    }

    /// Counts everything, and lets accounts go; `passed`: the time since it was last done, by this node.
    async fn survey_and_expire(self: &Arc<Self>, passed: Duration) -> Result<(), Failure> {
        for account in self.pins.pass(now_ms(), passed) {
            tracing::info!(%account, "an account is let go: its owner has not asked again");
            self.pins.state.lock().counts.expired += 1;
            self.unhost(account, false).await?;
        }
        let node = Arc::clone(self);
        let with_room = blocking(move || {
            node.pins.sweep(now_ms());
            node.pins.flush(&node.store)?;
            node.survey_pins()
        })
        .await?;
        self.tell_of_room(with_room).await;
        Ok(())
    }

    /// Does all that, as long as the node runs.
    pub async fn keep_pins(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut surveyed, mut looked): (Option<Instant>, Instant) = (None, Instant::now());
        let mut places = None;
        loop {
            ticks.tick().await;
            let passed = surveyed.map(|at| at.elapsed());
            if passed.is_none_or(|passed| passed >= SURVEY) {
                surveyed = Some(Instant::now());
                if let Err(error) = self.survey_and_expire(passed.unwrap_or_default()).await {
                    tracing::warn!(%error, "what is held for others could not be looked through");
                }
            }
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                if let Err(error) = self.look_at_all_full().await {
                    tracing::warn!(%error, "accounts that are full could not be looked through");
                }
            }
            let now = self.places().ok();
            if places != now {
                // At the start each is told when it asks.
                if places.is_some() {
                    self.tell(Local::PinNews(None)).await;
                }
                places = now;
            }
            let due = self.pins.state.lock().asks.due(now_ms());
            for peer in due {
                self.tell(Local::AskPin(peer)).await;
            }
            let node = Arc::clone(&self);
            if let Err(error) = blocking(move || node.pins.flush(&node.store)).await {
                tracing::warn!(%error, "what hosts have said could not be written down");
            }
        }
    }
}
