//! The command line: parses, asks the node, prints. The only place that prints for people.
//!
//! Every command that asks something of a node makes a [`Request`](crate::node::api::Request) and gives it to
//! [`App::dispatch`](app::App::dispatch), which asks the running node or opens the home itself.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly"))]

mod account;
mod app;
mod apps;
mod args;
mod backup;
mod carry;
mod configuration;
mod draft;
mod filter;
mod follow;
mod generate;
mod host;
mod identity;
mod input;
mod media;
mod network;
mod notifications;
mod output;
mod people;
mod pin;
mod post;
mod profile;
mod recovery;
mod requests;
mod respond;
mod run;
mod search;
mod show;
mod storage;
mod terminal;
mod thread;
mod timeline;
mod usage;
mod when;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use app::{App, Stop};
use args::{Cli, Command};

use crate::node::Failure;
use crate::telemetry;

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;
const INTERRUPTED: u8 = 130;

/// Work that is still on a thread of its own after the command has ended is given this long.
const LINGER: Duration = Duration::from_millis(100);

/// The program: parses the arguments, carries the command out, says what the process's exit code is.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that nobody reads any more is not an error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(WRONG_USAGE));
        }
    };
    match carry_out(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => report(stop),
    }
}

fn report(stop: Stop) -> ExitCode {
    let code = match stop {
        Stop::Unread => return ExitCode::SUCCESS,
        Stop::Interrupted => INTERRUPTED,
        Stop::Failed(failure) => {
            output::complain(&failure);
            if failure.is_usage() { WRONG_USAGE } else { FAILED }
        }
    };
    ExitCode::from(code)
}

fn carry_out(cli: Cli) -> Result<(), Stop> {
    telemetry::install()?;
    let mut app = App::new(cli.home, cli.json)?;
    let command = cli.command.unwrap_or_default();
    // These work without a node, and where the configuration is broken.
    match command {
        Command::Completions(args) => return args.run(&mut app),
        Command::Man => return generate::man(&mut app),
        Command::Config(args) if args.is_sample() => return args.run(&mut app),
        _ => app.configure()?,
    }
    let runtime = tokio::runtime::Runtime::new().map_err(|source| {
        Failure::new(
            format!("cannot start threads: {source}"),
            "Free some memory or processes, and try again.",
        )
    })?;
    let result = runtime.block_on(async {
        if let Command::Run(args) = command {
            return args.run(&mut app).await;
        }
        // Without a handler, the signal would end the process by itself: it is there before anything is printed.
        let mut interrupt = signal(SignalKind::interrupt()).map_err(|source| {
            Failure::new(
                format!("cannot listen for signals: {source}"),
                "Free some resources, and try again.",
            )
        })?;
        tokio::select! {
            result = whole(command, &mut app) => result,
            _ = interrupt.recv() => Err(Stop::Interrupted),
        }
    });
    runtime.shutdown_timeout(LINGER);
    result
}

async fn whole(command: Command, app: &mut App) -> Result<(), Stop> {
    let result = one(command, app).await;
    let closed = app.close().await;
    result.and(closed)
}

async fn one(command: Command, app: &mut App) -> Result<(), Stop> {
    match command {
        Command::Id(args) => args.run(app).await,
        Command::Post(args) => args.run(app).await,
        Command::Edit(args) => args.run(app).await,
        Command::Delete(args) => args.run(app).await,
        Command::React(args) => args.run(app).await,
        Command::Repost(args) => args.run(app).await,
        Command::Vote(args) => args.run(app).await,
        Command::Bookmark(args) => args.run(app).await,
        Command::PinPost(args) => args.run(app).await,
        Command::Follow(args) => args.run(app).await,
        Command::Unfollow(args) => args.run(app).await,
        Command::Following => follow::following(app).await,
        Command::Timeline(args) => args.run(app).await,
        Command::Show(args) => args.run(app).await,
        Command::Thread(args) => args.run(app).await,
        Command::History(args) => args.run(app).await,
        Command::Search(args) => args.run(app).await,
        Command::Notifications(args) => args.run(app).await,
        Command::Requests(args) => args.run(app).await,
        Command::Petname(args) => args.run(app).await,
        Command::Block(args) => args.run(app).await,
        Command::Mute(args) => args.run(app).await,
        Command::Filter(args) => args.run(app).await,
        Command::List(args) => args.run(app).await,
        Command::Draft(args) => args.run(app).await,
        Command::Usage(args) => args.run(app).await,
        Command::Media(args) => args.run(app).await,
        Command::Storage(args) => args.run(app).await,
        Command::Pin(args) => args.run(app).await,
        Command::Profile(args) => args.run(app).await,
        Command::Login(args) => args.run(app).await,
        Command::Apps(args) => args.run(app).await,
        Command::Token(args) => args.run(app).await,
        Command::Status => network::status(app).await,
        Command::Peers => network::peers(app).await,
        Command::Connect(args) => args.run(app).await,
        Command::Sync(args) => args.run(app).await,
        Command::Recovery(args) => args.run(app).await,
        Command::Account(args) => args.run(app).await,
        Command::Export(args) => args.run(app).await,
        Command::Import(args) => args.run(app).await,
        Command::Backup(args) => args.run(app).await,
        Command::Restore(args) => args.run(app).await,
        Command::Move(args) => args.run(app).await,
        Command::Verify => carry::verify(app).await,
        Command::Config(args) => args.run(app),
        Command::Run(args) => args.run(app).await,
        Command::Completions(args) => args.run(app),
        Command::Man => generate::man(app),
    }
}
