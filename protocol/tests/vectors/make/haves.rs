//! What nodes that never meet tell each other by file.

use std::convert::Infallible;

use majlis_protocol::have::{Have, HaveError, HeldAccount, HeldLog, HeldRun, Salt, Tag, lacking};
use majlis_protocol::ids::{AccountId, DeviceId, EntryId, LogKey};
use majlis_protocol::limits::{MAX_HAVE, MAX_HAVE_FILES, MAX_LOG_RUNS, MAX_SHARED};
use majlis_protocol::pack::put_varint;
use majlis_protocol::state::Run;
use majlis_protocol::{SecretKey, body::BlobId, context};
use serde_json::{Value, json};

use super::File;
use super::json::{hex, number};
use super::world::{account, device_id, key, log};

/// What a have file says.
pub fn read(bytes: &[u8]) -> Result<Value, HaveError> {
    let have = Have::read(bytes)?;
    let run = |run: &HeldRun| json!([number(run.top), hex(&run.tag), number(run.low)]);
    let log = |log: &HeldLog| {
        let runs: Vec<_> = log.runs.iter().map(run).collect();
        json!({ "tag": hex(&log.tag), "seal": number(log.seal), "runs": runs })
    };
    let account = |account: &HeldAccount| {
        let logs: Vec<_> = account.logs.iter().map(log).collect();
        json!({ "tag": hex(&account.tag), "identity": hex(&account.identity), "logs": logs })
    };
    Ok(json!({
        "account": hex(&have.account.0), "device": hex(&have.device.0), "created": number(have.created),
        "salt": hex(&have.salt.0), "room": number(have.room),
        "accounts": have.accounts.iter().map(account).collect::<Vec<_>>(),
        "files": have.files.iter().map(|tag| hex(tag)).collect::<Vec<_>>(),
    }))
}

/// The tags that a salt gives an account, one of its logs and a file.
pub fn tags(salt: [u8; 32], log: &LogKey, blob: [u8; 32]) -> Value {
    let salt = Salt(salt);
    json!({
        "account": hex(&salt.account(&log.account)), "log": hex(&salt.log(log)),
        "file": hex(&salt.file(&BlobId(blob))),
    })
}

/// What is lacking of a run whose entries have these ids, from the lowest up, as far as they are told.
pub fn lacked(low: u64, ids: &[Tag], theirs: &[HeldRun]) -> Value {
    let id = |tag: &Tag| EntryId(std::array::from_fn(|at| tag.get(at).copied().unwrap_or(0)));
    let top = low + ids.len() as u64 - 1;
    let run = Run { low, top, low_backlink: EntryId::ZERO, top_id: id(ids.last().unwrap()) };
    let at = |seq: u64| Ok::<_, Infallible>(ids.get((seq - low) as usize).map(id));
    let lacked = lacking(&run, theirs, at).unwrap();
    json!(lacked.iter().map(|(hi, lo)| json!([number(*hi), number(*lo)])).collect::<Vec<_>>())
}

fn have() -> Have {
    Have {
        account: account(1),
        device: device_id(11),
        created: 1_700_000_000_000,
        salt: Salt([7; 32]),
        room: 1 << 30,
        accounts: Vec::new(),
        files: Vec::new(),
    }
}

fn held(tag: u8, runs: Vec<HeldRun>) -> HeldAccount {
    HeldAccount { tag: [tag; 8], identity: [9; 8], logs: vec![HeldLog { tag: [3; 8], seal: 5, runs }] }
}

/// Signs bytes that only look like a have file.
fn signed(by: &SecretKey, bytes: &[u8]) -> Vec<u8> {
    [bytes, &by.sign(&context::message(context::HAVE, &[bytes]))].concat()
}

/// The part in front of the accounts.
fn head(device: DeviceId) -> Vec<u8> {
    let head = have();
    let created = head.created.to_be_bytes();
    let room = head.room.to_be_bytes();
    [b"MAJHAV1\n".as_slice(), &head.account.0, &device.0, &created, &head.salt.0, &room].concat()
}

fn case(file: &mut File, name: &str, ids: &[&str], bytes: &[u8]) {
    file.either("have", name, ids, json!({ "bytes": hex(bytes) }), read(bytes), |value| value);
}

fn account_bytes(tag: u8, runs: &[&[u8]]) -> Vec<u8> {
    [&[tag; 8], [9; 8].as_slice(), &[1], &[3; 8], &[0], &[runs.len() as u8], &runs.concat()].concat()
}

fn run_bytes(top: u64, below: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, top);
    out.extend_from_slice(&[4; 8]);
    put_varint(&mut out, below);
    out
}

fn counted(count: usize) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, count as u64);
    out
}

fn refused(file: &mut File) {
    let (by, front) = (key(11), head(device_id(11)));
    let refuse = |file: &mut File, name: &str, ids: &[&str], rest: &[&[u8]]| {
        case(file, name, ids, &signed(&by, &[front.as_slice(), &rest.concat()].concat()));
    };
    let (one, two) = (account_bytes(1, &[&run_bytes(9, 8)]), account_bytes(2, &[]));
    refuse(file, "accounts out of order", &["HAVE-3"], &[&[2], &two, &one, &[0]]);
    refuse(file, "an account twice", &["HAVE-3"], &[&[2], &one, &one, &[0]]);
    refuse(file, "files out of order", &["HAVE-3"], &[&[0], &[2], &[8; 8], &[7; 8]]);
    let rising = account_bytes(1, &[&run_bytes(4, 0), &run_bytes(9, 1)]);
    refuse(file, "runs that rise", &["HAVE-3"], &[&[1], &rising, &[0]]);
    let crossing = account_bytes(1, &[&run_bytes(9, 4), &run_bytes(5, 1)]);
    refuse(file, "runs that overlap", &["HAVE-3"], &[&[1], &crossing, &[0]]);
    let empty = account_bytes(1, &[&run_bytes(0, 0)]);
    refuse(file, "a run of nothing", &["HAVE-2"], &[&[1], &empty, &[0]]);
    let below = account_bytes(1, &[&run_bytes(4, 4)]);
    refuse(file, "a run from below 1", &["HAVE-2"], &[&[1], &below, &[0]]);
    refuse(file, "a long number", &["HAVE-1"], &[&[0x80, 0], &[0]]);
    refuse(file, "too many accounts", &["HAVE-3"], &[&counted(MAX_SHARED + 1)]);
    refuse(file, "too many files", &["HAVE-3"], &[&[0], &counted(MAX_HAVE_FILES + 1)]);
    let logs = [[9; 16].as_slice(), &counted(MAX_SHARED + 1)].concat();
    refuse(file, "too many logs", &["HAVE-3"], &[&[1], &logs]);
    let runs = [[9; 16].as_slice(), &[1], &[3; 8], &[0], &counted(MAX_LOG_RUNS + 1)].concat();
    refuse(file, "too many runs", &["HAVE-3"], &[&[1], &runs]);
    refuse(file, "something behind the end", &["HAVE-1"], &[&[0], &[0], &[0]]);
    let torsion = [0; 32];
    case(
        file,
        "a device that is none",
        &["HAVE-4"],
        &signed(&by, &[head(DeviceId(torsion)).as_slice(), &[0, 0]].concat()),
    );
}

fn lacking_cases(file: &mut File) {
    let ids: Vec<Tag> = (3_u8..=10).map(|seq| [seq; 8]).collect();
    let mut lack = |name: &str, ids_of: &[&str], theirs: &[(u64, u8, u64)]| {
        let runs: Vec<_> =
            theirs.iter().map(|&(top, tag, low)| HeldRun { top, tag: [tag; 8], low }).collect();
        let shown: Vec<_> = runs.iter().map(|run| json!([run.top, hex(&run.tag), run.low])).collect();
        let tags: Vec<_> = ids.iter().map(|tag| hex(tag)).collect();
        let input = json!({ "low": 3, "ids": tags, "theirs": shown });
        file.ok("lacking", name, ids_of, input, lacked(3, &ids, &runs));
    };
    lack("they hold nothing", &["HAVE-7"], &[]);
    lack("they hold the same", &["HAVE-7"], &[(10, 10, 1)]);
    lack("they are behind", &["HAVE-7"], &[(7, 7, 1)]);
    lack("they are ahead", &["HAVE-7"], &[(12, 99, 6)]);
    lack("they have gaps", &["HAVE-7"], &[(9, 9, 8), (5, 5, 5)]);
    lack("theirs is another branch", &["HAVE-7"], &[(10, 99, 1)]);
    lack("theirs is another branch from further down", &["HAVE-7"], &[(7, 8, 1)]);
    lack("theirs lies below", &["HAVE-7"], &[(2, 2, 1)]);
}

/// The file of vectors.
pub fn file() -> File {
    let mut out =
        File::new("haves", "Have files: what they say, what tags are, and what is lacking (chapter 8).");
    let file = &mut out;
    let nothing = have().sign(&key(11)).1;
    case(file, "nothing held and nothing wanted", &["HAVE-1", "HAVE-4"], &nothing);
    let runs =
        || vec![HeldRun { top: 900, tag: [4; 8], low: 300 }, HeldRun { top: 299, tag: [5; 8], low: 1 }];
    let whole = Have {
        accounts: vec![
            held(2, runs()),
            held(1, vec![]),
            HeldAccount { tag: [6; 8], identity: [0; 8], logs: vec![] },
        ],
        files: vec![[8; 8], [7; 8]],
        ..have()
    };
    let whole = whole.sign(&key(11)).1;
    case(file, "three accounts and two files", &["HAVE-1", "HAVE-2", "HAVE-3", "HAVE-5"], &whole);
    for len in [0, 7, 8, 71, 100, 180, whole.len() - 1] {
        case(file, &format!("cut to {len} bytes"), &["HAVE-1"], &whole[..len]);
    }
    let changed = |at: usize| {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        changed
    };
    case(file, "another magic", &["HAVE-1"], &changed(6));
    case(file, "another account", &["HAVE-4"], &changed(8));
    case(file, "another salt", &["HAVE-4"], &changed(90));
    case(file, "another signature", &["HAVE-4"], &changed(whole.len() - 40));
    case(file, "an entry's context", &["HAVE-4"], &{
        let bytes = &whole[..whole.len() - 64];
        [bytes, &key(11).sign(&context::message(context::ENTRY_SIGNATURE, &[bytes]))].concat()
    });
    let long = [b"MAJHAV1\n".as_slice(), &vec![0; MAX_HAVE]].concat();
    case(file, "longer than any", &["HAVE-1"], &long);
    refused(file);
    let named = LogKey { account: AccountId([1; 32]), device: DeviceId([2; 32]), log_id: log(3) };
    file.ok(
        "have/tags",
        "tags of an account, a log and a file",
        &["HAVE-2"],
        json!({
            "salt": hex(&[7; 32]), "account": hex(&named.account.0), "device": hex(&named.device.0),
            "log_id": hex(&named.log_id.0.to_be_bytes()), "blob": hex(&[4; 32]),
        }),
        tags([7; 32], &named, [4; 32]),
    );
    lacking_cases(file);
    out
}
