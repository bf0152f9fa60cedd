//! Carries requests out: the same for the running node and for a command that opened the home itself.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use majlis_protocol::text::Invite;
use tokio::sync::mpsc;

use super::api::{
    AccountView, DoneView, DraftView, EntryView, HostState, IdView, ListView, PhraseView, PostView,
    ProfileEdit, ProgressView, Reply, Request, StatusView, SyncedView, TimelinePage,
};
use super::follows::parse_account;
use super::posts::find;
use super::{Failure, Local, Node, NodeEvent, blocking, now_ms};

/// How long `connect` waits for the session with a peer that has answered.
const SESSION_WAIT: Duration = Duration::from_secs(10);
/// Hosts that an invite names.
const MAX_HOSTS: usize = 4;
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
            reply(&out, Reply::Status(Box::new(status))).await
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
        Request::Timeline { page, watch } => timeline(node, page, watch, &out).await,
        Request::Show { id } => shown(&out, node.show(&find(&id)?)?).await,
        Request::Thread { id } => {
            let reader = Arc::clone(node);
            let fetched = node.fetch_conversation(node.root(&id)?).await?;
            for part in blocking(move || reader.thread(&id, fetched)).await? {
                reply(&out, part).await?;
            }
            Ok(())
        }
        Request::Search { query } => {
            let reader = Arc::clone(node);
            for view in blocking(move || reader.search(&query)).await? {
                post(&out, view).await?;
            }
            Ok(())
        }
        Request::Tags { start, limit } => {
            let reader = Arc::clone(node);
            for tag in blocking(move || reader.tags(&start, limit)).await? {
                reply(&out, Reply::Tag(tag)).await?;
            }
            Ok(())
        }
        Request::History { id } => {
            for version in node.history(&id)? {
                reply(&out, Reply::Version(version)).await?;
            }
            Ok(())
        }
        Request::Edit { id, edit } => shown(&out, node.edit(&id, edit).await?).await,
        Request::React { id, emoji, on } => shown(&out, node.react(&id, emoji.as_deref(), on).await?).await,
        Request::Repost { id, on } => shown(&out, node.repost(&id, on).await?).await,
        Request::Vote { id, choices } => shown(&out, node.vote(&id, &choices).await?).await,
        Request::Bookmark { id, on } => shown(&out, node.bookmark(&id, on).await?).await,
        Request::PinPost { id, on } => shown(&out, node.pin_post(&id, on).await?).await,
        Request::Notifications { page } => {
            let (reader, mark_read) = (Arc::clone(node), page.mark_read);
            let (shown, count) = blocking(move || reader.notifications(&page)).await?;
            for notification in shown {
                reply(&out, Reply::Notification(Box::new(notification))).await?;
            }
            if mark_read {
                node.mark_notifications_read().await?;
            }
            match count {
                Some(count) => reply(&out, Reply::Notifications(count)).await,
                None => Ok(()),
            }
        }
        Request::Dismiss { entry: Some(entry), poll } => {
            node.dismiss(&entry, poll).await?;
            done(&out, "It is off the list.".to_owned()).await
        }
        Request::Dismiss { entry: None, .. } => {
            node.clear_notifications().await?;
            done(&out, "All that has come so far is off the list.".to_owned()).await
        }
        Request::Position { of, up_to } => match node.read_position(of, up_to).await? {
            Some(position) => reply(&out, Reply::Position(position)).await,
            None => Ok(()),
        },
        Request::Requests => {
            let reader = Arc::clone(node);
            for view in blocking(move || reader.requests()).await? {
                post(&out, view).await?;
            }
            Ok(())
        }
        Request::Decide { id, accept } => {
            let account = node.decide(&id, accept).await?;
            let message = if accept {
                format!("What {account} says to you is shown from now on.")
            } else {
                format!("What {account} has said to you is forgotten.")
            };
            reply(&out, Reply::Done(DoneView { message })).await
        }
        Request::Notify { kind, on } => {
            node.set_notify(kind, on).await?;
            let message =
                format!("Notifications of kind {} are {}.", kind.name(), if on { "on" } else { "off" });
            reply(&out, Reply::Done(DoneView { message })).await
        }
        Request::Petname { account, name } => {
            let account = parse_account(&account)?;
            node.set_petname(&account, &name).await?;
            reply(&out, Reply::Profile(Box::new(node.profile_view(&account)?))).await
        }
        Request::Block { account, on } => {
            if let Some(account) = account {
                node.block(&parse_account(&account)?, on).await?;
            }
            for account in node.blocked() {
                reply(&out, Reply::Blocked(AccountView { account: account.to_string() })).await?;
            }
            Ok(())
        }
        Request::Mute { muted, until, on } => {
            if let Some(muted) = muted {
                let until = until.as_deref().map(super::compose::time).transpose()?;
                node.mute(&muted, until, on).await?;
            }
            for mute in node.mutes() {
                reply(&out, Reply::Muted(mute)).await?;
            }
            Ok(())
        }
        Request::Filters => {
            for filter in node.filters() {
                reply(&out, Reply::Filter(filter)).await?;
            }
            Ok(())
        }
        Request::AddFilter { filter } => reply(&out, Reply::Filter(node.add_filter(filter).await?)).await,
        Request::SetFilter { filter, new } => {
            reply(&out, Reply::Filter(node.set_filter(&filter, new).await?)).await
        }
        Request::RemoveFilter { filter } => {
            let title = node.remove_filter(&filter).await?;
            done(&out, format!("The filter {title:?} is gone.")).await
        }
        Request::Drafts { draft: id } => {
            for view in node.drafts(id.as_deref())? {
                draft(&out, view).await?;
            }
            Ok(())
        }
        Request::SaveDraft { post, at } => draft(&out, node.save_draft(*post, at.as_deref()).await?).await,
        Request::MoveDraft { draft: id, at } => draft(&out, node.move_draft(&id, &at).await?).await,
        Request::PostDraft { draft } => {
            for posted in node.post_draft(&draft).await? {
                reply(&out, Reply::Posted(posted)).await?;
            }
            Ok(())
        }
        Request::RemoveDraft { draft } => {
            node.remove_draft(&draft).await?;
            done(&out, "The draft is gone.".to_owned()).await
        }
        Request::List { name, add, remove, delete, make } => {
            if let Some(name) = name.as_deref().filter(|_| make) {
                node.set_list(name, true).await?;
            }
            list(node, name.as_deref(), &add, &remove, delete).await?;
            let names = node.lists();
            for list in names.into_iter().filter(|list| name.as_ref().is_none_or(|name| name == list)) {
                let members = node.list_members(&list)?;
                let accounts = members.iter().map(ToString::to_string).collect();
                reply(&out, Reply::List(ListView { list, accounts })).await?;
            }
            Ok(())
        }
        Request::RenameList { list, to } => {
            let list = node.rename_list(&list, &to).await?;
            let accounts = node.list_members(&list)?.iter().map(ToString::to_string).collect();
            reply(&out, Reply::List(ListView { list, accounts })).await
        }
        Request::People { who } => {
            let reader = Arc::clone(node);
            for account in blocking(move || reader.people(&who)).await? {
                reply(&out, Reply::Person(AccountView { account: account.to_string() })).await?;
            }
            Ok(())
        }
        Request::Endorse { account, on } => {
            node.endorse(&parse_account(&account)?, on).await?;
            let shown = if on { "is shown" } else { "is no longer shown" };
            done(&out, format!("{account} {shown} on your page.")).await
        }
        Request::Tag { tag } => {
            let reader = Arc::clone(node);
            reply(&out, Reply::Tag(blocking(move || reader.tag(&tag)).await?)).await
        }
        Request::MarkedTags { mark } => {
            let reader = Arc::clone(node);
            for tag in blocking(move || Ok(reader.tags_with(mark))).await? {
                reply(&out, Reply::Tag(tag)).await?;
            }
            Ok(())
        }
        Request::MarkTag { tag, mark, on } => {
            reply(&out, Reply::Tag(node.mark_tag(&tag, mark, on).await?)).await
        }
        Request::Quotes { id } => {
            let reader = Arc::clone(node);
            for view in blocking(move || reader.quotes(&id)).await? {
                post(&out, view).await?;
            }
            Ok(())
        }
        Request::Usage { set } => {
            if let Some(statement) = set {
                node.set_usage(&statement).await?;
            }
            reply(&out, Reply::Usage(node.profile_view(&node.account())?.usage)).await
        }
        Request::File { cid } => {
            let progress = |done, total| {
                // Where nobody reads fast enough, the next one says more.
                let _ = out.try_send(Reply::Progress(ProgressView { done, total: Some(total) }));
            };
            let file = node.get_file(&cid, progress).await?;
            reply(&out, Reply::File(file)).await
        }
        Request::Storage { keep } => {
            let reader = Arc::clone(node);
            let (accounts, view) = blocking(move || reader.storage(&keep)).await?;
            for of in accounts {
                reply(&out, Reply::StorageOf(of)).await?;
            }
            reply(&out, Reply::Storage(Box::new(view))).await
        }
        Request::Prune { keep } => reply(&out, Reply::Pruned(node.prune(&keep).await?)).await,
        Request::Attach { file } => {
            let attached = node.attach(file).await?;
            let view = node.attachment_view(&attached.attachment);
            reply(&out, Reply::Attachment(Box::new(view))).await
        }
        Request::Accounts { accounts } => {
            let accounts =
                accounts.iter().map(|account| parse_account(account)).collect::<Result<Vec<_>, _>>()?;
            let reader = Arc::clone(node);
            for card in blocking(move || reader.account_cards(&accounts)).await? {
                reply(&out, Reply::Account(Box::new(card))).await?;
            }
            Ok(())
        }
        Request::Profile { edit } => {
            if edit != ProfileEdit::default() {
                node.set_profile(edit).await?;
            }
            reply(&out, Reply::Profile(Box::new(node.profile_view(&node.account())?))).await
        }
        Request::Login { with } => {
            let reader = Arc::clone(node);
            reply(&out, Reply::Login(blocking(move || reader.login(with)).await?)).await
        }
        Request::Apps => {
            let reader = Arc::clone(node);
            for app in blocking(move || reader.connected_apps()).await? {
                reply(&out, Reply::App(app)).await?;
            }
            Ok(())
        }
        Request::RevokeApp { app } => {
            let writer = Arc::clone(node);
            let name = blocking(move || writer.revoke_app(&app)).await?;
            done(&out, format!("{name} may do nothing here any more.")).await
        }
        Request::NewToken { name, scopes } => {
            let writer = Arc::clone(node);
            reply(&out, Reply::Token(blocking(move || writer.new_token(name, &scopes)).await?)).await
        }
        Request::Pin { what } => node.pin_request(what, &out).await,
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
        Request::Export { file, accounts, since, lacked_by, files_below } => {
            let accounts =
                accounts.iter().map(|account| parse_account(account)).collect::<Result<Vec<_>, _>>()?;
            let lacked_by = lacked_by.map(PathBuf::from);
            let what = super::carry::What { accounts, since, lacked_by, files_below, ..Default::default() };
            node.export(PathBuf::from(file), what, &out).await
        }
        Request::Have { file } => node.export_have(PathBuf::from(file), &out).await,
        Request::Import { file } => node.import(PathBuf::from(file), false, &out).await,
        Request::Backup { file, leave_bucket } => node.backup(PathBuf::from(file), leave_bucket, &out).await,
        Request::Restore { file } => node.restore(PathBuf::from(file), &out).await,
        Request::Verify => node.verify(&out).await,
    }
}

async fn post(out: &Out, view: PostView) -> Result<(), Failure> {
    reply(out, Reply::Post(Box::new(view))).await
}

/// A post that was asked for by name.
async fn shown(out: &Out, view: PostView) -> Result<(), Failure> {
    reply(out, Reply::Shown(Box::new(view))).await
}

async fn draft(out: &Out, view: DraftView) -> Result<(), Failure> {
    reply(out, Reply::Draft(Box::new(view))).await
}

async fn done(out: &Out, message: String) -> Result<(), Failure> {
    reply(out, Reply::Done(DoneView { message })).await
}

async fn list(
    node: &Arc<Node>,
    name: Option<&str>,
    add: &[String],
    remove: &[String],
    delete: bool,
) -> Result<(), Failure> {
    let Some(name) = name else { return Ok(()) };
    let parse = |keys: &[String]| keys.iter().map(|key| parse_account(key)).collect::<Result<Vec<_>, _>>();
    let (add, remove) = (parse(add)?, parse(remove)?);
    if delete {
        return node.set_list(name, false).await;
    }
    if !add.is_empty() {
        node.add_to_list(name, &add).await?;
    }
    for account in remove {
        node.take_off_list(name, &account).await?;
    }
    node.list_members(name).map(drop)
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

async fn timeline(node: &Arc<Node>, page: TimelinePage, watch: bool, out: &Out) -> Result<(), Failure> {
    let shows = watch.then(|| node.live(&page)).transpose()?;
    // Subscribed before the past is read, so that nothing falls between.
    let mut events = node.watch();
    let (reader, read) = (Arc::clone(node), page.mark_read.then(|| page.feed.clone()));
    let posts = blocking(move || reader.timeline(&page)).await?;
    let newest = posts.first().map(|post| post.repost.as_ref().map_or(&post.id, |repost| &repost.id).clone());
    let mut shown: std::collections::HashSet<String> = posts.iter().map(|post| post.id.clone()).collect();
    for view in posts {
        post(out, view).await?;
    }
    if let Some(feed) = read
        && let Some(position) = node.mark_feed_read(&feed, newest.as_deref()).await?
    {
        reply(out, Reply::Position(position)).await?;
    }
    let Some(shows) = shows else { return Ok(()) };
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = out.closed() => return Ok(()),
        };
        match event {
            Some(NodeEvent::Post(mut view)) => {
                if shows(&mut view) && !shown.remove(&view.id) {
                    reply(out, Reply::Post(view)).await?;
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
        let peer_id = self.keys.peer_id()?.to_string();
        let addresses: Vec<String> =
            self.peers.addresses().listen.iter().map(|address| format!("{address}/p2p/{peer_id}")).collect();
        let shareable: Vec<String> = {
            let far: Vec<_> = addresses.iter().filter(|address| !is_local(address)).cloned().collect();
            let best = if far.is_empty() { addresses.clone() } else { far };
            let hosts = self.pins.hosts().into_iter();
            let held = hosts.filter(|host| matches!(host.state, HostState::Held | HostState::Full));
            // Who holds the account answers while its owner sleeps.
            let hosts: Vec<_> =
                held.filter_map(|host| host.addresses.into_iter().next()).take(MAX_HOSTS).collect();
            let room = majlis_protocol::limits::MAX_ADDRESSES - hosts.len();
            best.into_iter().take(room).chain(hosts).collect()
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

    /// The addresses of this machine at which the network listens.
    pub fn ip_addresses(&self) -> Vec<IpAddr> {
        let listen = self.peers.addresses().listen;
        listen.iter().filter_map(|address| address.split('/').nth(2)?.parse().ok()).collect()
    }

    async fn status(self: &Arc<Self>) -> Result<StatusView, Failure> {
        let id = self.id_view()?;
        let running = self.is_running();
        let peers = if running { self.ask(Local::Peers).await? } else { Vec::new() };
        let node = Arc::clone(self);
        let (stats, bucket, figures) =
            blocking(move || Ok((node.store.stats()?, node.bucket_view(), node.figures()?))).await?;
        let standing = self.peers.standing();
        Ok(StatusView {
            running,
            account: id.account,
            peer_id: id.peer_id,
            addresses: id.addresses,
            reached: standing.map(|(reached, _)| reached),
            neighbours: standing
                .filter(|_| self.in_tables.load(Ordering::Relaxed))
                .map(|(_, neighbours)| neighbours),
            clock_ahead_days: self.days.ahead(now_ms()),
            peers: peers.len(),
            following: self.at_heart().len() - 1,
            held_for_others: self.pins.counts().0,
            hosts: self.pins.counts().1,
            accounts: stats.accounts,
            entries: stats.entries as u64,
            disk_bytes: stats.db_bytes + stats.journal_bytes,
            free_bytes: stats.free_bytes,
            synced: !peers.is_empty() && peers.iter().all(|peer| peer.synced),
            uptime: if running { self.started.elapsed().as_secs() } else { 0 },
            bucket,
            counts: figures.iter().map(|figure| (figure.name.to_owned(), figure.value)).collect(),
            door: self.door(),
        })
    }
}

/// Addresses that mean something on this machine or this cable only.
fn is_local(address: &str) -> bool {
    ["/ip4/127.", "/ip4/169.254.", "/ip6/::1/", "/ip6/fe80:"].iter().any(|local| address.starts_with(local))
}
