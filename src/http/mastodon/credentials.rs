//! The owner's own account: as it is, as it is changed, and what apps set by themselves when the owner posts.

use std::sync::Arc;

use axum::Json;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::desk::off_thread;
use super::entities::Shown;
use super::page;
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Files, Upload, WithFiles, lenient};
use crate::http::routes::{Route, delete, get, patch};
use crate::node::api::{Feed, FieldView, NewAttachment, ProfileEdit, Reply, Request, TimelinePage};

/// The row of the door's with what apps set by themselves.
const ROW: &[u8] = b"defaults";

/// Posts that are looked at for the owner's usual language.
const LAST_POSTS: usize = 20;

/// What is answered here.
pub fn routes() -> Vec<Route> {
    let (own, write) = (Some("profile read:accounts"), Some("write:accounts"));
    vec![
        get("/api/v1/accounts/verify_credentials", own, "The owner", verify),
        patch("/api/v1/accounts/update_credentials", write, "Change the owner's profile", update),
        get("/api/v1/profile", own, "The owner's profile as it is written", profile),
        patch("/api/v1/profile", write, "Change the owner's profile", update_profile),
        delete("/api/v1/profile/avatar", write, "Remove the owner's picture", remove_avatar),
        delete("/api/v1/profile/header", write, "Remove the owner's wide picture", remove_header),
        get("/api/v1/preferences", Some("read:accounts"), "What apps set by themselves", preferences),
    ]
}

/// What apps set by themselves where the owner says nothing else. It stays on this node.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Defaults {
    /// Who is shown a post: `public` or `unlisted`.
    pub privacy: String,
    /// Whether pictures are covered.
    pub sensitive: bool,
    /// BCP 47 language tag.
    pub language: Option<String>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { privacy: "public".to_owned(), sensitive: false, language: None }
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Credentials {
    display_name: Option<String>,
    note: Option<String>,
    #[serde(deserialize_with = "lenient::maybe_flag")]
    bot: Option<bool>,
    #[serde(deserialize_with = "lenient::maybe_flag")]
    locked: Option<bool>,
    #[serde(deserialize_with = "lenient::rows")]
    fields_attributes: Option<Vec<Field>>,
    avatar_description: Option<String>,
    header_description: Option<String>,
    source: Source,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Source {
    privacy: Option<String>,
    #[serde(deserialize_with = "lenient::maybe_flag")]
    sensitive: Option<bool>,
    language: Option<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Field {
    name: String,
    value: String,
}

impl App {
    /// What apps set by themselves.
    pub async fn defaults(&self) -> Answer<Defaults> {
        let node = Arc::clone(&self.node);
        let row = off_thread(move || Ok(node.door_get(ROW)?)).await?;
        // A row that another version has written is not read.
        Ok(row.and_then(|row| serde_json::from_slice(&row).ok()).unwrap_or_default())
    }

    async fn set_defaults(&self, source: Source) -> Answer<()> {
        if source.privacy.is_none() && source.sensitive.is_none() && source.language.is_none() {
            return Ok(());
        }
        let mut defaults = self.defaults().await?;
        if let Some(privacy) = source.privacy {
            if !["public", "unlisted"].contains(&privacy.as_str()) {
                return Err(ApiError::unprocessable(format!("posts for {privacy} alone cannot be made yet")));
            }
            defaults.privacy = privacy;
        }
        defaults.sensitive = source.sensitive.unwrap_or(defaults.sensitive);
        if let Some(language) = source.language {
            if language.len() > 35 {
                return Err(ApiError::unprocessable("this is no language"));
            }
            defaults.language = Some(language).filter(|language| !language.is_empty());
        }
        let row = serde_json::to_vec(&defaults).map_err(|_| ApiError::fault())?;
        let node = Arc::clone(&self.node);
        off_thread(move || Ok(node.door_put(vec![(ROW.to_vec(), Some(row))])?)).await
    }
}

async fn credentials(app: &App) -> Answer<Json<Value>> {
    let shown = Shown::of(app, &[], &[app.node.account().to_string()]).await?;
    Ok(Json(shown.credentials(&app.defaults().await?)))
}

/// The owner.
async fn verify(app: App) -> Answer<Json<Value>> {
    credentials(&app).await
}

/// Changes the owner's profile.
async fn update(app: App, form: WithFiles<Credentials>) -> Answer<Json<Value>> {
    change(&app, form).await?;
    credentials(&app).await
}

impl Files for Credentials {
    const FILES: &'static [&'static str] = &["avatar", "header"];
}

async fn change(app: &App, mut form: WithFiles<Credentials>) -> Answer<()> {
    let (avatar, header) = (form.take("avatar"), form.take("header"));
    let new = form.said;
    if new.locked == Some(true) {
        return Err(ApiError::unprocessable("nobody can be kept from following what is public"));
    }
    let picture = |upload: &Option<Upload>, alt: Option<String>| {
        let file = upload.as_ref()?.path();
        let alt = alt.unwrap_or_default();
        Some(NewAttachment { file, alt, ..NewAttachment::default() })
    };
    let fields = new.fields_attributes.map(|fields| {
        let fields = fields.into_iter().filter(|field| !field.name.is_empty());
        fields.map(|field| FieldView { name: field.name, value: field.value }).collect()
    });
    let edit = ProfileEdit {
        name: new.display_name,
        bio: new.note,
        bot: new.bot,
        fields,
        avatar: picture(&avatar, new.avatar_description),
        header: picture(&header, new.header_description),
    };
    app.set_defaults(new.source).await?;
    app.ask(Request::Profile { edit }).await?;
    Ok(())
}

/// The owner's profile as it is written.
async fn profile(app: App) -> Answer<Json<Value>> {
    let owner = app.node.account().to_string();
    let reply = app.ask(Request::Profile { edit: ProfileEdit::default() }).await?.pop();
    let Some(Reply::Profile(written)) = reply else { return Err(ApiError::not_found()) };
    let account = Shown::of(&app, &[], std::slice::from_ref(&owner)).await?.account(&owner);
    let alt = |file: &Option<_>| {
        file.as_ref().and_then(|file: &crate::node::api::AttachmentView| file.alt.clone()).unwrap_or_default()
    };
    // Where there is no picture there is none, as others see a default one.
    let url = |name: &str, file: &Option<_>| if file.is_some() { account[name].clone() } else { Value::Null };
    let fields = written.fields.iter();
    let fields: Vec<_> = fields
        .map(|field| json!({ "name": field.name, "value": field.value, "verified_at": null }))
        .collect();
    Ok(Json(json!({
        "id": account["id"], "display_name": written.name, "note": written.bio, "fields": fields,
        "avatar": url("avatar", &written.avatar), "avatar_static": url("avatar_static", &written.avatar),
        "avatar_description": alt(&written.avatar), "header": url("header", &written.header),
        "header_static": url("header_static", &written.header), "header_description": alt(&written.header),
        "locked": false, "bot": written.bot, "hide_collections": false, "discoverable": account["discoverable"],
        "indexable": account["indexable"], "show_media": true, "show_media_replies": true, "show_featured": true,
        "attribution_domains": [], "featured_tags": [],
    })))
}

/// Changes the owner's profile.
async fn update_profile(app: App, form: WithFiles<Credentials>) -> Answer<Json<Value>> {
    change(&app, form).await?;
    profile(app).await
}

/// Removes the owner's picture.
async fn remove_avatar(app: App) -> Answer<Json<Value>> {
    let edit = ProfileEdit { avatar: Some(NewAttachment::default()), ..ProfileEdit::default() };
    app.ask(Request::Profile { edit }).await?;
    credentials(&app).await
}

/// Removes the owner's wide picture.
async fn remove_header(app: App) -> Answer<Json<Value>> {
    let edit = ProfileEdit { header: Some(NewAttachment::default()), ..ProfileEdit::default() };
    app.ask(Request::Profile { edit }).await?;
    credentials(&app).await
}

/// The language of the owner's last post that has one: apps want one to begin with.
async fn usual_language(app: &App) -> Answer<String> {
    let feed = Feed::Account(app.node.account().to_string());
    let page = TimelinePage { feed, limit: LAST_POSTS, ..TimelinePage::default() };
    let posts = page::posts(app.ask(Request::Timeline { page, watch: false }).await?);
    Ok(posts.into_iter().find_map(|post| post.lang).unwrap_or_else(|| "en".to_owned()))
}

/// What apps set by themselves.
async fn preferences(app: App) -> Answer<Json<Value>> {
    let defaults = app.defaults().await?;
    let language = match defaults.language {
        Some(language) => language,
        None => usual_language(&app).await?,
    };
    Ok(Json(json!({
        "posting:default:visibility": defaults.privacy, "posting:default:sensitive": defaults.sensitive,
        "posting:default:language": language, "posting:default:quote_policy": "public",
        "reading:expand:media": "default", "reading:expand:spoilers": false, "reading:autoplay:gifs": false,
    })))
}
