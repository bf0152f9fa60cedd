//! Two devices that write, a third that comes later: whatever the order of arrival, all see the same in force.

use proptest::prelude::*;

use crate::Kind;
use crate::body::Body;
use crate::entry::{Draft, Entry, sign};
use crate::identity::{Device, DeviceKey, IdDoc, IdDraft, Phrase, Roots, SUITE_X25519, scope};
use crate::ids::{AccountId, DeviceId, EntryId, LogId};
use crate::keys::{SecretKey, x25519_public};
use crate::sealed::{Place, PrivateItem, Registers, recipients};

/// The X25519 keys of the devices with these numbers.
fn keys(devices: &[u8]) -> Vec<[u8; 32]> {
    devices.iter().map(|device| x25519_public(&[*device; 32])).collect()
}

fn item(key: &[u8], value: Option<&[u8]>) -> PrivateItem {
    PrivateItem { collection: "follow".into(), key: key.to_vec(), value: value.map(<[u8]>::to_vec) }
}

/// An entry by a device, sealed for some.
fn entry(by: u8, class: u8, time: u64, salt: u8, item: &PrivateItem, readers: &[u8]) -> Entry {
    let key = SecretKey::from_seed(&[by; 32]);
    let account = AccountId(SecretKey::from_seed(&[99; 32]).public());
    let place = Place { account, device: DeviceId(key.public()), class };
    let mut registers = Registers::new(&[by; 32]);
    registers.read(&[], keys(readers));
    let body = Body::Sealed(registers.seal(&place, item, &[salt; 32]).unwrap()).encode().unwrap();
    let draft = Draft {
        kind: Kind::SEALED,
        account,
        log_id: LogId::new(class, 1),
        seq: 1,
        timestamp: time,
        backlink: EntryId::ZERO,
        blind: [salt; 16],
        body: &body,
    };
    (*sign(&draft, &key).unwrap()).clone()
}

fn reading(device: u8, entries: &[Entry], readers: &[u8]) -> Registers {
    let mut registers = Registers::new(&[device; 32]);
    registers.read(entries, keys(readers));
    registers
}

/// SEAL-10.
#[test]
fn the_highest_is_in_force_and_the_next_is_higher() {
    let entries = [
        entry(1, 1, 10, 1, &item(b"k", Some(b"new")), &[1, 2]),
        entry(2, 1, 5, 2, &item(b"k", Some(b"old")), &[1, 2]),
        entry(2, 1, 7, 3, &item(b"gone", None), &[1, 2]),
        entry(1, 1, 6, 4, &item(b"gone", Some(b"there")), &[1, 2]),
    ];
    let mut backwards = entries.to_vec();
    backwards.reverse();
    for (device, order) in [(1, entries.to_vec()), (2, backwards)] {
        let registers = reading(device, &order, &[1, 2]);
        assert_eq!(registers.get("follow", b"k"), Some(&b"new"[..]));
        assert_eq!(registers.get("follow", b"gone"), None);
        assert_eq!(registers.collection("follow").collect::<Vec<_>>(), [(&b"k"[..], &b"new"[..])]);
        let changed = [&b"k"[..], b"gone", b"other"].map(|key| registers.changed_at("follow", key));
        assert_eq!(changed, [Some(10), Some(7), None]);
        assert_eq!(registers.time_for(&item(b"gone", None), 3), 8);
        assert_eq!(registers.time_for(&item(b"k", None), 1_000), 1_000);
        assert_eq!(registers.time_for(&item(b"other", None), 3), 3);
    }
}

#[test]
fn collections_are_apart() {
    let mut other = item(b"k", Some(b"v"));
    other.collection = "follows".into();
    let registers = reading(1, &[entry(1, 1, 1, 1, &other, &[1])], &[1]);
    assert_eq!(registers.collection("follow").count(), 0);
    assert_eq!(registers.collection("follows").count(), 1);
}

/// SEAL-8: what stands in a public log was not sealed for class 1 and is no private item there.
#[test]
fn what_was_sealed_elsewhere_is_not_read() {
    let mut public = entry(1, 0, 1, 1, &item(b"k", Some(b"v")), &[1]);
    assert_eq!(reading(1, std::slice::from_ref(&public), &[1]).collection("follow").count(), 0);
    public.header.log_id = LogId::new(1, 1);
    assert_eq!(reading(1, &[public], &[1]).collection("follow").count(), 0);
}

/// SEAL-8.
#[test]
fn recipients_are_the_devices_that_have_not_ended() {
    let listed = |number: u8, ended, keys| Device {
        key: DeviceId(SecretKey::from_seed(&[number; 32]).public()),
        scope: scope::ALL,
        keys,
        name: String::new(),
        ended,
        closed: vec![],
    };
    let x25519 = |key: Vec<u8>| vec![DeviceKey { suite: SUITE_X25519, key }];
    let good = |number: u8| x25519(x25519_public(&[number; 32]).to_vec());
    let mut devices = vec![
        listed(1, None, good(1)),
        listed(2, Some(5), good(2)),
        listed(3, None, vec![]),
        listed(4, None, x25519(vec![0; 32])),
        listed(5, None, x25519(vec![1; 31])),
        listed(6, None, vec![DeviceKey { suite: 2, key: vec![6; 32] }]),
        listed(7, None, good(7)),
    ];
    devices.sort_by_key(|device| device.key);
    let roots = Roots::derive(&Phrase::from_entropy([3; 32]));
    let draft =
        IdDraft { k: 0, version: 1, timestamp: 1, blind: [0; 16], devices, ended: None, moved_to: None };
    let document = IdDoc::sign(&roots, draft).unwrap();
    let mut found = recipients(document.doc());
    found.sort_unstable();
    let mut expected = keys(&[1, 7]);
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// SEAL-11.
#[test]
fn a_device_that_comes_later_is_told_once() {
    let mut entries = vec![
        entry(1, 1, 10, 1, &item(b"k", Some(b"v")), &[1, 2]),
        entry(2, 1, 20, 2, &item(b"gone", None), &[1, 2]),
    ];
    assert!(reading(1, &entries, &[1, 2]).to_repeat().is_empty());
    // One device fewer: nothing to repeat. One more: everything in force.
    assert!(reading(1, &entries, &[1]).to_repeat().is_empty());
    let stale = reading(1, &entries, &[1, 2, 3]).to_repeat();
    assert_eq!(stale, [(item(b"gone", None), 20), (item(b"k", Some(b"v")), 10)]);
    assert!(reading(3, &entries, &[1, 2, 3]).to_repeat().is_empty(), "what cannot be read is not repeated");
    for (salt, (item, time)) in (10..).zip(stale) {
        entries.push(entry(1, 1, time, salt, &item, &[1, 2, 3]));
    }
    for device in [1, 2, 3] {
        let registers = reading(device, &entries, &[1, 2, 3]);
        assert!(registers.to_repeat().is_empty(), "device {device} repeats what all can read");
        assert_eq!(registers.get("follow", b"k"), Some(&b"v"[..]));
    }
    // What was written later stays in force, whatever is repeated.
    entries.push(entry(2, 1, 11, 30, &item(b"k", Some(b"later")), &[1, 2]));
    assert_eq!(reading(1, &entries, &[1, 2, 3]).to_repeat(), [(item(b"k", Some(b"later")), 11)]);
}

#[test]
fn what_ceases_to_count_is_undone() {
    let entries = [
        entry(1, 1, 10, 1, &item(b"k", Some(b"first")), &[1]),
        entry(1, 1, 20, 2, &item(b"k", Some(b"second")), &[1]),
    ];
    let mut registers = reading(1, &entries, &[1]);
    registers.read(&entries[..1], keys(&[1]));
    assert_eq!(registers.get("follow", b"k"), Some(&b"first"[..]));
    registers.read(&entries, keys(&[1]));
    assert_eq!(registers.get("follow", b"k"), Some(&b"second"[..]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the entries come and with whatever repetitions: once nothing is to be repeated, all devices see
    /// the same.
    #[test]
    fn all_devices_come_to_the_same(
        writes in prop::collection::vec((1_u8..3, 1_u64..4, 0_u8..2, prop::option::of(0_u8..3)), 1..8),
        turn in any::<prop::sample::Index>(),
    ) {
        let mut entries: Vec<_> = writes
            .iter()
            .zip(1..)
            .map(|((by, time, key, value), salt)| {
                let value = value.map(|value| [value]);
                entry(*by, 1, *time, salt, &item(&[*key], value.as_ref().map(<[u8; 1]>::as_slice)), &[1, 2])
            })
            .collect();
        let everyone = [1, 2, 3];
        for salt in (100..250_u8).step_by(4) {
            let stale = reading(1 + salt / 4 % 2, &entries, &everyone).to_repeat();
            if stale.is_empty() {
                break;
            }
            for (index, (item, time)) in (0..).zip(stale) {
                entries.push(entry(1 + salt / 4 % 2, 1, time, salt + index, &item, &everyone));
            }
        }
        let mut turned = entries.clone();
        turned.rotate_left(turn.index(entries.len()));
        let seen = |device: u8, entries: &[Entry]| {
            let registers = reading(device, entries, &everyone);
            prop_assert!(registers.to_repeat().is_empty());
            let all: Vec<_> = registers.collection("follow").map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
            Ok(all)
        };
        let first = seen(1, &entries)?;
        prop_assert_eq!(&first, &seen(2, &turned)?);
        prop_assert_eq!(&first, &seen(3, &turned)?);
    }
}
