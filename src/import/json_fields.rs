//! Splits a JSON object into its keys and the texts of their values, so that a number keeps every digit. Must not know
//! columns.

use std::ops::Range;

use serde::de::IgnoredAny;

use crate::escape::quoted;

/// The keys of a JSON object and where in the text their values are, in order.
///
/// # Errors
/// When the text is not a JSON object; says what is wrong and where.
pub(super) fn fields(line: &str) -> Result<Vec<(String, Range<usize>)>, String> {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(line) {
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or_default();
        return Err(format!("not valid JSON: {text}, at byte {}", error.column()));
    }
    let mut scan = Scan { line, at: 0 };
    scan.skip_space();
    if !scan.take(b'{') {
        return Err(format!("{} is not a JSON object", quoted(line.trim())));
    }
    let mut found = Vec::new();
    loop {
        scan.skip_space();
        if scan.take(b'}') {
            return Ok(found);
        }
        let key = &line[scan.value()];
        let Ok(key) = serde_json::from_str::<String>(key) else {
            return Err(format!("key {} is not valid Unicode", quoted(key)));
        };
        scan.skip_space();
        scan.take(b':');
        scan.skip_space();
        found.push((key, scan.value()));
        scan.skip_space();
        scan.take(b',');
    }
}

/// A position in a text that is valid JSON.
struct Scan<'l> {
    line: &'l str,
    at: usize,
}

impl Scan<'_> {
    fn byte(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.byte().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: u8) -> bool {
        let is_next = self.byte() == Some(wanted);
        self.at += usize::from(is_next);
        is_next
    }

    /// Moves past a value, and returns where it is.
    fn value(&mut self) -> Range<usize> {
        let (start, mut depth) = (self.at, 0_usize);
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => self.skip_string(),
                b'{' | b'[' => depth += 1,
                b'}' | b']' | b',' | b':' if depth == 0 => break,
                b'}' | b']' => depth -= 1,
                _ if depth == 0 && byte.is_ascii_whitespace() => break,
                _ => {}
            }
            self.at += 1;
            if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
                break;
            }
        }
        start..self.at
    }

    /// Moves from the opening quote of a string to the closing one.
    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.byte().filter(|byte| *byte != b'"') {
            self.at += if byte == b'\\' { 2 } else { 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn split(line: &str) -> Vec<(String, &str)> {
        let fields = fields(line).unwrap().into_iter();
        fields.map(|(key, at)| (key, &line[at])).collect()
    }

    #[test]
    fn values_keep_their_text() {
        let line = r#" {"a" : 12345678901234567890123, "b":1.50,"c\"d":"x,\"}\\", "e":{"f":[1,"]"]} , "g":[ ],"h":null,"a":true} "#;
        let expected = [
            ("a", "12345678901234567890123"),
            ("b", "1.50"),
            ("c\"d", r#""x,\"}\\""#),
            ("e", r#"{"f":[1,"]"]}"#),
            ("g", "[ ]"),
            ("h", "null"),
            ("a", "true"),
        ];
        let expected: Vec<(String, &str)> = expected
            .iter()
            .map(|(key, text)| ((*key).to_owned(), *text))
            .collect();
        assert_eq!(split(line), expected);
        assert_eq!(split("{}"), []);
    }

    #[rstest]
    #[case("[1]", "'[1]' is not a JSON object")]
    #[case("7", "'7' is not a JSON object")]
    #[case("{\"a\":}", "not valid JSON: expected value, at byte 6")]
    #[case("{\"a\":1} {\"a\":2}", "not valid JSON: trailing characters, at byte 9")]
    #[case("{\"\\ud800\":1}", "key '\"\\\\ud800\"' is not valid Unicode")]
    fn other_texts_are_refused(#[case] line: &str, #[case] reason: &str) {
        assert_eq!(fields(line).unwrap_err(), reason);
    }
}
