//! What the owner keeps to themself about others: bookmarks, names, lists, and what is not to be seen. Each is a
//! register of a collection (spec chapter 9) that the owner's devices share.

use std::sync::Arc;

use majlis_protocol::body::EntryRef;
use majlis_protocol::sealed::{ItemValue, PrivateItem};
use majlis_protocol::{AccountId, EntryId};

use super::api::{MuteView, Muted, PostView};
use super::follows::parse_account;
use super::view::rfc3339;
use super::{Failure, Named, Node, blocking, now_ms};
use crate::store::fold_tag;

const ACCEPT: &str = "accept";
const BLOCK: &str = "block";
const BOOKMARK: &str = "bookmark";
const LIST: &str = "list";
const LIST_MEMBER: &str = "list-member";
const PETNAME: &str = "petname";
const PIN: &str = "pin";

/// What the key of a mute means.
type ReadMute = fn(Vec<u8>) -> Option<Muted>;

/// The collections of mutes.
const MUTES: [(&str, ReadMute); 4] = [
    ("mute", |key| Some(Muted::Account(AccountId(key.try_into().ok()?).to_string()))),
    ("mute-thread", |key| Some(Muted::Thread(EntryId(key.try_into().ok()?).to_string()))),
    ("mute-tag", |key| String::from_utf8(key).ok().map(Muted::Tag)),
    ("mute-word", |key| String::from_utf8(key).ok().map(Muted::Word)),
];

/// Bytes of a list's name.
const MAX_LIST_NAME: usize = 128;
/// Bytes of a muted word or phrase.
const MAX_WORD: usize = 200;

impl Muted {
    /// The register that mutes it.
    fn register(&self) -> Result<(&'static str, Vec<u8>), Failure> {
        Ok(match self {
            Self::Account(account) => ("mute", parse_account(account)?.0.to_vec()),
            Self::Thread(post) => ("mute-thread", super::posts::find(post)?.0.to_vec()),
            Self::Tag(tag) => ("mute-tag", word(&fold_tag(tag))?),
            Self::Word(phrase) => ("mute-word", word(&phrase.to_lowercase())?),
        })
    }
}

fn word(text: &str) -> Result<Vec<u8>, Failure> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_WORD {
        return Err(Failure::usage(
            format!("a word to be muted has 1 to {MAX_WORD} bytes"),
            "Give a word, or a short phrase.",
        ));
    }
    Ok(text.as_bytes().to_vec())
}

fn member_key(list: &str, account: &AccountId) -> Vec<u8> {
    [list.as_bytes(), &[0], &account.0].concat()
}

fn list_name(name: &str) -> Result<&str, Failure> {
    let name = name.trim();
    if name.is_empty() || name.len() > MAX_LIST_NAME || name.contains('\0') {
        return Err(Failure::usage(
            format!("a list's name has 1 to {MAX_LIST_NAME} bytes"),
            "Give it a short name.",
        ));
    }
    Ok(name)
}

impl Node {
    /// The value of a register of these collections, where it is set and has not ended.
    pub(super) fn kept(&self, collection: &str, key: &[u8]) -> Option<ItemValue> {
        let value = ItemValue::decode(&self.private(collection, key)?).ok()?;
        value.until.is_none_or(|end| now_ms() < end).then_some(value)
    }

    /// Keys and values of the registers of a collection that are set and have not ended.
    pub(super) fn kept_all(&self, collection: &str) -> Vec<(Vec<u8>, ItemValue)> {
        let now = now_ms();
        self.private_items(collection)
            .into_iter()
            .filter_map(|(key, value)| Some((key, ItemValue::decode(&value).ok()?)))
            .filter(|(_, value)| value.until.is_none_or(|end| now < end))
            .collect()
    }

    /// Sets or removes a register, where that changes anything: what is set already keeps the time when that was.
    pub(super) async fn keep(
        self: &Arc<Self>,
        collection: &str,
        key: Vec<u8>,
        value: Option<ItemValue>,
    ) -> Result<(), Failure> {
        let is_so = match &value {
            Some(value) => self
                .kept(collection, &key)
                .is_some_and(|known| ItemValue { at: known.at, ..value.clone() } == known),
            None => self.private(collection, &key).is_none(),
        };
        if is_so {
            return Ok(());
        }
        let value = value.map(|value| value.encode()).transpose()?;
        self.set_private(PrivateItem { collection: collection.to_owned(), key, value }).await
    }

    pub(super) fn set_now() -> ItemValue {
        ItemValue { at: Some(now_ms()), ..ItemValue::default() }
    }

    /// Puts a bookmark on a post, or takes it away.
    pub(super) async fn bookmark(self: &Arc<Self>, target: &str, on: bool) -> Result<PostView, Failure> {
        let (post, _, _) = self.held_post(target)?;
        let value = on.then(|| ItemValue { account: Some(post.account), ..Self::set_now() });
        self.keep(BOOKMARK, post.id.0.to_vec(), value).await?;
        self.show(&post.id)
    }

    pub(super) fn is_bookmarked(&self, id: &EntryId) -> bool {
        self.kept(BOOKMARK, &id.0).is_some()
    }

    /// Posts with a bookmark, the last one put there first.
    pub(super) fn bookmarks(&self) -> Vec<EntryId> {
        self.marked(BOOKMARK)
    }

    /// Own posts on top of the owner's page, the last one put there first.
    pub(super) fn pins(&self) -> Vec<EntryId> {
        self.marked(PIN)
    }

    fn marked(&self, collection: &str) -> Vec<EntryId> {
        let all = self.kept_all(collection).into_iter();
        let mut found: Vec<_> = all
            .filter_map(|(key, value)| Some((value.at.unwrap_or(0), EntryId(key.try_into().ok()?))))
            .collect();
        found.sort_unstable_by(|one, other| other.cmp(one));
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// Puts an own post on top of the owner's page, or takes it away.
    pub(super) async fn pin_post(self: &Arc<Self>, target: &str, on: bool) -> Result<PostView, Failure> {
        let (post, _, _) = self.held_post(target)?;
        if post.account != self.keys.account {
            return Err(Failure::new(
                "only your own posts can be pinned to your page",
                "Put a bookmark on it with `majlis bookmark`.",
            ));
        }
        self.keep(PIN, post.id.0.to_vec(), on.then(Self::set_now)).await?;
        self.show(&post.id)
    }

    pub(super) fn is_pinned(&self, post: &EntryRef) -> bool {
        post.account == self.keys.account && self.kept(PIN, &post.id.0).is_some()
    }

    /// Gives someone a name that only the owner sees; an empty one is removed.
    pub(super) async fn set_petname(
        self: &Arc<Self>,
        account: &AccountId,
        name: &str,
    ) -> Result<(), Failure> {
        let name = name.trim().to_owned();
        let value = (!name.is_empty()).then(|| ItemValue { name, ..ItemValue::default() });
        self.keep(PETNAME, account.0.to_vec(), value).await
    }

    /// The owner's own name for someone.
    pub(super) fn petname(&self, account: &AccountId) -> Option<String> {
        self.kept(PETNAME, &account.0).map(|value| value.name).filter(|name| !name.is_empty())
    }

    /// Blocks an account, or no longer: a blocked one is not followed, not held, not shown.
    pub(super) async fn block(self: &Arc<Self>, account: &AccountId, on: bool) -> Result<(), Failure> {
        if *account == self.keys.account {
            return Err(Failure::usage("this is your own account", "Name someone else's key."));
        }
        self.keep(BLOCK, account.0.to_vec(), on.then(Self::set_now)).await?;
        if !on {
            return Ok(());
        }
        self.unhost(*account, true).await?;
        if self.follow_reason(account).is_some() {
            return self.unfollow(account).await;
        }
        self.part();
        self.tell(super::Local::Interests).await;
        // What it has handed over is not kept either.
        let (node, account) = (Arc::clone(self), *account);
        blocking(move || node.forget_stranger(&account)).await
    }

    /// Accepts what a stranger says, from now on too.
    pub(super) async fn accept(self: &Arc<Self>, account: &AccountId) -> Result<(), Failure> {
        self.keep(ACCEPT, account.0.to_vec(), Some(Self::set_now())).await
    }

    pub(super) fn is_accepted(&self, account: &AccountId) -> bool {
        self.kept(ACCEPT, &account.0).is_some()
    }

    pub(super) fn is_blocked(&self, account: &AccountId) -> bool {
        self.kept(BLOCK, &account.0).is_some()
    }

    /// Accounts that are blocked.
    pub(super) fn blocked(&self) -> Vec<AccountId> {
        self.kept_all(BLOCK).into_iter().filter_map(|(key, _)| key.try_into().ok().map(AccountId)).collect()
    }

    /// Mutes something until a time, or no longer.
    pub(super) async fn mute(
        self: &Arc<Self>,
        muted: &Muted,
        until: Option<u64>,
        on: bool,
    ) -> Result<(), Failure> {
        let (collection, key) = muted.register()?;
        self.keep(collection, key, on.then(|| ItemValue { until, ..Self::set_now() })).await
    }

    /// All that is muted.
    pub(super) fn mutes(&self) -> Vec<MuteView> {
        let mut found = Vec::new();
        for (collection, read) in MUTES {
            for (key, value) in self.kept_all(collection) {
                found.extend(read(key).map(|muted| MuteView { muted, until: value.until.map(rfc3339) }));
            }
        }
        found
    }

    /// Makes a list, or removes it with all its members.
    pub(super) async fn set_list(self: &Arc<Self>, name: &str, on: bool) -> Result<(), Failure> {
        let name = list_name(name)?;
        if !on {
            for account in self.list_members(name)? {
                self.keep(LIST_MEMBER, member_key(name, &account), None).await?;
            }
            self.forget_list_read(name).await?;
        }
        self.keep(LIST, name.as_bytes().to_vec(), on.then(Self::set_now)).await
    }

    /// Gives a list another name; it keeps its members, its number and up to where it was read. The new name.
    pub(super) async fn rename_list(self: &Arc<Self>, from: &str, to: &str) -> Result<String, Failure> {
        let (from, to) = (list_name(from)?, list_name(to)?);
        let members = self.list_members(from)?;
        if from == to {
            return Ok(to.to_owned());
        }
        if self.kept(LIST, to.as_bytes()).is_some() {
            return Err(Failure::new(format!("there is a list {to:?} already"), "Choose another name."));
        }
        self.set_list(to, true).await?;
        for account in members {
            self.keep(LIST_MEMBER, member_key(to, &account), Some(Self::set_now())).await?;
        }
        self.move_list_read(from, to).await?;
        let (node, names) = (Arc::clone(self), (from.to_owned(), to.to_owned()));
        blocking(move || node.renumber(&Named::List(names.0), &Named::List(names.1))).await?;
        self.set_list(from, false).await?;
        Ok(to.to_owned())
    }

    /// Puts accounts on a list, which is made if there is none of this name. Each has to be followed.
    pub(super) async fn add_to_list(
        self: &Arc<Self>,
        name: &str,
        accounts: &[AccountId],
    ) -> Result<(), Failure> {
        for account in accounts {
            if *account != self.keys.account && !self.follows(account)? {
                return Err(Failure::new(
                    format!("{account} is not followed, so nothing of theirs comes"),
                    "Follow them first, with `majlis follow`.",
                ));
            }
        }
        self.set_list(name, true).await?;
        for account in accounts {
            self.keep(LIST_MEMBER, member_key(list_name(name)?, account), Some(Self::set_now())).await?;
        }
        Ok(())
    }

    /// Accounts to which the owner has given a name.
    pub(super) fn petnamed(&self) -> Vec<AccountId> {
        let all = self.kept_all(PETNAME).into_iter();
        all.filter_map(|(key, _)| key.try_into().ok().map(AccountId)).collect()
    }

    /// Takes an account off a list.
    pub(super) async fn take_off_list(
        self: &Arc<Self>,
        name: &str,
        account: &AccountId,
    ) -> Result<(), Failure> {
        let name = list_name(name)?;
        self.list_members(name)?;
        self.keep(LIST_MEMBER, member_key(name, account), None).await
    }

    /// Takes an account off all lists.
    pub(super) async fn take_off_lists(self: &Arc<Self>, account: &AccountId) -> Result<(), Failure> {
        for (key, _) in self.kept_all(LIST_MEMBER) {
            if key.ends_with(&account.0) {
                self.keep(LIST_MEMBER, key, None).await?;
            }
        }
        Ok(())
    }

    /// The names of all lists.
    pub(super) fn lists(&self) -> Vec<String> {
        self.kept_all(LIST).into_iter().filter_map(|(key, _)| String::from_utf8(key).ok()).collect()
    }

    /// Who is on a list.
    pub(super) fn list_members(&self, name: &str) -> Result<Vec<AccountId>, Failure> {
        if self.kept(LIST, name.as_bytes()).is_none() {
            return Err(Failure::missing(
                format!("there is no list {name:?}"),
                "`majlis list` shows those there are; `majlis list NAME --add KEY` makes one.",
            ));
        }
        let prefix = [name.as_bytes(), &[0]].concat();
        Ok(self
            .kept_all(LIST_MEMBER)
            .into_iter()
            .filter_map(|(key, _)| Some(AccountId(key.strip_prefix(prefix.as_slice())?.try_into().ok()?)))
            .collect())
    }
}
