//! What a Slack message says, as text: kept as Slack wrote it, but for the addresses of files (C5).
//!
//! Bots often say everything in cards or blocks; those speak when they hold more than the text.

use serde_json::Value;
use url::Url;

use crate::capture::sources::cards::{card_text, list, text};

/// All that `message` says. `about_file`: Slack itself put the address of a file into the text.
pub(super) fn of_message(message: &Value, about_file: bool) -> String {
    let mut said = text(message, "text").unwrap_or_default().to_owned();
    if said.is_empty() {
        blocks_text(list(message, "blocks"), &mut said);
        said.truncate(said.trim_end().len());
    }
    for card in list(message, "attachments").iter().filter(|card| !is_preview(card)) {
        let card = card_text(card);
        // A text that repeats its only card is common among bots.
        if !said.contains(&card) {
            said.push_str(if said.is_empty() { "" } else { "\n" });
            said.push_str(&card);
        }
    }
    without_file_addresses(&said, about_file)
}

/// Whether Slack added the card to show where a link leads: nobody said that.
fn is_preview(card: &Value) -> bool {
    let is = |key: &str| card.get(key).and_then(Value::as_bool).unwrap_or(false);
    let shows_link = text(card, "from_url").is_some() || is("is_msg_unfurl") || is("is_app_unfurl");
    shows_link && !is("is_share")
}

/// Appends what blocks say: of elements of one line the texts, after each line a line break.
fn blocks_text(blocks: &[Value], said: &mut String) {
    for block in blocks {
        let before = said.len();
        match text(block, "type").unwrap_or_default() {
            "link" => said.push_str(&link(block)),
            "user" => said.push_str(&format!("<@{}>", text(block, "user_id").unwrap_or_default())),
            "channel" => said.push_str(&format!("<#{}>", text(block, "channel_id").unwrap_or_default())),
            "usergroup" => said.push_str(&format!("<!subteam^{}>", text(block, "usergroup_id").unwrap_or_default())),
            "broadcast" => said.push_str(&format!("<!{}>", text(block, "range").unwrap_or_default())),
            "emoji" => said.push_str(&format!(":{}:", text(block, "name").unwrap_or_default())),
            _ => {
                match block.get("text") {
                    // Blank elements hold the spaces between words.
                    Some(Value::String(plain)) => said.push_str(plain),
                    Some(inner) => said.push_str(text(inner, "text").unwrap_or_default()),
                    None => said.push_str(text(block, "title").or(text(block, "alt_text")).unwrap_or_default()),
                }
                if !list(block, "fields").is_empty() && said.len() > before {
                    said.push('\n');
                }
                for field in list(block, "fields") {
                    said.push_str(text(field, "text").unwrap_or_default());
                    said.push('\n');
                }
                blocks_text(list(block, "elements"), said);
            }
        }
        let is_line = !matches!(text(block, "type"), Some(kind) if INLINE.contains(&kind));
        if is_line && said.len() > before && !said.ends_with('\n') {
            said.push('\n');
        }
    }
}

/// Elements that stand within a line.
const INLINE: [&str; 10] =
    ["text", "link", "user", "channel", "usergroup", "broadcast", "emoji", "date", "color", "team"];

fn link(block: &Value) -> String {
    let address = text(block, "url").unwrap_or_default();
    match text(block, "text") {
        Some(label) => format!("<{address}|{label}>"),
        None => format!("<{address}>"),
    }
}

/// C5: puts the title of a file in the place of its address.
///
/// Where Slack itself names a file, no address of a file remains. Elsewhere people's words stay as they are, but for
/// addresses that would fetch a file without anything else.
fn without_file_addresses(said: &str, about_file: bool) -> String {
    let mut kept = String::with_capacity(said.len());
    let mut rest = said;
    while let Some(at) = rest.find("http") {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| c.is_whitespace() || "<>|\"".contains(c)).unwrap_or(from.len());
        let (address, after) = from.split_at(end);
        let found = file_address(address).filter(|found| about_file || found.fetches);
        let Some(found) = found else {
            kept.push_str(before);
            kept.push_str(address);
            rest = after;
            continue;
        };
        let label = after.split_once('>').filter(|(label, _)| label.is_empty() || label.starts_with('|'));
        match before.strip_suffix('<').zip(label) {
            Some((before, (label, after))) => {
                kept.push_str(before);
                kept.push_str(label.strip_prefix('|').filter(|label| !label.is_empty()).unwrap_or(&found.name));
                rest = after;
            }
            None => {
                kept.push_str(before);
                kept.push_str(&found.name);
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// The address of a file in Slack.
struct FileAddress {
    /// The last step of its path: what stands for the file when nothing else names it.
    name: String,
    /// Leads to the bytes, rather than to a page that asks who one is.
    fetches: bool,
}

fn file_address(address: &str) -> Option<FileAddress> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    let first = url.path_segments()?.next().unwrap_or_default().to_owned();
    let in_slack = host == "slack.com" || host.ends_with(".slack.com");
    let fetches = host == "slack-files.com" || host == "files.slack.com" || (in_slack && first.starts_with("files-"));
    let leads_to_page = in_slack && first == "files";
    if !fetches && !leads_to_page {
        return None;
    }
    let name = url.path_segments()?.rfind(|step| !step.is_empty()).unwrap_or("file").to_owned();
    Some(FileAddress { name, fetches })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn c5_the_title_stands_where_slack_put_the_address_of_a_file() {
        let converted = |said: &str| of_message(&json!({ "text": said }), true);
        assert_eq!(
            converted(
                "<@U1> uploaded a file: <https://meridian.slack.com/files/U1/F1/rates.pdf|Rates 2026> and commented: ok"
            ),
            "<@U1> uploaded a file: Rates 2026 and commented: ok"
        );
        assert_eq!(converted("<https://files.slack.com/files-pri/T1-F1/rates.pdf?t=xoxe-1>"), "rates.pdf");
        assert_eq!(converted("see https://slack-files.com/T1-F1-abc now"), "see T1-F1-abc now");
        assert_eq!(converted("<https://rates.example/files/x|x> http"), "<https://rates.example/files/x|x> http");
    }

    #[test]
    fn c5_elsewhere_only_addresses_that_fetch_are_taken_out() {
        let converted = |said: &str| of_message(&json!({ "text": said }), false);
        let page = "look at <https://meridian.slack.com/files/U1/F1/rates.pdf>";
        assert_eq!(converted(page), page);
        assert_eq!(converted("<https://files.slack.com/files-pri/T1-F1/rates.pdf?t=xoxe-1|here>"), "here");
    }

    #[test]
    fn what_bots_say_in_cards_and_blocks_is_kept() {
        let card = json!({"text": "", "attachments": [
            {"pretext": "Build 7", "title": "failed", "text": "3 tests", "fields": [{"title": "Branch", "value": "main"}]},
            {"fallback": "only this"}]});
        assert_eq!(of_message(&card, false), "Build 7\nfailed\n3 tests\nBranch: main\nonly this");
        let more =
            json!({"text": "Alert", "attachments": [{"text": "Disk full"}, {"from_url": "x", "title": "Preview"}]});
        assert_eq!(of_message(&more, false), "Alert\nDisk full");
        let blocks = json!({"text": "", "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Berth 4"}},
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "Ship"}, {"type": "mrkdwn", "text": "Halcyon"}]},
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "text", "text": "ask "}, {"type": "user", "user_id": "U2"}, {"type": "text", "text": " at "},
                {"type": "link", "url": "https://meridian.example"}, {"type": "emoji", "name": "ship"}]}]}]});
        assert_eq!(of_message(&blocks, false), "Berth 4\nShip\nHalcyon\nask <@U2> at <https://meridian.example>:ship:");
    }

    proptest::proptest! {
        #[test]
        fn any_text_without_addresses_stays_as_it_is(said in "[^h]*") {
            let message = json!({ "text": said });
            let expected = if said.trim().is_empty() { "" } else { &said };
            proptest::prop_assert_eq!(of_message(&message, true), expected);
        }
    }
}
