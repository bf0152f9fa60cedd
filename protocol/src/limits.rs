//! Every bound that a remote party can push against, in one place. Sizes are bytes, times milliseconds.

/// Smallest payload: a 16-byte blind and a body of one byte (its version).
pub const MIN_PAYLOAD: u32 = 17;
/// Largest payload, blind included.
pub const MAX_PAYLOAD: u32 = 65_536;
/// Largest payload of an identity document, blind included.
pub const MAX_IDENTITY_PAYLOAD: u32 = 32_768;
/// Largest extension block of a header.
pub const MAX_EXT: usize = 256;
/// Timestamps are below 2^47 ms (the year 6429).
pub const MAX_TIMESTAMP: u64 = 1 << 47;
/// Fixed part of a header, up to and including `ext_len`.
pub const HEADER_FIXED: usize = 162;
/// Length of a signature.
pub const SIGNATURE: usize = 64;
/// Length of the random blind in front of a body.
pub const BLIND: usize = 16;
/// Largest signed header.
pub const MAX_SIGNED_HEADER: usize = HEADER_FIXED + MAX_EXT + SIGNATURE;

/// Devices in an identity document.
pub const MAX_DEVICES: usize = 64;
/// Closed logs in an identity document, over all its devices.
pub const MAX_CLOSED: usize = 256;
/// Keys of a device for other purposes than signing.
pub const MAX_DEVICE_KEYS: usize = 8;
/// Bytes of one such key.
pub const MAX_DEVICE_KEY: usize = 2_048;
/// Bytes of a device's name.
pub const MAX_DEVICE_NAME: usize = 64;
/// Roots that a recovery phrase gives: root 0 to root 16.
pub const ROOTS: usize = 17;

/// Bytes of a post's or an edit's text.
pub const MAX_TEXT: usize = 50_000;
/// Bytes of short strings: names, tags, labels, language tags of at most [`MAX_LANG`].
pub const MAX_SHORT: usize = 256;
/// Bytes of a BCP 47 language tag.
pub const MAX_LANG: usize = 35;
/// Bytes of a profile's biography.
pub const MAX_BIO: usize = 8_192;
/// Bytes of a content warning, an alt text or a card's description.
pub const MAX_MEDIUM: usize = 4_096;
/// Bytes of a URL or multiaddr.
pub const MAX_URL: usize = 2_048;
/// Items of most lists in a body: mentions, tags, attachments, fields.
pub const MAX_LIST: usize = 64;
/// Holders named in one `Hints` body.
pub const MAX_HINTS: usize = 8;
/// Addresses of one holder, and `peer` parameters of an invite.
pub const MAX_ADDRESSES: usize = 8;
/// Bytes of a libp2p peer id.
pub const MAX_PEER_ID: usize = 64;
/// Bytes of a date without time, `2026-01-31`.
pub const MAX_DATE: usize = 10;
/// Bytes of the emoji of a reaction: one may be a long sequence.
pub const MAX_EMOJI: usize = 64;
/// Fewest answers of a poll.
pub const MIN_POLL_OPTIONS: usize = 2;
/// Most answers of a poll.
pub const MAX_POLL_OPTIONS: usize = 20;
/// Recipients of a sealed body.
pub const MAX_RECIPIENTS: usize = 64;
/// Bytes of the name of a collection of private items.
pub const MAX_COLLECTION: usize = 32;
/// Bytes of the key of a private item.
pub const MAX_ITEM_KEY: usize = 256;
/// Bytes of the value of a private item.
pub const MAX_ITEM_VALUE: usize = 16_384;
/// Phrases of a filter.
pub const MAX_PHRASES: usize = 32;
/// Single posts of a filter.
pub const MAX_FILTERED_POSTS: usize = 64;
/// Bytes of the body in a draft: so many fit the value of a private item.
pub const MAX_DRAFT: usize = 16_000;
/// Nesting of CBOR items in a body.
pub const MAX_CBOR_DEPTH: usize = 16;

/// Largest frame: its type byte and body.
pub const MAX_FRAME: usize = 160 * 1024;
/// Entries of one CHUNK, one pack, one stored row.
pub const MAX_PACK_ENTRIES: usize = 64;
/// A pack ends with the entry that crosses this many payload bytes.
pub const PACK_BYTES: usize = 64 * 1024;
/// Largest soft section of a CHUNK once inflated.
pub const MAX_CHUNK_SOFT: usize = 160 * 1024;
/// Entries handed over (DELIVER) whose STATUS has not come.
pub const MAX_DELIVERIES: usize = 16;
/// Entries that a peer may hand over in a minute; more are asked for later, unread.
pub const DELIVERIES_A_MINUTE: usize = 64;
/// Conversations asked for (REFS) that were not answered, either way.
pub const MAX_REFS: usize = 4;
/// Posts in an answer to REFS.
pub const MAX_REFERRED: usize = 64;
/// Accounts whose holders are asked for at once (`WHO_HAS`).
pub const MAX_SOUGHT: usize = 16;
/// Milliseconds within which a peer that asks again (`WHO_HAS`) is told of nobody.
pub const SOUGHT_INTERVAL: u64 = 10_000;
/// Bytes of what shows that a host's owner has invited an account (PIN).
pub const MAX_PIN_TOKEN: usize = 64;
/// Questions whether an account is held (PIN) that were not answered.
pub const MAX_PINS: usize = 4;
/// Such questions that are looked at in a minute; more are put off.
pub const PINS_A_MINUTE: usize = 8;
/// Bytes of a group of a blob: what is verified at once.
pub const BLOB_GROUP: u64 = 16 * 1024;
/// Groups of a blob that are asked for at once.
pub const MAX_BLOB_GROUPS: u64 = 8;
/// Pieces of blobs asked for (`BLOB_WANT`) that were not answered, either way.
pub const MAX_BLOB_WANTS: usize = 16;
/// Bytes of a blob.
pub const MAX_BLOB: u64 = 1 << 40;
/// Bytes of a have file.
pub const MAX_HAVE: usize = 16 * 1024 * 1024;
/// Files that a have file asks for by name.
pub const MAX_HAVE_FILES: usize = 4_096;
/// Longest WANT list in a frame.
pub const MAX_WANTS: usize = 1_024;
/// Runs of a log that ROWS names.
pub const MAX_RUNS: usize = 4;
/// Tags of one OFFER.
pub const MAX_OFFER: usize = 16_384;
/// Tags that a stranger is shown in a whole session.
pub const MAX_STRANGER_TAGS: usize = 32;
/// Accounts that two peers share in a session.
pub const MAX_SHARED: usize = 65_536;
/// Logs of one device of an account that a node takes from others (local admission, never validity).
pub const MAX_LOGS_PER_DEVICE: usize = 16;
/// Runs of one log kept in memory; entries that would make more are refused until gaps close.
pub const MAX_LOG_RUNS: usize = 64;
/// A want unanswered for this long is given to another session.
pub const WANT_TIMEOUT: u64 = 15_000;
/// A HEAD that no push has satisfied for this long is pulled.
pub const HEAD_GRACE: u64 = 500;
/// Time between AUDITs.
pub const AUDIT_INTERVAL: u64 = 600_000;
/// A session that is not live after this long is closed.
pub const HANDSHAKE_TIMEOUT: u64 = 20_000;
/// A session starved of credit for this long by our disk is closed.
pub const STARVE_TIMEOUT: u64 = 30_000;
/// Wants outstanding in one session.
pub const MAX_OUTSTANDING: usize = 512;
/// CHUNK bytes (inflated) that a node lets a peer send ahead of its disk.
pub const CREDIT: u64 = 8 * 1024 * 1024;
/// Shortest time between two HEADs of a session; what changes within it travels in one.
pub const HEAD_INTERVAL: u64 = 50;
/// Logs that a side may name in full in a session in any case; and logs whose rows a session remembers of its peer.
pub const MAX_PEER_LOGS: usize = 262_144;
/// Logs that a side may name in full in a session, whatever is shared there.
pub const FREE_PEER_LOGS: usize = 1_024;
/// So many more for each account that has been given a number in it.
pub const PEER_LOGS_PER_ACCOUNT: usize = 8;
/// Serve jobs of one session under way at once; and so many answers to REFS and `BLOB_WANT`.
pub const MAX_SERVING: usize = 4;
/// Bytes of rows after which a ROWS or HEAD frame is closed and the next begun.
pub const ROWS_FRAME: usize = 48 * 1024;
/// Wants of one log outstanding at once over all sessions, so that answers out of order leave few runs.
pub const MAX_LOG_WANTS: usize = 32;
/// Wants outstanding in a session at its start; it grows while answers are quick.
pub const FIRST_WINDOW: usize = 16;
/// An answer quicker than this lets one more want be outstanding; a slower one than [`SLOW_ANSWER`] halves them.
pub const QUICK_ANSWER: u64 = 2_000;
/// See [`QUICK_ANSWER`].
pub const SLOW_ANSWER: u64 = 5_000;
/// Ranges of one log that a peer may decline or leave unanswered before its row is forgotten.
pub const MAX_ABSENT: usize = 16;
/// Identity documents asked of one session at once.
pub const MAX_IDENTITY_ASKS: usize = 32;
/// Identity documents that a peer may have asked for and not been sent.
pub const MAX_IDENTITY_WISHES: usize = 1_024;
/// A session that owes SHARE or ROWS for this long is closed.
pub const ANSWER_TIMEOUT: u64 = 60_000;
/// Account numbers given out in a session; accounts beyond are not shared.
pub const MAX_NUMBERS: usize = 4 * MAX_SHARED;
/// Bytes of rows, identity documents and proofs that are put out to one session at a time.
pub const ANSWER_BURST: usize = 256 * 1024;
/// Wishes of one serve job.
pub const MAX_JOB_WISHES: usize = 16;
/// Of two sessions with one peer, the older one yields to the newer once it is this old.
pub const DUPLICATE_AGE: u64 = 20_000;
/// How long the tags of what is held here are kept between two OFFERs of a peer.
pub const TAGS_KEPT: u64 = 10_000;
