//! The door with HTTPS: with a certificate that the node makes, or with files that somebody renews.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use crate::support::http::{ask, door, read_all, trust};
use crate::support::node::{TestNode, text};
use crate::support::{PATIENCE, eventually};

const METADATA: &str = "/.well-known/oauth-authorization-server";

/// Where the encrypted port is, without the scheme.
fn secured(node: &TestNode) -> String {
    text(node.ready(), "https").strip_prefix("https://").unwrap().to_owned()
}

fn fingerprint(file: &Path) -> String {
    let hash = Sha256::digest(CertificateDer::from_pem_file(file).unwrap());
    hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

#[test]
fn a_node_makes_a_certificate_and_serves_the_same_with_it() {
    let mut node = TestNode::new("tls");
    node.set("MAJLIS_HTTP_TLS_LISTEN", "127.0.0.1:0");
    node.set("MAJLIS_HTTP_NAMES", "mybox.local");
    node.start();
    let (plain, secured_at) = (door(&node), secured(&node));
    let file = node.home().join("tls.pem");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let print = text(node.ready(), "fingerprint");
    assert_eq!(print, fingerprint(&file));

    let trusted = trust(&file);
    let port = secured_at.rsplit_once(':').unwrap().1;
    let encrypted = |path: &str, name: &str| {
        ask(&node, "GET", path)
            .https(&secured_at, name, &trusted)
            .host(Some(&format!("{name}:{port}")))
            .send()
    };
    // Whoever comes by a name gets links with that name, and is told of HTTPS where there is some.
    for name in ["127.0.0.1", "localhost", "mybox.local"] {
        assert_eq!(encrypted("/health", name).expect(200).body, "OK");
        let base = format!("https://{name}:{port}");
        let links = encrypted("/.well-known/nodeinfo", name).expect(200).json();
        assert_eq!(links["links"][0]["href"], format!("{base}/nodeinfo/2.0"));
        let metadata = encrypted(METADATA, name).expect(200).json();
        assert_eq!(metadata["token_endpoint"], format!("{base}/oauth/token"));
        let instance = encrypted("/api/v2/instance", name).expect(200).json();
        assert_eq!(instance["contact"]["account"]["avatar"], format!("{base}/static/avatar.png"));
        assert_eq!(instance["configuration"]["urls"]["streaming"], format!("wss://{name}:{port}"));
    }
    let links = ask(&node, "GET", "/.well-known/nodeinfo").send().expect(200).json();
    assert_eq!(links["links"][0]["href"], format!("http://{plain}/nodeinfo/2.0"));
    ask(&node, "GET", METADATA).send().expect(404);
    let foreign = ask(&node, "GET", "/health").https(&secured_at, "localhost", &trusted);
    foreign.host(Some("evil.example")).send().expect(403);

    // Each port is for what it is for.
    let mut wrong = TcpStream::connect(&secured_at).unwrap();
    wrong.set_read_timeout(Some(PATIENCE)).unwrap();
    wrong.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(!String::from_utf8_lossy(&read_all(&mut wrong)).contains("HTTP/1.1 200"));
    let refused = ask(&node, "GET", "/health").https(&plain, "localhost", &trusted).try_send();
    assert!(refused.is_err(), "{refused:?}");

    let status = node.one(&["status"]);
    for (key, value) in [("http", format!("http://{plain}")), ("https", format!("https://{secured_at}"))] {
        assert_eq!(status[key], *value);
    }
    assert_eq!(status["fingerprint"], *print);
    let said = node.command(&["status"]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains(&plain) && said.contains(&secured_at) && said.contains(&print), "{said}");

    // It stays the same.
    node.restart();
    assert_eq!(text(node.ready(), "fingerprint"), print);
    node.stop();
    let status = node.one(&["status"]);
    assert!(status["http"].is_null() && status["https"].is_null(), "{status}");
}

#[test]
fn whoever_is_slow_to_agree_on_encryption_is_cut_off() {
    let mut node =
        TestNode::with_arguments("tlsslow", &["--no-mdns", "--http", "off", "--https", "127.0.0.1:0"]);
    let ready = node.start();
    assert!(ready["http"].is_null(), "{ready}");
    assert_eq!(node.one(&["login"])["http"], ready["https"], "apps find it where it is");
    let silent = || {
        let stream = TcpStream::connect(secured(&node)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    };
    let (mut silent, mut half) = (silent(), silent());
    // The head of a record whose rest does not come.
    half.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).unwrap();
    for stream in [&mut silent, &mut half] {
        assert_eq!(stream.read(&mut [0; 16]).unwrap_or(0), 0);
    }
    let at = secured(&node);
    // Those who wait in the handshake do not keep the node from stopping.
    let waiting: Vec<_> = (0..20).map(|_| TcpStream::connect(&at).unwrap()).collect();
    let (code, took) = node.stop_with(rustix::process::Signal::TERM);
    assert!(code == Some(0) && took < std::time::Duration::from_secs(10), "{code:?} {took:?}");
    drop(waiting);
}

#[test]
fn files_of_ones_own_are_used_and_taken_anew_when_they_are_renewed() {
    let mut node = TestNode::new("acme");
    let (certificate, key) = (node.scratch().join("cert.pem"), node.scratch().join("key.pem"));
    let renew = || {
        let made = rcgen::generate_simple_self_signed(["majlis.example".to_owned()]).unwrap();
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    };
    node.set("MAJLIS_HTTP_TLS_LISTEN", "127.0.0.1:0");
    node.set("MAJLIS_HTTP_PUBLIC_NAME", "majlis.example");
    node.set("MAJLIS_HTTP_TLS_CERTIFICATE", certificate.to_str().unwrap());
    let run = ["run", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"];
    assert!(node.fails(2, &run).contains("tls_key"));
    node.set("MAJLIS_HTTP_TLS_KEY", key.to_str().unwrap());
    assert!(node.fails(1, &run).contains("cert.pem"));
    renew();
    let first = fs::read(&certificate).unwrap();
    renew();
    fs::write(&certificate, &first).unwrap();
    let failed = node.fails(1, &run);
    assert!(failed.contains("is not the key of"), "{failed}");
    renew();

    node.start();
    let health = || {
        let asked =
            ask(&node, "GET", METADATA).https(&secured(&node), "majlis.example", &trust(&certificate));
        asked.host(Some("majlis.example")).try_send()
    };
    let metadata = health().unwrap().expect(200).json();
    assert_eq!(metadata["issuer"], json!("https://majlis.example/"));
    let before = text(node.ready(), "fingerprint");
    renew();
    eventually("the renewed certificate is used", || health().is_ok_and(|answer| answer.status == 200));
    let now = text(&node.one(&["status"]), "fingerprint");
    assert!(now != before && now == fingerprint(&certificate), "{now}");
    // Scrap is not, and does no harm.
    fs::write(&key, "scrap").unwrap();
    eventually("scrap is reported", || {
        let _ = health();
        node.log().contains("the certificate stays the one before")
    });
    health().unwrap().expect(200);
}
