//! The one table of commands and flags: help, completions and the manual page are made from it.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::{
    account, apps, backup, carry, configuration, draft, filter, follow, generate, identity, media, network,
    notifications, people, pin, post, profile, recovery, requests, respond, run, search, storage, thread,
    timeline, usage,
};

/// Your own node of a social network without servers.
///
/// Your posts are signed with your key, kept in your home directory, and carried to those who follow you by your
/// node and theirs. Without a command, the node runs.
#[derive(Parser)]
#[command(name = "majlis", version, about, long_about, max_term_width = 100, after_long_help = EXAMPLES)]
pub struct Cli {
    /// The home directory, with account, keys and posts; `MAJLIS_HOME` names it too.
    #[arg(long, global = true, value_name = "DIR", display_order = 100)]
    pub home: Option<PathBuf>,
    /// Print one JSON object a line on standard output, and nothing else there.
    #[arg(long, global = true, display_order = 101)]
    pub json: bool,
    /// What to do; without it, the node runs.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  majlis                             make an account at the first start, and run the node
  majlis post 'Good morning'         works whether the node runs or not
  majlis follow 'majlis:z6Mk…'       follow someone by the invite they gave you
  majlis timeline --watch            read, and go on reading
  majlis --home ./two run            a second node on this machine

Environment:
  MAJLIS_HOME          the home directory; without it, majlis in the platform's data directory
  MAJLIS_LOG           what is logged to standard error: warn, info, debug, or a filter
  MAJLIS_SECTION_KEY   any setting of `majlis config`, for example MAJLIS_NET_MDNS=false

Exit status: 0 done, 1 failed, 2 wrong usage.";

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    Run(run::RunArgs),
    Id(identity::IdArgs),
    Post(Box<post::PostArgs>),
    Draft(draft::DraftArgs),
    Edit(thread::EditArgs),
    Delete(post::DeleteArgs),
    React(respond::ReactArgs),
    Repost(respond::RepostArgs),
    Vote(respond::VoteArgs),
    Bookmark(respond::BookmarkArgs),
    PinPost(respond::PinPostArgs),
    Follow(follow::FollowArgs),
    Unfollow(follow::UnfollowArgs),
    /// List whom you follow.
    #[command(after_help = "\
Examples:
  majlis following
  majlis --json following")]
    Following,
    Timeline(timeline::TimelineArgs),
    Show(timeline::ShowArgs),
    Thread(thread::ThreadArgs),
    History(thread::HistoryArgs),
    Search(search::SearchArgs),
    Notifications(notifications::NotificationsArgs),
    Requests(requests::RequestsArgs),
    Petname(people::PetnameArgs),
    Block(people::BlockArgs),
    Mute(people::MuteArgs),
    Filter(filter::FilterArgs),
    List(people::ListArgs),
    Usage(usage::UsageArgs),
    Media(media::MediaArgs),
    Storage(storage::StorageArgs),
    Pin(pin::PinArgs),
    Profile(profile::ProfileArgs),
    Login(apps::LoginArgs),
    Apps(apps::AppsArgs),
    Token(apps::TokenArgs),
    /// Show how the node is.
    #[command(after_help = "\
Examples:
  majlis status
  majlis --json status")]
    Status,
    /// List connected peers. Needs the running node.
    #[command(after_help = "\
Examples:
  majlis peers
  majlis --json peers")]
    Peers,
    Connect(network::ConnectArgs),
    Sync(network::SyncArgs),
    Recovery(recovery::RecoveryArgs),
    Account(account::AccountArgs),
    Export(carry::ExportArgs),
    Import(carry::ImportArgs),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Move(backup::MoveArgs),
    /// Check the hashes, chains and signatures of everything stored again.
    #[command(after_help = "\
Exits 1 if anything is not what it should be.

Examples:
  majlis verify
  majlis --json verify")]
    Verify,
    Config(configuration::ConfigArgs),
    Completions(generate::CompletionsArgs),
    /// Print the manual page.
    #[command(after_help = "\
Examples:
  majlis man > majlis.1
  majlis man | man -l -")]
    Man,
}

impl Default for Command {
    fn default() -> Self {
        Self::Run(run::RunArgs::default())
    }
}
