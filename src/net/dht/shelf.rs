//! What this node keeps of others' provider records, and the keys under which it is to be found itself.
//!
//! Everybody may hand a record over, so the shelf is bounded, and where it is full none goes for being later: the
//! network from which most have come loses one, and in it the provider that has most there. Of its records the one goes
//! that a secret order puts last, so that nobody can choose names that push out a certain node. Where nobody floods it a
//! host of thousands has room for all of them.

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
const MAX_RECORDS: usize = 16_384;
/// Of one key.
const MAX_PROVIDERS: usize = 20;
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

/// What has come from one network.
#[derive(Default)]
struct Share {
    records: usize,
    /// Of each provider, in the secret order.
    providers: HashMap<PeerId, BTreeMap<Rank, Key>>,
}

/// See the module.
pub(in crate::net) struct Shelf {
    me: PeerId,
    hearsay: Hearsay,
    secret: [u8; 32],
    kept: HashMap<Key, Vec<Kept>>,
    /// The same records by where they have come from.
    shares: HashMap<Network, Share>,
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
            shares: HashMap::new(),
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

    fn insert(&mut self, record: ProviderRecord, network: Network) {
        let (key, provider) = (record.key.clone(), record.provider);
        let rank = self.rank(&key, &provider);
        let share = self.shares.entry(network).or_default();
        share.providers.entry(provider).or_default().insert(rank, key.clone());
        share.records += 1;
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
        if let Some(share) = self.shares.get_mut(&gone.network) {
            if let Some(of_provider) = share.providers.get_mut(provider) {
                of_provider.remove(&gone.rank);
                if of_provider.is_empty() {
                    share.providers.remove(provider);
                }
            }
            share.records -= 1;
            if share.records == 0 {
                self.shares.remove(&gone.network);
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

    /// The record that goes where there are too many.
    fn last(&self) -> Option<(Key, PeerId)> {
        let share = self.shares.values().max_by_key(|share| share.records)?;
        let (provider, records) = share.providers.iter().max_by_key(|(_, records)| records.len())?;
        Some((records.values().next_back()?.clone(), *provider))
    }

    /// Takes a record in; whether it is there then.
    fn admit(&mut self, mut record: ProviderRecord, network: Network) -> bool {
        record.addresses.retain(|address| address.len() <= MAX_ADDRESS && self.hearsay.allows(address));
        record.addresses.truncate(MAX_ADDRESSES);
        let (key, provider) = (record.key.clone(), record.provider);
        if key.as_ref().len() > MAX_KEY {
            return false;
        }
        self.take(&key, &provider);
        self.insert(record, network);
        if self.kept.get(&key).is_some_and(|of_key| of_key.len() > MAX_PROVIDERS)
            && let Some(last) = self.last_of_key(&key)
        {
            self.displace(&key, &last, provider);
        }
        if self.total > MAX_RECORDS
            && let Some((key, last)) = self.last()
        {
            self.displace(&key, &last, provider);
        }
        self.kept.get(&key).is_some_and(|of_key| of_key.iter().any(|kept| kept.record.provider == provider))
    }

    /// Another node says that it is found under a key. What it says of where it is may be anything: it has its share of
    /// the shelf with the network from which it is connected.
    pub fn keep(&mut self, record: ProviderRecord, network: Network) {
        let (key, provider) = (record.key.clone(), record.provider);
        if self.admit(record, network) {
            // Without what says that it is a hash.
            let digest = key.as_ref().get(2..).unwrap_or_default();
            tracing::debug!("a record is kept key={} provider={provider}", HEXLOWER.encode(digest));
            Metrics::count(&self.metrics.providers_kept);
        } else {
            Metrics::count(&self.metrics.providers_refused);
        }
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

    /// The table adds this node's own alone; others' are handed to [`Shelf::keep`].
    fn add_provider(&mut self, record: ProviderRecord) -> Result<()> {
        if record.provider != self.me {
            return Err(Error::MaxProvidedKeys);
        }
        self.own.insert(record.key);
        Ok(())
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
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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

    fn network(host: [u8; 3]) -> Network {
        Network::Ip4(host)
    }

    /// From there, and said to be there.
    fn keep(shelf: &mut Shelf, number: usize, provider: PeerId, host: [u8; 3]) {
        let [a, b, c] = host;
        shelf.keep(record(key(number), provider, &format!("{a}.{b}.{c}.9")), network(host));
    }

    fn holds(shelf: &Shelf, key: &Key, provider: &PeerId) -> bool {
        shelf.providers(key).iter().any(|record| record.provider == *provider)
    }

    fn counts(shelf: &Shelf) -> [usize; 3] {
        [
            shelf.kept.values().map(Vec::len).sum(),
            shelf.shares.values().map(|share| share.records).sum(),
            shelf.shares.values().flat_map(|share| share.providers.values()).map(BTreeMap::len).sum(),
        ]
    }

    fn count(counter: &AtomicU64) -> usize {
        counter.load(Relaxed) as usize
    }

    /// FIND-5.
    #[test]
    fn those_who_flood_a_key_from_one_network_push_out_only_each_other() {
        let mut shelf = shelf();
        let honest = PeerId::random();
        keep(&mut shelf, 1, honest, [9, 9, 9]);
        for _ in 0..1_000 {
            keep(&mut shelf, 1, PeerId::random(), [8, 8, 8]);
        }
        assert!(holds(&shelf, &key(1), &honest));
        assert_eq!(shelf.providers(&key(1)).len(), MAX_PROVIDERS);
        assert_eq!(counts(&shelf), [shelf.total; 3]);
        let displaced = count(&shelf.metrics.providers_displaced);
        assert_eq!(displaced + MAX_PROVIDERS, count(&shelf.metrics.providers_kept));
        // Whoever comes late finds a place too.
        let late = PeerId::random();
        keep(&mut shelf, 1, late, [7, 7, 7]);
        assert!(holds(&shelf, &key(1), &late));
    }

    /// FIND-5. Of a host of thousands all is kept, whatever others in its network and elsewhere say, and wherever they say
    /// they are.
    #[test]
    fn the_shelf_is_bounded_and_shared_between_networks_and_within_them() {
        let mut shelf = shelf();
        let (host, neighbour) = (PeerId::random(), PeerId::random());
        for number in 0..3_000 {
            keep(&mut shelf, number, host, [9, 9, 9]);
        }
        keep(&mut shelf, 0, neighbour, [6, 6, 6]);
        let flooding = PeerId::random();
        for number in 0..3 * MAX_RECORDS {
            let said = format!("{}.{}.9.9", 20 + number % 80, number % 256);
            let provider = if number % 2 == 0 { PeerId::random() } else { flooding };
            shelf.keep(record(key(number), provider, &said), network([8, 8, (number % 3) as u8]));
            if number % 4 == 0 {
                shelf.keep(record(key(number), flooding, &said), network([6, 6, 6]));
            }
        }
        assert_eq!(shelf.total, MAX_RECORDS);
        assert_eq!(counts(&shelf), [shelf.total; 3]);
        assert!((0..3_000).all(|number| holds(&shelf, &key(number), &host)));
        assert!(holds(&shelf, &key(0), &neighbour));
        assert!(count(&shelf.metrics.providers_refused) > 0);
        assert!(count(&shelf.metrics.providers_displaced) > 0);
    }

    #[test]
    fn the_table_itself_adds_nothing_of_others() {
        let mut shelf = shelf();
        assert!(shelf.add_provider(record(key(1), PeerId::random(), "9.9.9.9")).is_err());
        assert_eq!(counts(&shelf), [0; 3]);
    }

    #[test]
    fn only_addresses_of_the_internet_are_kept() {
        let mut shelf = shelf();
        let peer = PeerId::random();
        let mut said = record(key(1), peer, "10.0.0.1");
        said.addresses.extend((0..20).map(|n| format!("/ip4/9.9.9.9/tcp/{}", n + 1).parse().unwrap()));
        shelf.keep(said, network([9, 9, 9]));
        let kept = &shelf.providers(&key(1))[0].addresses;
        assert_eq!(kept.len(), MAX_ADDRESSES);
        assert!(kept.iter().all(|address| address.to_string().starts_with("/ip4/9.9.9.9")));
        let long = format!("9.9.9.9/tcp/1/http-path/{}", "x".repeat(MAX_ADDRESS));
        shelf.keep(record(key(2), peer, &long), network([9, 9, 9]));
        assert!(shelf.providers(&key(2))[0].addresses.is_empty());
        let long = Key::new(&[0; MAX_KEY + 1]);
        shelf.keep(record(long.clone(), peer, "9.9.9.9"), network([9, 9, 9]));
        assert!(!holds(&shelf, &long, &peer));
    }

    #[test]
    fn what_has_expired_goes_and_own_keys_stay() {
        let mut shelf = shelf();
        let (me, now) = (shelf.me, Instant::now());
        shelf.add_provider(ProviderRecord::new(key(1), me, vec![])).unwrap();
        let mut old = record(key(1), PeerId::random(), "9.9.9.9");
        old.expires = Some(now);
        shelf.keep(old, network([9, 9, 9]));
        assert_eq!(shelf.providers(&key(1)).len(), 2);
        shelf.sweep(now + SWEEP_INTERVAL);
        assert!(holds(&shelf, &key(1), &me));
        assert_eq!(counts(&shelf), [0; 3]);
        shelf.remove_provider(&key(1), &me);
        assert!(shelf.providers(&key(1)).is_empty());
    }
}
