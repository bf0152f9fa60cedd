//! Pieces of files, and what is not one.

use majlis_protocol::blob::{PieceError, Span, cut, hash, verify};
use majlis_protocol::body::BlobId;
use serde_json::{Value, json};

use super::File;
use super::json::{hex, number};

/// A file, its tree and its hash: byte `n` of it is `n` modulo 251.
pub fn sample(size: u64) -> (Vec<u8>, Vec<u8>, BlobId) {
    let data: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
    let mut tree = Vec::new();
    let blob = hash(data.as_slice(), size, &mut tree).unwrap();
    (data, tree, blob)
}

/// What a piece proves: how many bytes, and their hash.
pub fn read(blob: &BlobId, size: u64, span: Span, piece: &[u8]) -> Result<Value, PieceError> {
    let bytes = verify(blob, size, span, piece)?.concat();
    Ok(json!({ "length": number(bytes.len() as u64), "hash": hex(blake3::hash(&bytes).as_bytes()) }))
}

struct Case<'a> {
    name: &'a str,
    ids: &'a [&'a str],
    blob: BlobId,
    size: u64,
    span: Span,
    piece: &'a [u8],
}

fn case(file: &mut File, case: &Case<'_>) {
    let &Case { name, ids, ref blob, size, span, piece } = case;
    let input = json!({
        "blob": hex(&blob.0), "size": number(size), "first": number(span.first), "count": number(span.count),
        "piece": hex(piece),
    });
    file.either("piece", name, ids, input, read(blob, size, span, piece), |value| value);
}

/// The file of vectors.
pub fn file() -> File {
    let mut out = File::new("blobs", "Pieces of files: what is read from a piece, or why none of it is.");
    let file = &mut out;
    let good = [
        (1, 0, 1, "a file of one byte"),
        (1_024, 0, 1, "a file of one chunk"),
        (1_500, 0, 1, "a file of two chunks"),
        (16_384 + 5, 1, 1, "the second group of two"),
        (2 * 16_384 + 700, 1, 2, "two groups of three"),
        (5 * 16_384 + 100, 5, 1, "the sixth group of six"),
        (9 * 16_384 + 1, 8, 2, "the last two of ten"),
    ];
    for (size, first, count, name) in good {
        let (data, tree, blob) = sample(size);
        let span = Span { first, count };
        let piece = cut(&blob, data.as_slice(), tree.as_slice(), span).unwrap();
        case(file, &Case { name, ids: &["BLOB-2", "BLOB-3"], blob, size, span, piece: &piece });
    }
    let size = 2 * 16_384 + 700;
    let (data, tree, blob) = sample(size);
    for (first, count, name) in [
        (0, 0, "no group"),
        (3, 1, "a group behind the end"),
        (2, 2, "a group too many"),
        (0, 9, "nine groups"),
        (u64::MAX, 1, "a group beyond all numbers"),
    ] {
        let span = Span { first, count };
        case(file, &Case { name, ids: &["BLOB-1"], blob, size, span, piece: &[] });
    }
    let beyond = Case {
        name: "a file that is too long",
        ids: &["BLOB-1"],
        blob,
        size: (1 << 40) + 1,
        span: Span { first: 0, count: 1 },
        piece: &[],
    };
    case(file, &beyond);
    let span = Span { first: 2, count: 1 };
    let piece = cut(&blob, data.as_slice(), tree.as_slice(), span).unwrap();
    let flipped = |at: usize| {
        let mut flipped = piece.clone();
        flipped[at] ^= 1;
        flipped
    };
    let (parent, byte, longer) = (flipped(40), flipped(piece.len() - 1), [piece.as_slice(), &[0]].concat());
    for (name, size, span, piece) in [
        ("a wrong chaining value", size, span, parent.as_slice()),
        ("a wrong byte", size, span, byte.as_slice()),
        ("a piece that ends early", size, span, &piece[..piece.len() - 1]),
        ("a piece that goes on", size, span, longer.as_slice()),
        ("a piece of another group", size, Span { first: 1, count: 1 }, piece.as_slice()),
        ("a length that is not the file's", size - 1, span, piece.as_slice()),
        ("nothing", size, span, &[]),
    ] {
        case(file, &Case { name, ids: &["BLOB-3"], blob, size, span, piece });
    }
    out
}
