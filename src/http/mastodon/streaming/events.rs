//! A stream as server-sent events.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, interval_at};

use super::hub::Opened;
use super::names::{Asked, Source};
use crate::http::App;
use crate::http::auth::Signed;
use crate::http::error::Answer;

/// How often a client is told that the stream is still there.
const THUMP: Duration = Duration::from_secs(15);

/// Answers with a stream.
pub async fn answer(app: App, signed: Signed, asked: Asked) -> Answer<Response> {
    let source = Source::of(&app, &signed, &asked).await?;
    let opened = app.streams.open(&app, &signed)?;
    opened.place.follow(&app, source)?;
    let thumps = interval_at(Instant::now() + THUMP, THUMP);
    let stopped = app.stopped.clone();
    let lines = futures::stream::unfold(Lines { opened, stopped, thumps, begun: false }, Lines::next);
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(lines)).into_response())
}

struct Lines {
    opened: Opened,
    stopped: watch::Receiver<bool>,
    thumps: Interval,
    begun: bool,
}

impl Lines {
    /// The next lines; none when it is over, for whatever reason: a client asks again, and is told.
    async fn next(mut self) -> Option<(Result<Bytes, std::convert::Infallible>, Self)> {
        if !self.begun {
            // At once, so that the client sees that it is connected.
            self.begun = true;
            return Some((Ok(Bytes::from_static(b":)\n")), self));
        }
        let lines = tokio::select! {
            biased;
            _ = self.stopped.wait_for(|stopped| *stopped) => return None,
            _ = &mut self.opened.ended => return None,
            event = self.opened.events.recv() => event?.lines.clone(),
            _ = self.thumps.tick() => Bytes::from_static(b":thump\n"),
        };
        Some((Ok(lines), self))
    }
}
