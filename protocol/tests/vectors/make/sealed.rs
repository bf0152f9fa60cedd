//! Sealed bodies of suite 1 and the private items in them. The secret of a reader is the byte of its number,
//! thirty-two times.

use majlis_protocol::body::{Body, Content, Post, Sealed};
use majlis_protocol::ids::EntryId;
use majlis_protocol::keys::x25519_public;
use majlis_protocol::sealed::{
    Envelope, Filter, FilteredPost, ItemValue, Phrase, Place, PrivateItem, SealedError, seal,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::File;
use super::json::{hex, number};
use super::packs::cbor_head as head;
use super::view::{self, object};
use super::world::{account, device_id};

const SEED: [u8; 32] = [0x5e; 32];
/// Count, then key id, encapsulated key and sealed content key of each recipient.
const SLOT: usize = 8 + 32 + 48;

/// Device 11 of person 1, in a log for its own devices.
fn place() -> Place {
    Place { account: account(1), device: device_id(11), class: 1 }
}

fn show_place(place: &Place) -> Value {
    json!({ "account": hex(&place.account.0), "device": hex(&place.device.0), "class": place.class })
}

/// What opening comes to: null for a suite that is not known, else for whom it is and, for one of these, what it
/// says.
pub fn open(place: &Place, secret: &[u8; 32], sealed: &Sealed) -> Result<Value, SealedError> {
    let Some(envelope) = Envelope::read(sealed)? else { return Ok(Value::Null) };
    let plaintext = envelope.open(place, secret)?;
    let recipients: Vec<_> = envelope.recipients().map(|id| hex(&id)).collect();
    Ok(view::object([
        ("recipients", Some(json!(recipients))),
        ("plaintext", plaintext.as_deref().map(|plaintext| hex(plaintext))),
    ]))
}

/// A private item as JSON.
pub fn show_item(item: &PrivateItem) -> Value {
    view::object([
        ("collection", Some(json!(item.collection))),
        ("key", (!item.key.is_empty()).then(|| hex(&item.key))),
        ("value", item.value.as_ref().map(|value| hex(value))),
    ])
}

fn publics(readers: &[u8]) -> Vec<[u8; 32]> {
    readers.iter().map(|reader| x25519_public(&[*reader; 32])).collect()
}

fn opens(file: &mut File, name: &str, ids: &[&str], place: &Place, reader: u8, sealed: &Sealed) {
    let input = json!({
        "place": show_place(place), "secret": hex(&[reader; 32]),
        "suite": sealed.suite, "data": hex(&sealed.data),
    });
    file.either("open", name, ids, input, open(place, &[reader; 32], sealed), |out| out);
}

fn seals(file: &mut File, name: &str, ids: &[&str], recipients: &[[u8; 32]], plaintext: &[u8]) {
    let input = json!({
        "place": show_place(&place()), "seed": hex(&SEED), "plaintext": hex(plaintext),
        "recipients": recipients.iter().map(|key| hex(key)).collect::<Vec<_>>(),
    });
    let result = seal(&place(), recipients, plaintext, &SEED);
    file.either("seal", name, ids, input, result, |sealed| hex(&sealed.data));
}

fn item(file: &mut File, name: &str, ids: &[&str], bytes: &[u8]) {
    let out = PrivateItem::decode(bytes);
    file.either("item", name, ids, json!({ "bytes": hex(bytes) }), out, |item| {
        item.as_ref().map_or(Value::Null, show_item)
    });
}

fn show_phrase(phrase: &Phrase) -> Value {
    object([
        ("id", Some(number(phrase.id))),
        ("text", Some(json!(phrase.text))),
        ("in_words", phrase.in_words.then_some(Value::Bool(true))),
    ])
}

fn show_filter(filter: &Filter) -> Value {
    let phrases: Vec<_> = filter.phrases.iter().map(show_phrase).collect();
    let post =
        |post: &FilteredPost| object([("id", Some(number(post.id))), ("post", Some(hex(&post.post.0)))]);
    let posts: Vec<_> = filter.posts.iter().map(post).collect();
    object([
        ("phrases", (!phrases.is_empty()).then(|| json!(phrases))),
        ("contexts", (filter.contexts > 0).then(|| json!(filter.contexts))),
        ("action", (filter.action > 0).then(|| json!(filter.action))),
        ("posts", (!posts.is_empty()).then(|| json!(posts))),
    ])
}

/// The value of an item as JSON.
pub fn show_value(value: &ItemValue) -> Value {
    object([
        ("at", value.at.map(number)),
        ("until", value.until.map(number)),
        ("name", (!value.name.is_empty()).then(|| json!(value.name))),
        ("account", value.account.map(|account| hex(&account.0))),
        ("filter", value.filter.as_ref().map(show_filter)),
        ("draft", (!value.draft.is_empty()).then(|| hex(&value.draft))),
        ("entry", value.entry.map(|entry| hex(&entry.0))),
    ])
}

fn value(file: &mut File, name: &str, ids: &[&str], bytes: &[u8]) {
    let out = ItemValue::decode(bytes);
    file.either("value", format!("value: {name}"), ids, json!({ "bytes": hex(bytes) }), out, |value| {
        show_value(&value)
    });
}

fn follow() -> Zeroizing<Vec<u8>> {
    let followed = account(2).0.to_vec();
    PrivateItem { collection: "follow".into(), key: followed, value: Some(vec![0xa0]) }.encode().unwrap()
}

/// The file.
pub fn file() -> File {
    let mut file =
        File::new("sealed", "Sealed bodies of suite 1, and the private items in them (chapter 9).");
    let follow = follow();
    seals(&mut file, "for one device", &["SEAL-1", "SEAL-2", "SEAL-4", "SEAL-5"], &publics(&[11]), &follow);
    seals(&mut file, "for three devices", &["SEAL-1", "SEAL-3", "SEAL-5"], &publics(&[13, 11, 12]), &follow);
    seals(&mut file, "for one device, named twice", &["SEAL-3"], &publics(&[11, 11]), &follow);
    seals(&mut file, "nothing, for one device", &["SEAL-1"], &publics(&[11]), &[]);
    seals(&mut file, "for nobody", &["SEAL-3"], &[], &follow);
    let many: Vec<u8> = (1..=65).collect();
    seals(&mut file, "for 65 devices", &["SEAL-3"], &publics(&many), &follow);
    seals(&mut file, "for a key that gives no secret", &["SEAL-6"], &[[0; 32]], &follow);
    opened(&mut file);
    refused(&mut file);
    items(&mut file);
    file
}

fn sealed(readers: &[u8], plaintext: &[u8]) -> Sealed {
    seal(&place(), &publics(readers), plaintext, &SEED).unwrap()
}

fn opened(file: &mut File) {
    let three = sealed(&[11, 12, 13], &follow());
    for reader in [11, 12, 13] {
        let name = format!("opened by reader {reader}");
        opens(file, &name, &["SEAL-1", "SEAL-2", "SEAL-4"], &place(), reader, &three);
    }
    opens(file, "not for this reader", &["SEAL-7"], &place(), 14, &three);
    let later = Sealed { suite: 2, ..three };
    opens(file, "another suite", &["SEAL-7"], &place(), 11, &later);
    let many: Vec<u8> = (1..=64).collect();
    opens(file, "one of 64", &["SEAL-3"], &place(), 40, &sealed(&many, b"all"));
    let random = |at: usize| (at * 7 % 251) as u8;
    let long: Vec<u8> = (0..1_000).map(random).collect();
    opens(file, "a longer plaintext", &["SEAL-4"], &place(), 11, &sealed(&[11], &long));
    for (name, elsewhere) in [
        ("in another account", Place { account: account(2), ..place() }),
        ("of another device", Place { device: device_id(12), ..place() }),
        ("in a public log", Place { class: 0, ..place() }),
    ] {
        opens(file, name, &["SEAL-4", "SEAL-6"], &elsewhere, 11, &sealed(&[11], &follow()));
    }
}

fn refused(file: &mut File) {
    let whole = sealed(&[11, 12], &follow()).data;
    let mut changed = |name: &str, ids: &[&str], change: &dyn Fn(&mut Vec<u8>)| {
        let mut data = whole.clone();
        change(&mut data);
        opens(file, name, ids, &place(), 11, &Sealed { suite: 1, data });
    };
    changed("no bytes at all", &["SEAL-3"], &|data| data.clear());
    changed("a count alone", &["SEAL-3"], &|data| data.truncate(1));
    changed("half a recipient", &["SEAL-3"], &|data| data.truncate(1 + SLOT + 20));
    changed("recipients and no tag", &["SEAL-3"], &|data| data.truncate(1 + 2 * SLOT + 15));
    changed("a count of zero", &["SEAL-3"], &|data| data[0] = 0);
    changed("a count of 65", &["SEAL-3"], &|data| data[0] = 65);
    changed("recipients in falling order", &["SEAL-3"], &|data| data[1..=2 * SLOT].rotate_left(SLOT));
    changed("a recipient that repeats", &["SEAL-3"], &|data| data.copy_within(1..=SLOT, 1 + SLOT));
    let mine = if place_of(&whole, 11) == 0 { 0 } else { SLOT };
    changed("a changed key id", &["SEAL-7"], &|data| data[1 + mine + 7] ^= 1);
    changed("a changed encapsulated key", &["SEAL-6"], &|data| data[1 + mine + 8] ^= 1);
    changed("an encapsulated key with its unused bit set", &["SEAL-6"], &|data| data[1 + mine + 39] ^= 0x80);
    changed("an encapsulated key that gives no secret", &["SEAL-6"], &|data| {
        data[1 + mine + 8..1 + mine + 40].fill(0);
    });
    changed("a changed content key", &["SEAL-6"], &|data| data[1 + mine + 40] ^= 1);
    changed("a change in the other's part", &["SEAL-4", "SEAL-6"], &|data| {
        data[1 + (SLOT - mine) + 50] ^= 1;
    });
    changed("a changed content", &["SEAL-6"], &|data| data[1 + 2 * SLOT] ^= 1);
    changed("a changed tag", &["SEAL-6"], &|data| *data.last_mut().unwrap() ^= 1);
    changed("a byte more", &["SEAL-6"], &|data| data.push(0));
}

/// Which of the recipients a reader is.
fn place_of(data: &[u8], reader: u8) -> usize {
    let id = majlis_protocol::sealed::key_id(&x25519_public(&[reader; 32]));
    data[1..].chunks(SLOT).position(|slot| slot.starts_with(&id)).unwrap()
}

fn items(file: &mut File) {
    item(file, "a follow", &["SEAL-9", "SEAL-12"], &follow());
    let ended = PrivateItem { collection: "follow".into(), key: account(2).0.to_vec(), value: None }
        .encode()
        .unwrap();
    item(file, "a follow that has ended", &["SEAL-9", "SEAL-12"], &ended);
    let bytes = |text: &str| data_encoding::HEXLOWER.decode(text.replace(' ', "").as_bytes()).unwrap();
    for (name, item_bytes) in [
        ("a register without key", "01 a2 01 61 61 03 41 00"),
        ("hyphens", "01 a1 01 63 2d 61 2d"),
        ("an unknown field", "01 a2 01 61 61 04 00"),
        ("another version", "02 00"),
        ("no bytes", ""),
        ("no collection", "01 a0"),
        ("an empty collection", "01 a1 01 60"),
        ("a capital letter", "01 a1 01 61 41"),
        ("a digit", "01 a1 01 62 61 31"),
        ("a letter beyond ASCII", "01 a1 01 62 d985"),
        ("a collection that is bytes", "01 a1 01 41 61"),
        ("an empty key", "01 a2 01 61 61 02 40"),
        ("an empty value", "01 a2 01 61 61 03 40"),
        ("a value that is null", "01 a2 01 61 61 03 f6"),
        ("a byte behind", "01 a1 01 61 61 00"),
    ] {
        item(file, &format!("item: {name}"), &["SEAL-9"], &bytes(item_bytes));
    }
    let name = |n: usize| [bytes("01 a1 01"), head(0x60, n), vec![b'a'; n]].concat();
    let field = |key: u8, n: usize| [bytes("01 a2 01 61 61"), vec![key], head(0x40, n), vec![7; n]].concat();
    values(file, &bytes);
    for (what, limit, of) in [
        ("a collection", 32, &name as &dyn Fn(usize) -> Vec<u8>),
        ("a key", 256, &|n| field(2, n)),
        ("a value", 16_384, &|n| field(3, n)),
    ] {
        item(file, &format!("{what} at its limit of {limit}"), &["SEAL-9"], &of(limit));
        item(file, &format!("{what} beyond its limit of {limit}"), &["SEAL-9"], &of(limit + 1));
    }
}

/// An item's value with a filter that has so many phrases, and single posts.
fn filtering(phrases: usize, posts: usize) -> Vec<u8> {
    // The first is as long as one may be.
    let text = |n: usize| if n == 0 { "ك".repeat(128) } else { format!("كلمة {n}") };
    let phrase = |n: usize| Phrase { id: n as u64 + 1, text: text(n), in_words: n % 2 == 1 };
    let phrases = (0..phrases).map(phrase).collect();
    let post = |n: usize| FilteredPost { id: n as u64 + 1, post: EntryId([n as u8; 32]) };
    let posts = (0..posts).map(post).collect();
    let filter = Filter { phrases, contexts: Filter::HOME | Filter::THREAD, action: Filter::HIDE, posts };
    ItemValue { name: "كرة القدم".into(), filter: Some(filter), ..ItemValue::default() }.encode().unwrap()
}

fn values(file: &mut File, bytes: &dyn Fn(&str) -> Vec<u8>) {
    let full = ItemValue {
        at: Some(1),
        until: Some(2),
        name: "ليلى".into(),
        account: Some(account(2)),
        ..ItemValue::default()
    };
    value(file, "nothing said", &["SEAL-14"], &ItemValue::default().encode().unwrap());
    value(file, "all said of someone", &["SEAL-14"], &full.encode().unwrap());
    let read = ItemValue { at: Some(1), entry: Some(EntryId([7; 32])), ..ItemValue::default() };
    value(file, "a reading position", &["SEAL-14"], &read.encode().unwrap());
    value(file, "a filter", &["SEAL-14", "SEAL-15"], &filtering(2, 0));
    value(file, "a filter with all its phrases", &["SEAL-14", "SEAL-15"], &filtering(32, 0));
    value(file, "a filter of single posts alone", &["SEAL-14", "SEAL-15"], &filtering(0, 2));
    value(file, "a filter with all its phrases and posts", &["SEAL-14", "SEAL-15"], &filtering(32, 64));
    let said = Content { text: "صباح الخير".into(), language: "ar".into(), ..Content::default() };
    let post = Body::Post(Post { content: said, ..Post::default() }).encode().unwrap();
    let draft = ItemValue { at: Some(1), draft: post, ..ItemValue::default() };
    value(file, "a draft", &["SEAL-14", "SEAL-16"], &draft.encode().unwrap());
    let at_limit = ItemValue { draft: vec![7; 16_000], ..ItemValue::default() }.encode().unwrap();
    value(file, "a draft at its limit of 16000", &["SEAL-14", "SEAL-16"], &at_limit);
    let beyond = [bytes("a1 06 59 3e81"), vec![7; 16_001]].concat();
    value(file, "a draft beyond its limit of 16000", &["SEAL-14", "SEAL-16"], &beyond);
    let many = [bytes("a1 05 a1 01 98 21"), bytes("a2 01 01 02 61 61").repeat(33)].concat();
    value(file, "a filter with 33 phrases", &["SEAL-14", "SEAL-15"], &many);
    let one = [bytes("a2 01 01 02 58 20"), vec![7; 32]].concat();
    let many = [bytes("a1 05 a1 04 98 41"), one.repeat(65)].concat();
    value(file, "a filter with 65 posts", &["SEAL-14", "SEAL-15"], &many);
    for (name, value_bytes) in [
        ("a filter with an empty list of posts", "a1 05 a1 04 80"),
        ("a filter with a post that has no name", "a1 05 a1 04 81 a1 02 41 00"),
        ("a filter with a post that is none", "a1 05 a1 04 81 a1 01 01"),
        ("a filter with a field to come", "a1 05 a1 05 00"),
        ("a filter that says nothing", "a1 05 a0"),
        ("a filter with a context and an action to come", "a1 05 a2 02 18 21 03 02"),
        ("a filter with an empty list of phrases", "a1 05 a1 01 80"),
        ("a filter in no context, said", "a1 05 a1 02 00"),
        ("a filter with a context of 2^16", "a1 05 a1 02 1a 00010000"),
        ("a filter with a phrase that has no name", "a1 05 a1 01 81 a1 02 61 61"),
        ("a filter with a phrase that says nothing", "a1 05 a1 01 81 a1 01 01"),
        ("a filter with a phrase that is empty", "a1 05 a1 01 81 a2 01 01 02 60"),
        ("a filter that is no map", "a1 05 80"),
    ] {
        value(file, name, &["SEAL-14", "SEAL-15"], &bytes(value_bytes));
    }
    for (name, value_bytes) in [
        ("an unknown field", "a1 08 00"),
        ("cut short", "a1"),
        ("no map", "80"),
        ("an empty name", "a1 03 60"),
        ("a time of 2^47", "a1 01 1b 0000800000000000"),
        ("a short account", "a1 04 41 00"),
        ("a short entry", "a1 07 41 00"),
        ("an empty draft", "a1 06 40"),
        ("a byte behind", "a0 00"),
    ] {
        value(file, name, &["SEAL-14"], &bytes(value_bytes));
    }
}
