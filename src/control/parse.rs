//! Parses a line from a client: a typed command or a JSON message.

use super::wire::{RequestMessage, SCHEMA};
use super::words;

/// Parses a request: JSON if it starts with a brace, else text.
///
/// # Errors
/// One sentence that says what is wrong with the line.
pub fn parse(line: &[u8]) -> Result<RequestMessage, String> {
    let text = str::from_utf8(line).map_err(|_| "a line must be UTF-8 text".to_owned())?;
    if !text.trim_start().starts_with('{') {
        return words::parse(text).map(RequestMessage::new);
    }
    let asked: RequestMessage = serde_json::from_str(text)
        .map_err(|error| format!("invalid line ({error}); see docs/control.md for the format"))?;
    if asked.schema == SCHEMA {
        Ok(asked)
    } else {
        Err(format!("this run uses protocol {SCHEMA}, not {}", asked.schema))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::wire::Request;
    use super::*;
    use crate::engine::Command;

    #[test]
    fn words_and_json_parse_to_the_same_request() {
        let typed = parse(b"workers 4").unwrap();
        let json =
            parse(br#" {"schema":"backcourt.control/1","request":{"command":{"workers":4}}}"#).unwrap();
        assert_eq!(typed, json);
        assert_eq!(typed.request, Request::Command(Command::Workers(4)));
    }

    #[rstest]
    #[case(
        b"{\"schema\":\"backcourt.control/2\",\"request\":\"help\"}",
        "uses protocol backcourt.control/1"
    )]
    #[case(b"{\"schema\":\"backcourt.control/1\",\"request\":\"halp\"}", "halp")]
    #[case(b"{\"schema\":\"backcourt.control/1\",\"request\":\"help\",\"idd\":1}", "idd")]
    #[case(b"{", "invalid line")]
    #[case(b"\xff\xfe", "UTF-8")]
    fn unreadable_requests_are_rejected_with_a_reason(#[case] line: &[u8], #[case] says: &str) {
        let refusal = parse(line).unwrap_err();
        assert!(refusal.contains(says), "{refusal}");
    }
}
