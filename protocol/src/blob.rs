//! Files that bodies name, in pieces that are verified on their own: Bao slices over groups of 16 KiB
//! (spec chapter 10). Whoever knows a file's hash and length can check any run of its groups, whoever gives it.

use std::io;

use bao_tree::io::BaoContentItem;
use bao_tree::io::outboard::PostOrderOutboard;
use bao_tree::io::sync::{DecodeResponseIter, encode_ranges, outboard_post_order};
pub use bao_tree::io::sync::{ReadAt, Size};
use bao_tree::{BaoTree, BlockSize, ChunkNum, ChunkRanges};
use bytes::Bytes;

use crate::body::BlobId;
use crate::limits::{BLOB_GROUP, MAX_BLOB, MAX_BLOB_GROUPS};

/// Chunks of 1 KiB, of which a group has 2^4.
const BLOCK: BlockSize = BlockSize::from_chunk_log(4);
const CHUNKS_A_GROUP: u64 = 16;

/// Some groups of a file, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first, counted from 0.
    pub first: u64,
    /// How many, at least one.
    pub count: u64,
}

/// Why a piece of a file is not what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PieceError {
    /// No such groups: none, too many, or beyond the end of the file.
    #[error("the file has no such groups")]
    Span,
    /// The bytes do not belong to the file, end early, or go on.
    #[error("the bytes do not belong to the file")]
    Mismatch,
}

/// How many groups a file of `size` bytes has.
pub fn groups(size: u64) -> u64 {
    size.div_ceil(BLOB_GROUP)
}

/// Bytes of the tree of hashes that goes with a file of `size` bytes.
pub fn tree_size(size: u64) -> u64 {
    tree(size).outboard_size()
}

fn tree(size: u64) -> BaoTree {
    BaoTree::new(size, BLOCK)
}

impl Span {
    /// The first byte of it in a file.
    pub fn start(&self) -> u64 {
        self.first * BLOB_GROUP
    }

    /// Its groups as chunks, if a file of `size` bytes has them and they may be asked for at once.
    fn chunks(&self, size: u64) -> Result<ChunkRanges, PieceError> {
        let end = self.first.checked_add(self.count).ok_or(PieceError::Span)?;
        let fits = size <= MAX_BLOB && (1..=MAX_BLOB_GROUPS).contains(&self.count) && end <= groups(size);
        if !fits {
            return Err(PieceError::Span);
        }
        Ok(ChunkRanges::from(ChunkNum(self.first * CHUNKS_A_GROUP)..ChunkNum(end * CHUNKS_A_GROUP)))
    }
}

/// Reads a file of `size` bytes, writes its tree of hashes in post order, and says its hash.
///
/// Errors: those of the reader, which must give `size` bytes, and of the writer.
pub fn hash(data: impl io::Read, size: u64, tree_out: impl io::Write) -> io::Result<BlobId> {
    Ok(BlobId(*outboard_post_order(data, tree(size), tree_out)?.as_bytes()))
}

/// The piece of a file that holds a span: the hashes that prove it, and its bytes. `hashes` is the tree that
/// [`hash`] has written.
///
/// Errors: [`InvalidInput`](io::ErrorKind::InvalidInput) where the file has no such groups; those of reading.
pub fn cut(blob: &BlobId, data: impl ReadAt + Size, hashes: impl ReadAt, span: Span) -> io::Result<Vec<u8>> {
    let size = data.size()?.unwrap_or_default();
    let chunks = span.chunks(size).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let outboard = PostOrderOutboard { root: blob.0.into(), tree: tree(size), data: hashes };
    let mut piece = Vec::with_capacity((span.count * BLOB_GROUP) as usize + 2_048);
    encode_ranges(data, outboard, &chunks, &mut piece)?;
    Ok(piece)
}

/// The bytes of a span, if the piece proves that they belong to the file with this hash and length.
pub fn verify(blob: &BlobId, size: u64, span: Span, piece: &[u8]) -> Result<Vec<Bytes>, PieceError> {
    let chunks = span.chunks(size)?;
    let mut rest = piece;
    let mut bytes = Vec::with_capacity(span.count as usize);
    for item in DecodeResponseIter::new(blob.0.into(), tree(size), &mut rest, &chunks) {
        if let BaoContentItem::Leaf(leaf) = item.map_err(|_| PieceError::Mismatch)? {
            bytes.push(leaf.data);
        }
    }
    if rest.is_empty() { Ok(bytes) } else { Err(PieceError::Mismatch) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn file(size: u64) -> Vec<u8> {
        (0..size).map(|at| (at % 251) as u8).collect()
    }

    /// A file with its hash and tree.
    fn hashed(size: u64) -> (Vec<u8>, Vec<u8>, BlobId) {
        let (data, mut tree) = (file(size), Vec::new());
        let blob = hash(data.as_slice(), size, &mut tree).unwrap();
        assert_eq!(blob.0, *blake3::hash(&data).as_bytes());
        assert_eq!(tree.len() as u64, tree_size(size));
        (data, tree, blob)
    }

    proptest! {
        #[test]
        fn every_span_of_a_file_is_proved(size in 1_u64..700_000, first in 0_u64..50, count in 0_u64..12) {
            let (data, tree, blob) = hashed(size);
            let span = Span { first, count };
            let piece = cut(&blob, data.as_slice(), tree.as_slice(), span);
            let fits = (1..=MAX_BLOB_GROUPS).contains(&count) && first + count <= groups(size);
            prop_assert_eq!(piece.is_ok(), fits);
            if let Ok(piece) = piece {
                let bytes = verify(&blob, size, span, &piece).unwrap().concat();
                let end = (span.start() + count * BLOB_GROUP).min(size) as usize;
                prop_assert_eq!(&bytes, &data[span.start() as usize..end]);
            } else {
                prop_assert_eq!(verify(&blob, size, span, &[]), Err(PieceError::Span));
            }
        }

        #[test]
        fn nothing_else_is(size in 20_000_u64..300_000, at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let (data, tree, blob) = hashed(size);
            let span = Span { first: 0, count: groups(size).min(3) };
            let piece = cut(&blob, data.as_slice(), tree.as_slice(), span).unwrap();
            let mut changed = piece.clone();
            changed[at.index(piece.len())] ^= flip;
            prop_assert_eq!(verify(&blob, size, span, &changed), Err(PieceError::Mismatch));
            let cut_short = &piece[..at.index(piece.len())];
            prop_assert_eq!(verify(&blob, size, span, cut_short), Err(PieceError::Mismatch));
            let longer = [piece.as_slice(), &[0]].concat();
            prop_assert_eq!(verify(&blob, size, span, &longer), Err(PieceError::Mismatch));
            // The last group proves the length.
            let last = Span { first: groups(size) - 1, count: 1 };
            let piece = cut(&blob, data.as_slice(), tree.as_slice(), last).unwrap();
            prop_assert_eq!(verify(&blob, size - 1, last, &piece).is_ok(), false);
            prop_assert_eq!(verify(&blob, size + 1, last, &piece).is_ok(), false);
        }
    }
}
