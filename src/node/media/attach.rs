//! From a file on the disk to an attachment: made fit to be published, taken in, and described.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use majlis_protocol::body::{Attachment, Focus, Preview};
use majlis_protocol::limits::MAX_SHORT;

use crate::blobs::{Blobs, Hold, Owner};
use crate::media::{self, Kind, Limits, MediaError, Prepared};
use crate::node::api::{Metadata, NewAttachment};
use crate::node::{Failure, Node, blocking, usage};

/// Removes a file that was not taken in.
struct Scratch<'a>(&'a Path);

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // It was moved to its place, or was never made; what is left is removed at the next start.
        let _ = std::fs::remove_file(self.0);
    }
}

impl From<MediaError> for Failure {
    fn from(error: MediaError) -> Self {
        let message = error.to_string();
        let (message, hint) = message.split_once("; ").unwrap_or((&message, "Try another file."));
        Self::new(message, hint)
    }
}

/// An own file that was taken in.
pub(in crate::node) struct Attached {
    /// How the post names it.
    pub attachment: Attachment,
    /// What was taken out of it, in plain words.
    pub removed: Vec<&'static str>,
    /// It stays until the post is there that names it.
    _holds: Vec<Hold>,
}

impl Node {
    /// Takes a file of the owner's in.
    pub(in crate::node) async fn attach(self: &Arc<Self>, new: NewAttachment) -> Result<Attached, Failure> {
        let node = Arc::clone(self);
        blocking(move || attach(&*node.blobs()?, &new)).await
    }
}

/// The point of a picture that cropping must keep.
pub(in crate::node) fn focus(point: [f64; 2]) -> Result<Focus, Failure> {
    if point.iter().any(|part| !(-1.0..=1.0).contains(part)) {
        return Err(Failure::usage("a focus lies outside of the picture", "Give two numbers from -1 to 1."));
    }
    let [x, y] = point.map(|part| (part * f64::from(Focus::EDGE)).round() as i16);
    Ok(Focus { x, y })
}

fn attach(blobs: &Blobs, new: &NewAttachment) -> Result<Attached, Failure> {
    let source = Path::new(&new.file);
    if !source.is_absolute() {
        return Err(Failure::usage(format!("{} is not an absolute path", new.file), "Give the whole path."));
    }
    let metadata = match new.metadata {
        Metadata::Strip => media::Metadata::Strip,
        Metadata::Keep => media::Metadata::Keep,
        Metadata::DropCredentials => media::Metadata::DropCredentials,
    };
    let target = blobs.new_path();
    let _scratch = Scratch(&target);
    let prepared = media::prepare(source, &target, metadata, &Limits::default()).map_err(|error| {
        // Of several files it is said which it is.
        let failure = Failure::from(error);
        if failure.message.contains(&new.file) {
            return failure;
        }
        Failure { message: format!("{}: {}", new.file, failure.message), ..failure }
    })?;
    let focus = new.focus.map(focus).transpose()?;
    let said = new.source_type.as_deref().map(usage::source_type).transpose()?;
    let (blob, size, hold) = blobs.put(&target, Owner::Me)?;
    let mut holds = vec![hold];
    let preview =
        prepared.preview.as_ref().map(|preview| put_preview(blobs, preview, &mut holds)).transpose()?;
    let Prepared { kind, media_type, width, height, duration_ms, blurhash, removed, source_type, .. } =
        prepared;
    let attachment = Attachment {
        blob,
        media_type: media_type.to_owned(),
        size,
        width,
        height,
        duration_ms,
        blurhash: blurhash.unwrap_or_default(),
        alt: new.alt.trim().to_owned(),
        focus,
        // What a file says of itself may be anything: only what is a name of the vocabulary is said again.
        source_type: said
            .or_else(|| source_type.and_then(|name| usage::source_type(&name).ok()))
            .unwrap_or_default(),
        preview,
        // Of what is shown the name says nothing, and often something private.
        name: if kind == Kind::File { file_name(source) } else { String::new() },
    };
    Ok(Attached { attachment, removed, _holds: holds })
}

/// What a file is, by its content.
pub(super) fn media_type_of(path: &Path) -> Result<String, Failure> {
    let mut first = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(media::SNIFFED as u64).read_to_end(&mut first));
    read.map_err(|source| {
        Failure::new(format!("cannot read {}: {source}", path.display()), "Check the disk, then try again.")
    })?;
    Ok(media::sniff(&first).media_type().to_owned())
}

fn put_preview(blobs: &Blobs, preview: &media::Preview, holds: &mut Vec<Hold>) -> Result<Preview, Failure> {
    let path = blobs.new_path();
    let _scratch = Scratch(&path);
    std::fs::write(&path, &preview.bytes).map_err(|source| {
        Failure::new(format!("cannot write {}: {source}", path.display()), "Make room on the disk.")
    })?;
    let (blob, size, hold) = blobs.put(&path, Owner::Me)?;
    holds.push(hold);
    let media_type = preview.media_type.to_owned();
    Ok(Preview { blob, media_type, size, width: preview.width, height: preview.height })
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.chars()
        .scan(0, |bytes, c| {
            *bytes += c.len_utf8();
            (*bytes <= MAX_SHORT).then_some(c)
        })
        .collect()
}
