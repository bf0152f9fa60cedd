//! The emoji that there are, for a page that lets one choose.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use emojis::{Group, SkinTone};
use serde_json::{Value, json};

static ALL: LazyLock<Bytes> = LazyLock::new(|| {
    let groups = Group::iter().map(|group| {
        let plain =
            group.emojis().filter(|emoji| matches!(emoji.skin_tone(), None | Some(SkinTone::Default)));
        let emoji: Vec<Value> = plain
            .map(|emoji| json!([emoji.as_str(), emoji.name(), emoji.shortcode().unwrap_or_default()]))
            .collect();
        json!({ "group": name(group), "emoji": emoji })
    });
    groups.collect::<Value>().to_string().into()
});

fn name(group: Group) -> &'static str {
    match group {
        Group::SmileysAndEmotion => "smileys",
        Group::PeopleAndBody => "people",
        Group::AnimalsAndNature => "animals",
        Group::FoodAndDrink => "food",
        Group::TravelAndPlaces => "travel",
        Group::Activities => "activities",
        Group::Objects => "objects",
        Group::Symbols => "symbols",
        Group::Flags => "flags",
    }
}

pub async fn list() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, ALL.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_emoji_is_there_once_and_by_its_name() {
        let all: Value = serde_json::from_slice(&ALL).unwrap();
        let groups = all.as_array().unwrap();
        assert_eq!(groups.len(), 9);
        assert_eq!(groups[0]["group"], "smileys");
        assert_eq!(groups[0]["emoji"][0], json!(["😀", "grinning face", "grinning"]));
        let text = all.to_string();
        assert!(text.contains("\"👋\"") && !text.contains("👋🏽"), "tones of skin are not told apart");
        assert!(groups.iter().all(|group| !group["emoji"].as_array().unwrap().is_empty()));
    }
}
