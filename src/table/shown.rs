//! Formats a refused value for messages: quoted, on one line, without control characters or invisible ones, and of
//! limited length.

/// Maximum characters of a value in a message.
const MAX_CHARACTERS: usize = 60;

/// The value in single quotes, escaped, truncated to 60 characters: `'two'`, `'a\0b'`, `'aaaa…'`.
#[must_use]
pub fn quoted(text: &str) -> String {
    quoted_bytes(text.as_bytes())
}

/// As [`quoted`], for bytes that may not be UTF-8: `'caf\xe9'`.
#[must_use]
pub fn quoted_bytes(bytes: &[u8]) -> String {
    let mut shown = String::from("'");
    let mut used = 0;
    for sign in signs(bytes).map(|sign| if sign == "'" { r"\'".to_owned() } else { sign }) {
        used += sign.chars().count();
        if used > MAX_CHARACTERS {
            shown.push('…');
            break;
        }
        shown.push_str(&sign);
    }
    shown.push('\'');
    shown
}

/// Bytes as text; invalid UTF-8, control characters and invisible ones are escaped.
#[must_use]
pub fn escaped_bytes(bytes: &[u8]) -> String {
    signs(bytes).collect()
}

fn signs(bytes: &[u8]) -> impl Iterator<Item = String> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let invalid = chunk.invalid().iter().map(|byte| format!(r"\x{byte:02x}"));
        chunk.valid().chars().map(sign).chain(invalid)
    })
}

/// Quotes aren't escaped here; the caller escapes the ones it uses as delimiters.
fn sign(letter: char) -> String {
    match letter {
        '\'' | '"' => letter.to_string(),
        _ => letter.escape_debug().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"two", "'two'")]
    #[case(b"", "''")]
    #[case("café".as_bytes(), "'café'")]
    #[case(b"caf\xe9", r"'caf\xe9'")]
    #[case(b"a\0b\r\n\t", r"'a\0b\r\n\t'")]
    #[case(b"\x1b[2J", r"'\u{1b}[2J'")]
    #[case("\u{202e}abc".as_bytes(), r"'\u{202e}abc'")]
    #[case(b"it's \"so\"", r#"'it\'s "so"'"#)]
    #[case(br"C:\x", r"'C:\\x'")]
    fn values_are_quoted_and_escaped(#[case] bytes: &[u8], #[case] shown: &str) {
        assert_eq!(quoted_bytes(bytes), shown);
    }

    #[test]
    fn long_values_are_cut_at_60_characters_outside_escapes() {
        assert_eq!(quoted(&"a".repeat(60)), format!("'{}'", "a".repeat(60)));
        assert_eq!(quoted(&"日".repeat(61)), format!("'{}…'", "日".repeat(60)));
        let nearly = format!("{}\u{1b}", "a".repeat(58));
        assert_eq!(quoted(&nearly), format!("'{}…'", "a".repeat(58)));
    }
}
