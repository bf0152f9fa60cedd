//! What kinds of entry there are.

/// What an entry says. Numbers are wire format; a device's scope has bit `kind` set for each kind it may sign.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Kind(pub u8);

impl Kind {
    /// An identity document. Only in class 255.
    pub const IDENTITY: Self = Self(1);
    /// Name, biography, picture, usage preference.
    pub const PROFILE: Self = Self(2);
    /// A post.
    pub const POST: Self = Self(3);
    /// A new text for a post of the same account.
    pub const EDIT: Self = Self(4);
    /// Takes an entry of the same account back.
    pub const DELETE: Self = Self(5);
    /// An emoji on a post.
    pub const REACTION: Self = Self(6);
    /// Shows another's post to one's followers.
    pub const REPOST: Self = Self(7);
    /// A public follow.
    pub const FOLLOW: Self = Self(8);
    /// A choice in a poll.
    pub const VOTE: Self = Self(9);
    /// Where the account's entries can be had.
    pub const HINTS: Self = Self(10);
    /// Opaque to all but those who hold a key.
    pub const SEALED: Self = Self(11);
    /// Prekeys of a device. Reserved.
    pub const KEYS: Self = Self(12);
    /// A moderation label. Reserved.
    pub const LABEL: Self = Self(13);

    /// The bit of a device's scope that lets it sign this kind; none for kinds that have no bit.
    pub fn scope_bit(self) -> u32 {
        1u32.checked_shl(u32::from(self.0)).unwrap_or(0)
    }
}
