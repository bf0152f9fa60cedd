//! Whom an account follows, where it can be reached, and what only key holders can read.

use super::field::{Bytes, Many, Need, Plain, record};
use crate::ids::AccountId;
use crate::limits::{MAX_ADDRESSES, MAX_HINTS, MAX_PAYLOAD, MAX_PEER_ID, MAX_URL};

record! {
    /// A public follow, or its end. A private follow is never written so.
    Follow {
        /// Who is followed.
        1 account: AccountId = Need<AccountId>,
        /// Whether it begins or ends.
        2 on: bool = Need<bool>,
    }
}

record! {
    /// A node that holds an account's entries.
    Holder {
        /// Its libp2p peer id: the binary multihash.
        1 peer_id: Vec<u8> = Need<Bytes<MAX_PEER_ID>>,
        /// Where it can be dialed: binary multiaddrs.
        2 addresses: Vec<Vec<u8>> = Many<Bytes<MAX_URL>, MAX_ADDRESSES>,
    }
}

record! {
    /// Where the account's entries can be had; the latest replaces those before it.
    #[derive(Default)]
    Hints {
        /// The nodes, best first.
        1 holders: Vec<Holder> = Many<Holder, MAX_HINTS>,
    }
}

record! {
    /// Something that only the holders of a key can read.
    #[derive(Default)]
    Sealed {
        /// How it is sealed.
        1 suite: u16 = Need<u16>,
        /// The sealed bytes.
        2 data: Vec<u8> = Plain<Bytes<{ MAX_PAYLOAD as usize }>>,
    }
}
