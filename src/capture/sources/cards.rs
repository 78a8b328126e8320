//! The text of message cards ("attachments" of Slack, which Mattermost borrowed): how bots say things.
//!
//! Here lives the reading of a card's text. Whether a card belongs to what was said is the caller's to know.

use serde_json::Value;

/// A text field that is there and not blank.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// The items of a list field; none when it is missing or no list.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// All that a card says, one line for each of its parts. The fallback speaks only when nothing else does.
pub(super) fn card_text(card: &Value) -> String {
    let mut parts: Vec<String> =
        ["pretext", "title", "text"].iter().filter_map(|key| text(card, key)).map(str::to_owned).collect();
    for field in list(card, "fields") {
        match (text(field, "title"), text(field, "value")) {
            (Some(title), Some(value)) => parts.push(format!("{title}: {value}")),
            (title, value) => parts.extend(title.or(value).map(str::to_owned)),
        }
    }
    if parts.is_empty() {
        parts.extend(text(card, "fallback").map(str::to_owned));
    }
    parts.extend(text(card, "footer").map(str::to_owned));
    parts.join("\n")
}
