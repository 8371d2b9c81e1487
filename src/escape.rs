//! Makes text from outside safe to show: rows, names, reasons, operators, answers of servers, contents of files. No such
//! text can send an escape sequence to a terminal, reorder its neighbours or begin a line. Must not know what is shown.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};
use std::io::{self, Write as _};

use serde::Serialize;

/// Maximum characters of a value in a message.
const MAX_QUOTED_LENGTH: usize = 60;

/// Whether a terminal would act on this character or hide it: control characters, line separators, bidirectional marks.
#[must_use]
pub fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// The text on one line, with its unsafe characters escaped: `a\nb`, `\u{1b}[2J`.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    replaced(text, is_unsafe, |letter| letter.escape_debug().to_string())
}

/// JSON text that parses to the same value, with the unsafe characters of its strings escaped: `\u009b`.
fn escaped_json(text: &str) -> Cow<'_, str> {
    let is_unsafe = |letter| is_unsafe(letter) && letter != '\n';
    replaced(text, is_unsafe, |letter| format!("\\u{:04x}", u32::from(letter)))
}

/// The text with a space for each unsafe character, so that it keeps its length: for the screen, which measures columns.
#[must_use]
pub fn sanitised(text: &str) -> Cow<'_, str> {
    replaced(text, is_unsafe, |_| " ".to_owned())
}

fn replaced(text: &str, is_unsafe: impl Fn(char) -> bool, shown: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(&is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_unsafe(letter) {
            whole += &shown(letter);
        } else {
            whole.push(letter);
        }
    }
    Cow::Owned(whole)
}

/// Bytes as text; only invalid UTF-8 is escaped: `caf\xe9`.
#[must_use]
pub fn decoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!(r"\x{byte:02x}")));
    }
    text
}

/// The value in single quotes, with invisible characters escaped too, cut to 60 characters: `'two'`, `'a\0b'`,
/// `'aaaa…'`.
#[must_use]
pub fn quoted(text: &str) -> String {
    quoted_bytes(text.as_bytes())
}

/// As [`quoted`], for bytes that may not be UTF-8: `'caf\xe9'`.
#[must_use]
pub fn quoted_bytes(bytes: &[u8]) -> String {
    let signs = bytes.utf8_chunks().flat_map(|chunk| {
        let invalid = chunk.invalid().iter().map(|byte| format!(r"\x{byte:02x}"));
        chunk.valid().chars().map(quoted_sign).chain(invalid)
    });
    let mut shown = String::from("'");
    let mut used = 0;
    for sign in signs {
        used += sign.chars().count();
        if used > MAX_QUOTED_LENGTH {
            shown.push('…');
            break;
        }
        shown.push_str(&sign);
    }
    shown.push('\'');
    shown
}

fn quoted_sign(letter: char) -> String {
    match letter {
        '"' => letter.to_string(),
        _ => letter.escape_debug().to_string(),
    }
}

/// Lines for a terminal, a pipe or a file. Whatever a line contains, it stays one line and sends no escape sequence:
/// lines are escaped as they are added, and only this type is printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EscapedText(String);

impl EscapedText {
    /// A single line.
    #[must_use]
    pub fn of(line: impl Display) -> Self {
        [line].into_iter().collect()
    }

    /// The value as JSON on one line.
    ///
    /// # Errors
    /// If the value has no JSON form.
    pub fn json(value: &impl Serialize) -> serde_json::Result<Self> {
        let text = serde_json::to_string(value)?;
        Ok(Self(escaped_json(&text).into_owned() + "\n"))
    }

    /// The value as indented JSON.
    ///
    /// # Errors
    /// If the value has no JSON form.
    pub fn indented_json(value: &impl Serialize) -> serde_json::Result<Self> {
        let text = serde_json::to_string_pretty(value)?;
        Ok(Self(escaped_json(&text).into_owned() + "\n"))
    }

    /// Adds a line.
    pub fn line(&mut self, line: impl Display) {
        // Writing to a string can't fail.
        let _ = write!(Escaping(&mut self.0), "{line}");
        self.0.push('\n');
    }

    /// Adds a line of cells with tabs between them.
    pub fn row(&mut self, cells: &[String]) {
        let cells: Vec<_> = cells.iter().map(|cell| escaped(cell)).collect();
        self.0 += &cells.join("\t");
        self.0.push('\n');
    }

    /// Adds text of the program itself, with its line ends.
    pub fn fixed(&mut self, text: &'static str) {
        self.0 += text;
    }

    /// Removes blank lines at the end.
    pub fn trim_end(&mut self) {
        self.0.truncate(self.0.trim_end().len());
        self.0.push('\n');
    }

    /// The lines, each with its line end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Prints the lines on standard output.
    ///
    /// # Errors
    /// If standard output can't be written.
    pub fn print(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(self.0.as_bytes())?;
        out.flush()
    }

    /// Prints the lines on standard error. If that fails, there is nowhere left to say so.
    pub fn print_error(&self) {
        drop(io::stderr().write_all(self.0.as_bytes()));
    }
}

impl<T: Display> FromIterator<T> for EscapedText {
    fn from_iter<I: IntoIterator<Item = T>>(lines: I) -> Self {
        let mut text = Self::default();
        text.extend(lines);
        text
    }
}

impl<T: Display> Extend<T> for EscapedText {
    fn extend<I: IntoIterator<Item = T>>(&mut self, lines: I) {
        lines.into_iter().for_each(|line| self.line(line));
    }
}

/// Escapes what is written to it.
struct Escaping<'a>(&'a mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        *self.0 += &escaped(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain", "plain")]
    #[case("a\tb\r\nc", r"a\tb\r\nc")]
    #[case("\u{1b}[2Jgone", r"\u{1b}[2Jgone")]
    #[case("\u{9b}2J\u{7f}", r"\u{9b}2J\u{7f}")]
    #[case("abc\u{202e}def", r"abc\u{202e}def")]
    #[case(r"C:\new 'e\u{301}'", r"C:\new 'e\u{301}'")]
    #[case("日本 e\u{301}", "日本 e\u{301}")]
    fn unsafe_characters_are_escaped(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(escaped(text), shown);
        assert_eq!(EscapedText::of(text).as_str(), format!("{shown}\n"));
    }

    #[rstest]
    #[case("plain", "plain")]
    #[case("a\tb\r\nc", "a b  c")]
    #[case("\u{1b}[2Jgone", " [2Jgone")]
    #[case("abc\u{202e}def", "abc def")]
    #[case("日本 ok", "日本 ok")]
    fn unsafe_characters_become_spaces_on_the_screen(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(sanitised(text), shown);
    }

    #[test]
    fn json_is_escaped_and_parses_to_the_same_value() {
        let value = "a\n\u{1b}]0;x\u{7}\u{9b}\u{202e}é";
        for text in [EscapedText::json(&value), EscapedText::indented_json(&[value])] {
            let text = text.unwrap();
            assert!(
                !text
                    .as_str()
                    .contains(|letter| is_unsafe(letter) && letter != '\n')
            );
            let parsed: serde_json::Value = serde_json::from_str(text.as_str()).unwrap();
            assert_eq!(parsed.get(0).unwrap_or(&parsed), value);
        }
    }

    #[test]
    fn cells_add_no_columns() {
        let mut text = EscapedText::default();
        text.row(&["a\tb".to_owned(), "c".to_owned()]);
        assert_eq!(text.as_str(), "a\\tb\tc\n");
    }

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
