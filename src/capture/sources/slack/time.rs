//! Slack's times: seconds since 1970 as text with six decimals (`ts`), or whole seconds as text or number. No floats:
//! a `ts` is an id too, and a microsecond decides the order.

use serde_json::Value;

use crate::model::Timestamp;

/// The instant of a `ts` such as `1433866202.000002`; none when it is not one.
pub(super) fn ts(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || fraction.len() > 6 || !digits(seconds) || !digits(fraction) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    Timestamp::from_micros(seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)?).ok()
}

/// The instant of a `created` or `updated`, text or number; 0 is how Slack says that it does not know.
pub(super) fn seconds(value: Option<&Value>) -> Option<Timestamp> {
    let instant = match value? {
        Value::String(text) => ts(text),
        Value::Number(number) => ts(&number.to_string()),
        _ => None,
    };
    instant.filter(|instant| instant.micros() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_microsecond() {
        let parsed = |text| ts(text).map(|instant| instant.to_string());
        assert_eq!(parsed("1433558207.760577").as_deref(), Some("2015-06-06T02:36:47.760577Z"));
        assert_eq!(parsed("1433558207.5").as_deref(), Some("2015-06-06T02:36:47.500Z"));
        assert_eq!(parsed("1433558207").as_deref(), Some("2015-06-06T02:36:47Z"));
        for wrong in ["", ".5", "-1.0", "+1", "1.0000001", "soon", "1.x", "99999999999999999999", "253402300800"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn created_may_be_text_or_number_and_0_is_unknown() {
        for value in [Value::from("1433558319"), Value::from(1_433_558_319)] {
            assert_eq!(
                seconds(Some(&value)).map(|instant| instant.to_string()).as_deref(),
                Some("2015-06-06T02:38:39Z")
            );
        }
        assert_eq!(seconds(Some(&Value::from(0))), None);
        assert_eq!(seconds(Some(&Value::Null)), None);
    }
}
