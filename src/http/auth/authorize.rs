//! The owner is asked, on a page of the node's own, and the answer goes to where the app has said at its registration.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use super::consents::Asked;
use super::words::{Words, preferred};
use super::{page, signed};
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::Input;
use crate::node::apps::{self, OUT_OF_BAND, Proof, Scopes};

/// Bytes of what an app has given back to it.
const MAX_STATE: usize = 2_000;
/// Characters of a SHA-256 in base64.
const CHALLENGE: usize = 43;

/// What an app asks for. That it wants the owner to log in anew changes nothing: that is always so.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Query {
    client_id: Option<String>,
    redirect_uri: Option<String>,
    response_type: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    lang: Option<String>,
}

/// What the owner has decided.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Decision {
    nonce: String,
    code: String,
    #[serde(rename = "decision")]
    word: String,
    lang: Option<String>,
}

fn words(lang: Option<&str>, headers: &HeaderMap) -> &'static Words {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    preferred(lang, accepted.unwrap_or_default())
}

pub async fn ask(app: App, headers: HeaderMap, Input(query): Input<Query>) -> Answer<Response> {
    let words = words(query.lang.as_deref(), &headers);
    // As long as it is not known where the app is, nothing is sent there: the owner is told.
    let client = match query.client_id.as_deref() {
        Some(id) => app.node.app(id)?,
        None => None,
    };
    let Some(client) = client else {
        return Ok(page::refuse(words, "the app is not known here; it has to register first")?);
    };
    let redirect_uri = query.redirect_uri.clone().filter(|uri| client.redirect_uris.contains(uri));
    let Some(redirect_uri) = redirect_uri else {
        return Ok(page::refuse(words, "the redirect URI is none of those that the app has registered")?);
    };
    match asked(&query, &client, redirect_uri.clone()) {
        Ok(asked) => {
            let nonce = app.auth.consents.ask(asked.clone())?;
            Ok(page::ask(words, &client, &asked, &nonce, None)?)
        }
        Err((_, why)) if redirect_uri == OUT_OF_BAND => Ok(page::refuse(words, why)?),
        Err((error, why)) => {
            let state = query.state.filter(|state| state.len() <= MAX_STATE);
            back(&redirect_uri, &[("error", error), ("error_description", why)], state.as_deref())
        }
    }
}

/// What an app asks for, or an error of RFC 6749, section 4.1.2.1.
fn asked(
    query: &Query,
    client: &apps::App,
    redirect_uri: String,
) -> Result<Asked, (&'static str, &'static str)> {
    if query.response_type.as_deref() != Some("code") {
        return Err(("unsupported_response_type", "the response type has to be code"));
    }
    let scopes = Scopes::parse(query.scope.as_deref().unwrap_or_default())
        .map_err(|_| ("invalid_scope", "the scope is not known"))?;
    if !scopes.is_within(&client.scopes()) {
        return Err(("invalid_scope", "the app has not registered for this scope"));
    }
    let challenge = query.code_challenge.clone().filter(|challenge| !challenge.is_empty());
    if let Some(challenge) = &challenge
        && (query.code_challenge_method.as_deref() != Some("S256") || challenge.len() != CHALLENGE)
    {
        return Err(("invalid_request", "the code challenge has to be of S256"));
    }
    if query.state.as_ref().is_some_and(|state| state.len() > MAX_STATE) {
        return Err(("invalid_request", "the state is too long"));
    }
    Ok(Asked { app: client.id.clone(), redirect_uri, scopes, state: query.state.clone(), challenge })
}

pub async fn decide(app: App, headers: HeaderMap, Input(decision): Input<Decision>) -> Answer<Response> {
    let words = words(decision.lang.as_deref(), &headers);
    if signed::is_foreign(&headers) {
        return Ok(page::say(words, StatusCode::FORBIDDEN, words.foreign)?);
    }
    let over = || page::say(words, StatusCode::FORBIDDEN, words.over);
    let Some(asked) = app.auth.consents.get(&decision.nonce) else { return Ok(over()?) };
    let Some(client) = app.node.app(&asked.app)? else { return Ok(over()?) };
    if decision.word != "allow" {
        app.auth.consents.end(&decision.nonce);
        return if asked.redirect_uri == OUT_OF_BAND {
            Ok(page::say(words, StatusCode::OK, words.denied)?)
        } else {
            let refused = [("error", "access_denied"), ("error_description", "the owner has refused")];
            back(&asked.redirect_uri, &refused, asked.state.as_deref())
        };
    }
    let wrong = match signed::prove(&app, decision.code).await? {
        Proof::Owner => None,
        Proof::Wrong => Some((StatusCode::FORBIDDEN, words.wrong)),
        Proof::TooMany => Some((StatusCode::TOO_MANY_REQUESTS, words.too_many)),
    };
    if wrong.is_some() {
        return Ok(page::ask(words, &client, &asked, &decision.nonce, wrong)?);
    }
    if !app.auth.consents.end(&decision.nonce) {
        return Ok(over()?);
    }
    tracing::info!(app = client.name, scopes = %asked.scopes, "the owner has connected an app");
    let (redirect_uri, state) = (asked.redirect_uri.clone(), asked.state.clone());
    let code = app.auth.codes.give(asked)?;
    if redirect_uri == OUT_OF_BAND {
        return Ok(page::code(words, &code)?);
    }
    back(&redirect_uri, &[("code", &code)], state.as_deref())
}

/// Leads the browser back to the app.
fn back(redirect_uri: &str, said: &[(&str, &str)], state: Option<&str>) -> Answer<Response> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(said);
    if let Some(state) = state {
        query.append_pair("state", state);
    }
    let join = if redirect_uri.contains('?') { '&' } else { '?' };
    let to = format!("{redirect_uri}{join}{}", query.finish());
    let to = HeaderValue::from_str(&to).map_err(|_| ApiError::bad_request("The redirect URI is wrong"))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
}
