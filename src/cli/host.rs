//! `majlis run --host`: what is otherwise where nobody has set it, and as many files open as that needs.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::{Config, Loaded};
use crate::node::PinOffer;

/// Accounts that are held at most because they have asked.
const ACCOUNTS: usize = 10_000;
/// Connections at most, those that are being made, and sessions.
const CONNECTIONS: u32 = 2_048;
const PENDING: u32 = 256;
const SESSIONS: usize = 1_536;
/// Files that are open beside connections: databases, files that are read and fetched, apps.
const OTHER_FILES: u64 = 1_024;

/// The configuration of a host for many. What is set stays, and goes further where it does.
pub fn configured(loaded: &Loaded) -> Config {
    let mut config = loaded.config.clone();
    config.node.seed = true;
    if config.node.pin_offer == PinOffer::Off {
        config.node.pin_offer = PinOffer::Invited;
    }
    let is_open = |key: &str| !loaded.is_set(key);
    if is_open("node.pin_accounts_max") {
        config.node.pin_accounts_max = ACCOUNTS;
    }
    if is_open("net.max_connections") {
        config.net.max_connections = CONNECTIONS;
    }
    if is_open("net.max_pending") {
        config.net.max_pending = PENDING;
    }
    if is_open("net.max_sessions") {
        config.net.max_sessions = SESSIONS;
    }
    config
}

/// Has the system let this process open as many files as that needs. Where it does not there are fewer connections and
/// sessions; what is to be said of it then.
pub fn open_files(config: &mut Config) -> Option<String> {
    let needed = u64::from(config.net.max_connections) + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    let least = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
    let (mut files, most) = (least(limit.current), least(limit.maximum));
    if files < needed {
        let raised = Rlimit { current: Some(needed.min(most)), maximum: limit.maximum };
        match setrlimit(Resource::Nofile, raised) {
            Ok(()) => files = needed.min(most),
            Err(error) => tracing::debug!(%error, "no more files may be opened"),
        }
    }
    let note = fit(config, files);
    let (connections, sessions) = (config.net.max_connections, config.net.max_sessions);
    tracing::info!(files, connections, sessions, accounts = config.node.pin_accounts_max, "a host for many");
    note
}

/// Fits connections and sessions to the files that may be open.
fn fit(config: &mut Config, files: u64) -> Option<String> {
    let net = &mut config.net;
    if files >= u64::from(net.max_connections) + OTHER_FILES {
        return None;
    }
    // Some, however few files there are.
    let connections = u32::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(u32::MAX).max(64);
    net.max_connections = connections;
    net.max_sessions = net.max_sessions.min(connections as usize / 4 * 3);
    Some(format!(
        "The system lets this node open {files} files, so it takes {connections} connections at most. For more, raise \
         that: `ulimit -n`, or LimitNOFILE= of systemd."
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn what_is_set_stays_and_the_rest_is_of_many() {
        let home = tempfile::tempdir().unwrap();
        let file = "[node]\npin_accounts_max = 1000\n[net]\nmax_sessions = 7\n";
        std::fs::write(home.path().join(config::FILE), file).unwrap();
        let config = configured(&config::load(home.path()).unwrap());
        assert_eq!((config.node.pin_accounts_max, config.net.max_sessions), (1_000, 7));
        assert_eq!((config.net.max_connections, config.node.seed), (CONNECTIONS, true));
        assert_eq!(config.node.pin_offer, PinOffer::Invited);
        config.net.check().unwrap();
    }

    #[test]
    fn connections_fit_the_files_that_may_be_open() {
        let home = tempfile::tempdir().unwrap();
        let config = configured(&config::load(home.path()).unwrap());
        for (files, connections, sessions) in [(3_072, 2_048, 1_536), (1_524, 500, 375), (256, 64, 48)] {
            let mut config = config.clone();
            assert_eq!(fit(&mut config, files).is_none(), files == 3_072);
            assert_eq!((config.net.max_connections, config.net.max_sessions), (connections, sessions));
            config.net.check().unwrap();
        }
    }
}
