//! Files: as they are attached, and as they are shown.

use serde::{Deserialize, Serialize};

/// A file to be attached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NewAttachment {
    /// Its absolute path on the node's machine.
    pub file: String,
    /// What it shows or says, for those who do not see or hear it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alt: String,
    /// What cropping must keep, from the centre: to the right and upward, each -1 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<[f64; 2]>,
    /// How it was made: a name of the IPTC digital source type vocabulary. Where that is not given it is what the file
    /// says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
    /// What becomes of what the file says beside what it shows.
    #[serde(default)]
    pub metadata: Metadata,
}

/// What becomes of what a file says beside what it shows: where and with what it was made, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metadata {
    /// What is private is taken out; credit stays. Content credentials that would no longer hold then are refused.
    #[default]
    Strip,
    /// All of it stays.
    Keep,
    /// What is private is taken out, and content credentials with it.
    DropCredentials,
}

/// A file that a post or profile names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttachmentView {
    /// The file's id: a CID.
    pub cid: String,
    /// Its media type, as `image/webp`.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// Width in pixels, of pictures and video.
    pub width: Option<u32>,
    /// Height in pixels, of pictures and video.
    pub height: Option<u32>,
    /// Length in milliseconds, of sound and video.
    pub duration_ms: Option<u64>,
    /// A blurred stand-in (blurha.sh).
    pub blurhash: Option<String>,
    /// What it shows or says.
    pub alt: Option<String>,
    /// What cropping must keep, from the centre: to the right and upward, each -1 to 1.
    pub focus: Option<[f64; 2]>,
    /// How it was made, IPTC digital source type.
    pub source_type: Option<String>,
    /// What to call it where it is saved.
    pub name: Option<String>,
    /// A small picture of it.
    pub preview: Option<PreviewView>,
    /// Whether all of it is here.
    pub held: bool,
}

/// A small picture that stands for a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PreviewView {
    /// The picture's id: a CID.
    pub cid: String,
    /// Its media type.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether it is here.
    pub held: bool,
}

/// A file that is here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileView {
    /// Its id: a CID.
    pub cid: String,
    /// Its media type, as the post has it that names it.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// Where it lies on the node's machine, or where it was copied to.
    pub path: String,
}
