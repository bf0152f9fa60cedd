//! Clients of streams: by WebSocket, and as server-sent events.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::handshake::client::Response;
use tungstenite::{HandshakeError, Message, WebSocket};

use super::http::{connect, door};
use super::node::{TestNode, text};

/// A connection by WebSocket.
pub struct Socket {
    socket: WebSocket<TcpStream>,
    waiting: VecDeque<Value>,
}

/// What came on a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The stream, as a WebSocket names it; none of server-sent ones.
    pub stream: Vec<String>,
    pub name: String,
    pub payload: Value,
}

impl Socket {
    /// Asks for one, with a query and further headers; or the status with which it is refused.
    pub fn ask(node: &TestNode, query: &str, headers: &[(&str, &str)]) -> Result<(Self, Response), u16> {
        let address = format!("ws://{}/api/v1/streaming{query}", door(node));
        let mut request = address.into_client_request().unwrap();
        for (name, value) in headers {
            let name: tungstenite::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match tungstenite::client::client(request, connect(node)) {
            Ok((socket, response)) => Ok((Self { socket, waiting: VecDeque::new() }, response)),
            Err(HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// One of a token, following streams.
    pub fn open(node: &TestNode, token: &str, streams: &[&str]) -> Self {
        let authorization = format!("Bearer {token}");
        let (mut socket, _) = Self::ask(node, "", &[("Authorization", &authorization)]).unwrap();
        for stream in streams {
            socket.say(&json!({ "type": "subscribe", "stream": stream }));
        }
        socket
    }

    /// Sends a message of any kind.
    pub fn send(&mut self, message: Message) {
        self.socket.send(message).unwrap();
    }

    /// Sends a message, and waits until it was heard.
    pub fn say(&mut self, message: &Value) {
        self.send(Message::text(message.to_string()));
        self.heard();
    }

    /// Waits until all that was sent was heard.
    pub fn heard(&mut self) {
        self.send(Message::Ping("heard".into()));
        loop {
            match self.socket.read().unwrap() {
                Message::Pong(bytes) if bytes == "heard".as_bytes() => return,
                Message::Text(text) => self.waiting.push_back(serde_json::from_str(&text).unwrap()),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// What comes next as text.
    pub fn next(&mut self) -> Value {
        loop {
            if let Some(value) = self.waiting.pop_front() {
                return value;
            }
            match self.socket.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next event.
    pub fn event(&mut self) -> Event {
        let value = self.next();
        let stream = value["stream"].as_array().unwrap_or_else(|| panic!("no event: {value}"));
        let stream = stream.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        let payload = serde_json::from_str(value["payload"].as_str().unwrap()).unwrap();
        Event { stream, name: text(&value, "event"), payload }
    }

    /// Reads until the other side ends it; the code that it gave, if it did.
    pub fn end(&mut self) -> Option<u16> {
        let mut code = None;
        loop {
            match self.socket.read() {
                Ok(Message::Close(frame)) => code = frame.map(|frame| u16::from(frame.code)),
                Ok(_) => {}
                Err(tungstenite::Error::Io(error))
                    if [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut]
                        .contains(&error.kind()) =>
                {
                    panic!("it was not ended")
                }
                Err(_) => return code,
            }
        }
    }
}

/// A stream of server-sent events.
pub struct Lines(BufReader<TcpStream>);

impl Lines {
    /// Asks for one; it has to be there.
    pub fn open(node: &TestNode, token: &str, path: &str) -> Self {
        let mut stream = connect(node);
        let head = format!(
            "GET /api/v1/streaming/{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\r\n",
            door(node)
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut lines = Self(BufReader::new(stream));
        assert_eq!(lines.line().unwrap(), "HTTP/1.1 200 OK");
        lines
    }

    /// The next line; none at the end.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.0.read_line(&mut line).unwrap();
        (count > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The next line that begins so, without its beginning; none at the end.
    pub fn after(&mut self, beginning: &str) -> Option<String> {
        loop {
            if let Some(rest) = self.line()?.strip_prefix(beginning) {
                return Some(rest.to_owned());
            }
        }
    }

    /// The next event.
    pub fn event(&mut self) -> Event {
        let name = self.after("event: ").expect("the stream has ended");
        let payload = self.line().unwrap();
        let payload = serde_json::from_str(payload.strip_prefix("data: ").unwrap()).unwrap();
        Event { stream: Vec::new(), name, payload }
    }
}
