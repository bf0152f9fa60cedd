//! What can be asked of a node, and what it answers: one list for the command line with and without a running
//! node, and for every later door. [`execute`](super::execute) does the work.

mod account;
mod apps;
mod carry;
mod failure;
mod itself;
mod media;
mod people;
mod pins;
mod post;
mod private;
mod storage;

use serde::{Deserialize, Serialize};

pub use account::{AccountCard, RelationView};
pub use apps::{AppView, LoginView, LoginWith, TokenView};
pub use carry::{BadView, CarriedOf, CarriedView, HaveView, VerifiedView};
pub use failure::{Failure, FailureKind};
pub use itself::{BucketView, DoorView, HolderView, IdView, PeerView, Reached, StatusView, SyncedView};
pub use media::{AttachmentView, FileView, Metadata, NewAttachment, PreviewView};
pub use people::{
    Arrival, FieldView, ListView, MuteView, Muted, NotificationKind, NotificationView, NotificationsPage,
    NotificationsView, People, ProfileEdit, ProfileView, TagMark, TagView,
};
pub use pins::{HostState, HostView, PinCounts, PinRequest, PinTokenView, PinView};
pub use post::{
    EditedFile, MissingView, NewEdit, NewPoll, NewPost, PollOptionView, PollView, PostView, RefView,
    RepostView, UsageView, VersionView, Visibility,
};
pub use private::{
    DraftView, FilterAction, FilterContext, FilterMatch, FilterPhrase, FilterView, FilteredPost, NewFilter,
    NewPhrase, PositionView, Readable,
};

pub use storage::{KeepView, PrunedView, StorageOf, StorageView};

/// A question or an order. Text forms (`did:key:…`, entry ids, invites) are parsed where it is carried out, so
/// that a wrong one gets the same message at every door.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// Who the owner is. Answers [`Reply::Id`].
    Id,
    /// How the node is. Answers [`Reply::Status`].
    Status,
    /// Connected peers. Answers [`Reply::Peer`] each. Needs the running node.
    Peers,
    /// Connects to an address and keeps the peer as a friend. Answers [`Reply::Peer`]. Needs the running node.
    Connect {
        /// A multiaddr, with or without `/p2p/…`.
        address: String,
    },
    /// Waits until connected peers have nothing new. Needs the running node. Answers [`Reply::Synced`].
    Sync {
        /// Seconds to wait at most.
        timeout: u64,
    },
    /// Signs and keeps posts, acknowledged together. Answers [`Reply::Posted`] each, in order.
    Post {
        /// The posts.
        posts: Vec<NewPost>,
    },
    /// Takes an entry back. Answers [`Reply::Deleted`].
    Delete {
        /// An entry id or a post link.
        id: String,
        /// Remove the bytes here at once.
        now: bool,
    },
    /// Follows. Answers [`Reply::Followed`].
    Follow {
        /// A key or an invite.
        target: String,
        /// Tell nobody.
        private: bool,
    },
    /// Stops following. Answers [`Reply::Unfollowed`].
    Unfollow {
        /// A key.
        account: String,
    },
    /// Whom the owner follows. Answers [`Reply::Followed`] each.
    Following,
    /// Newest posts first. Answers [`Reply::Post`] each; with `watch` goes on with new ones as they come. Where the page
    /// is to be marked as read, answers [`Reply::Position`] behind the posts, if there is one.
    Timeline {
        /// Which part of which timeline.
        page: TimelinePage,
        /// Go on with what comes. Needs the running node.
        watch: bool,
    },
    /// A whole conversation. Answers [`Reply::Post`] and [`Reply::Missing`] each, depth first.
    Thread {
        /// One of its posts: an entry id or a post link.
        id: String,
    },
    /// Finds posts by their words. Answers [`Reply::Post`] each, the newest first.
    Search {
        /// What is looked for.
        query: SearchQuery,
    },
    /// The tags of posts held here that begin so. Answers [`Reply::Tag`] each, in alphabetical order.
    Tags {
        /// The beginning, with or without `#`, in any case.
        start: String,
        /// At most so many.
        limit: usize,
    },
    /// What a post has said so far. Answers [`Reply::Version`] each, the earliest first.
    History {
        /// An entry id or a post link.
        id: String,
    },
    /// Gives an own post new words. Answers [`Reply::Shown`].
    Edit {
        /// An entry id or a post link.
        id: String,
        /// The new words.
        edit: NewEdit,
    },
    /// Puts an emoji on a post, or takes it away. Answers [`Reply::Shown`].
    React {
        /// An entry id or a post link.
        id: String,
        /// The emoji; none is ♥.
        emoji: Option<String>,
        /// Whether it is put there.
        on: bool,
    },
    /// Shows a post to the owner's followers, or no longer. Answers [`Reply::Shown`].
    Repost {
        /// An entry id or a post link.
        id: String,
        /// Whether it is shown.
        on: bool,
    },
    /// Votes in a poll. Answers [`Reply::Shown`].
    Vote {
        /// An entry id or a post link.
        id: String,
        /// Answers by number from 1, or by what they say; none withdraws the vote.
        choices: Vec<String>,
    },
    /// Puts a bookmark on a post, or takes it away. Answers [`Reply::Shown`].
    Bookmark {
        /// An entry id or a post link.
        id: String,
        /// Whether it is put there.
        on: bool,
    },
    /// Puts an own post on top of the owner's page, or takes it away. Answers [`Reply::Shown`].
    PinPost {
        /// An entry id or a post link.
        id: String,
        /// Whether it is put there.
        on: bool,
    },
    /// What concerns the owner. Answers [`Reply::Notification`] each, the latest arrival first, and where they are to be
    /// counted [`Reply::Notifications`].
    Notifications {
        /// Which.
        page: NotificationsPage,
    },
    /// Takes what concerns the owner off the list, for good. Answers [`Reply::Done`].
    Dismiss {
        /// The entry that tells it; none: all that has come so far.
        entry: Option<String>,
        /// It tells that the poll of this post has ended.
        poll: bool,
    },
    /// Up to where the home timeline or the notifications were read; with a place moves that there, but never back.
    /// Answers [`Reply::Position`] if something was read.
    Position {
        /// Of which.
        of: Readable,
        /// Up to here. An entry that is not held here is none.
        up_to: Option<Arrival>,
    },
    /// What strangers have said to the owner that waits for a decision. Answers [`Reply::Post`] each.
    Requests,
    /// Decides about the author of such a post. Answers [`Reply::Done`].
    Decide {
        /// The post.
        id: String,
        /// Show what its author says, or forget it.
        accept: bool,
    },
    /// Switches a kind of notification on or off. Answers [`Reply::Done`].
    Notify {
        /// Which kind.
        kind: NotificationKind,
        /// Whether they are shown.
        on: bool,
    },
    /// Gives someone a name that only the owner sees. Answers [`Reply::Profile`].
    Petname {
        /// A key.
        account: String,
        /// The name; an empty one is removed.
        name: String,
    },
    /// Blocks an account, or no longer; with none, answers who is blocked: [`Reply::Blocked`] each.
    Block {
        /// A key.
        account: Option<String>,
        /// Whether it is blocked.
        on: bool,
    },
    /// Mutes something, or no longer; with nothing, answers what is muted: [`Reply::Muted`] each.
    Mute {
        /// What.
        muted: Option<Muted>,
        /// RFC 3339: when it ends.
        until: Option<String>,
        /// Whether it is muted.
        on: bool,
    },
    /// The owner's filters. Answers [`Reply::Filter`] each.
    Filters,
    /// Makes a filter. Answers [`Reply::Filter`].
    AddFilter {
        /// The filter.
        filter: NewFilter,
    },
    /// Gives a filter another form. Answers [`Reply::Filter`].
    SetFilter {
        /// Its id.
        filter: String,
        /// What it is from now on.
        new: NewFilter,
    },
    /// Removes a filter. Answers [`Reply::Done`].
    RemoveFilter {
        /// Its title or its id.
        filter: String,
    },
    /// Posts that wait to be signed. Answers [`Reply::Draft`] each, the last one saved first, then those that wait for
    /// a time.
    Drafts {
        /// Only the one with this id.
        draft: Option<String>,
    },
    /// Keeps a post that is not to be signed yet. Answers [`Reply::Draft`].
    SaveDraft {
        /// The post.
        post: Box<NewPost>,
        /// RFC 3339: when this device is to post it by itself.
        at: Option<String>,
    },
    /// Has a draft that waits for a time wait for another. Answers [`Reply::Draft`].
    MoveDraft {
        /// Its id.
        draft: String,
        /// RFC 3339.
        at: String,
    },
    /// Signs and keeps the post of a draft, and removes the draft. Answers [`Reply::Posted`].
    PostDraft {
        /// Its id.
        draft: String,
    },
    /// Removes a draft. Answers [`Reply::Done`].
    RemoveDraft {
        /// Its id.
        draft: String,
    },
    /// Lists of accounts: with a name makes, changes or removes one. Answers [`Reply::List`] each.
    List {
        /// Its name; none: all.
        name: Option<String>,
        /// Keys to put on it, which makes it where there is none.
        add: Vec<String>,
        /// Keys to take off.
        remove: Vec<String>,
        /// Remove it.
        delete: bool,
        /// Make it where there is none, though nobody is put on it.
        #[serde(default)]
        make: bool,
    },
    /// Gives a list another name. Answers [`Reply::List`].
    RenameList {
        /// Its name.
        list: String,
        /// The new one.
        to: String,
    },
    /// People who stand in some way to an account or a post. Answers [`Reply::Person`] each.
    People {
        /// Which.
        who: People,
    },
    /// Shows someone on the owner's page, or no longer. Answers [`Reply::Done`].
    Endorse {
        /// A key.
        account: String,
        /// Whether they are shown.
        on: bool,
    },
    /// A tag and how the owner stands to it. Answers [`Reply::Tag`].
    Tag {
        /// The tag, with or without `#`.
        tag: String,
    },
    /// Tags that have a mark of the owner's, the latest first. Answers [`Reply::Tag`] each.
    MarkedTags {
        /// Which mark.
        mark: TagMark,
    },
    /// Puts a mark on a tag, or takes it away. Answers [`Reply::Tag`].
    MarkTag {
        /// The tag, with or without `#`.
        tag: String,
        /// Which mark.
        mark: TagMark,
        /// Whether it is put there.
        on: bool,
    },
    /// Posts that quote a post, the latest first. Answers [`Reply::Post`] each.
    Quotes {
        /// An entry id or a post link.
        id: String,
    },
    /// What may be done with the owner's posts; with a statement, sets that. Answers [`Reply::Usage`].
    Usage {
        /// The new statement; an empty one asks for nothing.
        set: Option<String>,
    },
    /// One post. Answers [`Reply::Shown`].
    Show {
        /// An entry id or a post link.
        id: String,
    },
    /// Fetches a file that a post or profile names, where it is not here. Answers [`Reply::File`], after
    /// [`Reply::Progress`].
    File {
        /// Its CID.
        cid: String,
    },
    /// What takes the room. Answers [`Reply::StorageOf`] each and [`Reply::Storage`].
    Storage {
        /// Bounds to be considered in place of those that are set.
        keep: KeepView,
    },
    /// Removes old posts and files of others. Answers [`Reply::Pruned`].
    Prune {
        /// Bounds in place of those that are set.
        keep: KeepView,
    },
    /// Accounts that are held for others, and nodes that hold the owner's.
    Pin {
        /// What about them.
        what: PinRequest,
    },
    /// Takes a file in that a post is going to name. Answers [`Reply::Attachment`].
    Attach {
        /// The file.
        file: NewAttachment,
    },
    /// Accounts with all that stands beside them. Answers [`Reply::Account`] each, in order.
    Accounts {
        /// Keys.
        accounts: Vec<String>,
    },
    /// Shows the owner's profile, or sets what is given. Answers [`Reply::Profile`].
    Profile {
        /// What is to be changed.
        edit: ProfileEdit,
    },
    /// The recovery phrase, while it is still kept. Answers [`Reply::Phrase`].
    RecoveryShow,
    /// The phrase has been written down: removes it. Answers [`Reply::Done`].
    RecoveryConfirm,
    /// Ends the account. Answers [`Reply::Done`].
    AccountEnd {
        /// The recovery phrase, where it is no longer kept.
        phrase: Option<String>,
    },
    /// Writes entries, identities and files into a file. Answers [`Reply::Carried`], after [`Reply::Progress`]; where a
    /// have file is answered, [`Reply::Have`] before them.
    Export {
        /// Absolute path of the file, which must not exist.
        file: String,
        /// Only of these accounts; none: of all that are held.
        accounts: Vec<String>,
        /// Only posts signed since then, milliseconds since 1970.
        since: Option<u64>,
        /// Only what the node lacks that has written the have file at this absolute path.
        lacked_by: Option<String>,
        /// Only files of fewer bytes; none: all of them.
        files_below: Option<u64>,
    },
    /// Writes what is held and wanted here into a small file, for another node to answer. Answers [`Reply::Have`].
    Have {
        /// Absolute path of the file. An older one of its kind is replaced.
        file: String,
    },
    /// Takes a file in that an export has written. Answers [`Reply::CarriedOf`] for each account of which something was
    /// new, and [`Reply::Carried`], after [`Reply::Progress`] in bytes.
    Import {
        /// Absolute path of the file.
        file: String,
    },
    /// Writes all that is held, and what the node keeps for itself, into a file. Answers [`Reply::Carried`], after
    /// [`Reply::Progress`].
    Backup {
        /// Absolute path of the file, which must not exist.
        file: String,
        /// Whether to leave out files that the bucket has.
        leave_bucket: bool,
    },
    /// Takes such a file into a home that was made for it just now. Answers like [`Import`](Self::Import).
    Restore {
        /// Absolute path of the file.
        file: String,
    },
    /// Re-checks everything stored. Answers [`Reply::Bad`] each and [`Reply::Verified`].
    Verify,
    /// What the owner types on an app's consent page. Answers [`Reply::Login`]. A code needs the running node.
    Login {
        /// A code, or the lasting secret.
        with: LoginWith,
    },
    /// Apps that may act for the owner. Answers [`Reply::App`] each.
    Apps,
    /// Ends all that an app may do. Answers [`Reply::Done`].
    RevokeApp {
        /// Its id.
        app: String,
    },
    /// Makes a token for a program of the owner's own. Answers [`Reply::Token`].
    NewToken {
        /// What the program is called.
        name: String,
        /// What it may do, parted by commas or spaces.
        scopes: String,
    },
}

impl Request {
    /// Whether only a running node can do it.
    pub fn needs_running_node(&self) -> bool {
        matches!(
            self,
            Self::Peers
                | Self::Connect { .. }
                | Self::Sync { .. }
                | Self::Timeline { watch: true, .. }
                | Self::Login { with: LoginWith::Code | LoginWith::Link }
        )
    }

    /// Whether it may be broken off at any point, when whoever asked is gone: it changes nothing that is kept.
    pub fn only_reads(&self) -> bool {
        match self {
            Self::Id
            | Self::Status
            | Self::Peers
            | Self::Sync { .. }
            | Self::Following
            | Self::Thread { .. }
            | Self::Search { .. }
            | Self::Tags { .. }
            | Self::History { .. }
            | Self::Requests
            | Self::Show { .. }
            | Self::File { .. }
            | Self::Accounts { .. }
            | Self::Storage { .. }
            | Self::Block { account: None, .. }
            | Self::Mute { muted: None, .. }
            | Self::Filters
            | Self::People { .. }
            | Self::Tag { .. }
            | Self::MarkedTags { .. }
            | Self::Quotes { .. }
            | Self::Drafts { .. }
            | Self::Usage { set: None }
            | Self::RecoveryShow
            | Self::Export { .. }
            | Self::Have { .. }
            | Self::Backup { .. }
            | Self::Apps
            | Self::Verify => true,
            Self::Position { up_to, .. } => up_to.is_none(),
            Self::Profile { edit } => *edit == ProfileEdit::default(),
            Self::Pin { what } => what.only_reads(),
            Self::Notifications { page } => !page.mark_read,
            Self::Timeline { page, .. } => !page.mark_read,
            Self::List { add, remove, delete, make, .. } => {
                add.is_empty() && remove.is_empty() && !delete && !make
            }
            Self::Connect { .. }
            | Self::Post { .. }
            | Self::Edit { .. }
            | Self::React { .. }
            | Self::Repost { .. }
            | Self::Vote { .. }
            | Self::Bookmark { .. }
            | Self::PinPost { .. }
            | Self::Decide { .. }
            | Self::Notify { .. }
            | Self::Dismiss { .. }
            | Self::Petname { .. }
            | Self::RenameList { .. }
            | Self::Endorse { .. }
            | Self::MarkTag { .. }
            | Self::Block { .. }
            | Self::Mute { .. }
            | Self::AddFilter { .. }
            | Self::SetFilter { .. }
            | Self::RemoveFilter { .. }
            | Self::SaveDraft { .. }
            | Self::MoveDraft { .. }
            | Self::PostDraft { .. }
            | Self::RemoveDraft { .. }
            | Self::Usage { .. }
            | Self::Prune { .. }
            | Self::Attach { .. }
            | Self::Delete { .. }
            | Self::Follow { .. }
            | Self::Unfollow { .. }
            | Self::RecoveryConfirm
            | Self::AccountEnd { .. }
            | Self::Login { .. }
            | Self::RevokeApp { .. }
            | Self::NewToken { .. }
            | Self::Restore { .. }
            | Self::Import { .. } => false,
        }
    }
}

/// Which posts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// Of the owner and of those whom the owner follows: posts, answers among them, and what they show.
    #[default]
    Home,
    /// That address or answer the owner.
    Mentions,
    /// With a tag.
    Tag(String),
    /// Of the accounts on a list.
    List(String),
    /// On which the owner has a bookmark.
    Bookmarks,
    /// On which the owner has put a heart.
    Favourites,
    /// That the owner has put on top of their page.
    Pinned,
    /// All that are held here.
    All,
    /// Of one account.
    Account(String),
}

/// What is looked for: all that is given has to hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SearchQuery {
    /// Words, each in any form; `"…"` as they stand; `-word` not that word.
    pub text: String,
    /// Only of this account: a key.
    pub from: Option<String>,
    /// Only with this tag.
    pub tag: Option<String>,
    /// Only in this language: a BCP 47 tag.
    pub lang: Option<String>,
    /// Only since then, RFC 3339.
    pub since: Option<String>,
    /// Only with attachments.
    pub media: bool,
    /// At most this many.
    pub limit: usize,
}

/// A page of a timeline.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TimelinePage {
    /// Which timeline.
    pub feed: Feed,
    /// At most this many.
    pub limit: usize,
    /// Only what stands below this post or repost.
    pub before: Option<String>,
    /// Only what is shown to have been written before then, in milliseconds since 1970.
    pub before_ms: Option<u64>,
    /// Leave out what was made by AI.
    pub hide_ai: bool,
    /// Only what is newer than the reading position.
    #[serde(default)]
    pub unread: bool,
    /// Then move the reading position to the newest post that is shown.
    #[serde(default)]
    pub mark_read: bool,
}

/// One answer. As JSON each is a flat object; people are shown the same in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// Who the owner is.
    Id(IdView),
    /// How the node is.
    Status(Box<StatusView>),
    /// A connected peer.
    Peer(PeerView),
    /// Connected peers have nothing new.
    Synced(SyncedView),
    /// A post was signed and kept.
    Posted(PostedView),
    /// An entry was taken back.
    Deleted(EntryView),
    /// A followed account.
    Followed(FollowView),
    /// No longer followed.
    Unfollowed(AccountView),
    /// A post among others.
    Post(Box<PostView>),
    /// The post that was asked for.
    Shown(Box<PostView>),
    /// A post of a conversation that is not held here.
    Missing(MissingView),
    /// A tag.
    Tag(TagView),
    /// Up to where a timeline was read.
    Position(PositionView),
    /// What a post said at a time.
    Version(VersionView),
    /// Something that concerns the owner.
    Notification(Box<NotificationView>),
    /// How many of all notifications are unread.
    Notifications(NotificationsView),
    /// A blocked account.
    Blocked(AccountView),
    /// Someone.
    Person(AccountView),
    /// Something that is muted.
    Muted(MuteView),
    /// A filter.
    Filter(FilterView),
    /// A post that waits to be signed.
    Draft(Box<DraftView>),
    /// A list of accounts.
    List(ListView),
    /// What may be done with the owner's posts.
    Usage(UsageView),
    /// A profile.
    Profile(Box<ProfileView>),
    /// A file that is here.
    File(FileView),
    /// A file that a post may name.
    Attachment(Box<AttachmentView>),
    /// An account with all that stands beside it.
    Account(Box<AccountCard>),
    /// What an account takes.
    StorageOf(StorageOf),
    /// What takes the room.
    Storage(Box<StorageView>),
    /// What was removed.
    Pruned(PrunedView),
    /// The recovery phrase.
    Phrase(PhraseView),
    /// What an import has brought of an account.
    CarriedOf(CarriedOf),
    /// What an export or import has done.
    Carried(CarriedView),
    /// A have file.
    Have(Box<HaveView>),
    /// Something stored is not what it should be.
    Bad(BadView),
    /// What a verification has found.
    Verified(VerifiedView),
    /// Long work goes on.
    Progress(ProgressView),
    /// What to type on a consent page.
    Login(LoginView),
    /// An app that may act for the owner.
    App(AppView),
    /// A token for a program of the owner's own.
    Token(TokenView),
    /// An account that is held for others.
    Pin(Box<PinView>),
    /// A node that was asked to hold the owner's account.
    Host(Box<HostView>),
    /// A node that holds posts of the owner's.
    Holder(Box<HolderView>),
    /// A token for people who are to be held.
    PinToken(PinTokenView),
    /// It is done; a sentence for people.
    Done(DoneView),
}

/// A post was signed and kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostedView {
    /// Its entry id.
    pub id: String,
    /// `did:key:…` of the account.
    pub account: String,
    /// Position in the device's log.
    pub seq: u64,
    /// RFC 3339.
    pub created_at: String,
    /// What was taken out of its files, in plain words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
}

/// Names an entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EntryView {
    /// Its entry id.
    pub id: String,
}

/// Names an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountView {
    /// `did:key:…`.
    pub account: String,
}

/// A followed account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FollowView {
    /// `did:key:…`.
    pub account: String,
    /// Its display name; empty while unknown.
    pub name: String,
    /// Posts held.
    pub posts: u64,
    /// Newest entry of each of its logs.
    pub head: Vec<HeadView>,
    /// RFC 3339; none if it was never synced.
    pub last_synced: Option<String>,
    /// Whether nobody is told.
    pub private: bool,
}

/// The newest entry of a log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeadView {
    /// `did:key:…` of the device.
    pub device: String,
    /// The log's id, 16 hexadecimal digits.
    pub log_id: String,
    /// Its sequence number.
    pub seq: u64,
}

/// The recovery phrase.
#[derive(Clone, Serialize, Deserialize)]
pub struct PhraseView {
    /// 24 words.
    pub phrase: String,
}

impl std::fmt::Debug for PhraseView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhraseView(…)")
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Long work goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProgressView {
    /// How much is done.
    pub done: u64,
    /// Of how much, where that is known.
    pub total: Option<u64>,
}

/// It is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DoneView {
    /// A sentence for people.
    pub message: String,
}
