//! Anchors, round trips, and one refusal of each name.

#![allow(clippy::unwrap_used)]

use std::str::FromStr;

use proptest::prelude::*;

use super::*;
use crate::body::{BlobId, EntryRef};
use crate::ids::{AccountId, DeviceId, EntryId};
use crate::keys::SecretKey;

/// From the did:key specification.
const DID: &str = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
const PEER: &str = "/ip4/192.0.2.1/udp/4001/quic-v1/p2p/12D3KooWA";

fn key(seed: u8) -> [u8; 32] {
    SecretKey::from_seed(&[seed; 32]).public()
}

#[test]
fn did_key_of_the_specification() {
    let account: AccountId = DID.parse().unwrap();
    assert_eq!(
        data_encoding::HEXLOWER.encode(&account.0),
        "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"
    );
    assert_eq!(account.to_string(), DID);
    let bare = DID.strip_prefix("did:key:").unwrap();
    assert_eq!(bare_key(&account.0), bare);
    assert_eq!(format!(" {bare}\n").parse(), Ok(account));
    assert_eq!(DID.parse(), Ok(DeviceId(account.0)));
    assert_eq!(DeviceId(account.0).to_string(), DID);
}

#[test]
fn ids_are_base32() {
    let id = EntryId([0; 32]);
    assert_eq!(id.to_string(), format!("b{}", "a".repeat(52)));
    assert_eq!(EntryId([0xff; 32]).to_string(), format!("b{}q", "7".repeat(51)));
    // The empty file, whose hash is the first vector of BLAKE3; encoded by another language's base32.
    let empty = BlobId(*blake3::hash(b"").as_bytes());
    assert_eq!(empty.to_string(), "bafkr4ifpcne3t5pzugtkaqcn5i3nzskjtpfslsnnyejlpte2spfoihzsmi");
    assert_eq!(format!("{empty:?}"), format!("BlobId({empty})"));
}

#[test]
fn keys_of_other_forms_are_refused() {
    let of = |bytes: &[u8]| AccountId::from_str(&format!("z{}", bs58::encode(bytes).into_string()));
    for text in
        ["", "z", "did:key:", "did:web:example.org", "hello", "zO0Il", &format!("z{}", "1".repeat(10_000))]
    {
        assert!(matches!(text.parse::<AccountId>(), Err(TextError::KeyForm | TextError::KeyType)), "{text}");
    }
    assert_eq!("hello".parse::<AccountId>(), Err(TextError::KeyForm));
    assert_eq!(format!("z{}", "1".repeat(100)).parse::<AccountId>(), Err(TextError::KeyForm));
    assert_eq!(of(&[&[0xed, 0x01], [1; 31].as_slice()].concat()), Err(TextError::KeyForm));
    // secp256k1-pub
    assert_eq!(of(&[&[0xe7, 0x01], [2; 33].as_slice()].concat()), Err(TextError::KeyType));
    let small = [&[0xed, 0x01, 1], [0; 31].as_slice()].concat();
    assert_eq!(of(&small), Err(TextError::Key(KeyError::SmallOrder)));
}

#[test]
fn ids_of_other_forms_are_refused() {
    let id = EntryId([7; 32]).to_string();
    for text in ["", "b", &id[1..], &id[..52], &format!("{id}a"), &id.to_uppercase(), &id.replace('b', "1")] {
        assert_eq!(text.parse::<EntryId>(), Err(TextError::EntryForm), "{text}");
    }
    // A last character with bits beyond the 256th.
    assert_eq!(format!("b{}b", "a".repeat(51)).parse::<EntryId>(), Err(TextError::EntryForm));
    assert_eq!(id.parse::<BlobId>(), Err(TextError::CidForm));
    // The same bytes by SHA-256.
    let sha = BlobId([7; 32]).to_string().replacen("bafkr4i", "bafkrei", 1);
    assert_eq!(sha.parse::<BlobId>(), Err(TextError::CidType));
}

#[test]
fn posts_are_named_by_link_or_id() {
    let link = EntryRef { account: AccountId(key(1)), id: EntryId([3; 32]) };
    let text = link.to_string();
    assert_eq!(text, format!("majlis:{}/{}", bare_key(&link.account.0), link.id));
    assert_eq!(text.parse(), Ok(Target::Link(link)));
    assert_eq!(link.id.to_string().parse(), Ok(Target::Id(link.id)));
    assert_eq!("hello".parse::<Target>(), Err(TextError::TargetForm));
    let account = bare_key(&link.account.0);
    assert_eq!(format!("majlis:{account}").parse::<Target>(), Err(TextError::TargetForm));
    assert_eq!(format!("majlis:{account}/bb").parse::<Target>(), Err(TextError::EntryForm));
    assert_eq!(format!("majlis:x/{}", link.id).parse::<Target>(), Err(TextError::KeyForm));
}

#[test]
fn an_invite_names_account_and_peers() {
    let account = AccountId(key(2));
    let bare = bare_key(&account.0);
    let invite = Invite::new(account, vec![PEER.into(), "/dns/a-b_c.example/tcp/1/p2p/Qm1".into()]).unwrap();
    let text = invite.to_string();
    assert_eq!(text, format!("majlis:{bare}?peer={PEER}&peer=/dns/a-b_c.example/tcp/1/p2p/Qm1"));
    assert_eq!(text.parse(), Ok(invite));
    let alone = Invite::new(account, vec![]).unwrap();
    for text in [account.to_string(), bare.clone(), alone.to_string(), format!("majlis:{bare}?")] {
        assert_eq!(text.parse(), Ok(alone.clone()), "{text}");
    }
    let escaped = format!("majlis:{bare}?x=1&peer={}&y&peers=/", PEER.replace('/', "%2F"));
    let parsed: Invite = escaped.parse().unwrap();
    assert_eq!((parsed.account(), parsed.peers()), (account, [PEER.to_string()].as_slice()));
}

#[test]
fn invites_of_other_forms_are_refused() {
    let account = AccountId(key(2));
    let bare = bare_key(&account.0);
    for address in
        ["", "192.0.2.1", "/ip4/192.0.2.1/udp/1", "/ip4/1.2.3.4/p2p/", "/p2p/a/", "/x y/p2p/a", "/%FF/p2p/a"]
    {
        let text = format!("majlis:{bare}?peer={address}");
        assert_eq!(text.parse::<Invite>(), Err(TextError::Address), "{address}");
    }
    let long = format!("/{}/p2p/a", "x".repeat(crate::limits::MAX_URL));
    assert_eq!(Invite::new(account, vec![long]), Err(TextError::Address));
    let many = "&peer=/p2p/a".repeat(9);
    assert_eq!(format!("majlis:{bare}?{many}").parse::<Invite>(), Err(TextError::TooManyPeers));
    let post = EntryRef { account, id: EntryId([3; 32]) }.to_string();
    assert_eq!(post.parse::<Invite>(), Err(TextError::InvitesPost));
    assert_eq!("majlis:".parse::<Invite>(), Err(TextError::KeyForm));
}

#[test]
fn errors_show_a_right_one() {
    assert!(TextError::KeyForm.to_string().contains("did:key:z6Mk"));
    assert!(TextError::TooManyPeers.to_string().contains('8'));
}

proptest! {
    #[test]
    fn names_are_read_back(bytes: [u8; 32], seed: [u8; 32]) {
        prop_assert_eq!(EntryId(bytes).to_string().parse(), Ok(EntryId(bytes)));
        prop_assert_eq!(BlobId(bytes).to_string().parse(), Ok(BlobId(bytes)));
        let account = AccountId(SecretKey::from_seed(&seed).public());
        prop_assert_eq!(account.to_string().parse(), Ok(account));
    }

    #[test]
    fn invites_are_read_back(hosts in proptest::collection::vec("[!-~]{1,40}", 0..=8)) {
        let peers = hosts.into_iter().map(|host| format!("/{host}/p2p/Qm1")).collect();
        let invite = Invite::new(AccountId(key(5)), peers).unwrap();
        prop_assert_eq!(invite.to_string().parse(), Ok(invite));
    }

    #[test]
    fn any_text_is_read_without_panic(text in "(did:key:|majlis:)?[zb]?\\PC{0,80}") {
        let _ = text.parse::<AccountId>();
        let _ = text.parse::<EntryId>();
        let _ = text.parse::<BlobId>();
        let _ = text.parse::<Target>();
        let _ = text.parse::<Invite>();
    }
}
