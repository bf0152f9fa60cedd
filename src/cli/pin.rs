//! `majlis pin`.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::app::{App, Stop};
use super::storage::size;
use super::when;
use crate::node::PinOffer;
use crate::node::api::{PinRequest, Request};

/// Be there while you sleep: have other nodes hold your account, and hold others' accounts on yours.
#[derive(Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
A node that holds an account keeps all its public posts and files, and gives them to whoever meets it and follows that
account, also while its owner's nodes are off. Who was asked is named by the account, so that its followers come; who
holds one without having been asked is found as its holder only with `seed` in config.toml, which `majlis run --host`
sets. Your own nodes, and those of people who follow you, hold your account anyway.
To put a post on top of your page, see `majlis pin-post`.

Examples:
  majlis pin ask 'majlis:z6Mk…?peer=…' --token RyS…   have a friend's node hold your account
  majlis pin hosts                                    who holds it, until when, and up to which post
  majlis pin add did:key:z6Mk…                        hold a friend's account here"
)]
pub struct PinArgs {
    #[command(subcommand)]
    action: PinAction,
}

#[derive(Subcommand)]
enum PinAction {
    /// Hold an account here, with all that it posts, without following it.
    #[command(after_help = "\
Whoever meets this node has it from here. Others are told that it is here where `seed` is set, as by `majlis run --host`.

Examples:
  majlis pin add did:key:z6Mk…
  majlis pin add did:key:z6Mk… --quota 5GB      for one held already: gives it this much room")]
    Add {
        /// Its key.
        #[arg(value_name = "KEY")]
        account: String,
        /// Room that its posts and files may take, as 500MB; else as `node.pin_quota` says.
        #[arg(long, value_name = "SIZE", value_parser = size)]
        quota: Option<u64>,
    },
    /// List the accounts that are held here for others.
    #[command(after_help = "\
Examples:
  majlis pin list")]
    List,
    /// Hold an account no longer. What is here of it is removed, unless you follow it.
    #[command(after_help = "\
Examples:
  majlis pin remove did:key:z6Mk…")]
    Remove {
        /// Its key.
        #[arg(value_name = "KEY")]
        account: String,
    },
    /// Ask another node to hold your account. It is asked at each meeting until it answers, or you withdraw.
    #[command(after_help = "\
Waits a moment for its answer, and fails where that is no.

Examples:
  majlis pin ask 'majlis:z6Mk…?peer=…'
  majlis pin ask /ip4/192.0.2.7/tcp/4001/p2p/12D3Koo… --token RyS…")]
    Ask {
        /// Its address, its owner's invite, or the id of a peer that you know.
        #[arg(value_name = "NODE")]
        host: String,
        /// What its owner has sent you for that.
        // One of 64 begins with a hyphen.
        #[arg(long, allow_hyphen_values = true)]
        token: Option<String>,
    },
    /// Show the nodes that you have asked, and all that hold your posts.
    #[command(after_help = "\
Examples:
  majlis pin hosts")]
    Hosts,
    /// Have a node that you have asked hold your account no longer.
    #[command(after_help = "\
Examples:
  majlis pin withdraw 12D3Koo…")]
    Withdraw {
        /// Its peer id, or the beginning of it, as `majlis pin hosts` shows it.
        #[arg(value_name = "PEER")]
        host: String,
    },
    /// Let an account be held here when it asks; without one, list those that may.
    #[command(after_help = "\
For this to do anything the node has to offer it: `majlis run --hold invited`, or pin_offer in config.toml.

Examples:
  majlis pin allow did:key:z6Mk…
  majlis pin allow did:key:z6Mk… --off
  majlis pin allow")]
    Allow {
        /// Its key.
        #[arg(value_name = "KEY")]
        account: Option<String>,
        /// No longer. It stays held until its time is over, or `majlis pin remove`.
        #[arg(long, requires = "account")]
        off: bool,
    },
    /// Tokens for people whose accounts are to be held here.
    Token(TokenArgs),
}

#[derive(Args)]
#[command(arg_required_else_help = true)]
struct TokenArgs {
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Subcommand)]
enum TokenAction {
    /// Make a token and show it, this once.
    #[command(after_help = "\
Whoever has it gives it to `majlis pin ask`. For this to do anything the node has to offer it: `majlis run --hold
invited`, or pin_offer in config.toml.

Examples:
  majlis pin token new
  majlis pin token new --uses 20 --quota 200MB --expires 7d")]
    New {
        /// How many accounts it lets in.
        #[arg(long, value_name = "COUNT", default_value_t = 1)]
        uses: u64,
        /// Room that each may take, as 500MB; else as `node.pin_quota` says.
        #[arg(long, value_name = "SIZE", value_parser = size)]
        quota: Option<u64>,
        /// Until when it holds: 12h, 7d, or a time.
        #[arg(long, value_name = "WHEN")]
        expires: Option<String>,
    },
    /// List those that still let somebody in.
    #[command(after_help = "\
Examples:
  majlis pin token list")]
    List,
    /// End one. Whom it has let in stays held.
    #[command(after_help = "\
Examples:
  majlis pin token revoke 5c1e0b77")]
    Revoke {
        /// Its id, as the list shows it.
        #[arg(value_name = "ID")]
        id: String,
    },
}

impl PinArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let nothing = match &self.action {
            PinAction::List => Some("No account is held here for others. `majlis pin add KEY` holds one."),
            PinAction::Hosts => {
                Some("No other node holds your posts yet. `majlis pin ask NODE` has one hold your account.")
            }
            PinAction::Allow { .. } => Some("No account may ask to be held here without a token."),
            PinAction::Token(TokenArgs { action: TokenAction::List }) => {
                Some("There is no token. `majlis pin token new` makes one.")
            }
            _ => None,
        };
        let mut count = 0;
        for what in requests(self.action)? {
            count += app.print(Request::Pin { what }).await?;
        }
        if let Some(nothing) = nothing.filter(|_| count == 0) {
            app.out.note(nothing);
        }
        Ok(())
    }
}

fn requests(action: PinAction) -> Result<Vec<PinRequest>, Stop> {
    Ok(vec![match action {
        PinAction::Add { account, quota } => PinRequest::Add { account, quota },
        PinAction::List => PinRequest::List,
        PinAction::Remove { account } => PinRequest::Remove { account },
        PinAction::Ask { host, token } => PinRequest::Ask { host, token },
        PinAction::Hosts => return Ok(vec![PinRequest::Hosts, PinRequest::Holders]),
        PinAction::Withdraw { host } => PinRequest::Withdraw { host },
        PinAction::Allow { account, off } => PinRequest::Allow { account, on: !off },
        PinAction::Token(TokenArgs { action }) => match action {
            TokenAction::New { uses, quota, expires } => {
                let expires = expires.map(|time| when::rfc3339(&time, Timestamp::now())).transpose()?;
                PinRequest::NewToken { uses, quota, expires }
            }
            TokenAction::List => PinRequest::Tokens,
            TokenAction::Revoke { id } => PinRequest::RevokeToken { id },
        },
    }])
}

/// Whom a node that runs holds when they ask.
#[derive(Clone, Copy, ValueEnum)]
pub enum Offer {
    Off,
    Invited,
    Followed,
}

impl From<Offer> for PinOffer {
    fn from(offer: Offer) -> Self {
        match offer {
            Offer::Off => Self::Off,
            Offer::Invited => Self::Invited,
            Offer::Followed => Self::Followed,
        }
    }
}
