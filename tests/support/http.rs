//! A small HTTP client that sends exactly what a test says and reads what comes back.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::PATIENCE;
use super::node::{TestNode, find, text};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body, which has to be JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same, if the status is this.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// A parameter of the address to which a browser is led.
    pub fn led_to(&self) -> (String, BTreeMap<String, String>) {
        let to = self.header("location").unwrap_or_else(|| panic!("leads nowhere: {self:?}"));
        let (address, query) = to.split_once('?').unwrap();
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        (address.to_owned(), pairs)
    }

    /// What stands between two pieces of text in the body.
    pub fn between(&self, before: &str, after: &str) -> String {
        let rest = self.body.split_once(before).unwrap_or_else(|| panic!("no {before:?}: {}", self.body)).1;
        rest.split_once(after).unwrap().0.to_owned()
    }
}

/// A request that is put together.
pub struct Ask {
    to: String,
    method: String,
    path: String,
    host: Option<String>,
    headers: String,
    body: Vec<u8>,
    tls: Option<(String, Arc<ClientConfig>)>,
}

/// The address at which a running node serves apps, without its scheme.
pub fn door(node: &TestNode) -> String {
    text(node.ready(), "http").strip_prefix("http://").unwrap().to_owned()
}

/// A connection to it.
pub fn connect(node: &TestNode) -> TcpStream {
    let stream = TcpStream::connect(door(node)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A request to a running node.
pub fn ask(node: &TestNode, method: &str, path: &str) -> Ask {
    let to = door(node);
    let host = Some(to.clone());
    Ask {
        to,
        method: method.into(),
        path: path.into(),
        host,
        headers: String::new(),
        body: Vec::new(),
        tls: None,
    }
}

/// Trusts the certificates in a PEM file and no others.
pub fn trust(certificates: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(certificates).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Arc::new(
        config
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}

impl Ask {
    /// With HTTPS, for a name that the certificate has to be for.
    pub fn https(mut self, to: &str, name: &str, trusted: &Arc<ClientConfig>) -> Self {
        to.clone_into(&mut self.to);
        self.tls = Some((name.to_owned(), Arc::clone(trusted)));
        self
    }

    /// For another host, or none.
    pub fn host(mut self, host: Option<&str>) -> Self {
        self.host = host.map(str::to_owned);
        self
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.extend([name, ": ", value, "\r\n"]);
        self
    }

    /// With a token.
    pub fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// With a body.
    pub fn body(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("Content-Type", kind).header("Content-Length", &length)
    }

    /// With a form.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.body("application/x-www-form-urlencoded", body)
    }

    /// With parameters in the address.
    pub fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        self.path.push('?');
        self.path.push_str(&form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish());
        self
    }

    /// With JSON.
    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// Sends it and reads the answer.
    pub fn send(self) -> Answer {
        self.try_send().unwrap()
    }

    /// The same, or why the connection cannot be made.
    pub fn try_send(self) -> std::io::Result<Answer> {
        let host = self.host.map(|host| format!("Host: {host}\r\n")).unwrap_or_default();
        let Self { to, method, path, headers, body, tls, .. } = self;
        let head = format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{headers}\r\n");
        let stream = TcpStream::connect(to)?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        match tls {
            None => said(stream, &head, &body),
            Some((name, config)) => {
                let connection = ClientConnection::new(config, name.try_into().unwrap()).unwrap();
                said(StreamOwned::new(connection, stream), &head, &body)
            }
        }
    }
}

fn said(mut stream: impl Read + Write, head: &str, body: &[u8]) -> std::io::Result<Answer> {
    stream.write_all(head.as_bytes())?;
    // A node that refuses the head does not read the body to its end.
    let _ = stream.write_all(body);
    Ok(answer(&read_all(&mut stream)))
}

/// What comes until the connection is closed, in whatever way.
pub fn read_all(stream: &mut impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = [0; 8 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return all,
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return all,
            Err(error) => panic!("{error}: not closed after {PATIENCE:?}"),
        }
    }
}

fn answer(bytes: &[u8]) -> Answer {
    let end =
        find(bytes, b"\r\n\r\n").unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let body = &bytes[end + 4..];
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked { unchunked(body) } else { body.to_vec() };
    Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = find(body, b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        whole.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
        if size == 0 {
            break;
        }
    }
    whole
}
