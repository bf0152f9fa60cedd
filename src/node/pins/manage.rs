//! What the owner does: holding accounts, asking others to hold theirs, and saying who may.

use std::sync::Arc;
use std::time::Duration;

use majlis_protocol::text::Invite;
use majlis_protocol::{AccountId, Kind};

use super::disk::Part;
use super::tokens::{MAX_TOKENS, Token};
use crate::net::PeerId;
use crate::node::api::{
    AccountView, DoneView, HostState, HostView, PinRequest, PinTokenView, PinView, Reply,
};
use crate::node::apps::secrets;
use crate::node::execute::{Out, reply};
use crate::node::follows::parse_account;
use crate::node::peers::KnownPeer;
use crate::node::view::rfc3339;
use crate::node::{Failure, Local, Node, blocking, compose, hex, keys, now_ms};

/// Accounts that the owner wants held, or lets ask, at most.
const MAX_NAMED: usize = 65_536;
/// How long a host is given to answer before the command ends; the node goes on asking.
const PATIENCE: Duration = Duration::from_secs(10);

fn too_many(what: &str) -> Failure {
    Failure::new(format!("there are too many {what}"), "Remove some that are no longer needed first.")
}

impl Node {
    /// Carries one of the owner's requests out.
    pub(in crate::node) async fn pin_request(
        self: &Arc<Self>,
        request: PinRequest,
        out: &Out,
    ) -> Result<(), Failure> {
        let done = |message: String| reply(out, Reply::Done(DoneView { message }));
        match request {
            PinRequest::Add { account, quota } => {
                let account = parse_account(&account)?;
                self.pin(account, quota).await?;
                reply(out, Reply::Pin(Box::new(self.pin_view(&account)?))).await
            }
            PinRequest::Remove { account } => {
                let account = parse_account(&account)?;
                if !self.unhost(account, true).await? {
                    return Err(Failure::missing(
                        format!("{account} is not held for others"),
                        "`majlis pin list` shows what is.",
                    ));
                }
                done(self.removed(&account)).await
            }
            PinRequest::List => {
                let reader = Arc::clone(self);
                let views = blocking(move || {
                    reader
                        .pins
                        .accounts()
                        .iter()
                        .map(|account| reader.pin_view(account))
                        .collect::<Result<Vec<_>, _>>()
                });
                for view in views.await? {
                    reply(out, Reply::Pin(Box::new(view))).await?;
                }
                Ok(())
            }
            PinRequest::Ask { host, token } => {
                let host = self.ask_host(&host, token.unwrap_or_default()).await?;
                let refused =
                    matches!(host.state, HostState::Refused | HostState::Ended).then(|| host.why.clone());
                reply(out, Reply::Host(Box::new(host))).await?;
                match refused {
                    Some(why) => Err(Failure::new(
                        format!("your account is not held there: {}", why.unwrap_or_default()),
                        "`majlis pin hosts` shows the nodes that you have asked.",
                    )),
                    None => Ok(()),
                }
            }
            PinRequest::Hosts => {
                for host in self.pins.hosts() {
                    reply(out, Reply::Host(Box::new(host))).await?;
                }
                Ok(())
            }
            PinRequest::Withdraw { host } => {
                let known = self.withdraw(&host).await?;
                done(if known {
                    format!("{host} is told that it need not hold your account any more.")
                } else {
                    format!("{host} will be told, when it is next met, that it need not hold your account any more.")
                })
                .await
            }
            PinRequest::Holders => {
                for holder in self.holders().await? {
                    reply(out, Reply::Holder(Box::new(holder))).await?;
                }
                Ok(())
            }
            PinRequest::Allow { account, on } => {
                if let Some(account) = account {
                    self.allow(parse_account(&account)?, on).await?;
                }
                let allowed: Vec<_> =
                    self.pins.state.lock().allowed.union(&self.pins.listed).copied().collect();
                for account in allowed {
                    reply(out, Reply::Person(AccountView { account: account.to_string() })).await?;
                }
                Ok(())
            }
            PinRequest::NewToken { uses, quota, expires } => {
                let token = self.new_pin_token(uses, quota, expires.as_deref()).await?;
                reply(out, Reply::PinToken(token)).await
            }
            PinRequest::Tokens => {
                for token in self.pin_tokens() {
                    reply(out, Reply::PinToken(token)).await?;
                }
                Ok(())
            }
            PinRequest::RevokeToken { id } => {
                self.revoke_pin_token(&id).await?;
                done(format!(
                    "The token {id} lets nobody in any more. Whom it has let in stays: see `majlis pin list`."
                ))
                .await
            }
        }
    }

    fn removed(&self, account: &AccountId) -> String {
        if self.peers.reason(account).is_some() {
            return format!(
                "{account} is no longer held for others. You follow it, so it stays here for you."
            );
        }
        format!(
            "{account} is no longer held, and what was here of it is removed. `majlis pin add {account}` fetches it \
             again."
        )
    }

    /// Brings what the node holds to what it is now for this account.
    pub(super) fn hold_or_not(&self, account: &AccountId) -> Result<(), Failure> {
        self.refresh_interest(account)
    }

    async fn pin(self: &Arc<Self>, account: AccountId, quota: Option<u64>) -> Result<(), Failure> {
        if account == self.keys.account {
            return Err(Failure::usage(
                "this is your own account, which your node holds anyway",
                "To have another node hold it: `majlis pin ask`.",
            ));
        }
        if self.is_blocked(&account) {
            return Err(Failure::new("this account is blocked", "End that first: `majlis block KEY --off`."));
        }
        let node = Arc::clone(self);
        blocking(move || {
            {
                let mut state = node.pins.state.lock();
                if state.pins.len() >= MAX_NAMED && !state.pins.contains_key(&account) {
                    return Err(too_many("accounts that are held for others"));
                }
                let pin = state.pins.entry(account).or_default();
                pin.own = true;
                pin.quota = quota.or(pin.quota);
                state.changed.insert(Part::Pin(account));
            }
            node.pins.flush(&node.store)?;
            node.recount(&account)?;
            node.hold_or_not(&account)
        })
        .await?;
        let full = self.pins.state.lock().ledger.is_full(&account);
        self.tell(Local::Full { account, full }).await;
        self.tell(Local::PinNews(Some(account))).await;
        self.tell(Local::Interests).await;
        Ok(())
    }

    fn pin_view(&self, account: &AccountId) -> Result<PinView, Failure> {
        let name = self.profile_of(account)?.name;
        let posts = self.store.count(account, Kind::POST)?;
        let state = self.pins.state.lock();
        let pin = state.pins.get(account).cloned().unwrap_or_default();
        Ok(PinView {
            account: account.to_string(),
            name,
            own: pin.own,
            asked: pin.until.is_some(),
            until: pin.until.filter(|_| !pin.own).map(rfc3339),
            quota: self.pins.quota_of(&pin),
            used: state.ledger.used(account),
            posts,
            full: state.ledger.is_full(account),
        })
    }

    /// Asks a node to hold the owner's account, and waits a moment for its answer.
    async fn ask_host(self: &Arc<Self>, host: &str, token: String) -> Result<HostView, Failure> {
        if token.len() > majlis_protocol::limits::MAX_PIN_TOKEN {
            return Err(Failure::usage("this is no token", "Copy it as the host's owner has sent it."));
        }
        let (peer, addresses) = self.host_named(host)?;
        {
            let mut state = self.pins.state.lock();
            if !state.asks.ask(&peer, token.trim().to_owned(), now_ms()) {
                return Err(too_many("nodes that are asked to hold your account"));
            }
            state.changed.insert(Part::Ask(peer.clone()));
        }
        let node = Arc::clone(self);
        blocking(move || node.pins.flush(&node.store)).await?;
        self.tell(Local::Befriend { peer: peer.clone(), addresses }).await;
        self.flush_peers().await?;
        self.tell(Local::AskPin(peer.clone())).await;
        if self.is_running() {
            self.await_answer(|host| host.is_none_or(|host| host.state != HostState::Asked), &peer).await;
        }
        let view = self.pins.hosts().into_iter().find(|view| view.peer_id == peer);
        view.ok_or_else(|| {
            Failure::new("it was withdrawn meanwhile", "Ask again, if you want it held there.")
        })
    }

    /// Waits until a node that was asked has said enough, or for so long; whether it has.
    async fn await_answer(&self, is_enough: impl Fn(Option<&HostView>) -> bool, peer: &str) -> bool {
        let answers = async {
            loop {
                let answered = self.pins.answered.notified();
                let mut answered = std::pin::pin!(answered);
                // From before it is looked, so that nothing is missed.
                answered.as_mut().enable();
                if is_enough(self.pins.hosts().iter().find(|view| view.peer_id == peer)) {
                    return;
                }
                answered.await;
            }
        };
        tokio::time::timeout(PATIENCE, answers).await.is_ok()
    }

    /// The peer that a multiaddr, an invite or an id names, and where it is.
    fn host_named(&self, host: &str) -> Result<(String, Vec<String>), Failure> {
        if host.parse::<PeerId>().is_ok() {
            let known = self.peers.about(host).ok_or_else(|| {
                Failure::missing(
                    format!("where {host} is was never heard of"),
                    "Give its address, or its owner's invite.",
                )
            })?;
            self.peers.met(host, &[], KnownPeer::name);
            return Ok((host.to_owned(), known.addresses));
        }
        if host.starts_with('/') {
            return self.named_peer(host);
        }
        let invite: Invite = host.parse().map_err(|error: majlis_protocol::text::TextError| {
            Failure::usage(
                error.to_string(),
                "Name the node by its address, /ip4/…/p2p/12D3Koo…, or by its owner's invite, majlis:z6Mk…?peer=….",
            )
        })?;
        let mut found = None;
        for address in invite.peers() {
            let named = self.named_peer(address)?;
            // An invite may name other nodes that hold the account; its owner's own comes first.
            if found.as_ref().is_none_or(|(peer, _)| *peer == named.0) {
                found = Some(named);
            }
        }
        found.ok_or_else(|| {
            Failure::usage(
                "this invite does not say where the node is",
                "Ask for one that does, or for its address.",
            )
        })
    }

    fn named_peer(&self, address: &str) -> Result<(String, Vec<String>), Failure> {
        let (peer, addresses) = self.peers.name_address(address)?;
        if peer.parse::<PeerId>().is_err() {
            return Err(Failure::usage(
                format!("{peer} is not a peer's id"),
                "An address ends in /p2p/ and the peer's id; `majlis id` prints such addresses.",
            ));
        }
        Ok((peer, addresses))
    }

    /// Wants a host to hold the account no longer; whether it knows that already.
    async fn withdraw(self: &Arc<Self>, host: &str) -> Result<bool, Failure> {
        let peer = {
            let mut state = self.pins.state.lock();
            let named = |peer: &&String| peer.starts_with(host) && !host.is_empty();
            let mut found: Vec<_> = state.asks.wanted().filter(named).cloned().collect();
            let Some(peer) = found.pop().filter(|_| found.is_empty()) else {
                return Err(Failure::missing(
                    format!("{host} is no node, or not one alone, that was asked to hold your account"),
                    "`majlis pin hosts` shows those that were.",
                ));
            };
            state.asks.withdraw(&peer, now_ms());
            state.changed.insert(Part::Ask(peer.clone()));
            peer
        };
        let node = Arc::clone(self);
        blocking(move || node.pins.flush(&node.store)).await?;
        self.tell(Local::AskPin(peer.clone())).await;
        let connected = match self.ask(Local::Peers).await {
            Ok(peers) => peers.iter().any(|connected| connected.peer_id == peer),
            Err(_) => false,
        };
        if !connected || !self.await_answer(|host| host.is_none(), &peer).await {
            return Ok(false);
        }
        let node = Arc::clone(self);
        blocking(move || node.pins.flush(&node.store)).await?;
        Ok(true)
    }

    async fn allow(self: &Arc<Self>, account: AccountId, on: bool) -> Result<(), Failure> {
        if !on && self.pins.listed.contains(&account) {
            return Err(Failure::new(
                "this account is on the list in the configuration",
                "Take it off node.pin_accounts: `majlis config` shows where that is set.",
            ));
        }
        let node = Arc::clone(self);
        blocking(move || {
            {
                let mut state = node.pins.state.lock();
                if on && state.allowed.len() >= MAX_NAMED {
                    return Err(too_many("accounts that may ask"));
                }
                if on {
                    state.allowed.insert(account)
                } else {
                    state.allowed.remove(&account)
                };
                state.changed.insert(Part::Allow(account));
            }
            node.pins.flush(&node.store)
        })
        .await
    }

    async fn new_pin_token(
        self: &Arc<Self>,
        uses: u64,
        quota: Option<u64>,
        expires: Option<&str>,
    ) -> Result<PinTokenView, Failure> {
        let expires = expires.map(compose::time).transpose()?;
        if uses == 0 || expires.is_some_and(|end| end <= now_ms()) {
            return Err(Failure::usage(
                "such a token would let nobody in",
                "Let it hold for at least one account, until a time to come.",
            ));
        }
        let (text, hash) = secrets::secret()?;
        let id = hex(&keys::random::<4>()?);
        let token = Token::new(hash, uses, quota, expires);
        let (node, name) = (Arc::clone(self), id.clone());
        blocking(move || {
            {
                let mut state = node.pins.state.lock();
                if state.tokens.len() >= MAX_TOKENS {
                    return Err(too_many("tokens"));
                }
                state.tokens.insert(name.clone(), token);
                state.changed.insert(Part::Token(name.clone()));
            }
            node.pins.flush(&node.store).inspect_err(|_| {
                // Nobody is shown it now.
                node.pins.state.lock().tokens.remove(&name);
            })
        })
        .await?;
        Ok(PinTokenView { id, token: Some(text), uses, quota, expires: expires.map(rfc3339) })
    }

    fn pin_tokens(&self) -> Vec<PinTokenView> {
        let now = now_ms();
        let state = self.pins.state.lock();
        let tokens = state.tokens.iter().filter(|(_, token)| !token.is_over(now));
        tokens
            .map(|(id, token)| PinTokenView {
                id: id.clone(),
                token: None,
                uses: token.uses,
                quota: token.quota,
                expires: token.expires.map(rfc3339),
            })
            .collect()
    }

    async fn revoke_pin_token(self: &Arc<Self>, id: &str) -> Result<(), Failure> {
        {
            let mut state = self.pins.state.lock();
            if state.tokens.remove(id).is_none() {
                return Err(Failure::missing(
                    format!("there is no token {id}"),
                    "`majlis pin token list` shows those there are.",
                ));
            }
            state.changed.insert(Part::Token(id.to_owned()));
        }
        let node = Arc::clone(self);
        blocking(move || node.pins.flush(&node.store)).await
    }
}
