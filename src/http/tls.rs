//! The certificate of the encrypted port: files of the owner's, taken anew when they change, as whoever renews them
//! does not know of this node; or one that the node makes for itself, which whoever connects can compare by its
//! fingerprint.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{fmt, fs};

use parking_lot::Mutex;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, ServerConfig};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::HttpConfig;
use crate::node::Failure;

/// The file in the home with the certificate that the node makes, and its key.
const FILE: &str = "tls.pem";
/// How long such a certificate is good for: as long as browsers accept one, with a few days to spare.
const LIFE: Duration = Duration::from_hours(820 * 24);
/// It is made anew when it is good for less than this.
const SPARE: Duration = Duration::from_hours(30 * 24);
/// It counts from this long ago, for clients whose clocks are slow.
const BEFORE: Duration = Duration::from_hours(24);
/// Names in it at most; the node's own come first.
const MAX_NAMES: usize = 64;
/// The files are looked at when a client comes, at most this often.
const LOOK: Duration = Duration::from_secs(1);
/// What is understood in the handshake: there is no HTTP/2 here.
const ALPN: &[u8] = b"http/1.1";

/// Where the certificate comes from.
enum Source {
    /// Files of the owner's.
    Given { certificate: PathBuf, key: PathBuf },
    /// A file of the node's own, for these names.
    Made { file: PathBuf, names: Vec<String> },
}

/// When files were written, and their lengths.
type Stamp = Vec<Option<(SystemTime, u64)>>;

/// A certificate in use.
pub struct Certificate {
    /// Makes connections encrypted.
    pub acceptor: TlsAcceptor,
    /// Its SHA-256 as browsers show it, `AB:CD:…`.
    pub fingerprint: String,
    /// When another has to be made, if the node makes it.
    until: Option<SystemTime>,
}

/// The certificate as it is now.
pub struct Certificates {
    source: Source,
    state: Mutex<State>,
}

struct State {
    current: Arc<Certificate>,
    stamp: Stamp,
    looked: Instant,
}

impl Certificates {
    /// The owner's files, or a certificate in the home for `names`. Blocks on the disk.
    pub fn open(config: &HttpConfig, home: &Path, names: Vec<String>) -> Result<Self, Failure> {
        let source = match (config.tls_certificate.as_str(), config.tls_key.as_str()) {
            ("", "") => Source::Made { file: home.join(FILE), names },
            (certificate, key) if !certificate.is_empty() && !key.is_empty() => {
                Source::Given { certificate: home.join(certificate), key: home.join(key) }
            }
            _ => {
                return Err(Failure::usage(
                    "only one of http.tls_certificate and http.tls_key is set",
                    "Set both, or neither: then the node makes a certificate for itself.",
                ));
            }
        };
        // The stamp is taken first: what is written meanwhile is seen as a change.
        let stamp = source.stamp();
        let (current, looked) = (Arc::new(source.load()?), Instant::now());
        // A file that was made just now is no change.
        let stamp = if matches!(source, Source::Made { .. }) { source.stamp() } else { stamp };
        Ok(Self { source, state: Mutex::new(State { current, stamp, looked }) })
    }

    /// The one to be used for a client that comes now.
    pub async fn current(self: &Arc<Self>) -> Arc<Certificate> {
        {
            let mut state = self.state.lock();
            if state.looked.elapsed() < LOOK {
                return Arc::clone(&state.current);
            }
            state.looked = Instant::now();
        }
        let this = Arc::clone(self);
        // It does not panic; if it did, the old certificate would do.
        let _ = tokio::task::spawn_blocking(move || this.look()).await;
        Arc::clone(&self.state.lock().current)
    }

    /// Takes what has changed. What cannot be used is reported once, and the certificate before it stays.
    fn look(&self) {
        let stamp = self.source.stamp();
        {
            let mut state = self.state.lock();
            let is_over = state.current.until.is_some_and(|until| until <= SystemTime::now());
            if state.stamp == stamp && !is_over {
                return;
            }
            state.stamp = stamp;
        }
        match self.source.load() {
            Ok(new) => {
                tracing::info!(fingerprint = new.fingerprint, "the certificate was taken anew");
                let mut state = self.state.lock();
                state.current = Arc::new(new);
                if matches!(self.source, Source::Made { .. }) {
                    // What was made just now is no change.
                    state.stamp = self.source.stamp();
                }
            }
            Err(failure) => tracing::warn!(%failure, "the certificate stays the one before"),
        }
    }
}

impl Source {
    fn stamp(&self) -> Stamp {
        let of = |path: &PathBuf| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        match self {
            Self::Given { certificate, key } => vec![of(certificate), of(key)],
            Self::Made { file, .. } => vec![of(file)],
        }
    }

    fn load(&self) -> Result<Certificate, Failure> {
        match self {
            Self::Given { certificate, key } => {
                let read = |path: &Path| fs::read(path).map_err(|source| unusable(path, &source));
                read_certificate(&read(certificate)?, &read(key)?, certificate, key)
            }
            Self::Made { file, names } => kept_or_made(file, names),
        }
    }
}

fn unusable(path: &Path, what: &dyn fmt::Display) -> Failure {
    Failure::new(
        format!("{} cannot be used for HTTPS: {what}", path.display()),
        "See http.tls_certificate and http.tls_key: two PEM files, readable for the node. Without them it makes a \
         certificate for itself.",
    )
}

/// From PEM: the chain, its own certificate first, and the key.
fn read_certificate(
    chain: &[u8],
    key: &[u8],
    chain_path: &Path,
    key_path: &Path,
) -> Result<Certificate, Failure> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(chain_path, &error))?;
    let own = chain.first().ok_or_else(|| unusable(chain_path, &"there is no certificate in it"))?;
    let (_, parsed) = X509Certificate::from_der(own).map_err(|error| unusable(chain_path, &error))?;
    if !parsed.validity().is_valid() {
        tracing::warn!(file = %chain_path.display(), "the certificate is over, or does not count yet");
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| unusable(key_path, &error))?;
    let fingerprint = fingerprint(own);
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain.clone(), key))
        .map_err(|error| match error {
            Error::InconsistentKeys(_) => {
                unusable(key_path, &format!("it is not the key of {}", chain_path.display()))
            }
            error => unusable(chain_path, &error),
        })?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Certificate { acceptor: TlsAcceptor::from(Arc::new(config)), fingerprint, until: None })
}

fn fingerprint(certificate: &[u8]) -> String {
    let pairs: Vec<_> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// The certificate in the home; another one if it is not there, is over soon, or lacks a name. What whoever trusts the
/// old one came by stays in the new one.
fn kept_or_made(file: &Path, names: &[String]) -> Result<Certificate, Failure> {
    let names: Vec<String> = names.iter().map(|name| plain(name)).collect();
    let kept = match fs::read(file) {
        Ok(pem) => Some(pem),
        Err(source) if source.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(unusable(file, &source)),
    };
    let mut before = Vec::new();
    if let Some(pem) = &kept {
        if let Some((known, end)) = subject(pem) {
            let until = end - SPARE;
            if until > SystemTime::now() && names.iter().all(|name| known.contains(name)) {
                let certificate = read_certificate(pem, pem, file, file)?;
                return Ok(Certificate { until: Some(until), ..certificate });
            }
            before = known;
        } else {
            tracing::warn!(file = %file.display(), "the certificate cannot be read: another is made");
        }
    }
    let mut all: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for name in names.into_iter().chain(before) {
        if all.len() < MAX_NAMES && seen.insert(name.clone()) {
            all.push(name);
        }
    }
    let now = SystemTime::now();
    let pem = make(all, now).map_err(|error| unusable(file, &error))?;
    write(file, pem.as_bytes()).map_err(|source| {
        Failure::new(
            format!("cannot write {}: {source}", file.display()),
            "Check the permissions of the home directory and the space on its disk.",
        )
    })?;
    let certificate = read_certificate(pem.as_bytes(), pem.as_bytes(), file, file)?;
    Ok(Certificate { until: Some(now + LIFE - SPARE), ..certificate })
}

/// An IPv6 address without brackets; others as they are.
fn plain(name: &str) -> String {
    name.trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// The names in a certificate, and when it is over.
fn subject(pem: &[u8]) -> Option<(Vec<String>, SystemTime)> {
    let der = CertificateDer::from_pem_slice(pem).ok()?;
    let (_, parsed) = X509Certificate::from_der(&der).ok()?;
    let end = UNIX_EPOCH + Duration::from_secs(parsed.validity().not_after.timestamp().try_into().ok()?);
    let names = parsed.subject_alternative_name().ok()??;
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            four.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(|ip| ip.to_string())
        }
        _ => None,
    };
    Some((names.value.general_names.iter().filter_map(name).collect(), end))
}

/// A certificate for these names and its key, as PEM.
fn make(names: Vec<String>, now: SystemTime) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "Majlis");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = (now - BEFORE).into();
    params.not_after = (now + LIFE).into();
    let key = KeyPair::generate()?;
    Ok(params.self_signed(&key)?.pem() + &key.serialize_pem())
}

/// Writes a file that only the owner reads, in whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Such a file is its owner's alone from the start.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(home: &Path, names: &[&str]) -> Result<Certificate, Failure> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        kept_or_made(&home.join(FILE), &names)
    }

    #[test]
    fn a_certificate_is_made_once_and_again_when_a_name_is_new() {
        let home = tempfile::tempdir().unwrap();
        let first = made(home.path(), &["localhost", "127.0.0.1", "[2001:db8::7]"]).unwrap();
        assert_eq!(first.fingerprint.len(), 95);
        let fewer = made(home.path(), &["localhost", "2001:db8::7"]).unwrap();
        assert_eq!(first.fingerprint, fewer.fingerprint);
        let more = made(home.path(), &["localhost", "mybox.local"]).unwrap();
        assert_ne!(first.fingerprint, more.fingerprint);
        let (names, _) = subject(&fs::read(home.path().join(FILE)).unwrap()).unwrap();
        assert_eq!(names, ["localhost", "mybox.local", "127.0.0.1", "2001:db8::7"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(home.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn one_that_is_over_soon_or_is_damaged_is_made_anew() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(FILE);
        let long_ago = SystemTime::now() - LIFE + SPARE / 2;
        fs::write(&file, make(vec!["localhost".into()], long_ago).unwrap()).unwrap();
        let old = fingerprint(&CertificateDer::from_pem_file(&file).unwrap());
        let new = made(home.path(), &["localhost"]).unwrap();
        assert_ne!(old, new.fingerprint);
        assert!(new.until.unwrap() > SystemTime::now());
        fs::write(&file, "scrap").unwrap();
        assert_ne!(made(home.path(), &["localhost"]).unwrap().fingerprint, new.fingerprint);
    }

    #[tokio::test]
    async fn files_of_ones_own_are_taken_anew_and_wrong_ones_are_not() {
        let home = tempfile::tempdir().unwrap();
        let pem = || make(vec!["majlis.example".into()], SystemTime::now()).unwrap();
        let put = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
        let config = |certificate: &str, key: &str| HttpConfig {
            tls_certificate: certificate.to_owned(),
            tls_key: key.to_owned(),
            ..HttpConfig::default()
        };
        let open = |certificate, key| Certificates::open(&config(certificate, key), home.path(), Vec::new());
        let (one, other) = (pem(), pem());
        put("cert.pem", &one);
        put("key.pem", &other);
        put("none.pem", "nothing");
        for (certificate, key, said) in [
            ("cert.pem", "", "only one"),
            ("", "key.pem", "only one"),
            ("missing.pem", "key.pem", "missing.pem"),
            ("cert.pem", "missing.pem", "missing.pem"),
            ("none.pem", "key.pem", "no certificate"),
            ("cert.pem", "none.pem", "none.pem"),
            ("cert.pem", "key.pem", "is not the key of"),
        ] {
            let failure = open(certificate, key).err().unwrap();
            assert!(failure.message.contains(said), "{certificate} {key}: {}", failure.message);
        }
        put("key.pem", &one);
        let certificates = open("cert.pem", "key.pem").unwrap();
        let now = || certificates.state.lock().current.fingerprint.clone();
        let first = now();
        // Half of a renewal changes nothing, the whole of it does.
        put("cert.pem", &format!("{other}\n"));
        certificates.look();
        assert_eq!(now(), first);
        put("key.pem", &format!("{other}\n"));
        certificates.look();
        assert_ne!(now(), first);
    }
}
