//! The rule that leaves exactly one session between two peers. A pure function, so that both sides' views of every
//! order of arrival can be tried.
//!
//! A stream counts only once the side that did not open it has accepted it: it writes the five bytes of
//! [`super::sync_stream::ACCEPT`] first. Whoever opens a stream waits for them. So a race is settled before either
//! side reports a session:
//!
//! - Both open at once: the peer with the lower id refuses the other's stream and keeps waiting for its own; the
//!   higher accepts, and gives up its own.
//! - A peer opens only when it has no session. So an opening that arrives long after the present session began
//!   ([`RACE_WINDOW`]) says that the remote lost its end: the new stream replaces the old. The same holds at once
//!   when the present session was opened by the same remote.
//! - A refused or failed opening is tried again, with backoff, while no session exists.

use std::time::Duration;

use libp2p::PeerId;

use super::config::RACE_WINDOW;

/// What to do with a sync stream that the remote has opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It becomes the session; an opening of our own is given up, a present session ends.
    Accept,
    /// It is dropped: ours stays.
    Refuse,
}

/// Where this side stands when the remote's stream arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Present {
    /// No session, none being opened here.
    Nothing,
    /// This side has opened a stream that the remote has not accepted yet.
    Opening,
    /// A session, opened by this side, of this age.
    Ours(Duration),
    /// A session opened by the remote.
    Theirs,
}

/// Judges a stream opened by `remote`.
pub(super) fn judge(local: &PeerId, remote: &PeerId, present: Present) -> Verdict {
    let ours_wins = local.to_bytes() < remote.to_bytes();
    match present {
        Present::Opening if ours_wins => Verdict::Refuse,
        Present::Ours(age) if ours_wins && age < RACE_WINDOW => Verdict::Refuse,
        Present::Nothing | Present::Theirs | Present::Opening | Present::Ours(_) => Verdict::Accept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::keypair_from_seed;

    fn two() -> (PeerId, PeerId) {
        let a = keypair_from_seed(&[1; 32]).unwrap().public().to_peer_id();
        let b = keypair_from_seed(&[2; 32]).unwrap().public().to_peer_id();
        if a.to_bytes() < b.to_bytes() { (a, b) } else { (b, a) }
    }

    #[test]
    fn of_two_opened_at_once_the_lower_peers_stays() {
        let (low, high) = two();
        assert_eq!(judge(&low, &high, Present::Opening), Verdict::Refuse);
        assert_eq!(judge(&high, &low, Present::Opening), Verdict::Accept);
        // The loser's stream comes late: the winner's is already accepted.
        assert_eq!(judge(&low, &high, Present::Ours(Duration::ZERO)), Verdict::Refuse);
        assert_eq!(judge(&high, &low, Present::Ours(Duration::ZERO)), Verdict::Accept);
    }

    #[test]
    fn a_peer_that_lost_its_session_gets_a_new_one() {
        let (low, high) = two();
        for (local, remote) in [(low, high), (high, low)] {
            assert_eq!(judge(&local, &remote, Present::Nothing), Verdict::Accept);
            assert_eq!(judge(&local, &remote, Present::Theirs), Verdict::Accept);
            assert_eq!(judge(&local, &remote, Present::Ours(RACE_WINDOW)), Verdict::Accept);
        }
    }
}
