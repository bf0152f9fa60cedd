//! Forks, what they void, and what a Delete takes back.

use majlis_protocol::body::{Body, Delete, Profile};
use majlis_protocol::entry::{Draft, Entry, Kind, Verified, sign};
use majlis_protocol::identity::{Closed, Device, VerifiedId, scope};
use majlis_protocol::ids::{AccountId, EntryId, LogId};
use majlis_protocol::state::Proof;
use serde_json::{Value, json};

use super::File;
use super::identities::other_inception;
use super::json::{hex, number};
use super::ledger::Ledger;
use super::view;
use super::world::{Author, THEN, account, device, identity, key, log};

/// The file.
pub fn file() -> File {
    let mut file = File::new("forks", "Fork proofs, the fork rule, deletions and registers (chapter 4).");
    proofs(&mut file);
    unlisted(&mut file);
    sealed(&mut file);
    closed(&mut file);
    effects(&mut file);
    file
}

/// What two signed headers prove.
pub fn prove(one: &[u8], other: &[u8]) -> Result<Proof, String> {
    let read = |bytes: &[u8]| super::entries::read(bytes, true).map_err(|error| format!("Entry({error:?})"));
    // `read` verified both; they are verified again, since only that makes them more than entries.
    let keys = majlis_protocol::KeyCache::default();
    let vouch =
        |entry: Entry| majlis_protocol::entry::verify(entry, &keys).map_err(|error| format!("{error:?}"));
    let (one, other) = (read(one)?, read(other)?);
    Proof::new(vouch(one)?, vouch(other)?).map_err(|error| format!("{error:?}"))
}

/// A proof as JSON.
pub fn show(proof: &Proof) -> Value {
    let [lower, higher] = proof.headers();
    json!({ "log": view::log(&proof.log()), "seq": number(proof.seq()), "lower": hex(&lower.id.0), "higher": hex(&higher.id.0) })
}

fn proof_case(file: &mut File, name: &str, one: &[u8], other: &[u8]) {
    let input = json!({ "one": hex(one), "other": hex(other) });
    match prove(one, other) {
        Ok(proof) => file.ok("fork", name, &["FORK-1"], input, show(&proof)),
        Err(error) => file.push("fork", name.into(), &["FORK-1"], input, "error", json!(error)),
    }
}

/// A log of three entries and a branch of two from its second.
struct Forked {
    trunk: Vec<Verified<Entry>>,
    branch: Vec<Verified<Entry>>,
}

fn forked() -> Forked {
    let mut author = Author::new(1, 11, log(1));
    let mut trunk = author.posts(2);
    let mut other = author.clone();
    trunk.extend(author.posts(3));
    let branch = vec![other.post("Another third."), other.post("Another fourth.")];
    Forked { trunk, branch }
}

fn proofs(file: &mut File) {
    let Forked { trunk, branch } = forked();
    let header = |entry: &Verified<Entry>| entry.signed_header();
    proof_case(file, "two entries of one place", &header(&trunk[2]), &header(&branch[0]));
    proof_case(file, "the same the other way round", &header(&branch[0]), &header(&trunk[2]));
    proof_case(file, "further up the branches", &header(&trunk[3]), &header(&branch[1]));
    proof_case(file, "the same entry twice", &header(&trunk[2]), &header(&trunk[2]));
    proof_case(file, "different places", &header(&trunk[2]), &header(&trunk[3]));
    proof_case(
        file,
        "different logs",
        &header(&trunk[0]),
        &header(&Author::new(1, 11, log(2)).post("First.")),
    );
    proof_case(
        file,
        "different devices",
        &header(&trunk[0]),
        &header(&Author::new(1, 12, log(1)).post("First.")),
    );
    proof_case(
        file,
        "different accounts",
        &header(&trunk[0]),
        &header(&Author::new(2, 11, log(1)).post("First.")),
    );
    let documents = [identity(1, 0, 1, vec![device(11)]), identity(1, 0, 1, vec![])];
    proof_case(
        file,
        "identity documents",
        &documents[0].entry().signed_header(),
        &documents[1].entry().signed_header(),
    );
    let mut forged = header(&branch[0]);
    *forged.last_mut().unwrap() ^= 1;
    proof_case(file, "a forged header", &header(&trunk[2]), &forged);
    // One header signed twice: another nonce gives another signature, hence another id.
    let again = resigned(&trunk[2]);
    proof_case(file, "one header with two signatures", &header(&trunk[2]), &again);
}

/// The header with another signature by the same device: a nonce of its own choosing.
fn resigned(entry: &Entry) -> Vec<u8> {
    use curve25519_dalek::constants::ED25519_BASEPOINT_POINT as BASE;
    use curve25519_dalek::scalar::Scalar;
    use sha2::{Digest as _, Sha512};
    let expanded: [u8; 64] = Sha512::digest([11; 32]).into();
    let mut low: [u8; 32] = std::array::from_fn(|at| expanded[at]);
    (low[0], low[31]) = (low[0] & 0xf8, (low[31] & 0x7f) | 0x40);
    let (secret, nonce) = (Scalar::from_bytes_mod_order(low), Scalar::from(123_456_789_u64));
    let mut header = Vec::new();
    entry.header.encode(&mut header);
    let message = majlis_protocol::context::message(majlis_protocol::context::ENTRY_SIGNATURE, &[&header]);
    let r = (BASE * nonce).compress().0;
    let s = nonce + super::keys::challenge(&r, &key(11).public(), &message) * secret;
    [header.as_slice(), &r, &s.to_bytes()].concat()
}

/// What counts of a set, whatever the order.
pub fn standings(documents: &[VerifiedId], entries: &[Verified<Entry>], proofs: &[Proof]) -> Value {
    let ledger = Ledger::of(documents, entries, proofs);
    entries.iter().map(|entry| json!(format!("{:?}", ledger.standing(entry)))).collect()
}

/// The same with the entries first, and documents and proofs behind them.
pub fn standings_backwards(documents: &[VerifiedId], entries: &[Verified<Entry>], proofs: &[Proof]) -> Value {
    let mut ledger = Ledger::of(&[], entries, &[]);
    for proof in proofs {
        ledger.proof(std::sync::Arc::new(proof.clone()));
    }
    for document in documents.iter().rev() {
        ledger.identity(std::sync::Arc::new(document.clone()));
    }
    entries.iter().map(|entry| json!(format!("{:?}", ledger.standing(entry)))).collect()
}

fn rule(
    file: &mut File,
    name: &str,
    ids: &[&str],
    documents: &[VerifiedId],
    entries: &[Verified<Entry>],
    proofs: &[Proof],
) {
    let input = json!({
        "documents": documents.iter().map(|doc| hex(&doc.entry().encode())).collect::<Vec<_>>(),
        "entries": entries.iter().map(|entry| hex(&entry.encode())).collect::<Vec<_>>(),
        "proofs": proofs.iter().map(|proof| proof.headers().map(|header| hex(&header.signed_header()))).collect::<Vec<_>>(),
    });
    file.ok("standing", name, ids, input, standings(documents, entries, proofs));
}

fn unlisted(file: &mut File) {
    let posts = Author::new(1, 11, log(1)).posts(2);
    let listed = identity(1, 0, 1, vec![device(11)]);
    rule(file, "no document", &["FORK-4"], &[], &posts, &[]);
    rule(
        file,
        "a document that does not list the device",
        &["FORK-4"],
        &[identity(1, 0, 1, vec![device(12)])],
        &posts,
        &[],
    );
    rule(file, "a document that does", &["FORK-4"], std::slice::from_ref(&listed), &posts, &[]);
    let gone = identity(1, 0, 2, vec![device(12)]);
    rule(
        file,
        "a later document that no longer lists it",
        &["FORK-4", "ID-10"],
        &[listed.clone(), gone],
        &posts,
        &[],
    );
    let mute = identity(1, 0, 1, vec![Device { scope: scope::ALL & !scope::POST, ..device(11) }]);
    rule(file, "a device that may not post", &["FORK-4", "ID-14"], &[mute], &posts, &[]);
    let mut author = Author::new(1, 11, log(1));
    let odd = vec![
        author.sign(Kind(0), &[0]),
        author.sign(Kind(31), &[0]),
        author.sign(Kind(32), &[0]),
        author.sign(Kind(200), &[0]),
    ];
    let all_bits = identity(1, 0, 1, vec![Device { scope: u32::MAX, ..device(11) }]);
    rule(file, "kinds beyond the bits of a scope", &["ID-14"], &[all_bits], &odd, &[]);
    rule(file, "a frozen account", &["ID-11", "FORK-4"], &[listed, other_inception(0, 1)], &posts, &[]);
    let gap = [posts[1].clone()];
    rule(
        file,
        "an entry without the one before",
        &["ENTRY-15", "FORK-4"],
        &[identity(1, 0, 1, vec![device(11)])],
        &gap,
        &[],
    );
    let own = Author::new(1, 11, LogId::new(1, 4)).posts(1);
    rule(
        file,
        "a log for the owner's devices",
        &["ENTRY-19", "FORK-4"],
        &[identity(1, 0, 1, vec![device(11)])],
        &own,
        &[],
    );
}

fn sealed(file: &mut File) {
    let listed = [identity(1, 0, 1, vec![device(11)])];
    let Forked { trunk, branch } = forked();
    let all = [trunk.clone(), branch.clone()].concat();
    rule(file, "a fork voids what follows it", &["FORK-2", "FORK-3"], &listed, &all, &[]);
    let other_log = Author::new(1, 11, log(2)).posts(2);
    rule(
        file,
        "another log of the same device lives on",
        &["FORK-3"],
        &listed,
        &[all.clone(), other_log].concat(),
        &[],
    );
    let proof = Proof::new(trunk[2].clone(), branch[0].clone()).unwrap();
    rule(
        file,
        "a proof whose entries are not held",
        &["FORK-2", "FORK-3"],
        &listed,
        &trunk[..2],
        std::slice::from_ref(&proof),
    );
    let later = Proof::new(trunk[3].clone(), branch[1].clone()).unwrap();
    rule(file, "of two proofs the lower counts", &["FORK-2"], &listed, &trunk, &[later.clone(), proof]);
    rule(file, "a later proof alone", &["FORK-2"], &listed, &trunk, &[later]);
    let headless = [trunk[0].clone(), trunk[4].clone(), branch[0].clone(), branch[1].clone()];
    rule(file, "branches that do not show a common place", &["FORK-2", "ENTRY-15"], &listed, &headless, &[]);
}

fn closing(ended: Option<u64>, closed: Vec<Closed>) -> [VerifiedId; 1] {
    [identity(1, 0, 1, vec![Device { ended, closed, ..device(11) }])]
}

fn closed(file: &mut File) {
    let Forked { trunk, branch } = forked();
    let all = [trunk.clone(), branch.clone()].concat();
    let at = |entry: &Verified<Entry>| Closed { log_id: log(1), seq: entry.header.seq, id: entry.id };
    let ids = ["FORK-3"];
    rule(file, "an ended device", &ids, &closing(Some(THEN), vec![]), &trunk, &[]);
    rule(
        file,
        "an ended device with a closed log",
        &ids,
        &closing(Some(THEN), vec![at(&trunk[1])]),
        &trunk,
        &[],
    );
    rule(
        file,
        "a closed log of a device that goes on",
        &ids,
        &closing(None, vec![at(&trunk[1])]),
        &trunk,
        &[],
    );
    rule(file, "a forked log closed on its trunk", &ids, &closing(None, vec![at(&trunk[3])]), &all, &[]);
    rule(
        file,
        "a forked log closed on its branch",
        &ids,
        &closing(Some(THEN), vec![at(&branch[1])]),
        &all,
        &[],
    );
    rule(file, "a forked log closed below the fork", &ids, &closing(None, vec![at(&trunk[1])]), &all, &[]);
    rule(
        file,
        "closed at an entry that is not held",
        &ids,
        &closing(None, vec![at(&trunk[4])]),
        &trunk[..4],
        &[],
    );
    let gap = [trunk[0].clone(), trunk[2].clone(), trunk[3].clone()];
    rule(file, "a gap below the closed entry", &ids, &closing(None, vec![at(&trunk[3])]), &gap, &[]);
    let wrong = Closed { id: EntryId([7; 32]), ..at(&trunk[1]) };
    rule(file, "closed at an id that is nobody's", &ids, &closing(None, vec![wrong]), &trunk, &[]);
    let elsewhere = Closed { log_id: log(9), ..at(&trunk[1]) };
    rule(file, "another log closed", &ids, &closing(None, vec![elsewhere]), &trunk, &[]);
}

/// Takes `target` back.
fn delete(author: &mut Author, target: EntryId) -> Verified<Entry> {
    author.sign(Kind::DELETE, &Body::Delete(Delete { target }).encode().unwrap())
}

/// What deletions and registers come to.
pub fn effects_of(documents: &[VerifiedId], entries: &[Verified<Entry>], account: &AccountId) -> Value {
    let ledger = Ledger::of(documents, entries, &[]);
    let deleted: Vec<_> =
        ledger.deleted().iter().map(|(target, by)| json!([hex(&target.0), hex(&by.0)])).collect();
    json!({ "deleted": deleted, "profile": ledger.profile(account).map(|id| hex(&id.0)) })
}

fn effect(file: &mut File, name: &str, ids: &[&str], documents: &[VerifiedId], entries: &[Verified<Entry>]) {
    let input = json!({
        "account": hex(&account(1).0),
        "documents": documents.iter().map(|doc| hex(&doc.entry().encode())).collect::<Vec<_>>(),
        "entries": entries.iter().map(|entry| hex(&entry.encode())).collect::<Vec<_>>(),
    });
    file.ok("effects", name, ids, input, effects_of(documents, entries, &account(1)));
}

/// A profile signed at a time of one's choosing.
fn profile(author: &mut Author, name: &str, timestamp: u64) -> Verified<Entry> {
    let body = Body::Profile(Profile { name: name.into(), ..Profile::default() }).encode().unwrap();
    author.seq += 1;
    let draft = Draft {
        kind: Kind::PROFILE,
        account: author.account,
        log_id: author.log_id,
        seq: author.seq,
        timestamp,
        backlink: author.backlink,
        blind: [3; 16],
        body: &body,
    };
    let entry = sign(&draft, &key(author.device)).unwrap();
    author.backlink = entry.id;
    entry
}

fn effects(file: &mut File) {
    let listed = [identity(1, 0, 1, vec![device(11), device(12)]), identity(2, 0, 1, vec![device(21)])];
    let mut author = Author::new(1, 11, log(1));
    let mut other = Author::new(1, 12, log(1));
    let posts = author.posts(2);
    let one = delete(&mut author, posts[0].id);
    let two = delete(&mut other, posts[0].id);
    let set = [posts.clone(), vec![one.clone()]].concat();
    effect(file, "a post is taken back", &["FORK-5"], &listed, &set);
    effect(
        file,
        "by two devices: the lower id is named",
        &["FORK-5"],
        &listed,
        &[set.clone(), vec![two.clone()]].concat(),
    );
    effect(file, "a delete of something not known", &["FORK-5"], &listed, &[one]);
    let mut stranger = Author::new(2, 21, log(1));
    let foreign = delete(&mut stranger, posts[0].id);
    effect(
        file,
        "by another account: nothing",
        &["FORK-5"],
        &listed,
        &[posts.clone(), vec![foreign]].concat(),
    );
    let unlisted = [identity(1, 0, 1, vec![device(11)])];
    effect(
        file,
        "by a device that is not listed: nothing",
        &["FORK-5"],
        &unlisted,
        &[posts.clone(), vec![two.clone()]].concat(),
    );
    let mute = [identity(1, 0, 1, vec![device(11), Device { scope: scope::POST, ..device(12) }])];
    effect(
        file,
        "by a device that may not delete: nothing",
        &["FORK-5"],
        &mute,
        &[posts, vec![two]].concat(),
    );
    let (mut a, mut b) = (Author::new(1, 11, log(3)), Author::new(1, 12, log(3)));
    let (early, late) = (profile(&mut a, "early", THEN), profile(&mut b, "late", THEN + 1));
    let behind = profile(&mut a, "written later, dated earlier", THEN - 1);
    let level = profile(&mut a, "level", THEN + 1);
    effect(file, "the later profile", &["FORK-6"], &listed, &[early.clone(), late.clone(), behind.clone()]);
    effect(
        file,
        "of two of one time, the higher id",
        &["FORK-6"],
        &listed,
        &[early, late.clone(), behind, level],
    );
    effect(file, "a profile that does not count", &["FORK-6"], &unlisted, &[late]);
}
