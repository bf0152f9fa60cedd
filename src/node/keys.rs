//! The keys of this home: the account's name, this device's signing key, its X25519 key, and the transport key.
//! They never leave the home and are in no backup: a restored account is a new device.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use majlis_protocol::identity::{Device, DeviceKey, Phrase, Roots, SUITE_X25519, scope};
use majlis_protocol::{AccountId, DeviceId, SecretKey, keys::x25519_public};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Failure;
use crate::net::{Keypair, PeerId};

const KEYS: &str = "keys.json";
const PHRASE: &str = "recovery";

/// The keys of this home.
pub struct Keys {
    /// The owner's account.
    pub account: AccountId,
    /// Signs this device's entries.
    pub device: Arc<SecretKey>,
    exchange: Zeroizing<[u8; 32]>,
    transport: Zeroizing<[u8; 32]>,
}

#[derive(Serialize, Deserialize)]
struct File {
    account: String,
    device: String,
    exchange: String,
    transport: String,
}

/// Random bytes from the system.
pub fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::new(format!("the system gives no random bytes: {error}"), "Try again after a restart.")
    })?;
    Ok(bytes)
}

/// Writes a file that only the owner may read, whole or not at all.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let temporary = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        if let Some(folder) = path.parent() {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|error| {
        Failure::new(
            format!("cannot write {}: {error}", path.display()),
            "Check that the home directory is writable and its disk has room, or choose another with --home.",
        )
    })
}

fn unhex(text: &str, path: &Path) -> Result<[u8; 32], Failure> {
    let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| damaged(path))
}

fn damaged(path: &Path) -> Failure {
    Failure::new(
        format!("the key file {} is damaged", path.display()),
        "Put it back from where it was, or make a new device with `majlis --home NEW recovery restore`.",
    )
}

impl Keys {
    /// The keys in `home`, if it has any.
    pub fn load(home: &Path) -> Result<Option<Self>, Failure> {
        let path = home.join(KEYS);
        let content = match fs::read(&path) {
            Ok(content) => Zeroizing::new(content),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Failure::new(
                    format!("cannot read {}: {error}", path.display()),
                    "Check who owns the home directory, or choose another with --home.",
                ));
            }
        };
        let file: File = serde_json::from_slice(&content).map_err(|_| damaged(&path))?;
        Ok(Some(Self {
            account: file.account.parse().map_err(|_| damaged(&path))?,
            device: Arc::new(SecretKey::from_seed(&unhex(&file.device, &path)?)),
            exchange: Zeroizing::new(unhex(&file.exchange, &path)?),
            transport: Zeroizing::new(unhex(&file.transport, &path)?),
        }))
    }

    /// Makes a new device of the account that `phrase` gives, and keeps the phrase until it is confirmed. The
    /// phrase is written first: whoever has the keys has, or had, the phrase.
    pub fn create(home: &Path, phrase: &Phrase) -> Result<Self, Failure> {
        let keys = Self {
            account: Roots::derive(phrase).account(),
            device: Arc::new(SecretKey::from_seed(&random()?)),
            exchange: Zeroizing::new(random()?),
            transport: Zeroizing::new(random()?),
        };
        write_private(&home.join(PHRASE), phrase.text().as_bytes())?;
        keys.write(home)?;
        Ok(keys)
    }

    /// Gives the home a new transport identity; the old key is gone for good.
    pub fn renew_transport(&mut self, home: &Path) -> Result<(), Failure> {
        self.transport = Zeroizing::new(random()?);
        self.write(home)
    }

    fn write(&self, home: &Path) -> Result<(), Failure> {
        let hex = |bytes: &[u8; 32]| data_encoding::HEXLOWER.encode(bytes);
        let file = File {
            account: self.account.to_string(),
            device: hex(&self.device.seed()),
            exchange: hex(&self.exchange),
            transport: hex(&self.transport),
        };
        let content = Zeroizing::new(serde_json::to_vec_pretty(&file).map_err(|error| {
            Failure::new(
                format!("cannot write the keys: {error}"),
                "This is a fault of Majlis; please report it.",
            )
        })?);
        write_private(&home.join(KEYS), &content)
    }

    /// The X25519 secret with which this device reads what is sealed for it.
    pub fn exchange(&self) -> &[u8; 32] {
        &self.exchange
    }

    /// The transport identity.
    pub fn transport(&self) -> Result<Keypair, Failure> {
        crate::net::keypair_from_seed(&self.transport).map_err(|error| {
            Failure::new(
                error.to_string(),
                "The transport key is damaged; put keys.json back from where it was.",
            )
        })
    }

    /// This node's name on the network.
    pub fn peer_id(&self) -> Result<PeerId, Failure> {
        Ok(self.transport()?.public().to_peer_id())
    }

    /// This device.
    pub fn device_id(&self) -> DeviceId {
        DeviceId(self.device.public())
    }

    /// This device as an identity document lists it.
    pub fn listing(&self) -> Device {
        Device {
            key: self.device_id(),
            scope: scope::ALL,
            keys: vec![DeviceKey { suite: SUITE_X25519, key: x25519_public(&self.exchange).to_vec() }],
            name: String::new(),
            ended: None,
            closed: Vec::new(),
        }
    }
}

/// Where the phrase is kept until it is confirmed as written down.
pub fn phrase_path(home: &Path) -> PathBuf {
    home.join(PHRASE)
}

/// The phrase, while it is kept.
pub fn kept_phrase(home: &Path) -> Result<Option<Phrase>, Failure> {
    let path = phrase_path(home);
    match fs::read_to_string(&path) {
        Ok(words) => Phrase::parse(&Zeroizing::new(words)).map(Some).map_err(|error| {
            Failure::new(
                format!("the recovery phrase in {} is damaged: {error}", path.display()),
                "If you have written it down, run `majlis recovery confirm`.",
            )
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(
            format!("cannot read {}: {error}", path.display()),
            "Check who owns the home directory.",
        )),
    }
}

/// Overwrites and removes the phrase.
pub fn forget_phrase(home: &Path) -> Result<(), Failure> {
    let path = phrase_path(home);
    let forget = || -> std::io::Result<()> {
        let length = fs::metadata(&path)?.len() as usize;
        let mut file = fs::OpenOptions::new().write(true).open(&path)?;
        file.write_all(&vec![b' '; length])?;
        file.sync_all()?;
        fs::remove_file(&path)
    };
    forget().map_err(|error| {
        Failure::new(format!("cannot remove {}: {error}", path.display()), "Remove the file by hand.")
    })
}
