//! Tokens: given for a code or for an app's own secret, and ended.

use axum::Json;
use axum::http::{HeaderMap, header};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::consents::{Asked, Taken};
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::Input;
use crate::node::apps::{self, Scopes, hash};

/// Lengths of a PKCE verifier: RFC 7636, section 4.1.
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;

/// A request for a token, or for its end.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Wanted {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    scope: Option<String>,
    token: Option<String>,
}

/// Which app a request is from: by its secret, in the body or as a password in the header.
fn client(app: &App, headers: &HeaderMap, mut wanted: Wanted) -> Answer<(Wanted, apps::App)> {
    let password = headers.get(header::AUTHORIZATION).and_then(|value| basic(value.as_bytes()));
    if let Some((id, secret)) = password {
        (wanted.client_id, wanted.client_secret) = (Some(id), Some(secret));
    }
    let unknown = || ApiError::oauth("invalid_client", "The app is not known, or its secret is wrong");
    let (Some(id), Some(secret)) = (&wanted.client_id, &wanted.client_secret) else { return Err(unknown()) };
    let client = app.node.app_with_secret(id, secret)?.ok_or_else(unknown)?;
    Ok((wanted, client))
}

fn basic(value: &[u8]) -> Option<(String, String)> {
    let encoded = value.get(..6).filter(|kind| kind.eq_ignore_ascii_case(b"basic ")).map(|_| &value[6..])?;
    let text = String::from_utf8(BASE64.decode(encoded.trim_ascii()).ok()?).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

pub async fn token(app: App, headers: HeaderMap, Input(wanted): Input<Wanted>) -> Answer<Json<Value>> {
    let (wanted, client) = client(&app, &headers, wanted)?;
    match wanted.grant_type.as_deref() {
        Some("authorization_code") => for_code(&app, &wanted, &client).await,
        Some("client_credentials") => for_itself(&app, &wanted, &client).await,
        _ => Err(ApiError::oauth(
            "unsupported_grant_type",
            "There are authorization_code and client_credentials",
        )),
    }
}

async fn for_code(app: &App, wanted: &Wanted, client: &apps::App) -> Answer<Json<Value>> {
    let invalid = |why: &str| ApiError::oauth("invalid_grant", why);
    let code = wanted.code.as_deref().unwrap_or_default();
    let asked = match app.auth.codes.take(code, &client.id) {
        Taken::Fresh(asked) => asked,
        Taken::Unknown => return Err(invalid("The code is not known, or no longer")),
        Taken::Again(token) => {
            if let Some(token) = token {
                app.node.revoke_token(token, &client.id).await?;
            }
            tracing::warn!(app = client.name, "a code was shown twice: its token was ended");
            return Err(invalid("The code was used before; its token was ended"));
        }
    };
    if wanted.redirect_uri.as_deref() != Some(asked.redirect_uri.as_str()) {
        return Err(invalid("The redirect URI is not the one that the code was asked with"));
    }
    if !is_verified(asked.challenge.as_deref(), wanted.code_verifier.as_deref()) {
        return Err(invalid("The code verifier does not fit the challenge"));
    }
    let Asked { scopes, .. } = asked;
    let token = app.node.issue_token(&client.id, &scopes, true).await?;
    app.auth.codes.exchanged(code, hash(&token));
    Ok(Json(shown(&token, &scopes)))
}

async fn for_itself(app: &App, wanted: &Wanted, client: &apps::App) -> Answer<Json<Value>> {
    let invalid = |why: String| ApiError::oauth("invalid_scope", why);
    let scopes = Scopes::parse(wanted.scope.as_deref().unwrap_or_default());
    let scopes = scopes.map_err(|failure| invalid(failure.message))?;
    if !scopes.is_within(&client.scopes()) {
        return Err(invalid("The app has not registered for these scopes".to_owned()));
    }
    let token = app.node.issue_token(&client.id, &scopes, false).await?;
    Ok(Json(shown(&token, &scopes)))
}

/// A token as it is given out.
pub fn shown(token: &str, scopes: &Scopes) -> Value {
    json!({
        "access_token": token,
        "token_type": "Bearer",
        "scope": scopes.to_string(),
        "created_at": jiff::Timestamp::now().as_second(),
    })
}

/// PKCE: whether what was promised with the request for the code is shown with the code. Neither or both.
fn is_verified(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            VERIFIER.contains(&verifier.len())
                && BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes())) == challenge
        }
        _ => false,
    }
}

/// A token that is not known is no error (RFC 7009); one of another app is.
pub async fn revoke(app: App, headers: HeaderMap, Input(wanted): Input<Wanted>) -> Answer<Json<Value>> {
    let (wanted, client) = client(&app, &headers, wanted)?;
    let token = wanted.token.as_deref().unwrap_or_default();
    let is_its = app.node.revoke_token(hash(token), &client.id).await?;
    if !is_its && app.node.token(token)?.is_some() {
        return Err(ApiError::oauth("unauthorized_client", "The token is of another app"));
    }
    Ok(Json(json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_fits_its_challenge_alone() {
        // RFC 7636, appendix B.
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(is_verified(Some(challenge), Some(verifier)));
        assert!(is_verified(None, None));
        for (challenge, verifier) in [
            (Some(challenge), None),
            (None, Some(verifier)),
            (Some(challenge), Some(challenge)),
            (Some(challenge), Some("")),
            (Some("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"), Some("")),
        ] {
            assert!(!is_verified(challenge, verifier), "{challenge:?} {verifier:?}");
        }
    }

    #[test]
    fn an_app_may_show_its_secret_as_a_password() {
        assert_eq!(basic(b"Basic YTpiOmM="), Some(("a".to_owned(), "b:c".to_owned())));
        for wrong in ["", "Basic", "Basic ", "Basic !", "Bearer YTpi", "Basic YQ=="] {
            assert_eq!(basic(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
