//! What is said of the node itself: that it is there, what it is, how it is, and to crawlers.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::Extension;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};

use super::error::{Answer, ApiError};
use super::routes::{Route, get};
use super::{App, Ends, consent, guard};
use crate::node::Figure;
use crate::node::api::{Reply, Request, StatusView};

/// Answers that were given, by the first digit of their status.
#[derive(Default)]
pub struct Tally([AtomicU64; 5]);

impl Tally {
    /// One more.
    pub fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(count) = self.0.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What is answered here.
pub fn routes() -> Vec<Route> {
    vec![
        get("/health", None, "Whether the node is there", async || "OK"),
        get("/.well-known/nodeinfo", None, "Where the node is described", nodeinfo_links),
        get("/nodeinfo/2.0", None, "What the node is", nodeinfo),
        get("/robots.txt", None, "What crawlers may do", robots),
        get(
            "/metrics",
            None,
            "Figures for Prometheus (OpenMetrics), for this machine alone if not set otherwise",
            metrics,
        ),
    ]
}

async fn nodeinfo_links(app: App) -> Json<Value> {
    let rel = "http://nodeinfo.diaspora.software/ns/schema/2.0";
    Json(json!({ "links": [{ "rel": rel, "href": format!("{}/nodeinfo/2.0", app.base) }] }))
}

/// Apps ask this to learn how to talk to the node, and know Mastodon's way. Figures of the owner's are not told to
/// everybody: there is one person here.
async fn nodeinfo() -> Json<Value> {
    Json(json!({
        "version": "2.0",
        "software": { "name": "majlis", "version": env!("CARGO_PKG_VERSION") },
        "protocols": [],
        "services": { "inbound": [], "outbound": [] },
        "openRegistrations": false,
        "usage": { "users": { "total": 1 } },
        "metadata": { "upstream": { "name": "mastodon" } },
    }))
}

/// A person's own node is nothing to crawl, beside what the owner gives to everyone.
async fn robots(app: App) -> Answer<String> {
    let usage = app.node.own_usage().await?;
    let given = if app.config.feed { "Allow: /feed.atom\nAllow: /media/\n" } else { "" };
    let mut text = format!("User-agent: *\n{given}Disallow: /\n");
    if let Some(aipref) = usage.aipref.as_deref() {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "Content-Usage: {aipref}");
    }
    if consent::refuses_training(&usage) {
        text.push_str("# AI training on what is found here is refused by its author.\n");
    }
    Ok(text)
}

async fn metrics(app: App, Extension(ends): Extension<Ends>, headers: HeaderMap) -> Answer<Response> {
    let is_near = ends.peer.ip().to_canonical().is_loopback() && guard::is_local_name(&headers);
    if !is_near && !app.config.open_metrics {
        return Err(ApiError::no_such_address());
    }
    let status = app.ask(Request::Status).await?.into_iter().find_map(|reply| match reply {
        Reply::Status(status) => Some(status),
        _ => None,
    });
    let status = status.ok_or_else(ApiError::fault)?;
    let node = Arc::clone(&app.node);
    let counted =
        tokio::task::spawn_blocking(move || node.figures()).await.map_err(|_| ApiError::fault())??;
    let answers = app.tally.0.each_ref().map(|count| count.load(Ordering::Relaxed));
    let mut registry = Registry::with_prefix("majlis");
    registry.register_collector(Box::new(Figures { status, counted, answers }));
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|_| ApiError::fault())?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// All that is told at `/metrics`.
#[derive(Debug)]
struct Figures {
    status: Box<StatusView>,
    counted: Vec<Figure>,
    answers: [u64; 5],
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let status = &self.status;
        let gauges = [
            ("peers", "Connected peers", status.peers as u64),
            ("following", "Followed accounts", status.following as u64),
            ("accounts", "Accounts of which something is held", status.accounts as u64),
            ("entries", "Entries held", status.entries),
            ("disk_bytes", "Bytes that the home takes on disk", status.disk_bytes),
            ("free_bytes", "Bytes free on its disk", status.free_bytes),
            ("synced", "Whether all that connected peers have is held", u64::from(status.synced)),
            ("uptime_seconds", "Seconds since the node started", status.uptime),
        ];
        let gauges = gauges.map(|(name, help, value)| Figure { name, help, grows: false, value });
        for Figure { name, help, grows, value } in gauges.iter().chain(&self.counted) {
            let help = &format!("{}.", help.trim().trim_end_matches('.'));
            if *grows {
                let counter = ConstCounter::new(*value);
                counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
            } else {
                let gauge = ConstGauge::new(*value);
                gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
            }
        }
        let (name, help) = ("http_answers", "Answers over HTTP, by status.");
        let mut answers = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (class, count) in self.answers.iter().enumerate().skip(1) {
            let labels = [("status", format!("{}xx", class + 1))];
            ConstCounter::new(*count).encode(answers.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
