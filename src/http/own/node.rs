//! The node itself: who and how it is, who holds the owner's posts, what may be done with them, and the recovery phrase.

use axum::Json;
use qrcode::{Color, EcLevel, QrCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::Input;
use crate::http::mastodon::named;
use crate::node::api::{IdView, PinRequest, Reply, Request, UsageView};
use crate::node::reach;

/// Modules of a picture to a side: more are hard to read with a phone.
const MAX_QR: usize = 81;

async fn id(app: &App) -> Answer<IdView> {
    let found = app.ask(Request::Id).await?.into_iter().find_map(|reply| match reply {
        Reply::Id(view) => Some(view),
        _ => None,
    });
    found.ok_or_else(ApiError::fault)
}

/// Adds to each object the name and the number of the account that it names, if it names one.
async fn with_names(app: &App, views: Vec<impl Serialize>) -> Answer<Vec<Value>> {
    let mut shown: Vec<Value> = views.iter().map(|view| json!(view)).collect();
    let keys: Vec<String> =
        shown.iter().filter_map(|view| view["account"].as_str().map(str::to_owned)).collect();
    let named = named(app, &keys).await?;
    for view in &mut shown {
        let (name, number) =
            view["account"].as_str().and_then(|key| named.get(key)).cloned().unwrap_or_default();
        view["name"] = name.into();
        view["account_number"] = number;
    }
    Ok(shown)
}

pub async fn node(app: App) -> Answer<Json<Value>> {
    let status = app.ask(Request::Status).await?.into_iter().find_map(|reply| match reply {
        Reply::Status(view) => Some(view),
        _ => None,
    });
    let peers = app.ask(Request::Peers).await?.into_iter().filter_map(|reply| match reply {
        Reply::Peer(view) => Some(view),
        _ => None,
    });
    let mut peers = with_names(&app, peers.collect()).await?;
    for peer in &mut peers {
        peer["reach"] = json!(peer["address"].as_str().and_then(reach));
    }
    let status = status.ok_or_else(ApiError::fault)?;
    let id = id(&app).await?;
    // The widest comes first.
    let widest = id.addresses.iter().filter_map(|address| reach(address)).min();
    Ok(Json(json!({ "id": id, "status": status, "peers": peers, "reach": widest })))
}

pub async fn holders(app: App) -> Answer<Json<Vec<Value>>> {
    let holders = app.node.holders().await?;
    Ok(Json(with_names(&app, holders).await?))
}

pub async fn pins(app: App) -> Answer<Json<Value>> {
    let ask = |what| app.ask(Request::Pin { what });
    let held = ask(PinRequest::List).await?.into_iter().filter_map(|reply| match reply {
        Reply::Pin(view) => Some(*view),
        _ => None,
    });
    let held = with_names(&app, held.collect()).await?;
    let hosts = ask(PinRequest::Hosts).await?.into_iter().filter_map(|reply| match reply {
        Reply::Host(view) => Some(*view),
        _ => None,
    });
    let hosts: Vec<_> = hosts.collect();
    Ok(Json(json!({ "held": held, "hosts": hosts, "counts": app.node.pin_counts() })))
}

pub async fn invite(app: App) -> Answer<Json<Value>> {
    let invite = id(&app).await?.invite;
    Ok(Json(json!({ "qr": draw(&invite), "invite": invite })))
}

/// A picture of an invite, as rows of 1 where it is dark and 0 where it is light; with as many of the invite's addresses
/// as there is room for, the first ones first.
fn draw(invite: &str) -> Option<Value> {
    let mut invite = invite;
    loop {
        let drawn = QrCode::with_error_correction_level(invite, EcLevel::L).ok();
        if let Some(code) = drawn.filter(|code| code.width() <= MAX_QR) {
            let colors = code.to_colors();
            let row = |modules: &[Color]| modules.iter().map(|module| module.select('1', '0')).collect();
            let rows: Vec<String> = colors.chunks(code.width()).map(row).collect();
            return Some(json!({ "size": code.width(), "rows": rows }));
        }
        invite = invite.rsplit_once("&peer=")?.0;
    }
}

/// What is to be asked of those who read.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Statement {
    /// As `train-ai=n, search=y`; empty: nothing.
    statement: String,
}

async fn ask_usage(app: &App, set: Option<String>) -> Answer<Json<UsageView>> {
    let found = app.ask(Request::Usage { set }).await?.into_iter().find_map(|reply| match reply {
        Reply::Usage(view) => Some(view),
        _ => None,
    });
    found.map(Json).ok_or_else(ApiError::fault)
}

pub async fn usage(app: App) -> Answer<Json<UsageView>> {
    ask_usage(&app, None).await
}

pub async fn set_usage(app: App, Input(said): Input<Statement>) -> Answer<Json<UsageView>> {
    ask_usage(&app, Some(said.statement)).await
}

pub async fn phrase(app: App) -> Answer<Json<Value>> {
    if !id(&app).await?.phrase_unconfirmed {
        return Ok(Json(json!({ "phrase": null })));
    }
    let found = app.ask(Request::RecoveryShow).await?.into_iter().find_map(|reply| match reply {
        Reply::Phrase(view) => Some(view.phrase),
        _ => None,
    });
    Ok(Json(json!({ "phrase": found })))
}

pub async fn confirm_phrase(app: App) -> Answer<Json<Value>> {
    app.ask(Request::RecoveryConfirm).await?;
    Ok(Json(json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_an_invite_leaves_out_what_it_has_no_room_for() {
        let key = "majlis:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
        let address = "&peer=/ip6/2001:db8::1/tcp/40001/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387";
        for count in [0, 1, 40] {
            let drawn = draw(&format!("{key}?x{}", address.repeat(count))).unwrap();
            let size = drawn["size"].as_u64().unwrap();
            let rows = drawn["rows"].as_array().unwrap();
            assert!(size as usize <= MAX_QR && rows.len() as u64 == size);
            for row in rows.iter().map(|row| row.as_str().unwrap()) {
                assert!(row.len() as u64 == size && row.bytes().all(|module| b"01".contains(&module)));
            }
            // The dark corner of the pattern by which it is found.
            assert!(rows[0].as_str().unwrap().starts_with("11111110"));
        }
        assert!(draw(&"x".repeat(5_000)).is_none());
    }
}
