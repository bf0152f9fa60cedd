//! Streams by WebSocket.

use std::sync::Arc;
use std::time::Duration;

use axum::Error;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, timeout};

use super::hub::{End, Event, Opened, Place};
use super::names::{Asked, Source};
use crate::http::App;
use crate::http::auth::Signed;
use crate::http::error::{Answer, ApiError};

/// How often a client is asked whether it is still there. One that has said nothing since it was asked last is not.
const BEAT: Duration = Duration::from_secs(20);
/// A client has this long to take leave.
const LEAVE: Duration = Duration::from_millis(200);

/// What a client is told when its connection is ended.
type Leave = (u16, &'static str);

/// Whoever answers what a client says.
trait Answers: Sync {
    /// What is wrong with it, if something is.
    fn answer(&self, text: &str) -> impl Future<Output = Option<String>> + Send;
}

/// A client, and what it follows.
struct Client {
    app: App,
    signed: Signed,
    place: Place,
}

impl Client {
    async fn told(&self, text: &str) -> Answer<()> {
        let asked: Asked = serde_json::from_str(text)
            .map_err(|error| ApiError::bad_request(format!("This message cannot be read: {error}")))?;
        match asked.kind.as_str() {
            "subscribe" => self.follow(&asked).await,
            "unsubscribe" => {
                self.place.unfollow(&self.app, Source::of(&self.app, &self.signed, &asked).await?);
                Ok(())
            }
            _ => Err(ApiError::bad_request("A message is of type `subscribe` or `unsubscribe`")),
        }
    }

    async fn follow(&self, asked: &Asked) -> Answer<()> {
        self.place.follow(&self.app, Source::of(&self.app, &self.signed, asked).await?)
    }
}

impl Answers for Client {
    async fn answer(&self, text: &str) -> Option<String> {
        self.told(text).await.err().map(|error| error.said())
    }
}

/// Serves a connection to its end.
pub async fn run(app: App, signed: Signed, opened: Opened, first: Option<Asked>, mut socket: WebSocket) {
    let Opened { place, mut events, mut ended } = opened;
    let mut stopped = app.stopped.clone();
    let client = Client { app, signed, place };
    let served = async {
        if let Some(asked) = first
            && let Err(error) = client.follow(&asked).await
            && socket.send(Message::text(error.said())).await.is_err()
        {
            return None;
        }
        talk(&mut socket, &mut events, BEAT, &client).await
    };
    let leave = tokio::select! {
        biased;
        _ = stopped.wait_for(|stopped| *stopped) => Some((close_code::AWAY, "the node stops")),
        why = &mut ended => Some(match why {
            Ok(End::Revoked) => (close_code::POLICY, "the token has ended"),
            Ok(End::Slow) | Err(_) => (close_code::AGAIN, "too much was waiting to be read"),
        }),
        leave = served => leave,
    };
    if let Some((code, reason)) = leave {
        let close = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        // Who does not listen any more is left without a word.
        let _ = timeout(LEAVE, async {
            socket.send(Message::Close(Some(close))).await?;
            while socket.next().await.transpose()?.is_some() {}
            Ok::<(), Error>(())
        })
        .await;
    }
}

/// Sends what comes, and answers what the client says, until one of them is gone. Messages are answered in their order,
/// and before the client's next ping is.
async fn talk<S>(
    socket: &mut S,
    events: &mut mpsc::Receiver<Arc<Event>>,
    beat: Duration,
    client: &impl Answers,
) -> Option<Leave>
where
    S: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin,
{
    let mut beats = interval_at(Instant::now() + beat, beat);
    let mut heard = true;
    loop {
        let message = tokio::select! {
            event = events.recv() => Message::Text(event?.message.clone()),
            said = socket.next() => {
                heard = true;
                match said?.ok()? {
                    Message::Text(text) => match client.answer(&text).await {
                        Some(error) => Message::text(error),
                        None => continue,
                    },
                    Message::Binary(_) => Message::text(ApiError::bad_request("Messages are text").said()),
                    Message::Ping(_) | Message::Pong(_) => continue,
                    Message::Close(_) => return None,
                }
            }
            _ = beats.tick() => {
                if !std::mem::take(&mut heard) {
                    return Some((close_code::POLICY, "nothing was heard for too long"));
                }
                Message::Ping(Bytes::new())
            }
        };
        socket.send(message).await.ok()?;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use futures::channel::mpsc as pipe;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    /// A connection whose other end is held by the test.
    struct Ends(pipe::UnboundedReceiver<Message>, pipe::Sender<Message>);

    impl Stream for Ends {
        type Item = Result<Message, Error>;

        fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.0.poll_next_unpin(context).map(|message| message.map(Ok))
        }
    }

    impl Sink<Message> for Ends {
        type Error = Error;

        fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(ready!(self.1.poll_ready_unpin(context)).map_err(Error::new))
        }

        fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
            self.1.start_send_unpin(message).map_err(Error::new)
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }
    }

    struct Refuses;

    impl Answers for Refuses {
        async fn answer(&self, text: &str) -> Option<String> {
            Some(format!("no {text}"))
        }
    }

    #[tokio::test]
    async fn whoever_answers_stays_and_whoever_does_not_is_cut_off() {
        let (says, heard) = pipe::unbounded();
        let (sent, mut hears) = pipe::channel(0);
        let (_sender, mut events) = mpsc::channel(1);
        let mut ends = Ends(heard, sent);
        let served = talk(&mut ends, &mut events, SHORT, &Refuses);
        let client = async {
            says.unbounded_send(Message::text("سلام")).unwrap();
            assert_eq!(hears.next().await, Some(Message::text("no سلام")));
            for _ in 0..3 {
                assert_eq!(hears.next().await, Some(Message::Ping(Bytes::new())));
                says.unbounded_send(Message::Pong(Bytes::new())).unwrap();
            }
            assert_eq!(hears.next().await, Some(Message::Ping(Bytes::new())));
        };
        let (leave, ()) = tokio::join!(served, client);
        assert_eq!(leave.unwrap().0, close_code::POLICY);
    }
}
