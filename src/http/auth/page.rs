//! The consent page: plain HTML, without scripts, in no frame, that sends its form here and nowhere else.

use std::fmt::Write as _;

use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use super::consents::Asked;
use super::words::Words;
use crate::node::Failure;
use crate::node::apps::{App, OUT_OF_BAND, secret};

const STYLE: &str = "\
body{font:1.05rem/1.6 system-ui,sans-serif;margin:0 auto;max-width:34rem;padding:2rem 1.25rem;\
color:#1d1b18;background:#faf8f4}\
h1{font-size:1.4rem}h2{font-size:1.2rem;overflow-wrap:anywhere}\
code,input{font:1.1rem ui-monospace,monospace}code{background:#ece7dc;padding:.1em .35em;border-radius:.25rem;\
overflow-wrap:anywhere}\
input{display:block;width:100%;box-sizing:border-box;padding:.6rem;margin:.3rem 0 1rem;border:1px solid #857c6c;\
border-radius:.4rem;background:#fff;color:inherit}\
button{font:inherit;padding:.55rem 1.6rem;border-radius:.4rem;border:1px solid #14532d;margin-inline-end:.75rem;\
background:#14532d;color:#fff;cursor:pointer}button.no{background:none;color:inherit;border-color:#857c6c}\
:focus-visible{outline:3px solid #b45309;outline-offset:2px}\
.wrong{border-inline-start:4px solid #b91c1c;padding-inline-start:.75rem}\
@media(prefers-color-scheme:dark){body{color:#ece7dc;background:#1d1b18}code,input{background:#2c2924}\
button{background:#166534;border-color:#166534}}";

/// Text within HTML, also within an attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // A name must not turn around what stands beside it.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

fn whole(words: &Words, status: StatusCode, body: &str, sends_to: &str) -> Result<Response, Failure> {
    let (nonce, _) = secret()?;
    let Words { lang, dir, title, .. } = words;
    let text = format!(
        "<!doctype html>\n<html lang=\"{lang}\" dir=\"{dir}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title} · Majlis</title>\n\
         <style nonce=\"{nonce}\">{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}</main>\n\
         </body>\n</html>\n"
    );
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'{sends_to}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = (status, Html(text)).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang));
    headers.append(header::VARY, HeaderValue::from_static("Accept-Language"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    Ok(response)
}

/// Where the browser may be led after the form was sent, as a source of a content security policy.
fn leads_to(redirect_uri: &str) -> String {
    let Some((scheme, rest)) = redirect_uri.split_once(':').filter(|_| redirect_uri != OUT_OF_BAND) else {
        return String::new();
    };
    let host = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    if ["http", "https"].contains(&scheme) && is_plain && !host.is_empty() {
        format!(" {scheme}://{host}")
    } else {
        format!(" {scheme}:")
    }
}

/// Asks the owner. With it may go what was wrong with the last try.
pub fn ask(
    words: &Words,
    app: &App,
    asked: &Asked,
    nonce: &str,
    wrong: Option<(StatusCode, &str)>,
) -> Result<Response, Failure> {
    let mut body = String::new();
    // Writing into a string cannot fail.
    let _ = writeln!(body, "<p>{}</p>\n<h2><bdi>{}</bdi></h2>", words.wants, escape(&app.name));
    if let Some(site) = &app.website {
        let _ = writeln!(body, "<p><bdi dir=\"ltr\">{}</bdi></p>", escape(site));
    }
    body.push_str("<ul>\n");
    for scope in asked.scopes.iter() {
        let _ = writeln!(body, "<li><code dir=\"ltr\">{}</code> {}</li>", escape(scope), words.scope(scope));
    }
    body.push_str("</ul>\n");
    if asked.redirect_uri == OUT_OF_BAND {
        let _ = writeln!(body, "<p>{}</p>", words.shown_here);
    } else {
        let to = escape(&asked.redirect_uri);
        let _ = writeln!(body, "<p>{} <code dir=\"ltr\">{to}</code></p>", words.goes_to);
    }
    let _ = writeln!(body, "<p>{}</p>", words.warning);
    if let Some((_, wrong)) = wrong {
        let _ = writeln!(body, "<p class=\"wrong\" role=\"alert\">{wrong}</p>");
    }
    let Words { how, code, allow, deny, lang, .. } = words;
    let _ = writeln!(
        body,
        "<form method=\"post\" action=\"/oauth/authorize\">\n\
         <input type=\"hidden\" name=\"nonce\" value=\"{nonce}\">\n\
         <input type=\"hidden\" name=\"lang\" value=\"{lang}\">\n\
         <label for=\"code\">{code}</label>\n<p id=\"how\">{how} <code dir=\"ltr\">majlis login</code></p>\n\
         <input id=\"code\" name=\"code\" dir=\"ltr\" aria-describedby=\"how\" autocomplete=\"one-time-code\" \
         autocapitalize=\"characters\" spellcheck=\"false\" maxlength=\"64\" autofocus>\n\
         <button name=\"decision\" value=\"allow\">{allow}</button>\
         <button class=\"no\" name=\"decision\" value=\"deny\">{deny}</button>\n</form>",
        nonce = escape(nonce),
    );
    let status = wrong.map_or(StatusCode::OK, |(status, _)| status);
    whole(words, status, &body, &leads_to(&asked.redirect_uri))
}

/// Shows the code that is to be typed into the app.
pub fn code(words: &Words, code: &str) -> Result<Response, Failure> {
    let body =
        format!("<p>{}</p>\n<p><code id=\"code\" dir=\"ltr\">{}</code></p>\n", words.copy, escape(code));
    whole(words, StatusCode::OK, &body, "")
}

/// Says something to the owner, and no more.
pub fn say(words: &Words, status: StatusCode, text: &str) -> Result<Response, Failure> {
    whole(words, status, &format!("<p>{}</p>\n", escape(text)), "")
}

/// Says to the owner what is wrong with what the app has asked.
pub fn refuse(words: &Words, why: &str) -> Result<Response, Failure> {
    let body = format!("<p>{}: <bdi lang=\"en\">{}</bdi></p>\n", words.failed, escape(why));
    whole(words, StatusCode::BAD_REQUEST, &body, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_text() {
        assert_eq!(escape("<b \"x'&>\u{202e}\n"), "&lt;b &quot;x&#39;&amp;&gt;");
    }

    #[test]
    fn the_form_may_lead_to_the_app_and_nowhere_else() {
        for (uri, source) in [
            (OUT_OF_BAND, ""),
            ("https://app.example/cb?x=1", " https://app.example"),
            ("http://127.0.0.1:5000/", " http://127.0.0.1:5000"),
            ("http://[::1]:5000/", " http:"),
            ("https://a;script-src*/", " https:"),
            ("icecubesapp://", " icecubesapp:"),
            ("org.app:/oauth", " org.app:"),
        ] {
            assert_eq!(leads_to(uri), source, "{uri}");
        }
    }
}
