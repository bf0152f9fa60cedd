//! `majlis id`, and how invites are drawn.

use std::io;

use clap::{Args, Subcommand};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use super::app::{App, Stop, off_thread};
use super::output::Output;
use super::terminal::Style;
use crate::node;
use crate::node::api::{DoneView, Reply, Request};

/// Columns that a terminal has at least.
const COLUMNS: usize = 78;

/// Show who you are: account, devices, addresses, invite link.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis id
  majlis --json id")]
pub struct IdArgs {
    #[command(subcommand)]
    step: Option<Step>,
}

#[derive(Subcommand)]
enum Step {
    /// Give this node another name (peer id) and port on the network.
    #[command(after_help = "\
Stop the node first. Whoever watched the network can no longer tell by its name that this is the node
that they knew. The account stays as it is. Your followers find the node again through each other and
by your key, and it finds them; invites that you have given out no longer lead to it by themselves.

Examples:
  majlis id renew")]
    Renew,
}

impl IdArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        match self.step {
            None => show(app).await,
            Some(Step::Renew) => renew(app).await,
        }
    }
}

async fn renew(app: &mut App) -> Result<(), Stop> {
    let (home, config) = (app.home.clone(), app.config()?);
    let peer_id =
        off_thread(move || node::renew_peer_id(&home, (&config.store, &config.node, &config.blobs))).await?;
    let start = app.start();
    let message = format!(
        "On the network this node is {peer_id} now: run `{start}`, then `majlis id` for a new invite."
    );
    Ok(app.out.reply(&Reply::Done(DoneView { message }))?)
}

async fn show(app: &mut App) -> Result<(), Stop> {
    app.dispatch(Request::Id, |out, reply| {
        out.reply(&reply)?;
        match reply {
            Reply::Id(view) if !out.is_json() => qr(out, &view.invite),
            _ => Ok(()),
        }
    })
    .await
}

/// Shows an invite as a QR code, on a terminal.
pub fn qr(out: &mut Output, invite: &str) -> io::Result<()> {
    match draw(invite) {
        Some(picture) if out.style() == Style::Terminal => out.text(&format!("\n{picture}\n")),
        _ => Ok(()),
    }
}

/// A QR code that fits a terminal: as many of the invite's addresses as there is room for, the first ones first.
fn draw(invite: &str) -> Option<String> {
    let mut invite = invite;
    loop {
        let fitting = QrCode::with_error_correction_level(invite, EcLevel::L).ok().map(|code| {
            // Terminals are dark: the light modules are the ones that are drawn.
            code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build()
        });
        match fitting {
            Some(picture) if picture.lines().all(|line| line.chars().count() <= COLUMNS) => {
                return Some(picture);
            }
            _ => invite = invite.rsplit_once("&peer=")?.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_fits_the_terminal_by_leaving_addresses_out() {
        let address =
            "/ip6/2001:db8:1234:5678:9abc:def0:1234:5678/tcp/40001/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387";
        let key = "majlis:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
        let short = format!("{key}?peer={address}");
        let long = format!("{short}{}", format!("&peer={address}").repeat(8));
        let picture = draw(&long).unwrap();
        assert!(picture.lines().all(|line| line.chars().count() <= COLUMNS));
        assert!(picture.lines().count() >= draw(&short).unwrap().lines().count());
        assert_eq!(draw(&format!("{key}?peer={}", "x".repeat(5000))), None);
    }
}
