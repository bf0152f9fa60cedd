//! For whom this node holds accounts when they ask.

use majlis_protocol::sync::PinVerdict;

use crate::node::config::PinOffer;

/// What is known of an account that asks, and how much is held already.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts about one account")]
pub struct Case {
    /// It is held already because it has asked before.
    pub held: bool,
    /// This node's owner has blocked it.
    pub blocked: bool,
    /// It is on the list of those who may.
    pub listed: bool,
    /// This node's owner follows it, and says so.
    pub followed: bool,
    /// Whether the token that it shows holds; none: it shows none.
    pub token: Option<bool>,
    /// There is room for another account.
    pub room: bool,
}

/// Whether an account is held.
pub fn decide(offer: PinOffer, case: Case) -> PinVerdict {
    if case.blocked || offer == PinOffer::Off {
        return PinVerdict::NotOffered;
    }
    let invited = case.held || case.listed || (offer == PinOffer::Followed && case.followed);
    match (invited, case.token) {
        (false, None) => PinVerdict::NotInvited,
        (false, Some(false)) => PinVerdict::BadToken,
        _ if case.held || case.room => PinVerdict::Held,
        _ => PinVerdict::NoRoom,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_held_unless_it_is_offered_and_who_is_held_stays() {
        let stranger = Case { room: true, ..Case::default() };
        let listed = Case { listed: true, ..stranger };
        let followed = Case { followed: true, ..stranger };
        let guest = Case { token: Some(true), ..stranger };
        let guesser = Case { token: Some(false), ..stranger };
        for case in [stranger, listed, followed, guest, guesser] {
            assert_eq!(decide(PinOffer::Off, case), PinVerdict::NotOffered);
            assert_eq!(decide(PinOffer::Followed, Case { blocked: true, ..case }), PinVerdict::NotOffered);
        }
        for offer in [PinOffer::Invited, PinOffer::Followed] {
            assert_eq!(decide(offer, stranger), PinVerdict::NotInvited);
            assert_eq!(decide(offer, guesser), PinVerdict::BadToken);
            for case in [listed, guest] {
                assert_eq!(decide(offer, case), PinVerdict::Held);
                let full = Case { room: false, ..case };
                assert_eq!(decide(offer, full), PinVerdict::NoRoom);
                assert_eq!(decide(offer, Case { held: true, ..full }), PinVerdict::Held);
            }
            // A wrong token takes nothing away from whoever needs none.
            assert_eq!(decide(offer, Case { token: Some(false), ..listed }), PinVerdict::Held);
        }
        assert_eq!(decide(PinOffer::Invited, followed), PinVerdict::NotInvited);
        assert_eq!(decide(PinOffer::Followed, followed), PinVerdict::Held);
    }
}
