//! What is sealed opens for its recipients, in its place, unchanged; and for nobody else, nowhere else.

use proptest::prelude::*;

use crate::body::{BodyError, Sealed};
use crate::ids::{AccountId, DeviceId};
use crate::keys::x25519_public;
use crate::sealed::{Envelope, Place, PrivateItem, SealedError, key_id, seal};

const PLACE: Place = Place { account: AccountId([1; 32]), device: DeviceId([2; 32]), class: 1 };

fn sealed(readers: &[u8], plaintext: &[u8]) -> Sealed {
    let recipients: Vec<_> = readers.iter().map(|reader| x25519_public(&[*reader; 32])).collect();
    seal(&PLACE, &recipients, plaintext, &[9; 32]).unwrap()
}

fn open(place: &Place, sealed: &Sealed, reader: u8) -> Result<Option<Vec<u8>>, SealedError> {
    let Some(envelope) = Envelope::read(sealed)? else { return Ok(None) };
    Ok(envelope.open(place, &[reader; 32])?.map(|plaintext| plaintext.to_vec()))
}

#[test]
fn recipients_open_it_and_nobody_else() {
    let sealed = sealed(&[3, 4, 3], b"for two");
    for reader in [3, 4] {
        assert_eq!(open(&PLACE, &sealed, reader), Ok(Some(b"for two".to_vec())));
    }
    assert_eq!(open(&PLACE, &sealed, 5), Ok(None));
    let mut ids = [3, 4].map(|reader| key_id(&x25519_public(&[reader; 32])));
    ids.sort_unstable();
    assert_eq!(Envelope::read(&sealed).unwrap().unwrap().recipients().collect::<Vec<_>>(), ids);
}

#[test]
fn it_opens_in_its_place_only() {
    let sealed = sealed(&[3], b"here");
    for elsewhere in [
        Place { account: AccountId([7; 32]), ..PLACE },
        Place { device: DeviceId([7; 32]), ..PLACE },
        Place { class: 0, ..PLACE },
    ] {
        assert_eq!(open(&elsewhere, &sealed, 3), Err(SealedError::Key));
    }
}

#[test]
fn what_cannot_be_sealed() {
    let seal = |recipients: &[[u8; 32]]| seal(&PLACE, recipients, b"x", &[9; 32]).map(|_| ());
    assert_eq!(seal(&[]), Err(SealedError::Recipients));
    assert_eq!(
        seal(&(0..65).map(|reader| x25519_public(&[reader; 32])).collect::<Vec<_>>()),
        Err(SealedError::Recipients)
    );
    // A point of small order gives no secret.
    assert_eq!(seal(&[[0; 32]]), Err(SealedError::Key));
}

#[test]
fn another_suite_is_not_interpreted() {
    let sealed = Sealed { suite: 2, ..sealed(&[3], b"later") };
    assert_eq!(open(&PLACE, &sealed, 3), Ok(None));
}

#[test]
fn the_largest_item_for_all_devices_fits_a_payload() {
    let item = PrivateItem { collection: "c".repeat(32), key: vec![1; 256], value: Some(vec![2; 16_384]) };
    let readers: Vec<u8> = (1..=64).collect();
    let body = crate::body::Body::Sealed(sealed(&readers, &item.encode().unwrap()));
    assert!(body.encode().unwrap().len() < 32 * 1024);
}

#[test]
fn names_of_collections_are_small_letters_and_hyphens() {
    let named =
        |name: &str| PrivateItem { collection: name.into(), key: vec![], value: None }.encode().map(|_| ());
    assert_eq!(named("read-markers"), Ok(()));
    assert_eq!(named(""), Err(BodyError::Default));
    assert_eq!(named(&"a".repeat(33)), Err(BodyError::TooLong));
    for wrong in ["Follow", "follow1", "متابعة", "a_b", "a b"] {
        assert_eq!(named(wrong), Err(BodyError::Characters), "{wrong}");
    }
}

proptest! {
    #[test]
    fn a_changed_bit_opens_nothing(
        readers in prop::collection::vec(1_u8.., 1..4),
        plaintext in prop::collection::vec(any::<u8>(), 0..64),
        at in any::<prop::sample::Index>(),
        bit in 0_u32..8,
    ) {
        let mut sealed = sealed(&readers, &plaintext);
        let at = at.index(sealed.data.len());
        sealed.data[at] ^= 1_u8 << bit;
        for reader in readers {
            let opened = open(&PLACE, &sealed, reader);
            prop_assert!(!matches!(opened, Ok(Some(_))), "{opened:?}");
        }
    }

    #[test]
    fn items_come_back(
        collection in "[a-z-]{1,32}",
        key in prop::collection::vec(any::<u8>(), 0..=256),
        value in prop::option::of(prop::collection::vec(any::<u8>(), 1..=1_000)),
    ) {
        let item = PrivateItem { collection, key, value };
        let encoded = item.encode().unwrap();
        prop_assert_eq!(PrivateItem::decode(&encoded).unwrap(), Some(item));
    }
}
