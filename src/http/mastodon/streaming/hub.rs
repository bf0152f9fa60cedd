//! Who follows what, and the one task that passes on what has come.
//!
//! Each stream has a queue of its own, and nothing waits for one that is full: whoever is so far behind is cut off, and
//! finds the rest in the timelines. What stands in the queues is shared by all of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::ws::Utf8Bytes;
use blake3::Hash;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use super::names::{Source, Takes};
use crate::http::auth::Signed;
use crate::http::error::{Answer, ApiError};
use crate::http::mastodon::entities::Shown;
use crate::http::mastodon::notifications;
use crate::http::{App, Door};
use crate::node::{Coming, Wanted};

/// Streams at once: half of all connections, so that there is always room for what is asked beside them.
const MAX_STREAMS: usize = 256;
/// Streams of one token.
const MAX_OF_TOKEN: usize = 64;
/// What one connection may follow.
const MAX_SUBSCRIPTIONS: usize = 64;
/// Events that a client may be behind before it is cut off.
const QUEUE: usize = 512;

/// Something that has come, in each form in which it is sent.
#[derive(Debug)]
pub struct Event {
    /// A WebSocket's message.
    pub message: Utf8Bytes,
    /// Server-sent lines.
    pub lines: Bytes,
}

impl Event {
    /// `payload` is JSON.
    fn new(names: &[String], name: &str, payload: &str) -> Self {
        let message = json!({ "stream": names, "event": name, "payload": payload }).to_string();
        let lines = format!("event: {name}\ndata: {payload}\n\n");
        Self { message: message.into(), lines: lines.into() }
    }
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The token does not hold any more.
    Revoked,
    /// The client is too far behind.
    Slow,
}

/// What a client follows, and the address by which it has found the node: links are made with that.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Followed {
    base: Arc<str>,
    source: Source,
}

/// An open stream.
struct Stream {
    token: Hash,
    events: mpsc::Sender<Arc<Event>>,
    end: oneshot::Sender<End>,
    follows: HashSet<Arc<Followed>>,
}

#[derive(Default)]
struct State {
    next: u64,
    streams: HashMap<u64, Stream>,
    followed: HashMap<Arc<Followed>, HashSet<u64>>,
}

impl State {
    fn leave(&mut self, id: u64, followed: &Followed) {
        if let Some(ids) = self.followed.get_mut(followed) {
            ids.remove(&id);
            if ids.is_empty() {
                self.followed.remove(followed);
            }
        }
    }

    fn remove(&mut self, id: u64) -> Option<Stream> {
        let stream = self.streams.remove(&id)?;
        for followed in &stream.follows {
            self.leave(id, followed);
        }
        Some(stream)
    }

    fn end(&mut self, id: u64, why: End) {
        if let Some(stream) = self.remove(id) {
            // Fails only where it is ending by itself.
            let _ = stream.end.send(why);
        }
    }
}

/// All streams.
pub struct Hub {
    state: Mutex<State>,
    open: watch::Sender<usize>,
}

impl Default for Hub {
    fn default() -> Self {
        Self { state: Mutex::default(), open: watch::channel(0).0 }
    }
}

/// An open stream as its client's side has it.
pub struct Opened {
    /// By which it follows.
    pub place: Place,
    /// What comes.
    pub events: mpsc::Receiver<Arc<Event>>,
    /// Why it is to end, if it is.
    pub ended: oneshot::Receiver<End>,
}

/// The place of an open stream. It is free again when this is dropped.
pub struct Place {
    hub: Arc<Hub>,
    id: u64,
}

impl Hub {
    /// A place for a stream of whoever asks, if there is one.
    pub fn open(self: &Arc<Self>, app: &App, signed: &Signed) -> Answer<Opened> {
        let token = signed.hash();
        let (sender, events) = mpsc::channel(QUEUE);
        let (end, ended) = oneshot::channel();
        let opened = {
            let mut state = self.state.lock();
            let of_token = state.streams.values().filter(|stream| stream.token == token).count();
            if state.streams.len() >= MAX_STREAMS || of_token >= MAX_OF_TOKEN {
                return Err(ApiError::too_many_streams());
            }
            let id = state.next;
            state.next += 1;
            state.streams.insert(id, Stream { token, events: sender, end, follows: HashSet::new() });
            self.open.send_modify(|open| *open += 1);
            Opened { place: Place { hub: Arc::clone(self), id }, events, ended }
        };
        // It may have ended since it was looked at.
        if app.node.holds(&token)? { Ok(opened) } else { Err(ApiError::unauthorized()) }
    }

    /// Returns when no stream is open.
    pub async fn is_empty(&self) {
        // The sender is here.
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }

    fn wanted(&self) -> Wanted {
        let state = self.state.lock();
        let takes = || state.followed.keys().map(|followed| &followed.source.takes);
        let channels: HashSet<_> = takes().filter_map(|takes| takes.posts.clone()).collect();
        Wanted {
            channels: channels.into_iter().collect(),
            notifications: takes().any(|takes| takes.notifications),
            any: !state.followed.is_empty(),
        }
    }

    /// What is followed and takes something.
    fn takers(&self, takes: impl Fn(&Takes) -> bool) -> Vec<Arc<Followed>> {
        let state = self.state.lock();
        state.followed.keys().filter(|followed| takes(&followed.source.takes)).cloned().collect()
    }

    /// Passes an event on to whoever follows.
    fn send(&self, followed: &Followed, event: &Arc<Event>) {
        let mut state = self.state.lock();
        let ids: Vec<u64> = state.followed.get(followed).into_iter().flatten().copied().collect();
        for id in ids {
            let stream = state.streams.get(&id);
            if stream.is_some_and(|stream| stream.events.try_send(Arc::clone(event)).is_err()) {
                state.end(id, End::Slow);
            }
        }
    }

    /// Ends the streams of tokens that do not hold any more.
    fn end_revoked(&self, door: &Door) {
        let tokens: HashMap<u64, Hash> =
            self.state.lock().streams.iter().map(|(id, stream)| (*id, stream.token)).collect();
        for (id, token) in tokens {
            // What cannot be read is as if it were revoked.
            if !door.node.holds(&token).unwrap_or(false) {
                self.state.lock().end(id, End::Revoked);
            }
        }
    }
}

impl Place {
    /// Follows a stream too; that it does so already is no error.
    pub fn follow(&self, app: &App, source: Source) -> Answer<()> {
        let followed = Arc::new(Followed { base: Arc::clone(&app.base), source });
        let mut state = self.hub.state.lock();
        let Some(stream) = state.streams.get_mut(&self.id) else { return Ok(()) };
        if stream.follows.len() >= MAX_SUBSCRIPTIONS && !stream.follows.contains(&followed) {
            return Err(ApiError::unprocessable(format!(
                "{MAX_SUBSCRIPTIONS} streams are all that one connection may follow"
            )));
        }
        stream.follows.insert(Arc::clone(&followed));
        state.followed.entry(followed).or_default().insert(self.id);
        Ok(())
    }

    /// Follows a stream no longer.
    pub fn unfollow(&self, app: &App, source: Source) {
        let followed = Followed { base: Arc::clone(&app.base), source };
        let mut state = self.hub.state.lock();
        if let Some(stream) = state.streams.get_mut(&self.id) {
            stream.follows.remove(&followed);
        }
        state.leave(self.id, &followed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hub.state.lock().remove(self.id);
        self.hub.open.send_modify(|open| *open -= 1);
    }
}

/// Passes on what comes until the node is gone.
pub async fn run(door: Arc<Door>) {
    let mut tokens = door.node.tokens_ended();
    let mut coming = door.node.coming();
    let passing = async {
        while let Some(all) = coming.next(|| door.streams.wanted()).await {
            for one in all {
                if let Err(error) = pass(&door, one).await {
                    tracing::warn!(?error, "something could not be passed on to streams");
                }
            }
        }
    };
    let revoking = async {
        while tokens.changed().await.is_ok() {
            door.streams.end_revoked(&door);
        }
    };
    tokio::select! {
        () = passing => {}
        () = revoking => {}
    }
}

async fn pass(door: &Arc<Door>, coming: Coming) -> Answer<()> {
    let hub = &door.streams;
    match coming {
        Coming::Filters => {
            give(hub, &hub.takers(|takes| takes.filters), "filters_changed", "{}");
        }
        Coming::Gone(number) => {
            give(hub, &hub.takers(|takes| takes.posts.is_some()), "delete", &number.to_string());
        }
        Coming::Notification(view) => {
            for (app, takers) in by_base(door, hub.takers(|takes| takes.notifications)) {
                let shown = notifications::shown(&app, &view).await?;
                give(hub, &takers, "notification", &shown.to_string());
            }
        }
        Coming::Post { view, is_edit, channels } => {
            let takes = |takes: &Takes| takes.posts.as_ref().is_some_and(|posts| channels.contains(posts));
            for (app, takers) in by_base(door, hub.takers(takes)) {
                let shown: Value = Shown::of(&app, &[&view], &[]).await?.status(&view);
                give(hub, &takers, if is_edit { "status.update" } else { "update" }, &shown.to_string());
            }
        }
    }
    Ok(())
}

/// What is followed, by the address with which links are made; almost always there is one.
fn by_base(door: &Arc<Door>, takers: Vec<Arc<Followed>>) -> Vec<(App, Vec<Arc<Followed>>)> {
    let mut found: Vec<(App, Vec<Arc<Followed>>)> = Vec::new();
    for taker in takers {
        if let Some((_, takers)) = found.iter_mut().find(|(app, _)| app.base == taker.base) {
            takers.push(taker);
        } else {
            let app = App { door: Arc::clone(door), base: Arc::clone(&taker.base) };
            found.push((app, vec![taker]));
        }
    }
    found
}

fn give(hub: &Hub, takers: &[Arc<Followed>], name: &str, payload: &str) {
    for followed in takers {
        hub.send(followed, &Arc::new(Event::new(&followed.source.names, name, payload)));
    }
}
