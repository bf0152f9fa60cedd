//! People who stand in some way to an account or a post, and finding someone by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use majlis_protocol::sync::Reason;
use majlis_protocol::{AccountId, Kind};

use super::api::People;
use super::follows::parse_account;
use super::posts::find;
use super::respond::HEART;
use super::view::profile;
use super::{Failure, Node};
use crate::search::fold;
use crate::store::Response;

const ENDORSE: &str = "endorse";
/// Letters of a key from which on one is found by its beginning.
const MIN_KEY: usize = 6;

/// How well someone fits a text; who fits better stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Whole,
    Beginning,
    Inside,
}

/// How well a name fits a text, both folded.
fn fit(name: &str, wanted: &str) -> Option<Fit> {
    if name == wanted {
        return Some(Fit::Whole);
    }
    let at = name.find(wanted)?;
    Some(if at == 0 { Fit::Beginning } else { Fit::Inside })
}

/// How well a key fits a text: capital and small letters make no difference.
fn fit_key(account: &AccountId, wanted: &str) -> Option<Fit> {
    let key = account.to_string().to_ascii_lowercase();
    let bare = key.strip_prefix("did:key:").unwrap_or(&key);
    fit(bare, wanted).filter(|fit| *fit == Fit::Whole || (*fit == Fit::Beginning && wanted.len() >= MIN_KEY))
}

/// Whose responses are on, the latest first.
fn latest_first<T>(mut responses: Vec<Response<T>>, is_on: impl Fn(&T) -> bool) -> Vec<AccountId> {
    responses.retain(|response| is_on(&response.value));
    responses.sort_unstable_by_key(|response| std::cmp::Reverse((response.timestamp, response.id)));
    let mut seen = BTreeSet::new();
    responses.into_iter().map(|response| response.account).filter(|account| seen.insert(*account)).collect()
}

impl Node {
    /// People, the latest first where there is an order of time. Who is blocked is not among them.
    pub(super) fn people(&self, who: &People) -> Result<Vec<AccountId>, Failure> {
        let me = self.keys.account;
        let mut found = match who {
            People::Followers(account) => {
                latest_first(self.store.followers(&parse_account(account)?)?, |on| *on)
            }
            People::Following(account) => match parse_account(account)? {
                account if account == me => self.followed(),
                account => {
                    let follows = self.store.follows(&account)?.into_iter();
                    follows.filter(|(_, on)| *on).map(|(account, _)| account).collect()
                }
            },
            People::Likers(post) => {
                latest_first(self.store.reactions(&find(post)?)?, |(emoji, on)| *on && emoji == HEART)
            }
            People::Reposters(post) => latest_first(self.store.reposts(&find(post)?)?, |on| *on),
            People::Endorsed => {
                let mut all = self.kept_all(ENDORSE);
                all.sort_by_key(|(_, value)| std::cmp::Reverse(value.at));
                all.into_iter().filter_map(|(key, _)| key.try_into().ok().map(AccountId)).collect()
            }
            People::Named { text, followed } => self.people_named(text, *followed)?,
            People::Known => {
                let known: Vec<_> = self.store.replica().accounts().map(|(account, _)| *account).collect();
                known
            }
        };
        found.retain(|account| !self.is_blocked(account));
        Ok(found)
    }

    /// Whom the owner follows, publicly or not.
    fn followed(&self) -> Vec<AccountId> {
        let followed = self.at_heart().into_iter().filter(|(_, reason)| *reason != Reason::Own);
        followed.map(|(account, _)| account).collect()
    }

    /// Those of whom something is held or whom the owner has named, whose name, petname or key fits.
    fn people_named(&self, text: &str, only_followed: bool) -> Result<Vec<AccountId>, Failure> {
        let text = text.trim().trim_start_matches('@').trim_start_matches("did:key:");
        let (wanted, key) = (fold(text), text.to_ascii_lowercase());
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let followed: BTreeSet<_> = self.followed().into_iter().collect();
        let mut known: BTreeSet<AccountId> = followed.clone();
        if !only_followed {
            known.extend(self.store.replica().accounts().map(|(account, _)| *account));
            known.extend(self.petnamed());
            known.insert(self.keys.account);
        }
        let known: Vec<_> = known.into_iter().collect();
        let profiles = self.store.latest_of_each(&known, Kind::PROFILE)?;
        let mut found = Vec::new();
        for (account, stored) in known.into_iter().zip(profiles) {
            let name = stored.and_then(|stored| profile(&stored.entry)).map(|profile| profile.name);
            let names = name.into_iter().chain(self.petname(&account));
            let by_name = names.filter_map(|name| fit(&fold(&name), &wanted)).min();
            if let Some(fit) = by_name.into_iter().chain(fit_key(&account, &key)).min() {
                found.push((fit, !followed.contains(&account), account));
            }
        }
        found.sort_unstable();
        Ok(found.into_iter().map(|(_, _, account)| account).collect())
    }

    /// Shows someone on the owner's page, or no longer.
    pub(super) async fn endorse(self: &Arc<Self>, account: &AccountId, on: bool) -> Result<(), Failure> {
        if *account == self.keys.account {
            return Err(Failure::usage("this is your own account", "Name someone else's key."));
        }
        self.keep(ENDORSE, account.0.to_vec(), on.then(Self::set_now)).await
    }

    pub(super) fn is_endorsed(&self, account: &AccountId) -> bool {
        self.kept(ENDORSE, &account.0).is_some()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn who_fits_better_stands_first() {
        let wanted = fold("ليلى");
        assert_eq!(fit(&fold("لَيْلَى"), &wanted), Some(Fit::Whole));
        assert_eq!(fit(&fold("ليلي من بيروت"), &wanted), Some(Fit::Beginning));
        assert_eq!(fit(&fold("أم ليلى"), &wanted), Some(Fit::Inside));
        assert_eq!(fit(&fold("سلمى"), &wanted), None);
        assert!(Fit::Whole < Fit::Beginning && Fit::Beginning < Fit::Inside);
        let account: AccountId = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".parse().unwrap();
        assert_eq!(fit_key(&account, "z6mkhaxgbzdvotdkl5257faiztigic2qtklgpbnnegta2dok"), Some(Fit::Whole));
        assert_eq!((fit_key(&account, "z6mkhax"), fit_key(&account, "z6mk")), (Some(Fit::Beginning), None));
        assert_eq!(fit_key(&account, "bnnegta2dok"), None);
    }
}
