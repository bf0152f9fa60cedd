//! A node's journal, read with nothing but its description: who may know what is looked up in it.

use std::fs;

use majlis_protocol::Entry;

use super::node::TestNode;

const HEAD: usize = 16;

/// The entries that the node has written whole, in order.
pub fn entries(node: &TestNode) -> Vec<Entry> {
    let bytes = fs::read(node.home().join("journal")).unwrap();
    let (mut rest, mut found) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        assert_eq!(&rest[..4], b"mjr1", "no record begins here");
        let length = u32::from_be_bytes(rest[4..8].try_into().unwrap()) as usize;
        let (record, after) = rest.split_at(HEAD + length);
        rest = after;
        if let [0, entry @ ..] = &record[HEAD..] {
            found.push(Entry::decode(entry).unwrap());
        }
    }
    found
}

/// Those that only the owner's own devices may have.
pub fn private_entries(node: &TestNode) -> Vec<Entry> {
    let mut all = entries(node);
    all.retain(|entry| entry.header.log_id.class() == majlis_protocol::LogId::OWN_DEVICES);
    all
}
