//! Carries requests out: the same for the running node and for a command that opened the home itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use majlis_protocol::text::Invite;
use tokio::sync::mpsc;

use super::api::{
    AccountView, DoneView, EntryView, IdView, PhraseView, Reply, Request, StatusView, SyncedView,
};
use super::follows::parse_account;
use super::posts::find;
use super::{Failure, Local, Node, NodeEvent, blocking};

/// How long `connect` waits for the session with a peer that has answered.
const SESSION_WAIT: Duration = Duration::from_secs(10);
/// How often it looks.
const SESSION_POLL: Duration = Duration::from_millis(25);

/// Where replies go. A receiver that is gone ends the work.
pub(super) type Out = mpsc::Sender<Reply>;

pub(super) async fn reply(out: &Out, reply: Reply) -> Result<(), Failure> {
    out.send(reply).await.map_err(|_| Failure::new("broken off", "Ask again."))
}

/// Carries out one request. Replies are sent as they come about.
pub async fn execute(node: &Arc<Node>, request: Request, out: Out) -> Result<(), Failure> {
    match request {
        Request::Id => reply(&out, Reply::Id(node.id_view()?)).await,
        Request::Status => {
            let status = node.status().await?;
            reply(&out, Reply::Status(status)).await
        }
        Request::Peers => {
            for peer in node.ask(Local::Peers).await? {
                reply(&out, Reply::Peer(peer)).await?;
            }
            Ok(())
        }
        Request::Connect { address } => connect(node, address, &out).await,
        Request::Sync { timeout } => sync(node, timeout, &out).await,
        Request::Post { posts } => {
            for posted in node.post(posts).await? {
                reply(&out, Reply::Posted(posted)).await?;
            }
            Ok(())
        }
        Request::Delete { id, now } => {
            let id = node.delete(&id, now).await?;
            reply(&out, Reply::Deleted(EntryView { id: id.to_string() })).await
        }
        Request::Follow { target, private } => {
            let followed = node.follow(&target, private).await?;
            reply(&out, Reply::Followed(followed)).await
        }
        Request::Unfollow { account } => {
            let account = parse_account(&account)?;
            node.unfollow(&account).await?;
            reply(&out, Reply::Unfollowed(AccountView { account: account.to_string() })).await
        }
        Request::Following => {
            for followed in node.following()? {
                reply(&out, Reply::Followed(followed)).await?;
            }
            Ok(())
        }
        Request::Timeline { limit, account, watch } => timeline(node, limit, account, watch, &out).await,
        Request::Show { id } => reply(&out, Reply::Post(node.show(&find(&id)?)?)).await,
        Request::Profile { name, bio } => {
            if name.is_some() || bio.is_some() {
                node.set_profile(name, bio).await?;
            }
            reply(&out, Reply::Profile(node.profile_view(&node.account())?)).await
        }
        Request::RecoveryShow => {
            let phrase = node.phrase()?.to_string();
            reply(&out, Reply::Phrase(PhraseView { phrase })).await
        }
        Request::RecoveryConfirm => {
            node.confirm_phrase()?;
            let message =
                "The recovery phrase is gone from this disk. Only what you wrote down can bring the \
                           account back."
                    .to_owned();
            reply(&out, Reply::Done(DoneView { message })).await
        }
        Request::AccountEnd { phrase } => {
            node.end_account(phrase.as_deref()).await?;
            let message =
                "The account has ended. Nodes that hold your posts are asked to delete them; honest ones \
                           do."
                .to_owned();
            reply(&out, Reply::Done(DoneView { message })).await
        }
        Request::Export { file, account, since } => {
            let account = account.map(|account| parse_account(&account)).transpose()?;
            node.export(PathBuf::from(file), account, since, &out).await
        }
        Request::Import { file } => node.import(PathBuf::from(file), &out).await,
        Request::Verify => node.verify(&out).await,
    }
}

async fn connect(node: &Arc<Node>, address: String, out: &Out) -> Result<(), Failure> {
    let peer = node.ask(|answer| Local::Connect { address, answer }).await??;
    let deadline = Instant::now() + SESSION_WAIT;
    while Instant::now() < deadline {
        let views = node.ask(Local::Peers).await?;
        // The address is known as soon as the network has published its next snapshot.
        if let Some(view) = views.into_iter().find(|view| view.peer_id == peer && !view.address.is_empty()) {
            return reply(out, Reply::Peer(view)).await;
        }
        tokio::time::sleep(SESSION_POLL).await;
    }
    Err(Failure::new(
        format!("{peer} answered but opened no session"),
        "It may be busy or run another version of Majlis; the node keeps trying.",
    ))
}

async fn sync(node: &Arc<Node>, timeout: u64, out: &Out) -> Result<(), Failure> {
    let started = Instant::now();
    let no_peer = || {
        Failure::new(
            "no peer is connected",
            "Connect with `majlis connect ADDRESS`, or follow an invite (`majlis follow majlis:…`).",
        )
    };
    if node.ask(Local::Peers).await?.is_empty() {
        return Err(no_peer());
    }
    match tokio::time::timeout(Duration::from_secs(timeout), node.ask(Local::Synced)).await {
        Ok(peers) => {
            let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            reply(out, Reply::Synced(SyncedView { peers: peers?, elapsed_ms })).await
        }
        Err(_) if node.ask(Local::Peers).await?.is_empty() => Err(no_peer()),
        Err(_) => Err(Failure::new(
            format!("connected peers still had something new after {timeout} s"),
            "It goes on in the background; wait longer with --timeout.",
        )),
    }
}

async fn timeline(
    node: &Arc<Node>,
    limit: usize,
    account: Option<String>,
    watch: bool,
    out: &Out,
) -> Result<(), Failure> {
    let account = account.map(|account| parse_account(&account)).transpose()?;
    // Subscribed before the past is read, so that nothing falls between.
    let mut events = node.watch();
    let reader = Arc::clone(node);
    let posts = blocking(move || reader.timeline(account, limit)).await?;
    let mut shown: std::collections::HashSet<String> = posts.iter().map(|post| post.id.clone()).collect();
    for post in posts {
        reply(out, Reply::Post(post)).await?;
    }
    if !watch {
        return Ok(());
    }
    let only = account.map(|account| account.to_string());
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = out.closed() => return Ok(()),
        };
        match event {
            Some(NodeEvent::Post(post)) => {
                let followed = only.as_ref().is_none_or(|only| *only == post.account);
                if followed && !shown.remove(&post.id) {
                    reply(out, Reply::Post(post)).await?;
                }
            }
            Some(NodeEvent::Missed(missed)) => {
                tracing::warn!(missed, "the watcher was too slow for some posts; the timeline has them");
            }
            Some(_) => {}
            None => return Ok(()),
        }
    }
}

impl Node {
    /// Who the owner is.
    pub fn id_view(&self) -> Result<IdView, Failure> {
        let peer_id = self.peer_id()?;
        let addresses: Vec<String> =
            self.peers.addresses().listen.iter().map(|address| format!("{address}/p2p/{peer_id}")).collect();
        let shareable: Vec<String> = {
            let far: Vec<_> = addresses.iter().filter(|address| !is_local(address)).cloned().collect();
            let best = if far.is_empty() { addresses.clone() } else { far };
            best.into_iter().take(majlis_protocol::limits::MAX_ADDRESSES).collect()
        };
        let invite = Invite::new(self.keys.account, shareable).map_err(|error| {
            Failure::new(
                format!("no invite can be made: {error}"),
                "Run the node once so that it has an address.",
            )
        })?;
        let devices = {
            let replica = self.store.replica();
            let account = replica.account(&self.keys.account);
            let current = account.and_then(|account| account.register().current());
            current
                .into_iter()
                .flat_map(|doc| &doc.doc().devices)
                .map(|device| device.key.to_string())
                .collect()
        };
        Ok(IdView {
            account: self.keys.account.to_string(),
            device: self.keys.device_id().to_string(),
            peer_id,
            addresses,
            invite: invite.to_string(),
            devices,
            home: self.home.display().to_string(),
            phrase_unconfirmed: super::keys::phrase_path(&self.home).exists(),
        })
    }

    fn peer_id(&self) -> Result<String, Failure> {
        let keypair = crate::net::keypair_from_seed(self.keys.transport()).map_err(|error| {
            Failure::new(
                error.to_string(),
                "The transport key is damaged; put keys.json back from where it was.",
            )
        })?;
        Ok(keypair.public().to_peer_id().to_string())
    }

    async fn status(self: &Arc<Self>) -> Result<StatusView, Failure> {
        let id = self.id_view()?;
        let running = self.is_running();
        let peers = if running { self.ask(Local::Peers).await? } else { Vec::new() };
        let store = self.store.clone();
        let stats = blocking(move || Ok(store.stats()?)).await?;
        Ok(StatusView {
            running,
            account: id.account,
            peer_id: id.peer_id,
            addresses: id.addresses,
            peers: peers.len(),
            following: self.peers.interests().iter().count() - 1,
            accounts: stats.accounts,
            entries: stats.entries as u64,
            disk_bytes: stats.db_bytes + stats.journal_bytes,
            free_bytes: stats.free_bytes,
            synced: !peers.is_empty() && peers.iter().all(|peer| peer.synced),
            uptime: if running { self.started.elapsed().as_secs() } else { 0 },
        })
    }
}

/// Addresses that mean something on this machine or this cable only.
fn is_local(address: &str) -> bool {
    ["/ip4/127.", "/ip4/169.254.", "/ip6/::1/", "/ip6/fe80:"].iter().any(|local| address.starts_with(local))
}
