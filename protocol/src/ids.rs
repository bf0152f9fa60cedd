//! Fixed-size names of things. All are 32 bytes except a log's id; their order is the order of their bytes.

use std::fmt;

macro_rules! bytes32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// All zero bytes.
            pub const ZERO: Self = Self([0; 32]);

            /// The raw bytes.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first eight bytes, as used where a full hash would be waste.
            pub fn prefix(&self) -> [u8; 8] {
                let [a, b, c, d, e, f, g, h, ..] = self.0;
                [a, b, c, d, e, f, g, h]
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), data_encoding::HEXLOWER.encode(&self.prefix()))
            }
        }
    };
}

bytes32!(
    /// An account: the Ed25519 public key of its root 0. Text form `did:key:z6Mk…`.
    AccountId
);
bytes32!(
    /// A device: the Ed25519 public key that signs its entries.
    DeviceId
);
bytes32!(
    /// An entry: the hash of its signed header. Text form `b` and base32.
    EntryId
);

/// A log of one device: class (high byte) and 56 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LogId(pub u64);

impl LogId {
    /// The class of logs that anyone may be offered.
    pub const PUBLIC: u8 = 0;
    /// The class that only the owner's own devices are offered.
    pub const OWN_DEVICES: u8 = 1;
    /// The class of identity documents.
    pub const IDENTITY_CLASS: u8 = 255;
    /// The one log id of identity documents.
    pub const IDENTITY: Self = Self(0xff << 56);

    /// A log id of `class` with the low 56 bits of `random`.
    pub fn new(class: u8, random: u64) -> Self {
        Self((u64::from(class) << 56) | (random & ((1 << 56) - 1)))
    }

    /// The class: 0 public, 1 own devices only, 255 identity, all others reserved.
    pub fn class(self) -> u8 {
        (self.0 >> 56) as u8
    }
}

/// One log: whose, by which device, which.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LogKey {
    /// Whose log it is.
    pub account: AccountId,
    /// Which device signs it.
    pub device: DeviceId,
    /// Which of the device's logs.
    pub log_id: LogId,
}
