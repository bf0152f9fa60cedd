//! The names to which this node answers, and the addresses in its links.
//!
//! A link has the name by which the client that gets it has found the node: whoever came to `https://192.0.2.7:7443`
//! may not reach `http://127.0.0.1:7411`, nor the other way round. Only names of this node's own get that far.

use std::net::IpAddr;

use super::{Ends, HttpConfig};
use crate::node::Failure;

/// The names that this machine always has for itself.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The names by which others know the node. All have lower case.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Name, and scheme, host and port, behind which a proxy serves the node, if one does.
    public: Option<(String, String)>,
    /// Further ones.
    others: Vec<String>,
}

impl Names {
    /// Those that are set.
    pub fn of(config: &HttpConfig) -> Result<Self, Failure> {
        let public = public(&config.public_name)?;
        let others = config.names.iter().map(|name| {
            let name = name.trim().to_ascii_lowercase();
            if is_host(&name) && without_port(&name) == name {
                return Ok(name);
            }
            Err(Failure::usage(
                format!("{name:?} is not a name of a machine"),
                "Names in http.names look like mybox.local, without a scheme and a port.",
            ))
        });
        Ok(Self { public, others: others.collect::<Result<_, _>>()? })
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        let public = self.public.iter().map(|(name, _)| name.as_str());
        public.chain(self.others.iter().map(String::as_str))
    }

    /// Scheme, host and port by which a client has found the node, if `authority`, a host with or without a port, is
    /// one of its names. The scheme is the connection's own; behind a proxy it is the public name's.
    pub fn base(&self, ends: Ends, authority: &str) -> Option<String> {
        let authority = authority.to_ascii_lowercase();
        let host = without_port(&authority);
        if let Some((_, base)) = self.public.as_ref().filter(|(name, _)| name == host) {
            return Some(base.clone());
        }
        let bound = match ends.local.ip().to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        let is_known = LOCAL.contains(&host) || host == bound || self.others.iter().any(|name| name == host);
        let scheme = if ends.tls { "https" } else { "http" };
        is_known.then(|| format!("{scheme}://{}", authority.trim_end_matches(':')))
    }
}

/// Whether a host, with or without a port, is one of this machine's own names.
pub fn is_local(authority: &str) -> bool {
    LOCAL.contains(&without_port(authority).to_ascii_lowercase().as_str())
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte))
}

/// The public name alone, and with its scheme and port, if there is one.
fn public(name: &str) -> Result<Option<(String, String)>, Failure> {
    let name = name.trim().to_ascii_lowercase();
    if name.is_empty() {
        return Ok(None);
    }
    let (scheme, host) = name.split_once("://").unwrap_or(("https", &name));
    let host = host.trim_end_matches('/');
    if !["http", "https"].contains(&scheme) || !is_host(host) {
        return Err(Failure::usage(
            format!("{name:?} is not a name under which a node can be reached"),
            "Set http.public_name to a name such as majlis.example.",
        ));
    }
    Ok(Some((without_port(host).to_owned(), format!("{scheme}://{host}"))))
}

/// `name` of `name:80`, `[::1]` of `[::1]:80`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.len() <= 5
                && port.bytes().all(|byte| byte.is_ascii_digit())
                && (name.ends_with(']') || !name.contains(':')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(public_name: &str, names: &[&str]) -> Result<Names, Failure> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Names::of(&HttpConfig { public_name: public_name.to_owned(), names, ..HttpConfig::default() })
    }

    fn at(local: &str, tls: bool) -> Ends {
        Ends { local: local.parse().unwrap(), peer: "192.0.2.9:5000".parse().unwrap(), tls }
    }

    #[test]
    fn only_this_nodes_names_are_answered() {
        let names = names("majlis.example", &["MyBox.local"]).unwrap();
        let here = at("192.0.2.7:7411", false);
        for known in [
            "localhost",
            "LOCALHOST:7411",
            "127.0.0.1:1",
            "127.0.0.1",
            "[::1]",
            "[::1]:7411",
            "192.0.2.7:7411",
            "majlis.example",
            "Majlis.Example:443",
            "mybox.local:7443",
        ] {
            assert!(names.base(here, known).is_some(), "{known}");
        }
        for foreign in [
            "",
            "evil.example",
            "localhost.evil.example",
            "majlis.example.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.2",
            "::1",
            "localhost:evil.example",
            "localhost:80:80",
            "localhost:800000000",
            "user@localhost",
            "0.0.0.0",
            "box.local",
        ] {
            assert!(names.base(here, foreign).is_none(), "{foreign}");
        }
        assert!(Names::default().base(here, "majlis.example").is_none());
        let there = at("[2001:db8::7]:7411", false);
        assert!(Names::default().base(there, "[2001:db8::7]:7411").is_some());
    }

    #[test]
    fn links_have_the_name_by_which_one_came() {
        let names = names("majlis.example", &["mybox.local"]).unwrap();
        let base = |tls, authority: &str| names.base(at("192.0.2.7:7443", tls), authority).unwrap();
        assert_eq!(base(true, "192.0.2.7:7443"), "https://192.0.2.7:7443");
        assert_eq!(base(true, "MyBox.local:7443"), "https://mybox.local:7443");
        assert_eq!(base(false, "localhost:7411"), "http://localhost:7411");
        assert_eq!(base(false, "127.0.0.1:"), "http://127.0.0.1");
        assert_eq!(base(false, "majlis.example"), "https://majlis.example", "a proxy has the certificate");
    }

    #[test]
    fn a_public_name_is_behind_https_if_not_said_otherwise() {
        let of = |name: &str| public(name).unwrap().unwrap_or_default();
        assert_eq!(of(""), (String::new(), String::new()));
        assert_eq!(of("Majlis.example"), ("majlis.example".into(), "https://majlis.example".into()));
        assert_eq!(of("majlis.example:8443/").0, "majlis.example");
        assert_eq!(of("http://x.onion").1, "http://x.onion");
        for wrong in ["ftp://x", "a b", "x/y", "https://", "user@host"] {
            assert!(public(wrong).unwrap_err().is_usage(), "{wrong}");
        }
        for wrong in ["", "https://mybox.local", "mybox.local:7443", "my box"] {
            assert!(names("", &[wrong]).unwrap_err().is_usage(), "{wrong}");
        }
    }
}
