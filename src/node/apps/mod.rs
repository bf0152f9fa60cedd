//! Programs that act for the owner: which there are, with what tokens, and what each may do.
//!
//! Only hashes of secrets and tokens are kept: whoever reads the home's rows cannot act by them. All are in memory once
//! the first was asked for, as the node that has the home open is the only one that changes them. A program may be
//! registered by anybody who reaches the door; it may do nothing before the owner has consented.

mod owner;
mod redirect;
mod scopes;
pub(super) mod secrets;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use blake3::Hash;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use owner::Proof;
pub use redirect::OUT_OF_BAND;
pub use scopes::{OWNER, Scopes};
pub use secrets::{hash, secret};

use super::api::{AppView, DoorView, TokenView};
use super::view::rfc3339;
use super::{Failure, Node, blocking, hex, now_ms};

/// Programs that are remembered; those without a token of the owner go first.
const MAX_APPS: usize = 1_000;
/// Tokens of one program, of the owner and of its own each; the oldest goes first.
const MAX_TOKENS: usize = 32;
const MAX_NAME: usize = 100;
const MAX_REDIRECTS: usize = 16;
const MAX_WEBSITE: usize = 2_000;
/// What a browser is called that does not say what it is.
const BROWSER: &str = "Browser";
const APP: &str = "app/";
const TOKEN: &str = "token/";

/// A program as it registers itself.
#[derive(Clone, Debug, Default)]
pub struct NewApp {
    /// What it calls itself.
    pub name: String,
    /// Where it says that it is from.
    pub website: Option<String>,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// What it will ask for at most.
    pub scopes: Scopes,
}

/// A program that is registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct App {
    /// Names it.
    pub id: String,
    /// What it calls itself.
    pub name: String,
    /// Where it says that it is from.
    pub website: Option<String>,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    scopes: String,
    /// Milliseconds since 1970.
    pub created_ms: u64,
    secret: String,
}

impl App {
    /// What it asks for at most.
    pub fn scopes(&self) -> Scopes {
        Scopes::read_back(&self.scopes)
    }
}

/// What somebody holds a token for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// The id of the program that it was given to.
    pub app: String,
    scopes: String,
    /// Whether it acts for the owner; otherwise it is of the program alone, which anybody can register.
    pub of_owner: bool,
    /// Milliseconds since 1970.
    pub created_ms: u64,
}

impl Token {
    /// What it allows.
    pub fn scopes(&self) -> Scopes {
        Scopes::read_back(&self.scopes)
    }
}

/// All that is known of programs.
#[derive(Default)]
pub(super) struct Apps {
    /// Read when it is first needed.
    book: Mutex<Option<Book>>,
    codes: owner::Codes,
    /// Where the door for programs is, while it is open.
    door: Mutex<DoorView>,
    /// Changed whenever tokens have ended.
    ended: watch::Sender<u64>,
}

impl Apps {
    fn address(&self) -> Option<String> {
        let door = self.door.lock();
        door.http.clone().or_else(|| door.https.clone())
    }

    fn tokens_ended(&self) {
        self.ended.send_modify(|times| *times += 1);
    }
}

#[derive(Default)]
struct Book {
    apps: BTreeMap<String, App>,
    tokens: HashMap<Hash, Token>,
}

type Rows = Vec<(Vec<u8>, Option<Vec<u8>>)>;

fn app_key(id: &str) -> Vec<u8> {
    format!("{APP}{id}").into_bytes()
}

fn token_key(hash: &Hash) -> Vec<u8> {
    format!("{TOKEN}{}", hash.to_hex()).into_bytes()
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|error| {
        Failure::new(format!("cannot keep this: {error}"), "This is a fault of Majlis; please report it.")
    })
}

impl Book {
    fn read(node: &Node) -> Result<Self, Failure> {
        let mut book = Self::default();
        // What cannot be read is as if it were revoked.
        for (_, row) in node.door_all(APP.as_bytes())? {
            if let Ok(app) = serde_json::from_slice::<App>(&row) {
                book.apps.insert(app.id.clone(), app);
            }
        }
        for (key, row) in node.door_all(TOKEN.as_bytes())? {
            let hash = key.get(TOKEN.len()..).and_then(|hash| Hash::from_hex(hash).ok());
            if let (Some(hash), Ok(token)) = (hash, serde_json::from_slice::<Token>(&row))
                && book.apps.contains_key(&token.app)
            {
                book.tokens.insert(hash, token);
            }
        }
        Ok(book)
    }

    fn tokens_of<'a>(&'a self, app: &'a str) -> impl Iterator<Item = (&'a Hash, &'a Token)> {
        self.tokens.iter().filter(move |(_, token)| token.app == app)
    }

    /// The ids of those that may act for the owner.
    fn connected(&self) -> HashSet<&str> {
        self.tokens.values().filter(|token| token.of_owner).map(|token| token.app.as_str()).collect()
    }

    /// Rows that are gone when this app is.
    fn without(&self, app: &str) -> Rows {
        let tokens = self.tokens_of(app).map(|(hash, _)| (token_key(hash), None));
        tokens.chain([(app_key(app), None)]).collect()
    }

    fn forget(&mut self, app: &str) {
        self.apps.remove(app);
        self.tokens.retain(|_, token| token.app != app);
    }

    fn view(&self, app: &App) -> AppView {
        let tokens: Vec<_> = self.tokens_of(&app.id).filter(|(_, token)| token.of_owner).collect();
        let granted = tokens.iter().map(|(_, token)| token.scopes()).reduce(Scopes::with);
        AppView {
            id: app.id.clone(),
            name: app.name.clone(),
            website: app.website.clone(),
            scopes: granted.map_or_else(String::new, |scopes| scopes.to_string()),
            created_at: rfc3339(app.created_ms),
            tokens: tokens.len() as u64,
        }
    }
}

fn clean(name: &str) -> String {
    name.trim().chars().filter(|c| !c.is_control()).collect()
}

fn checked(app: NewApp) -> Result<NewApp, Failure> {
    let name = clean(&app.name);
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(Failure::usage(
            "Application name is too short or too long",
            format!("Give it a name of 1 to {MAX_NAME} characters."),
        ));
    }
    if app.redirect_uris.is_empty() || app.redirect_uris.len() > MAX_REDIRECTS {
        return Err(Failure::usage(
            "Redirect URI can't be blank",
            format!("Name 1 to {MAX_REDIRECTS} addresses, or urn:ietf:wg:oauth:2.0:oob."),
        ));
    }
    app.redirect_uris.iter().try_for_each(|uri| redirect::check(uri))?;
    let is_address = |site: &String| site.starts_with("https://") || site.starts_with("http://");
    let website = app.website.filter(|site| is_address(site) && site.len() <= MAX_WEBSITE);
    Ok(NewApp { name, website, ..app })
}

impl Node {
    /// Works with what is known of programs, which is read where it has not been.
    fn with_book<T>(&self, work: impl FnOnce(&mut Book) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut book = self.apps.book.lock();
        if book.is_none() {
            *book = Some(Book::read(self)?);
        }
        work(book.get_or_insert_default())
    }

    /// Says where the door for programs is, or that it is closed.
    pub fn set_door(&self, door: DoorView) {
        *self.apps.door.lock() = door;
    }

    /// Says which certificate the door has now.
    pub fn set_door_fingerprint(&self, fingerprint: &str) {
        let mut door = self.apps.door.lock();
        if door.https.is_some() && door.fingerprint.as_deref() != Some(fingerprint) {
            door.fingerprint = Some(fingerprint.to_owned());
        }
    }

    /// Where the door for programs is, while it is open.
    pub fn door(&self) -> DoorView {
        self.apps.door.lock().clone()
    }

    /// Registers a program; with it comes its secret.
    pub async fn register_app(self: &Arc<Self>, app: NewApp) -> Result<(App, String), Failure> {
        let node = Arc::clone(self);
        blocking(move || node.register(app)).await
    }

    fn register(&self, app: NewApp) -> Result<(App, String), Failure> {
        self.enter(checked(app)?)
    }

    /// Keeps a program that may be registered.
    fn enter(&self, app: NewApp) -> Result<(App, String), Failure> {
        let NewApp { name, website, redirect_uris, scopes } = app;
        let (secret, hash) = secrets::secret()?;
        let app = App {
            id: hex(&super::keys::random::<8>()?),
            name,
            website,
            redirect_uris,
            scopes: scopes.to_string(),
            created_ms: now_ms(),
            secret: hash.to_hex().to_string(),
        };
        self.with_book(|book| {
            let mut rows = vec![(app_key(&app.id), Some(json(&app)?))];
            let gone = if book.apps.len() < MAX_APPS {
                None
            } else {
                let connected = book.connected();
                let unused = book.apps.values().filter(|app| !connected.contains(app.id.as_str()));
                let oldest = unused.min_by_key(|app| app.created_ms).ok_or_else(|| {
                    Failure::new(
                        format!("{MAX_APPS} apps are connected already"),
                        "Revoke those that you do not use: `majlis apps`.",
                    )
                })?;
                Some(oldest.id.clone())
            };
            rows.extend(gone.iter().flat_map(|gone| book.without(gone)));
            self.door_put(rows)?;
            if let Some(gone) = gone {
                book.forget(&gone);
                self.apps.tokens_ended();
            }
            book.apps.insert(app.id.clone(), app.clone());
            Ok((app, secret))
        })
    }

    /// A program by its id.
    pub fn app(&self, id: &str) -> Result<Option<App>, Failure> {
        self.with_book(|book| Ok(book.apps.get(id).cloned()))
    }

    /// A program that proves itself by its secret.
    pub fn app_with_secret(&self, id: &str, secret: &str) -> Result<Option<App>, Failure> {
        let given = secrets::hash(secret);
        let proved = |app: &App| Hash::from_hex(&app.secret).is_ok_and(|kept| kept == given);
        Ok(self.app(id)?.filter(proved))
    }

    /// Gives a program a token: the owner's, who has consented, or its own.
    pub async fn issue_token(
        self: &Arc<Self>,
        app: &str,
        scopes: &Scopes,
        of_owner: bool,
    ) -> Result<String, Failure> {
        let (node, app, scopes) = (Arc::clone(self), app.to_owned(), scopes.to_string());
        let token = Token { app, scopes, of_owner, created_ms: now_ms() };
        blocking(move || node.issue(token)).await
    }

    fn issue(&self, token: Token) -> Result<String, Failure> {
        let (secret, hash) = secrets::secret()?;
        self.with_book(|book| {
            if !book.apps.contains_key(&token.app) {
                return Err(unknown(&token.app));
            }
            let mut rows = vec![(token_key(&hash), Some(json(&token)?))];
            let mut same: Vec<_> =
                book.tokens_of(&token.app).filter(|(_, known)| known.of_owner == token.of_owner).collect();
            same.sort_by_key(|(_, known)| known.created_ms);
            let gone: Vec<Hash> = same
                .iter()
                .take((same.len() + 1).saturating_sub(MAX_TOKENS))
                .map(|(hash, _)| **hash)
                .collect();
            rows.extend(gone.iter().map(|gone| (token_key(gone), None)));
            self.door_put(rows)?;
            book.tokens.retain(|known, _| !gone.contains(known));
            book.tokens.insert(hash, token);
            if !gone.is_empty() {
                self.apps.tokens_ended();
            }
            Ok(secret)
        })
    }

    /// What a token stands for; none if it does not hold, or no longer.
    pub fn token(&self, token: &str) -> Result<Option<Token>, Failure> {
        let hash = secrets::hash(token);
        self.with_book(|book| Ok(book.tokens.get(&hash).cloned()))
    }

    /// Whether the token with this hash still holds.
    pub fn holds(&self, token: &Hash) -> Result<bool, Failure> {
        self.with_book(|book| Ok(book.tokens.contains_key(token)))
    }

    /// Changes whenever tokens have ended.
    pub fn tokens_ended(&self) -> watch::Receiver<u64> {
        self.apps.ended.subscribe()
    }

    /// Ends the token with this hash. It has to be of this program; whether it was one.
    pub async fn revoke_token(self: &Arc<Self>, hash: Hash, app: &str) -> Result<bool, Failure> {
        let (node, app) = (Arc::clone(self), app.to_owned());
        blocking(move || {
            node.with_book(|book| {
                let is_its = book.tokens.get(&hash).is_some_and(|known| known.app == app);
                if is_its {
                    node.door_put(vec![(token_key(&hash), None)])?;
                    book.tokens.remove(&hash);
                    node.apps.tokens_ended();
                }
                Ok(is_its)
            })
        })
        .await
    }

    /// The programs that may act for the owner, the first registered first.
    pub fn connected_apps(&self) -> Result<Vec<AppView>, Failure> {
        self.with_book(|book| {
            let connected = book.connected();
            let mut apps: Vec<_> =
                book.apps.values().filter(|app| connected.contains(app.id.as_str())).collect();
            apps.sort_by_key(|app| app.created_ms);
            Ok(apps.into_iter().map(|app| book.view(app)).collect())
        })
    }

    /// Ends all tokens of a program, and forgets it; its name. Blocks on the disk.
    pub fn revoke_app(&self, id: &str) -> Result<String, Failure> {
        self.with_book(|book| {
            let name = book.apps.get(id).map(|app| app.name.clone()).ok_or_else(|| unknown(id))?;
            self.door_put(book.without(id))?;
            book.forget(id);
            self.apps.tokens_ended();
            Ok(name)
        })
    }

    /// A token for a program of the owner's own. Blocks on the disk.
    pub(super) fn new_token(&self, name: String, scopes: &str) -> Result<TokenView, Failure> {
        let scopes = Scopes::parse(scopes)?;
        let redirect_uris = vec![OUT_OF_BAND.to_owned()];
        let (app, _) =
            self.register(NewApp { name, website: None, redirect_uris, scopes: scopes.clone() })?;
        let text = scopes.to_string();
        let token = Token { app: app.id.clone(), scopes: text.clone(), of_owner: true, created_ms: now_ms() };
        Ok(TokenView { id: app.id, name: app.name, scopes: text, token: self.issue(token)? })
    }
}

impl Node {
    /// Signs a browser of the owner's in, who has proved it: what it may do, and its token.
    pub async fn sign_in(self: &Arc<Self>, name: &str) -> Result<(Scopes, String), Failure> {
        let name: String = clean(name).chars().take(MAX_NAME).collect();
        let name = if name.trim().is_empty() { BROWSER.to_owned() } else { name };
        // It is led nowhere: no code is ever sent to it.
        let scopes = Scopes::of_owner();
        let app = NewApp { name, website: None, redirect_uris: Vec::new(), scopes: scopes.clone() };
        let node = Arc::clone(self);
        blocking(move || {
            let (app, _) = node.enter(app)?;
            let text = scopes.to_string();
            let token = Token { app: app.id, scopes: text, of_owner: true, created_ms: now_ms() };
            Ok((scopes, node.issue(token)?))
        })
        .await
    }
}

fn unknown(id: &str) -> Failure {
    Failure::missing(format!("there is no app {id:?}"), "`majlis apps` lists them.")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;
    use crate::blobs::BlobsConfig;
    use crate::node::NodeConfig;
    use crate::store::StoreConfig;

    fn new(name: &str) -> NewApp {
        let scopes = Scopes::parse("read write").unwrap();
        NewApp { name: name.into(), website: None, redirect_uris: vec![OUT_OF_BAND.into()], scopes }
    }

    #[test]
    fn apps_without_the_owners_token_make_room_and_tokens_are_bounded() {
        let home = tempfile::tempdir().unwrap();
        let (node, _) =
            Node::open(home.path(), &StoreConfig::default(), &NodeConfig::default(), &BlobsConfig::default())
                .unwrap();
        let (kept, secret) = node.register(new("kept")).unwrap();
        let issue = |of_owner| {
            let (app, scopes) = (kept.id.clone(), "read".to_owned());
            node.issue(Token { app, scopes, of_owner, created_ms: now_ms() })
        };
        let token = issue(true).unwrap();
        let own = issue(false).unwrap();
        let (first, _) = node.register(new("first")).unwrap();
        node.with_book(|book| {
            // As if they had been registered one by one, which takes as many writes.
            for n in 0..MAX_APPS - 2 {
                let app = App { id: format!("{n}"), created_ms: first.created_ms + 1, ..first.clone() };
                book.apps.insert(app.id.clone(), app);
            }
            Ok(())
        })
        .unwrap();
        node.register(new("last")).unwrap();
        assert!(node.app(&first.id).unwrap().is_none() && node.app(&kept.id).unwrap().is_some());
        assert_eq!(node.with_book(|book| Ok(book.apps.len())).unwrap(), MAX_APPS);

        // An app's own tokens push out each other, and not the owner's.
        for _ in 0..MAX_TOKENS {
            issue(false).unwrap();
        }
        assert!(node.token(&token).unwrap().is_some_and(|token| token.of_owner));
        let count = node.with_book(|book| Ok(book.tokens_of(&kept.id).count()));
        assert_eq!(count.unwrap(), MAX_TOKENS + 1);

        // The same is there after the node was closed.
        *node.apps.book.lock() = None;
        assert!(node.token(&token).unwrap().is_some());
        assert!(node.app_with_secret(&kept.id, &secret).unwrap().is_some());
        assert!(node.app_with_secret(&kept.id, &own).unwrap().is_none());
        assert_eq!(node.connected_apps().unwrap().len(), 1);
        node.revoke_app(&kept.id).unwrap();
        assert!(node.token(&token).unwrap().is_none());
        node.close().unwrap();
    }
}
