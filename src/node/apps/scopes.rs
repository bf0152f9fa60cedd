//! What an app may do: Mastodon's scopes, and which of them include which.

use std::collections::BTreeSet;
use std::fmt;

use crate::node::Failure;

/// The parts that `read` is made of.
const READ: [&str; 13] = [
    "accounts",
    "blocks",
    "bookmarks",
    "collections",
    "favourites",
    "filters",
    "follows",
    "lists",
    "me",
    "mutes",
    "notifications",
    "search",
    "statuses",
];
/// The parts that `write` is made of.
const WRITE: [&str; 14] = [
    "accounts",
    "blocks",
    "bookmarks",
    "collections",
    "conversations",
    "favourites",
    "filters",
    "follows",
    "lists",
    "media",
    "mutes",
    "notifications",
    "reports",
    "statuses",
];
/// Those that have no parts, or whose parts are of others.
const WHOLE: [&str; 5] = ["read", "write", "follow", "push", "profile"];
/// What `follow` includes, which is older than the parts.
const FOLLOW: [&str; 6] =
    ["read:blocks", "read:follows", "read:mutes", "write:blocks", "write:follows", "write:mutes"];

/// Of the page of the node itself: what nobody else shall do. No app can register for it, ask for it or be given it.
pub const OWNER: &str = "owner";

/// A set of scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Every scope that there is.
    pub fn known() -> impl Iterator<Item = String> {
        let parts = READ.iter().map(|part| format!("read:{part}"));
        let parts = parts.chain(WRITE.iter().map(|part| format!("write:{part}")));
        WHOLE.iter().map(|whole| (*whole).to_owned()).chain(parts)
    }

    /// Reads names that are parted by spaces, `+` or commas. Nothing is `read`, as apps expect.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let names = text.split([' ', '+', ',']).map(str::trim).filter(|name| !name.is_empty());
        let mut scopes: BTreeSet<String> = BTreeSet::new();
        for name in names {
            if !Self::known().any(|known| known == name) {
                return Err(Failure::usage(
                    format!("{name:?} is no scope that is given here"),
                    "There are read, write, follow, push and profile, and parts such as read:statuses.",
                ));
            }
            scopes.insert(name.to_owned());
        }
        if scopes.is_empty() {
            scopes.insert("read".to_owned());
        }
        Ok(Self(scopes))
    }

    /// What the owner themself may do, signed in to the page of the node.
    pub fn of_owner() -> Self {
        Self(["read", "write", "follow", OWNER].map(str::to_owned).into())
    }

    /// Reads what [`Display`](fmt::Display) has written. They were read before they were written; what is damaged allows
    /// least.
    pub(super) fn read_back(text: &str) -> Self {
        let others = text.split(' ').filter(|name| *name != OWNER).collect::<Vec<_>>().join(" ");
        match Self::parse(&others) {
            Ok(mut scopes) => {
                if text.split(' ').any(|name| name == OWNER) {
                    scopes.0.insert(OWNER.to_owned());
                }
                scopes
            }
            Err(_) => Self::default(),
        }
    }

    /// Whether what this scope stands for is allowed.
    pub fn allow(&self, wanted: &str) -> bool {
        let above = wanted.split_once(':').map(|(whole, _)| whole);
        self.0.contains(wanted)
            || above.is_some_and(|whole| self.0.contains(whole))
            || self.0.contains("follow") && FOLLOW.contains(&wanted)
    }

    /// Whether nothing more is asked than `granted` allows.
    pub fn is_within(&self, granted: &Self) -> bool {
        self.0.iter().all(|scope| granted.allow(scope))
    }

    /// The scopes of both.
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Each by its name.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Parted by spaces, as in OAuth.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            write!(f, "{}{scope}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        Scopes::parse(text).unwrap()
    }

    #[test]
    fn a_whole_includes_its_parts_and_nothing_else() {
        let read = scopes("read");
        assert!(read.allow("read") && read.allow("read:statuses"));
        assert!(!read.allow("write:statuses") && !read.allow("write") && !read.allow("follow"));
        let part = scopes("write:statuses");
        assert!(part.allow("write:statuses") && !part.allow("write") && !part.allow("write:media"));
        let follow = scopes("follow");
        assert!(follow.allow("write:follows") && follow.allow("read:mutes"));
        assert!(!follow.allow("read:statuses") && !follow.allow("read"));
        assert!(!scopes("profile").allow("read:accounts"));
    }

    #[test]
    fn no_more_is_given_than_was_granted() {
        let granted = scopes("read write:statuses");
        assert!(scopes("read:lists write:statuses").is_within(&granted));
        assert!(!scopes("read write").is_within(&granted));
        assert!(!scopes("push").is_within(&granted));
    }

    #[test]
    fn what_is_the_owners_alone_is_in_nothing_else() {
        let all = Scopes::known().collect::<Vec<_>>().join(" ");
        assert!(!scopes(&all).allow(OWNER));
        let owner = Scopes::of_owner();
        assert!(owner.allow(OWNER) && owner.allow("read:statuses") && owner.allow("write:follows"));
        assert!(!owner.is_within(&scopes(&all)));
        assert_eq!(Scopes::read_back(&owner.to_string()), owner);
        assert_eq!(Scopes::read_back(&all), scopes(&all));
        for damaged in ["owner x", "x"] {
            assert!(!Scopes::read_back(damaged).allow(OWNER), "{damaged}");
        }
    }

    #[test]
    fn names_are_parted_in_any_way_and_unknown_ones_are_refused() {
        assert_eq!(scopes("write+read, read:lists").to_string(), "read read:lists write");
        assert_eq!(scopes("  ").to_string(), "read");
        for wrong in [
            "admin:read",
            "admin:write:accounts",
            "read:everything",
            "Read",
            "write:",
            "read:media",
            "owner",
            "read owner",
        ] {
            assert!(Scopes::parse(wrong).unwrap_err().is_usage(), "{wrong}");
        }
    }
}
