//! What apps have handed over and not used yet: files that wait for the post that names them, and posts that were made
//! a moment ago, so that one that is sent twice is made once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::http::Door;
use crate::http::error::{Answer, ApiError};
use crate::http::input::Upload;
use crate::node::api::{AttachmentView, NewAttachment, Reply, Request};
use crate::node::{Failure, Named, Node};

/// Files that wait at most, and for how long.
const MAX_FILES: usize = 64;
const WAIT: Duration = Duration::from_hours(24);
/// Posts that are remembered by the key of their request, and for how long.
const MAX_KEYS: usize = 1_000;
const REMEMBER: Duration = Duration::from_hours(1);

/// Invites that are kept.
const MAX_INVITES: usize = 1_000;

/// A file that waits.
struct Waiting {
    since: Instant,
    upload: Upload,
    view: AttachmentView,
}

/// What was made of a request.
#[derive(Clone)]
pub enum Made {
    /// A post, by its entry id.
    Post(String),
    /// A post that waits for its time, by its number.
    Scheduled(u64),
}

/// What a request comes to; whoever sends it again waits for that.
type Making = Arc<tokio::sync::Mutex<Option<Made>>>;

/// What apps have handed over, and the key by which files are asked for.
pub struct Desk {
    /// Makes the addresses of files, so that nobody finds out by guessing whether one is here.
    key: [u8; 32],
    files: Mutex<HashMap<String, Waiting>>,
    made: Mutex<HashMap<(String, String), (Instant, Making)>>,
    /// Invites that were looked up, by the account that they are of: they say where to find it once it is followed.
    invites: Mutex<HashMap<String, String>>,
}

/// The name of the row with the key.
const KEY: &[u8] = b"files";

impl Desk {
    /// With the key that addresses of files were made with before, or a new one. Blocks on the disk.
    pub fn open(node: &Node) -> Result<Self, Failure> {
        let known = node.door_get(KEY)?.and_then(|row| row.try_into().ok());
        let key = if let Some(key) = known {
            key
        } else {
            let mut key = [0; 32];
            getrandom::fill(&mut key).map_err(|error| {
                Failure::new(format!("the system gives no random numbers: {error}"), "Try again.")
            })?;
            node.door_put(vec![(KEY.to_vec(), Some(key.to_vec()))])?;
            key
        };
        Ok(Self { key, files: Mutex::default(), made: Mutex::default(), invites: Mutex::default() })
    }

    /// The part of a file's address that nobody can guess.
    pub fn key_of(&self, cid: &str) -> String {
        let hash = blake3::keyed_hash(&self.key, cid.as_bytes());
        data_encoding::HEXLOWER.encode(hash.as_bytes().get(..16).unwrap_or_default())
    }
}

impl Desk {
    /// Keeps an invite of an account until the node stops.
    pub fn keep_invite(&self, key: &str, invite: &str) {
        let mut invites = self.invites.lock();
        if invites.len() >= MAX_INVITES {
            invites.clear();
        }
        invites.insert(key.to_owned(), invite.to_owned());
    }

    /// The invite of an account, if one was looked up, or its key.
    pub fn invite_or(&self, key: String) -> String {
        self.invites.lock().get(&key).cloned().unwrap_or(key)
    }
}

/// The turn to carry a request out.
pub struct Turn(Option<tokio::sync::OwnedMutexGuard<Option<Made>>>);

impl Turn {
    /// What was made of it before.
    pub fn done(&self) -> Option<Made> {
        self.0.as_ref().and_then(|made| (**made).clone())
    }

    /// It was made now.
    pub fn finish(mut self, made: Made) {
        if let Some(known) = &mut self.0 {
            **known = Some(made);
        }
    }
}

impl Door {
    /// The numbers of things.
    pub async fn numbers(&self, names: Vec<Named>) -> Answer<Vec<u64>> {
        let node = Arc::clone(&self.node);
        off_thread(move || Ok(node.numbers(&names)?)).await
    }

    /// What has a number.
    pub async fn by_number(&self, number: u64) -> Answer<Option<Named>> {
        let node = Arc::clone(&self.node);
        off_thread(move || Ok(node.by_number(number)?)).await
    }

    /// The turn to carry out a request with this key, of one app.
    pub async fn once(&self, app: &str, key: Option<String>) -> Turn {
        let Some(key) = key else { return Turn(None) };
        let made = {
            let mut all = self.desk.made.lock();
            if all.len() >= MAX_KEYS {
                all.retain(|_, (since, _)| since.elapsed() < REMEMBER);
            }
            if all.len() >= MAX_KEYS {
                all.clear();
            }
            let (_, made) =
                all.entry((app.to_owned(), key)).or_insert_with(|| (Instant::now(), Making::default()));
            Arc::clone(made)
        };
        Turn(Some(made.lock_owned().await))
    }

    /// Keeps a file until a post names it.
    pub fn keep_upload(&self, upload: Upload, view: AttachmentView) {
        let mut files = self.desk.files.lock();
        files.retain(|_, file| file.since.elapsed() < WAIT);
        if files.len() >= MAX_FILES
            && let Some(oldest) = files.iter().min_by_key(|(_, file)| file.since).map(|(id, _)| id.clone())
        {
            files.remove(&oldest);
        }
        files.insert(view.cid.clone(), Waiting { since: Instant::now(), upload, view });
    }

    /// A file that waits, and what is said of it.
    pub fn waiting(&self, id: &str) -> Option<AttachmentView> {
        self.desk.files.lock().get(id).map(|file| file.view.clone())
    }

    /// Says what a file that waits shows, and what cropping must keep of it.
    pub fn describe(&self, id: &str, alt: Option<String>, focus: Option<[f64; 2]>) -> Option<AttachmentView> {
        let mut files = self.desk.files.lock();
        let file = files.get_mut(id)?;
        file.view.focus = focus.or(file.view.focus);
        if alt.is_some() {
            file.view.alt = alt.filter(|alt| !alt.is_empty());
        }
        Some(file.view.clone())
    }

    /// Files that wait, to be attached.
    pub fn uploaded(&self, ids: &[String]) -> Answer<Vec<NewAttachment>> {
        ids.iter().map(|id| self.upload(id)).collect()
    }

    /// A file that waits, to be attached.
    pub fn upload(&self, id: &str) -> Answer<NewAttachment> {
        let files = self.desk.files.lock();
        let file =
            files.get(id).ok_or_else(|| ApiError::unprocessable("a file is not there, or was used"))?;
        let alt = file.view.alt.clone().unwrap_or_default();
        let focus = file.view.focus;
        Ok(NewAttachment { file: file.upload.path(), alt, focus, ..NewAttachment::default() })
    }

    /// They are named by a post now.
    pub fn forget_uploads(&self, ids: &[String]) {
        let mut files = self.desk.files.lock();
        for id in ids {
            files.remove(id);
        }
    }

    /// Lets the files of a post that is taken back wait once more, so that it can be written anew with them.
    pub async fn keep_files(&self, files: &[AttachmentView]) -> Answer<()> {
        for view in files.iter().filter(|view| view.held) {
            let replies = self.ask(Request::File { cid: view.cid.clone() }).await?;
            let found = replies.into_iter().find_map(|reply| match reply {
                Reply::File(file) => Some(file.path),
                _ => None,
            });
            let (Some(from), to) = (found, self.next_upload()) else { continue };
            // A file is never changed where it lies, so one more name for it is as good as a copy.
            if tokio::fs::hard_link(&from, &to).await.is_err() {
                let full = |error| ApiError::unprocessable(format!("the file cannot be kept: {error}"));
                tokio::fs::copy(&from, &to).await.map_err(full)?;
            }
            self.keep_upload(Upload::at(to)?, view.clone());
        }
        Ok(())
    }
}

/// Runs what waits for the disk off the async threads.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Answer<T> + Send + 'static) -> Answer<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(ApiError::unprocessable("the work was broken off")))
}
