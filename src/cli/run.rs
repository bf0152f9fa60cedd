//! `majlis run`: the node.

use std::io;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use super::app::{App, Stop};
use super::host;
use super::identity::qr;
use super::output::{Output, say};
use super::pin::Offer;
use super::show::{places, row};
use super::terminal::{counted, short_key};
use crate::daemon::{self, DaemonEvent, RunOptions};
use crate::node::api::{DoorView, IdView, PostView};
use crate::node::{Failure, NodeEvent};

/// Events that wait to be printed.
const EVENT_QUEUE: usize = 1024;
/// From the signal to the end.
const STOP_LIMIT: Duration = Duration::from_millis(1_900);
/// What is still to be printed at the end is given this long: whoever reads the output may have stopped doing so.
const PRINT_LIMIT: Duration = Duration::from_millis(100);

/// Run the node. The first start makes an account. This is also what no command means.
#[derive(Args, Default)]
#[command(after_help = "\
Ctrl-C or SIGTERM stops it.

Examples:
  majlis
  majlis run --listen /ip4/0.0.0.0/tcp/4001
  majlis run --http off
  majlis run --https 0.0.0.0:7443
  majlis run --host --external /ip4/192.0.2.7/tcp/4001
  majlis run --host                  for a machine that is always on: see `majlis pin token`
  majlis run --no-mdns --bootstrap /ip4/192.0.2.7/tcp/4001/p2p/12D3Koo…
  majlis --json run                  prints one event a line: ready, post, peer, synced")]
#[expect(clippy::struct_excessive_bools, reason = "they are independent flags")]
pub struct RunArgs {
    /// Listen here instead of everywhere on the port that was chosen at the first start; may be repeated.
    #[arg(long, value_name = "MULTIADDR")]
    listen: Vec<String>,
    /// Others come to the node here, which it cannot know itself: behind a port that you have led on, or on a machine in a
    /// cloud; may be repeated.
    #[arg(long, value_name = "MULTIADDR")]
    external: Vec<String>,
    /// Keep a connection to this node; may be repeated.
    #[arg(long, value_name = "MULTIADDR")]
    bootstrap: Vec<String>,
    /// Do not look for other nodes on the local network.
    #[arg(long)]
    no_mdns: bool,
    /// Carry connections for nodes that cannot be reached otherwise. For a machine that others can reach.
    #[arg(long)]
    relay: bool,
    /// Meet others only through this node, which runs with --relay: nobody else sees where you are; may be repeated.
    #[arg(long, value_name = "MULTIADDR", conflicts_with_all = ["relay", "host", "listen", "external"])]
    relay_only: Vec<String>,
    /// Be a host for many, on a machine that is always on and that others can reach: all that --hold invited and --relay
    /// do, others are told that this node holds what it holds, and there may be more accounts, connections and sessions
    /// where nobody has set how many. Who may ask, and for how much room, is told by `majlis pin token` and `majlis pin
    /// allow`.
    #[arg(long)]
    host: bool,
    /// Hold accounts for others while they sleep, when they ask: of those whom you have invited, or of those whom you
    /// follow as well. See `majlis pin`.
    #[arg(long, value_name = "WHOSE")]
    hold: Option<Offer>,
    /// Take the folder in the bucket over from a node that runs no more, as after `majlis restore`.
    #[arg(long)]
    take_bucket: bool,
    /// Serve apps and browsers here instead of at 127.0.0.1:7411; off: nowhere.
    #[arg(long, value_name = "ADDRESS:PORT")]
    http: Option<String>,
    /// Serve them with HTTPS too, for other devices: 0.0.0.0:7443; off: nowhere.
    #[arg(long, value_name = "ADDRESS:PORT")]
    https: Option<String>,
}

impl RunArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let home = app.home.clone();
        let mut config = if self.host { host::configured(app.loaded()?) } else { app.config()? };
        if self.host
            && let Some(note) = host::open_files(&mut config)
        {
            say(&note);
        }
        if let Some(offer) = self.hold {
            config.node.pin_offer = offer.into();
        }
        let options = RunOptions {
            listen: self.listen,
            external: self.external,
            bootstrap: self.bootstrap,
            mdns: !self.no_mdns,
            relay: self.relay || self.host,
            relay_only: self.relay_only,
            take_bucket: self.take_bucket,
            posts: app.out.is_json(),
            http: self.http,
            https: self.https,
        };
        let signalled = signals()?;
        let (events, received) = mpsc::channel(EVENT_QUEUE);
        let printed = print_aside(Output::new(app.out.is_json()), received)?;
        let overdue = async {
            until(signalled.clone()).await;
            sleep(STOP_LIMIT).await;
        };
        let result = tokio::select! {
            result = daemon::run(&home, config, options, events, until(signalled.clone())) => result,
            () = overdue => Err(Failure::new(
                format!("the node did not stop within {STOP_LIMIT:?}"),
                "Nothing acknowledged is lost; start it again with `majlis`.",
            )),
        };
        // The sender is gone, so this ends as soon as everything is printed.
        let _ = timeout(PRINT_LIMIT, printed).await;
        Ok(result?)
    }
}

/// Becomes true at Ctrl-C, SIGTERM or the closing of the terminal.
fn signals() -> Result<watch::Receiver<bool>, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|source| {
            Failure::new(
                format!("cannot listen for signals: {source}"),
                "Free some resources, and try again.",
            )
        })
    };
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        sender.send_replace(true);
    });
    Ok(receiver)
}

async fn until(mut signalled: watch::Receiver<bool>) {
    if signalled.wait_for(|signalled| *signalled).await.is_err() {
        // Without the task that listens there is no signal to come.
        std::future::pending::<()>().await;
    }
}

/// Prints events on a thread of its own, which may wait for the reader of the output without holding the node up.
fn print_aside(
    mut out: Output,
    mut events: mpsc::Receiver<DaemonEvent>,
) -> Result<oneshot::Receiver<()>, Failure> {
    let (done, printed) = oneshot::channel();
    let print = move || {
        let mut read = true;
        while let Some(event) = events.blocking_recv() {
            // The node goes on where nobody reads what it says.
            if read && show(&mut out, event).is_err() {
                read = false;
            }
        }
        // The node may not have waited for it.
        let _ = done.send(());
    };
    std::thread::Builder::new().name("print".to_owned()).spawn(print).map_err(|source| {
        Failure::new(
            format!("cannot start a thread: {source}"),
            "Free some memory or processes, and try again.",
        )
    })?;
    Ok(printed)
}

/// An event as `--json` shows it.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Ready {
        #[serde(flatten)]
        id: &'a IdView,
        created: bool,
        #[serde(flatten)]
        door: &'a DoorView,
        link: Option<&'a str>,
    },
    Post(&'a PostView),
    Peer {
        peer_id: &'a str,
        connected: bool,
        account: Option<&'a str>,
    },
    Synced {
        peer_id: &'a str,
    },
    Missed {
        news: u64,
    },
}

fn show(out: &mut Output, event: DaemonEvent) -> io::Result<()> {
    if let DaemonEvent::Note(note) = event {
        say(&note);
        return Ok(());
    }
    if !out.is_json() {
        return show_people(out, &event);
    }
    match &event {
        DaemonEvent::Ready { id, created, door, link } => {
            out.object(&Event::Ready { id, created: *created, door, link: link.as_deref() })
        }
        DaemonEvent::News(NodeEvent::Post(post)) => out.object(&Event::Post(post)),
        DaemonEvent::News(NodeEvent::Peer { peer_id, connected, account }) => {
            out.object(&Event::Peer { peer_id, connected: *connected, account: account.as_deref() })
        }
        DaemonEvent::News(NodeEvent::Synced { peer_id }) => out.object(&Event::Synced { peer_id }),
        DaemonEvent::News(NodeEvent::Missed(news)) => out.object(&Event::Missed { news: *news }),
        DaemonEvent::Note(_) => Ok(()),
    }
}

fn show_people(out: &mut Output, event: &DaemonEvent) -> io::Result<()> {
    match event {
        DaemonEvent::Ready { id, created, door, link } => {
            out.text(&welcome(id, *created, link.as_deref()))?;
            let mut places = places(door);
            if !places.is_empty() {
                places.push("`majlis login` shows what to type when an app asks.".to_owned());
                let mut text = String::new();
                row(&mut text, "Apps", places.iter().map(String::as_str));
                out.text(&text)?;
            }
            if *created && !id.addresses.is_empty() {
                qr(out, &id.invite)?;
            }
            let addresses = counted(id.addresses.len() as u64, "address", "addresses");
            let place = if id.addresses.is_empty() {
                // It meets others through relays alone, and has yet to reach them.
                String::new()
            } else {
                format!(": listening at {addresses} (`majlis id` lists them)")
            };
            out.text(&format!("Ready{place}. Ctrl-C stops it.\n"))
        }
        DaemonEvent::News(NodeEvent::Peer { peer_id, connected, account }) => {
            let who = short_key(account.as_deref().unwrap_or(peer_id));
            out.text(&format!("{who} {}\n", if *connected { "is connected" } else { "is gone" }))
        }
        DaemonEvent::News(_) | DaemonEvent::Note(_) => Ok(()),
    }
}

/// What to open, who one is, where the data lies, how to be followed.
fn welcome(id: &IdView, created: bool, link: Option<&str>) -> String {
    let mut text = String::new();
    if created {
        text.push_str("Welcome to Majlis. This is your node, and your account was just made.\n\n");
    }
    if let Some(link) = link {
        row(
            &mut text,
            "Open",
            [link, "This link signs your browser in, once; `majlis login` makes another."],
        );
    }
    row(&mut text, "You are", [id.account.as_str()]);
    row(&mut text, "Data", [id.home.as_str()]);
    if id.phrase_unconfirmed {
        let advice = [
            "24 words bring your account back if this machine is lost.",
            "Write them on paper: `majlis recovery show`",
        ];
        row(&mut text, "Recovery", advice);
    }
    row(&mut text, "Invite", [id.invite.as_str()]);
    if id.addresses.is_empty() {
        let advice = [
            "It does not say yet where you are: no other node carries connections to this one.",
            "As soon as one does, `majlis id` shows a link that leads here.",
        ];
        row(&mut text, "", advice);
    } else if created {
        row(&mut text, "", ["Give this link to those who shall follow you."]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_to_be_given_away_only_once_it_leads_somewhere() {
        let mut id = IdView {
            account: "did:key:z6Mk".to_owned(),
            device: "did:key:z6Mk".to_owned(),
            peer_id: "12D3Koo".to_owned(),
            addresses: Vec::new(),
            invite: "majlis:z6Mk".to_owned(),
            devices: Vec::new(),
            home: "/home".to_owned(),
            phrase_unconfirmed: false,
        };
        let give = "Give this link";
        let nowhere = welcome(&id, true, None);
        assert!(!nowhere.contains(give) && nowhere.contains("`majlis id` shows a link"), "{nowhere}");
        id.addresses.push("/ip4/192.0.2.7/tcp/4001/p2p/12D3Koo".to_owned());
        let somewhere = welcome(&id, true, None);
        assert!(somewhere.contains(give) && !somewhere.contains("`majlis id`"), "{somewhere}");
    }
}
