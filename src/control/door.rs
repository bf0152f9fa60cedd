//! `control.json`: where the door is, and the token that opens it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::node::Failure;

const NAME: &str = "control.json";

/// The door's whereabouts.
#[derive(Serialize, Deserialize)]
pub struct Door {
    /// A loopback address.
    pub address: SocketAddr,
    /// 32 random bytes, hexadecimal.
    pub token: String,
    /// The node's process.
    pub pid: u32,
}

impl Door {
    /// A door with a fresh token.
    pub fn new(address: SocketAddr) -> Result<Self, Failure> {
        let mut token = [0; 32];
        getrandom::fill(&mut token).map_err(|source| {
            Failure::new(
                format!("the system gives no random bytes: {source}"),
                "Check the system, and start the node again.",
            )
        })?;
        Ok(Self { address, token: data_encoding::HEXLOWER.encode(&token), pid: std::process::id() })
    }

    /// Whether this is the token, taking the same time whatever it is.
    pub fn opens_to(&self, token: &str) -> bool {
        // `Hash` compares in constant time.
        blake3::hash(token.as_bytes()) == blake3::hash(self.token.as_bytes())
    }

    /// Writes the file, whole or not at all, readable by its owner only.
    pub fn write(&self, home: &Path) -> Result<(), Failure> {
        let path = path(home);
        let written = || -> io::Result<()> {
            DirBuilder::new().recursive(true).mode(0o700).create(home)?;
            let temporary = home.join("control.json.new");
            // One that a crash left may have other permissions.
            remove_file(&temporary)?;
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
            file.write_all(&serde_json::to_vec(self)?)?;
            fs::rename(&temporary, &path)
        };
        written().map_err(|source| {
            Failure::new(
                format!("cannot write {}: {source}", path.display()),
                "Check the permissions of the home directory and the space on its disk.",
            )
        })
    }

    /// Reads the file; none if there is none that makes sense, as no node runs then.
    pub fn read(home: &Path) -> Result<Option<Self>, Failure> {
        let path = path(home);
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(source)
                if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
            {
                Ok(None)
            }
            Err(source) => Err(Failure::new(
                format!("cannot read {}: {source}", path.display()),
                "Run the command as the user who owns the home directory.",
            )),
        }
    }
}

/// Removes the file; a failure only leaves a stale one, which clients see through.
pub fn remove(home: &Path) {
    if let Err(error) = remove_file(&path(home)) {
        tracing::warn!(%error, "control.json stays behind");
    }
}

fn path(home: &Path) -> PathBuf {
    home.join(NAME)
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(source),
        _ => Ok(()),
    }
}
