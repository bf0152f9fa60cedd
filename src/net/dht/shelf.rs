//! What this node keeps of others' provider records, and the keys under which it is to be found itself.
//!
//! Everybody may hand a record over, so the shelf is bounded, and where it is full none goes for being later: the
//! network (the addresses of one provider, by and large) that has most records there loses one. Of its records the
//! one goes that a secret order puts last, so that nobody can choose names that push out a certain node.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    iter,
    sync::Arc,
    time::{Duration, Instant},
};

use data_encoding::HEXLOWER;
use libp2p::{
    PeerId,
    kad::{
        ProviderRecord, Record, RecordKey as Key,
        store::{Error, RecordStore, Result},
    },
};

use super::super::{guard::Hearsay, network::Network, snapshot::Metrics};

/// Records kept at most: about 6 MB of such as nodes send, and about 25 MB where each says as much as is taken.
pub(super) const MAX_RECORDS: usize = 16_384;
/// Of one key.
pub(super) const MAX_PROVIDERS: usize = 20;
/// Of one provider: more than a host of many accounts has near one place.
pub(super) const MAX_OF_PROVIDER: usize = 512;
/// Of one network.
pub(super) const MAX_OF_NETWORK: usize = 2_048;
/// What has expired is dropped this often.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);
/// Addresses kept of a record.
const MAX_ADDRESSES: usize = 8;
/// Bytes of an address; one that others carry to has about 110.
const MAX_ADDRESS: usize = 128;
/// Bytes of a key; a hash with its header has 34.
const MAX_KEY: usize = 64;

/// Differs for every key and provider, as a hash does.
type Rank = [u8; 16];

struct Kept {
    record: ProviderRecord,
    network: Network,
    /// Its place in the secret order.
    rank: Rank,
}

/// See the module.
pub(in crate::net) struct Shelf {
    me: PeerId,
    hearsay: Hearsay,
    secret: [u8; 32],
    kept: HashMap<Key, Vec<Kept>>,
    /// The same records by their network, in the secret order.
    networks: HashMap<Network, BTreeMap<Rank, (Key, PeerId)>>,
    providers: HashMap<PeerId, usize>,
    total: usize,
    own: HashSet<Key>,
    swept: Instant,
    metrics: Arc<Metrics>,
}

impl Shelf {
    pub fn new(me: PeerId, hearsay: Hearsay, secret: [u8; 32], metrics: Arc<Metrics>) -> Self {
        Self {
            me,
            hearsay,
            secret,
            kept: HashMap::new(),
            networks: HashMap::new(),
            providers: HashMap::new(),
            total: 0,
            own: HashSet::new(),
            swept: Instant::now(),
            metrics,
        }
    }

    fn rank(&self, key: &Key, provider: &PeerId) -> Rank {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        hasher.update(&provider.to_bytes());
        hasher.update(key.as_ref());
        let mut rank = Rank::default();
        hasher.finalize_xof().fill(&mut rank);
        rank
    }

    fn insert(&mut self, record: ProviderRecord) {
        let (key, provider) = (record.key.clone(), record.provider);
        let (network, rank) = (Network::of(record.addresses.first()), self.rank(&key, &provider));
        self.networks.entry(network).or_default().insert(rank, (key.clone(), provider));
        *self.providers.entry(provider).or_default() += 1;
        self.total += 1;
        self.kept.entry(key).or_default().push(Kept { record, network, rank });
    }

    fn take(&mut self, key: &Key, provider: &PeerId) {
        let Some(of_key) = self.kept.get_mut(key) else { return };
        let Some(at) = of_key.iter().position(|kept| kept.record.provider == *provider) else { return };
        let gone = of_key.swap_remove(at);
        if of_key.is_empty() {
            self.kept.remove(key);
        }
        if let Some(of_network) = self.networks.get_mut(&gone.network) {
            of_network.remove(&gone.rank);
            if of_network.is_empty() {
                self.networks.remove(&gone.network);
            }
        }
        if let Some(count) = self.providers.get_mut(provider) {
            *count -= 1;
            if *count == 0 {
                self.providers.remove(provider);
            }
        }
        self.total -= 1;
    }

    /// A record gives way to one of the `newest` provider, which may be itself.
    fn displace(&mut self, key: &Key, provider: &PeerId, newest: PeerId) {
        self.take(key, provider);
        if *provider != newest {
            Metrics::count(&self.metrics.providers_displaced);
        }
    }

    /// The record that goes where one key has too many.
    fn last_of_key(&self, key: &Key) -> Option<PeerId> {
        let of_key = self.kept.get(key)?;
        let share = |network| of_key.iter().filter(|kept| kept.network == network).count();
        let last = of_key.iter().max_by_key(|kept| (share(kept.network), kept.rank))?;
        Some(last.record.provider)
    }

    /// The record that goes where a network, or all together, have too many.
    fn last_of(&self, network: Option<Network>) -> Option<(Key, PeerId)> {
        let of_network = match network {
            Some(network) => self.networks.get(&network)?,
            None => self.networks.values().max_by_key(|records| records.len())?,
        };
        of_network.values().next_back().cloned()
    }

    /// Takes a record in; whether it is there then.
    fn admit(&mut self, mut record: ProviderRecord) -> bool {
        record.addresses.retain(|address| address.len() <= MAX_ADDRESS && self.hearsay.allows(address));
        record.addresses.truncate(MAX_ADDRESSES);
        let (key, provider) = (record.key.clone(), record.provider);
        if key.as_ref().len() > MAX_KEY {
            return false;
        }
        self.take(&key, &provider);
        if self.providers.get(&provider).is_some_and(|count| *count >= MAX_OF_PROVIDER) {
            return false;
        }
        let network = Network::of(record.addresses.first());
        self.insert(record);
        if self.kept.get(&key).is_some_and(|of_key| of_key.len() > MAX_PROVIDERS)
            && let Some(last) = self.last_of_key(&key)
        {
            self.displace(&key, &last, provider);
        }
        let too_many = self.networks.get(&network).is_some_and(|of| of.len() > MAX_OF_NETWORK);
        let of = if too_many { Some(Some(network)) } else { (self.total > MAX_RECORDS).then_some(None) };
        if let Some((key, last)) = of.and_then(|of| self.last_of(of)) {
            self.displace(&key, &last, provider);
        }
        self.kept.get(&key).is_some_and(|of_key| of_key.iter().any(|kept| kept.record.provider == provider))
    }

    /// Drops what has expired, now and then; it is not told in between.
    pub fn sweep(&mut self, now: Instant) {
        if now < self.swept + SWEEP_INTERVAL {
            return;
        }
        self.swept = now;
        let old = self.kept.values().flatten().filter(|kept| kept.record.is_expired(now));
        let old: Vec<_> = old.map(|kept| (kept.record.key.clone(), kept.record.provider)).collect();
        for (key, provider) in old {
            self.take(&key, &provider);
        }
    }
}

impl RecordStore for Shelf {
    type RecordsIter<'a> = iter::Empty<Cow<'a, Record>>;
    type ProvidedIter<'a> = iter::Empty<Cow<'a, ProviderRecord>>;

    fn get(&self, _: &Key) -> Option<Cow<'_, Record>> {
        None
    }

    /// Values are not kept: what nodes have to say is in their logs.
    fn put(&mut self, _: Record) -> Result<()> {
        Err(Error::ValueTooLarge)
    }

    fn remove(&mut self, _: &Key) {}

    fn records(&self) -> Self::RecordsIter<'_> {
        iter::empty()
    }

    fn add_provider(&mut self, record: ProviderRecord) -> Result<()> {
        if record.provider == self.me {
            self.own.insert(record.key);
            return Ok(());
        }
        let (key, provider) = (record.key.clone(), record.provider);
        if self.admit(record) {
            // Without what says that it is a hash.
            let digest = key.as_ref().get(2..).unwrap_or_default();
            tracing::debug!("a record is kept key={} provider={provider}", HEXLOWER.encode(digest));
            Metrics::count(&self.metrics.providers_kept);
            Ok(())
        } else {
            Metrics::count(&self.metrics.providers_refused);
            Err(Error::MaxProvidedKeys)
        }
    }

    fn providers(&self, key: &Key) -> Vec<ProviderRecord> {
        let own = self.own.contains(key).then(|| ProviderRecord::new(key.clone(), self.me, Vec::new()));
        let kept = self.kept.get(key).into_iter().flatten().map(|kept| kept.record.clone());
        own.into_iter().chain(kept).collect()
    }

    /// Nothing: when the node says anew where it is found is decided by [`super::Finding`].
    fn provided(&self) -> Self::ProvidedIter<'_> {
        iter::empty()
    }

    fn remove_provider(&mut self, key: &Key, provider: &PeerId) {
        if *provider == self.me {
            self.own.remove(key);
        } else {
            self.take(key, provider);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> Shelf {
        let hearsay = Hearsay { nearby: false };
        Shelf::new(PeerId::random(), hearsay, [7; 32], Arc::new(Metrics::default()))
    }

    fn key(number: usize) -> Key {
        Key::new(&number.to_be_bytes())
    }

    fn record(key: Key, provider: PeerId, host: &str) -> ProviderRecord {
        ProviderRecord::new(key, provider, vec![format!("/ip4/{host}/tcp/4001").parse().unwrap()])
    }

    fn holds(shelf: &Shelf, key: &Key, provider: &PeerId) -> bool {
        shelf.providers(key).iter().any(|record| record.provider == *provider)
    }

    fn counts(shelf: &Shelf) -> [usize; 3] {
        [
            shelf.kept.values().map(Vec::len).sum(),
            shelf.networks.values().map(BTreeMap::len).sum(),
            shelf.providers.values().sum(),
        ]
    }

    /// FIND-5.
    #[test]
    fn those_who_flood_a_key_from_one_network_push_out_only_each_other() {
        let mut shelf = shelf();
        let honest = PeerId::random();
        shelf.add_provider(record(key(1), honest, "9.9.9.9")).unwrap();
        for _ in 0..1_000 {
            let _ = shelf.add_provider(record(key(1), PeerId::random(), "8.8.8.8"));
        }
        assert!(holds(&shelf, &key(1), &honest));
        assert_eq!(shelf.providers(&key(1)).len(), MAX_PROVIDERS);
        assert_eq!(counts(&shelf), [shelf.total; 3]);
        let count =
            |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
        let displaced = count(&shelf.metrics.providers_displaced);
        assert_eq!(displaced as usize + MAX_PROVIDERS, count(&shelf.metrics.providers_kept) as usize);
        // Whoever comes late finds a place too.
        let late = PeerId::random();
        shelf.add_provider(record(key(1), late, "7.7.7.7")).unwrap();
        assert!(holds(&shelf, &key(1), &late));
    }

    #[test]
    fn the_shelf_is_bounded_and_shared_between_networks() {
        let mut shelf = shelf();
        let honest: Vec<_> = (0..100).map(|_| PeerId::random()).collect();
        for (number, peer) in honest.iter().enumerate() {
            shelf.add_provider(record(key(number), *peer, &format!("9.9.{number}.9"))).unwrap();
        }
        for number in 0..3 * MAX_RECORDS {
            let host = format!("8.8.{}.8", number % 12);
            let _ = shelf.add_provider(record(key(number), PeerId::random(), &host));
        }
        assert_eq!(shelf.total, MAX_RECORDS);
        assert_eq!(counts(&shelf), [shelf.total; 3]);
        let kept = honest.iter().enumerate().filter(|(number, peer)| holds(&shelf, &key(*number), peer));
        assert_eq!(kept.count(), honest.len());
        assert!(shelf.metrics.providers_refused.load(std::sync::atomic::Ordering::Relaxed) > 0);
    }

    #[test]
    fn one_provider_and_one_network_have_their_bounds() {
        let mut shelf = shelf();
        let peer = PeerId::random();
        let added = (0..2 * MAX_OF_PROVIDER)
            .filter(|number| shelf.add_provider(record(key(*number), peer, "9.9.9.9")).is_ok());
        assert_eq!(added.count(), MAX_OF_PROVIDER);
        for number in 0..2 * MAX_OF_NETWORK {
            let _ = shelf.add_provider(record(key(number), PeerId::random(), "8.8.8.8"));
        }
        assert_eq!(shelf.total, MAX_OF_PROVIDER + MAX_OF_NETWORK);
    }

    #[test]
    fn only_addresses_of_the_internet_are_kept() {
        let mut shelf = shelf();
        let peer = PeerId::random();
        let mut said = record(key(1), peer, "10.0.0.1");
        said.addresses.extend((0..20).map(|n| format!("/ip4/9.9.9.9/tcp/{}", n + 1).parse().unwrap()));
        shelf.add_provider(said).unwrap();
        let kept = &shelf.providers(&key(1))[0].addresses;
        assert_eq!(kept.len(), MAX_ADDRESSES);
        assert!(kept.iter().all(|address| address.to_string().starts_with("/ip4/9.9.9.9")));
        let long = format!("9.9.9.9/tcp/1/http-path/{}", "x".repeat(MAX_ADDRESS));
        shelf.add_provider(record(key(2), peer, &long)).unwrap();
        assert!(shelf.providers(&key(2))[0].addresses.is_empty());
        assert!(shelf.add_provider(record(Key::new(&[0; MAX_KEY + 1]), peer, "9.9.9.9")).is_err());
    }

    #[test]
    fn what_has_expired_goes_and_own_keys_stay() {
        let mut shelf = shelf();
        let (me, now) = (shelf.me, Instant::now());
        shelf.add_provider(ProviderRecord::new(key(1), me, vec![])).unwrap();
        let mut old = record(key(1), PeerId::random(), "9.9.9.9");
        old.expires = Some(now);
        shelf.add_provider(old).unwrap();
        assert_eq!(shelf.providers(&key(1)).len(), 2);
        shelf.sweep(now + SWEEP_INTERVAL);
        assert!(holds(&shelf, &key(1), &me));
        assert_eq!(counts(&shelf), [0; 3]);
        shelf.remove_provider(&key(1), &me);
        assert!(shelf.providers(&key(1)).is_empty());
    }
}
