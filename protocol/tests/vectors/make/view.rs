//! Decoded values as JSON. A field that is not on the wire is not in the object.

use majlis_protocol::body::{Attachment, Body, Card, Content, EntryRef, Poll, Preview, Profile, Usage};
use majlis_protocol::entry::{Entry, Payload};
use majlis_protocol::identity::{Device, IdDoc, VerifiedId};
use majlis_protocol::ids::LogKey;
use serde_json::{Map, Value, json};

use super::json::{hex, number};

/// An object from pairs, those without a value left out.
pub fn object(pairs: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let present = pairs.into_iter().filter_map(|(key, value)| value.map(|value| (key.to_string(), value)));
    Value::Object(present.collect::<Map<_, _>>())
}

fn list<T>(items: &[T], show: impl Fn(&T) -> Value) -> Option<Value> {
    (!items.is_empty()).then(|| items.iter().map(show).collect())
}

fn text(value: &str) -> Option<Value> {
    (!value.is_empty()).then(|| json!(value))
}

fn set(value: bool) -> Option<Value> {
    value.then_some(Value::Bool(true))
}

/// Header, id and what is held of the payload.
pub fn entry(entry: &Entry) -> Value {
    let header = &entry.header;
    let (payload, body) = match &entry.payload {
        Payload::Held(bytes) => {
            (json!("held"), Some(json!({ "blind": hex(&bytes[..16]), "body": hex(&bytes[16..]) })))
        }
        Payload::Missing => (json!("missing"), None),
        Payload::Deleted(by) => (json!({ "deleted_by": hex(&by.0) }), None),
    };
    object([
        ("id", Some(hex(&entry.id.0))),
        ("kind", Some(json!(header.kind.0))),
        ("flags", Some(json!(header.flags))),
        ("payload_len", Some(json!(header.payload_len))),
        ("account", Some(hex(&header.account.0))),
        ("device", Some(hex(&header.device.0))),
        ("log_id", Some(hex(&header.log_id.0.to_be_bytes()))),
        ("seq", Some(number(header.seq))),
        ("timestamp", Some(number(header.timestamp))),
        ("backlink", Some(hex(&header.backlink.0))),
        ("payload_hash", Some(hex(&header.payload_hash))),
        (
            "extensions",
            list(&header.extensions().collect::<Vec<_>>(), |tlv| json!([tlv.kind, hex(tlv.value)])),
        ),
        ("signature", Some(hex(&entry.signature))),
        ("inert", Some(json!(header.is_inert()))),
        ("payload", Some(payload)),
        ("held", body),
    ])
}

/// Which log.
pub fn log(key: &LogKey) -> Value {
    json!({ "account": hex(&key.account.0), "device": hex(&key.device.0), "log_id": hex(&key.log_id.0.to_be_bytes()) })
}

fn usage(usage: &Usage) -> Option<Value> {
    (*usage != Usage::default()).then(|| {
        object([
            ("aipref", text(&usage.aipref)),
            ("draft", text(&usage.draft)),
            ("synthetic_content_generation", usage.synthetic_content_generation.map(Value::from)),
            ("public_access_archive", usage.public_access_archive.map(Value::from)),
            ("bulk_dataset", usage.bulk_dataset.map(Value::from)),
            ("protocol_bridging", usage.protocol_bridging.map(Value::from)),
        ])
    })
}

fn attachment(file: &Attachment) -> Value {
    object([
        ("blob", Some(hex(&file.blob.0))),
        ("media_type", Some(json!(file.media_type))),
        ("size", Some(number(file.size))),
        ("width", file.width.map(Value::from)),
        ("height", file.height.map(Value::from)),
        ("duration_ms", file.duration_ms.map(number)),
        ("blurhash", text(&file.blurhash)),
        ("alt", text(&file.alt)),
        ("focus", file.focus.map(|focus| json!([focus.x, focus.y]))),
        ("source_type", text(&file.source_type)),
        ("preview", file.preview.as_ref().map(preview)),
        ("name", text(&file.name)),
    ])
}

fn preview(picture: &Preview) -> Value {
    json!({
        "blob": hex(&picture.blob.0), "media_type": picture.media_type, "size": number(picture.size),
        "width": picture.width, "height": picture.height,
    })
}

fn poll(poll: &Poll) -> Value {
    object([
        ("options", Some(json!(poll.options))),
        ("multiple", set(poll.multiple)),
        ("closes_at", poll.closes_at.map(number)),
    ])
}

fn card(card: &Card) -> Value {
    object([
        ("url", Some(json!(card.url))),
        ("title", text(&card.title)),
        ("description", text(&card.description)),
        ("image", card.image.map(|blob| hex(&blob.0))),
    ])
}

fn content(content: &Content) -> Option<Value> {
    (*content != Content::default()).then(|| {
        object([
            ("text", text(&content.text)),
            ("markdown", set(content.markdown)),
            ("language", text(&content.language)),
            ("content_warning", text(&content.content_warning)),
            ("mentions", list(&content.mentions, |account| hex(&account.0))),
            ("tags", list(&content.tags, |tag| json!(tag))),
            ("attachments", list(&content.attachments, attachment)),
            ("poll", content.poll.as_ref().map(poll)),
            ("card", content.card.as_ref().map(card)),
            ("usage", usage(&content.usage)),
            ("source_type", text(&content.source_type)),
        ])
    })
}

fn reference(reference: EntryRef) -> Value {
    json!([hex(&reference.account.0), hex(&reference.id.0)])
}

fn profile(profile: &Profile) -> Value {
    object([
        ("name", text(&profile.name)),
        ("bio", text(&profile.bio)),
        ("avatar", profile.avatar.as_ref().map(attachment)),
        ("header", profile.header.as_ref().map(attachment)),
        (
            "fields",
            list(&profile.fields, |field| {
                object([("name", text(&field.name)), ("value", text(&field.value))])
            }),
        ),
        ("bot", set(profile.bot)),
        ("language", text(&profile.language)),
        ("usage", usage(&profile.usage)),
    ])
}

/// A decoded body.
pub fn body(body: &Body) -> Value {
    match body {
        Body::Profile(body) => profile(body),
        Body::Post(post) => object([
            ("content", content(&post.content)),
            ("reply_to", post.reply_to.map(reference)),
            ("root", post.root.map(reference)),
            ("quote", post.quote.map(reference)),
            ("visibility", (post.visibility != majlis_protocol::body::Visibility::Public).then(|| json!(1))),
            ("original_date", post.original_date.map(number)),
            ("was", post.was.map(|id| hex(&id.0))),
        ]),
        Body::Edit(edit) => {
            object([("target", Some(hex(&edit.target.0))), ("content", content(&edit.content))])
        }
        Body::Delete(delete) => json!({ "target": hex(&delete.target.0) }),
        Body::Reaction(reaction) => json!({
            "target": reference(reaction.target), "emoji": reaction.emoji, "on": reaction.on,
        }),
        Body::Repost(repost) => json!({ "target": reference(repost.target), "on": repost.on }),
        Body::Vote(vote) => object([
            ("target", Some(reference(vote.target))),
            ("choices", list(&vote.choices, |choice| json!(choice))),
        ]),
        Body::Follow(follow) => json!({ "account": hex(&follow.account.0), "on": follow.on }),
        Body::Hints(hints) => object([(
            "holders",
            list(&hints.holders, |holder| {
                object([
                    ("peer_id", Some(hex(&holder.peer_id))),
                    ("addresses", list(&holder.addresses, |address| hex(address))),
                ])
            }),
        )]),
        Body::Sealed(sealed) => object([
            ("suite", Some(json!(sealed.suite))),
            ("data", (!sealed.data.is_empty()).then(|| hex(&sealed.data))),
        ]),
    }
}

/// A device as documents list it.
pub fn device(device: &Device) -> Value {
    object([
        ("key", Some(hex(&device.key.0))),
        ("scope", (device.scope != 0).then(|| json!(device.scope))),
        ("keys", list(&device.keys, |key| json!([key.suite, hex(&key.key)]))),
        ("name", text(&device.name)),
        ("ended", device.ended.map(number)),
        (
            "closed",
            list(&device.closed, |closed| {
                json!([number(closed.log_id.0), number(closed.seq), hex(&closed.id.0)])
            }),
        ),
    ])
}

fn document(doc: &IdDoc) -> Value {
    object([
        ("inception", Some(hex(&doc.inception))),
        ("roots", list(&doc.roots, |root| hex(root))),
        ("next", Some(hex(&doc.next))),
        ("devices", list(&doc.devices, device)),
        ("ended", doc.ended.map(|ended| json!([number(ended.at), ended.erase]))),
        ("moved_to", doc.moved_to.map(|account| hex(&account.0))),
    ])
}

/// A verified document and its rank.
pub fn identity(doc: &VerifiedId) -> Value {
    json!({
        "account": hex(&doc.account().0), "id": hex(&doc.id().0), "k": doc.k(), "version": number(doc.version()),
        "c1": hex(doc.c1()), "document": document(doc.doc()),
    })
}
