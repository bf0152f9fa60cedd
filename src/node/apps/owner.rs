//! How the owner shows who they are, to a consent page or to the page of the node: by a code for once, typed or within a
//! link, which lives in the running node's memory, or by a lasting secret, which lies in the home.

use std::collections::VecDeque;
use std::fs;
use std::time::{Duration, Instant};

use blake3::Hash;
use parking_lot::Mutex;

use super::secrets::{as_made, grouped, hash, typed_secret};
use crate::node::api::{LoginView, LoginWith};
use crate::node::keys::write_private;
use crate::node::{Failure, Node};

/// The lasting secret's file in the home.
const FILE: &str = "secret";
/// Characters of a code: 40 bits, of which ten a minute can be tried.
const CODE: usize = 8;
/// Characters of the secret: 160 bits.
const SECRET: usize = 32;
/// How long a code holds.
const VALID: Duration = Duration::from_mins(10);
/// Characters of the code in a link: 160 bits.
const LINK: usize = 32;
/// How long a link holds: the node may have been started by a machine, long before its owner comes.
const LINK_VALID: Duration = Duration::from_hours(24);
/// Codes that hold at once, and as many links; the oldest makes room.
const CODES: usize = 8;
/// Wrong tries in a [`WINDOW`], whoever makes them.
const TRIES: usize = 10;
const WINDOW: Duration = Duration::from_mins(1);

/// What somebody shows is the owner's, or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It is.
    Owner,
    /// It is not, or no longer.
    Wrong,
    /// It is not even looked at: there were too many wrong ones within a minute.
    TooMany,
}

/// Codes that hold, and when something wrong was typed.
#[derive(Default)]
pub struct Codes(Mutex<Known>);

#[derive(Default)]
struct Known {
    codes: Held,
    /// Apart from them, so that codes do not push out a link that waits.
    links: Held,
    wrong: VecDeque<Instant>,
}

/// Hashes of codes, and until when each holds.
#[derive(Default)]
struct Held(VecDeque<(Hash, Instant)>);

impl Held {
    fn add(&mut self, code: &str, until: Instant) {
        if self.0.len() == CODES {
            self.0.pop_front();
        }
        self.0.push_back((hash(code), until));
    }

    /// Whether this one holds, which it does no longer then.
    fn take(&mut self, typed: &Hash, now: Instant) -> bool {
        self.0.retain(|(_, until)| *until > now);
        let before = self.0.len();
        self.0.retain(|(code, _)| code != typed);
        self.0.len() < before
    }
}

impl Codes {
    fn add(&self, code: &str, now: Instant) {
        self.0.lock().codes.add(code, now + VALID);
    }

    fn add_link(&self, code: &str, now: Instant) {
        self.0.lock().links.add(code, now + LINK_VALID);
    }

    /// Takes a code, which holds once.
    fn prove(&self, typed: &str, secret: Option<Hash>, now: Instant) -> Proof {
        let typed = hash(typed);
        let mut known = self.0.lock();
        known.wrong.retain(|at| now.saturating_duration_since(*at) < WINDOW);
        if known.wrong.len() >= TRIES {
            return Proof::TooMany;
        }
        let is_known = known.codes.take(&typed, now) || known.links.take(&typed, now);
        if is_known || secret.is_some_and(|secret| secret == typed) {
            return Proof::Owner;
        }
        known.wrong.push_back(now);
        Proof::Wrong
    }
}

impl Node {
    /// With what the owner may show who they are. Blocks on the disk.
    pub(in crate::node) fn login(&self, with: LoginWith) -> Result<LoginView, Failure> {
        let http = self.apps.address();
        match with {
            LoginWith::Code => {
                let code = typed_secret(CODE)?;
                self.apps.codes.add(&code, Instant::now());
                let (valid_seconds, link) = (Some(VALID.as_secs()), self.sign_in_link()?);
                Ok(LoginView { code: Some(grouped(&code)), secret: None, valid_seconds, link, http })
            }
            LoginWith::Link => {
                let (valid_seconds, link) = (Some(LINK_VALID.as_secs()), self.sign_in_link()?);
                Ok(LoginView { code: None, secret: None, valid_seconds, link, http })
            }
            LoginWith::Secret | LoginWith::NewSecret => {
                let kept = if with == LoginWith::Secret { self.secret()? } else { None };
                let secret = match kept {
                    Some(secret) => secret,
                    None => self.new_secret()?,
                };
                let secret = Some(grouped(&secret));
                Ok(LoginView { code: None, secret, valid_seconds: None, link: None, http })
            }
        }
    }

    /// An address that signs the browser in that opens it, once, while the door for apps and browsers is open. What
    /// stands behind the `#` is not sent along.
    pub fn sign_in_link(&self) -> Result<Option<String>, Failure> {
        let Some(address) = self.apps.address() else { return Ok(None) };
        let code = typed_secret(LINK)?;
        self.apps.codes.add_link(&code, Instant::now());
        Ok(Some(format!("{address}/#code={code}")))
    }

    /// Whether what somebody shows is the owner's. A code is used up by it. Blocks on the disk.
    pub fn prove_owner(&self, typed: &str) -> Result<Proof, Failure> {
        let secret = self.secret()?.map(|secret| hash(&secret));
        Ok(self.apps.codes.prove(&as_made(typed), secret, Instant::now()))
    }

    fn secret(&self) -> Result<Option<String>, Failure> {
        let path = self.home.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(as_made(&text)).filter(|secret| secret.len() == SECRET)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::new(
                format!("cannot read {}: {error}", path.display()),
                "Check who owns the home directory.",
            )),
        }
    }

    fn new_secret(&self) -> Result<String, Failure> {
        let secret = typed_secret(SECRET)?;
        write_private(&self.home.join(FILE), format!("{}\n", grouped(&secret)).as_bytes())?;
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_holds_once_and_for_ten_minutes() {
        let (codes, now) = (Codes::default(), Instant::now());
        codes.add("AAAA", now);
        codes.add("BBBB", now);
        assert_eq!(codes.prove("AAAA", None, now), Proof::Owner);
        assert_eq!(codes.prove("AAAA", None, now), Proof::Wrong);
        assert_eq!(codes.prove("BBBB", None, now + VALID), Proof::Wrong);
    }

    #[test]
    fn a_link_holds_once_for_a_day_and_among_many_codes() {
        let (codes, now) = (Codes::default(), Instant::now());
        codes.add_link("LLLL", now);
        codes.add_link("MMMM", now);
        (0..=CODES).for_each(|_| codes.add("AAAA", now));
        let later = now + Duration::from_hours(23);
        assert_eq!(codes.prove("LLLL", None, later), Proof::Owner);
        assert_eq!(codes.prove("LLLL", None, later), Proof::Wrong);
        assert_eq!(codes.prove("MMMM", None, now + LINK_VALID), Proof::Wrong);
    }

    #[test]
    fn the_secret_holds_as_long_as_it_is_there() {
        let (codes, now) = (Codes::default(), Instant::now());
        for _ in 0..2 {
            assert_eq!(codes.prove("SSSS", Some(hash("SSSS")), now), Proof::Owner);
        }
        assert_eq!(codes.prove("SSSS", None, now), Proof::Wrong);
    }

    #[test]
    fn guessing_ends_after_ten_tries_a_minute() {
        let (codes, now) = (Codes::default(), Instant::now());
        codes.add("AAAA", now);
        for _ in 0..TRIES {
            assert_eq!(codes.prove("XXXX", None, now), Proof::Wrong);
        }
        assert_eq!(codes.prove("AAAA", None, now), Proof::TooMany);
        assert_eq!(codes.prove("AAAA", None, now + WINDOW), Proof::Owner);
    }
}
