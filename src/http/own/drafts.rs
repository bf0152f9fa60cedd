//! Posts that wait to be signed.

use axum::Json;
use axum::extract::Path;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Input, lenient};
use crate::node::api::{DraftView, NewPoll, NewPost, Reply, Request, Visibility};

/// A draft as a page writes it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NewDraft {
    /// The draft that it replaces.
    id: Option<String>,
    text: String,
    lang: Option<String>,
    /// An entry id or a post link.
    reply_to: Option<String>,
    /// An entry id or a post link.
    quote: Option<String>,
    content_warning: Option<String>,
    poll: Option<Poll>,
    #[schemars(with = "Option<String>")]
    visibility: Option<Visibility>,
    usage: Option<String>,
    source_type: Option<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Poll {
    #[serde(deserialize_with = "lenient::list")]
    options: Vec<String>,
    #[serde(deserialize_with = "lenient::flag")]
    multiple: bool,
    /// RFC 3339.
    closes_at: Option<String>,
}

fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// Where its files lie on the node's machine is nobody's affair; what they are stands beside the post.
fn views(replies: Vec<Reply>) -> Vec<DraftView> {
    let drafts = replies.into_iter().filter_map(|reply| match reply {
        Reply::Draft(mut view) => {
            view.post.attachments.clear();
            Some(*view)
        }
        _ => None,
    });
    drafts.collect()
}

pub async fn list(app: App) -> Answer<Json<Vec<DraftView>>> {
    Ok(Json(views(app.ask(Request::Drafts { draft: None }).await?)))
}

pub async fn save(app: App, Input(new): Input<NewDraft>) -> Answer<Json<DraftView>> {
    let old = said(new.id);
    // Of the one that is replaced stay its files, and the time that it waits for.
    let (mut attachments, mut at) = (Vec::new(), None);
    if let Some(id) = &old {
        for reply in app.ask(Request::Drafts { draft: Some(id.clone()) }).await? {
            if let Reply::Draft(view) = reply {
                (attachments, at) = (view.post.attachments, view.post_at);
            }
        }
    }
    let poll = new.poll.filter(|poll| !poll.options.is_empty()).map(|poll| NewPoll {
        options: poll.options,
        multiple: poll.multiple,
        closes_at: said(poll.closes_at),
    });
    let post = NewPost {
        text: new.text,
        lang: said(new.lang),
        reply_to: said(new.reply_to),
        quote: said(new.quote),
        content_warning: said(new.content_warning),
        attachments,
        poll,
        visibility: new.visibility.unwrap_or_default(),
        usage: said(new.usage),
        source_type: said(new.source_type),
    };
    let saved = views(app.ask(Request::SaveDraft { post: Box::new(post), at }).await?).pop();
    // Only now, so that nothing is lost in between.
    if let Some(draft) = old {
        app.ask(Request::RemoveDraft { draft }).await?;
    }
    saved.map(Json).ok_or_else(ApiError::fault)
}

pub async fn remove(app: App, Path(id): Path<String>) -> Answer<Json<Value>> {
    app.ask(Request::RemoveDraft { draft: id }).await?;
    Ok(Json(json!({})))
}
