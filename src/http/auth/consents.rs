//! What is under way between an app and the owner: consents that are asked for, and codes that an app has not exchanged
//! yet. Each is known by the hash of a secret that only the other side has.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use blake3::Hash;
use parking_lot::Mutex;

use crate::node::Failure;
use crate::node::apps::{Scopes, hash, secret};

/// How long a page waits for its answer, and an app may wait with its code.
const VALID: Duration = Duration::from_mins(10);
/// Of each at once; the oldest makes room.
const MAX: usize = 2_048;

/// What an app asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The app's id.
    pub app: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// What it wants to be allowed.
    pub scopes: Scopes,
    /// Given back to the app as it is.
    pub state: Option<String>,
    /// SHA-256 of what the app will show together with the code.
    pub challenge: Option<String>,
}

struct Kept<T> {
    until: Instant,
    what: T,
}

type Table<T> = HashMap<Hash, Kept<T>>;

/// Makes room, and keeps something by a new secret.
fn keep<T>(table: &mut Table<T>, what: T, now: Instant) -> Result<String, Failure> {
    table.retain(|_, kept| kept.until > now);
    if table.len() >= MAX
        && let Some(oldest) = table.iter().min_by_key(|(_, kept)| kept.until).map(|(hash, _)| *hash)
    {
        table.remove(&oldest);
    }
    let (secret, hash) = secret()?;
    table.insert(hash, Kept { until: now + VALID, what });
    Ok(secret)
}

/// Consents that are asked for, by the nonce in their page.
#[derive(Default)]
pub struct Consents(Mutex<Table<Asked>>);

impl Consents {
    /// A consent is asked for; the nonce of its page.
    pub fn ask(&self, asked: Asked) -> Result<String, Failure> {
        keep(&mut self.0.lock(), asked, Instant::now())
    }

    /// What a page asks for.
    pub fn get(&self, nonce: &str) -> Option<Asked> {
        let table = self.0.lock();
        table.get(&hash(nonce)).filter(|kept| kept.until > Instant::now()).map(|kept| kept.what.clone())
    }

    /// It is decided; whether it was not yet.
    pub fn end(&self, nonce: &str) -> bool {
        self.0.lock().remove(&hash(nonce)).is_some()
    }
}

/// Codes that were given to apps.
#[derive(Default)]
pub struct Codes(Mutex<Table<Code>>);

struct Code {
    asked: Asked,
    used: bool,
    /// The hash of the token that was given for it.
    token: Option<Hash>,
}

/// What a code is worth.
pub enum Taken {
    /// It is taken now.
    Fresh(Asked),
    /// It was taken before: two have it, so the token that was given for it must not hold.
    Again(Option<Hash>),
    /// There is no such code of this app.
    Unknown,
}

impl Codes {
    /// The owner has consented; the code for the app.
    pub fn give(&self, asked: Asked) -> Result<String, Failure> {
        keep(&mut self.0.lock(), Code { asked, used: false, token: None }, Instant::now())
    }

    /// An app shows a code.
    pub fn take(&self, code: &str, app: &str) -> Taken {
        let mut table = self.0.lock();
        let kept = table.get_mut(&hash(code)).filter(|kept| kept.until > Instant::now());
        let Some(code) = kept.map(|kept| &mut kept.what).filter(|code| code.asked.app == app) else {
            return Taken::Unknown;
        };
        if std::mem::replace(&mut code.used, true) {
            return Taken::Again(code.token);
        }
        Taken::Fresh(code.asked.clone())
    }

    /// The token that was given for a code.
    pub fn exchanged(&self, code: &str, token: Hash) {
        if let Some(kept) = self.0.lock().get_mut(&hash(code)) {
            kept.what.token = Some(token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        let scopes = Scopes::parse("read").unwrap();
        Asked { app: "a".into(), redirect_uri: String::new(), scopes, state: None, challenge: None }
    }

    #[test]
    fn a_code_is_taken_once_and_by_its_app() {
        let codes = Codes::default();
        let code = codes.give(asked()).unwrap();
        assert!(matches!(codes.take(&code, "b"), Taken::Unknown));
        assert!(matches!(codes.take(&code, "a"), Taken::Fresh(_)));
        assert!(matches!(codes.take(&code, "a"), Taken::Again(None)));
        codes.exchanged(&code, hash("token"));
        assert!(matches!(codes.take(&code, "a"), Taken::Again(Some(token)) if token == hash("token")));
        assert!(matches!(codes.take("x", "a"), Taken::Unknown));
    }

    #[test]
    fn what_is_under_way_is_bounded_and_ends() {
        let (mut table, now) = (Table::new(), Instant::now());
        let first = keep(&mut table, 0, now).unwrap();
        for n in 1..=MAX {
            keep(&mut table, n, now + Duration::from_secs(1)).unwrap();
        }
        assert_eq!(table.len(), MAX);
        assert!(!table.contains_key(&hash(&first)));
        keep(&mut table, 0, now + VALID + Duration::from_secs(1)).unwrap();
        assert_eq!(table.len(), 1);
    }
}
