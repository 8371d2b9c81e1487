//! A key, from an event or parsed from its name. Parsing the name of a key returns the same key.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::plan::near_miss;

/// A key, optionally with Ctrl.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    control: bool,
}

/// Named keys. If a key has two names, the first is the one shown.
const NAMES: [(&str, KeyCode); 21] = [
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("BackTab", KeyCode::BackTab),
    ("PgUp", KeyCode::PageUp),
    ("PageUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("PageDown", KeyCode::PageDown),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("Insert", KeyCode::Insert),
    ("Ins", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("Del", KeyCode::Delete),
    ("Backspace", KeyCode::Backspace),
    ("Space", KeyCode::Char(' ')),
];

/// Keys for which terminals send the same with and without Ctrl.
const SAME_WITH_CTRL: [KeyCode; 6] = [
    KeyCode::Enter,
    KeyCode::Esc,
    KeyCode::Tab,
    KeyCode::BackTab,
    KeyCode::Backspace,
    KeyCode::Char(' '),
];

/// The highest function key with a name.
const LAST_FUNCTION_KEY: u8 = 12;

impl Key {
    /// A key without Ctrl.
    #[must_use]
    pub const fn of(code: KeyCode) -> Self {
        Self { code, control: false }
    }

    /// A letter with Ctrl.
    #[must_use]
    pub const fn control(letter: char) -> Self {
        Self {
            code: KeyCode::Char(letter),
            control: true,
        }
    }

    /// The key of an event; `None` for a release, or with modifiers other than Shift and Ctrl.
    #[must_use]
    pub fn from_event(event: KeyEvent) -> Option<Self> {
        let strange = event.modifiers - KeyModifiers::SHIFT - KeyModifiers::CONTROL;
        if event.kind == KeyEventKind::Release || !strange.is_empty() {
            return None;
        }
        Some(Self {
            code: event.code,
            control: event.modifiers.contains(KeyModifiers::CONTROL),
        })
    }

    /// Parses a key: a character (`r` and `R` differ), a name, `F5`, or one of them after `Ctrl-`.
    ///
    /// # Errors
    /// One sentence: the key doesn't exist, or no terminal sends it.
    pub fn read(text: &str) -> Result<Self, String> {
        let (control, rest) = match without_prefix(text, "ctrl-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let code = code(rest).ok_or_else(|| unknown_key(text))?;
        if !control {
            return Ok(Self::of(code));
        }
        match code {
            KeyCode::Char(letter) => match letter.to_ascii_lowercase() {
                'i' => Err(sent_as(text, "Tab")),
                'm' => Err(sent_as(text, "Enter")),
                letter if letter.is_ascii_lowercase() => Ok(Self::control(letter)),
                _ => Err(format!(
                    "terminals can't send '{text}'; use Ctrl with a letter, for example Ctrl-R"
                )),
            },
            code if SAME_WITH_CTRL.contains(&code) => Err(sent_as(text, &Self::of(code).spelt(false))),
            code => Ok(Self { code, control }),
        }
    }

    /// The typed character, if it is one.
    #[must_use]
    pub const fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(letter) if !self.control => Some(letter),
            _ => None,
        }
    }

    /// The key as shown on screen: with symbols, or in ASCII.
    #[must_use]
    pub fn spelt(self, signs: bool) -> String {
        let name = match (self.code, signs) {
            (KeyCode::Up, true) => "▴".to_owned(),
            (KeyCode::Down, true) => "▾".to_owned(),
            (KeyCode::Left, true) => "◂".to_owned(),
            (KeyCode::Right, true) => "▸".to_owned(),
            (KeyCode::Enter, true) => "↵".to_owned(),
            (KeyCode::F(number), _) => format!("F{number}"),
            (KeyCode::Char(letter), _) if letter != ' ' => {
                let shown = if self.control {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                };
                shown.to_string()
            }
            (code, _) => name(code).map_or_else(|| code.to_string(), ToOwned::to_owned),
        };
        if self.control {
            format!("Ctrl-{name}")
        } else {
            name
        }
    }
}

/// Strips a lower-case ASCII prefix, ignoring the case of the text.
fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn code(text: &str) -> Option<KeyCode> {
    let alone = |text: &str| {
        let mut letters = text.chars();
        letters
            .next()
            .filter(|letter| letters.next().is_none() && !letter.is_control())
    };
    if let Some(letter) = alone(text) {
        return Some(KeyCode::Char(letter));
    }
    if let Some((_, code)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some(*code);
    }
    if let Some(number) = without_prefix(text, "f").and_then(|number| number.parse().ok()) {
        return (1..=LAST_FUNCTION_KEY)
            .contains(&number)
            .then_some(KeyCode::F(number));
    }
    let capital = without_prefix(text, "shift-").and_then(alone);
    capital
        .filter(char::is_ascii_alphabetic)
        .map(|letter| KeyCode::Char(letter.to_ascii_uppercase()))
}

fn name(code: KeyCode) -> Option<&'static str> {
    let mut named = NAMES.iter().filter(|(_, other)| *other == code);
    named.next().map(|(name, _)| *name)
}

fn sent_as(text: &str, other: &str) -> String {
    format!("terminals send {other} for '{text}'; choose another key")
}

fn unknown_key(text: &str) -> String {
    if without_prefix(text, "alt-").is_some() {
        return format!(
            "'{text}' is not supported: over a slow connection Alt looks like Esc plus a key; choose a key without Alt"
        );
    }
    let names = NAMES.iter().map(|(name, _)| *name);
    match near_miss(text, names.clone()) {
        Some(candidate) => format!("'{text}' is not a key; did you mean '{candidate}'?"),
        None => format!(
            "'{text}' is not a key; write a character such as r or R, Ctrl-R, F1 to F{LAST_FUNCTION_KEY}, or one of {}",
            names.collect::<Vec<_>>().join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("r", Key::of(KeyCode::Char('r')))]
    #[case("R", Key::of(KeyCode::Char('R')))]
    #[case("Shift-r", Key::of(KeyCode::Char('R')))]
    #[case("-", Key::of(KeyCode::Char('-')))]
    #[case(" ", Key::of(KeyCode::Char(' ')))]
    #[case("space", Key::of(KeyCode::Char(' ')))]
    #[case("ö", Key::of(KeyCode::Char('ö')))]
    #[case("ctrl-r", Key::control('r'))]
    #[case("Ctrl-R", Key::control('r'))]
    #[case("PAGEUP", Key::of(KeyCode::PageUp))]
    #[case("shift-tab", Key::of(KeyCode::BackTab))]
    #[case("f", Key::of(KeyCode::Char('f')))]
    #[case("f12", Key::of(KeyCode::F(12)))]
    #[case("Ctrl-Up", Key { code: KeyCode::Up, control: true })]
    fn keys_are_parsed_from_their_spelling(#[case] text: &str, #[case] key: Key) {
        assert_eq!(Key::read(text), Ok(key));
    }

    #[rstest]
    #[case(
        "",
        "'' is not a key; write a character such as r or R, Ctrl-R, F1 to F12, or one of Up, Down, "
    )]
    #[case("Entre", "'Entre' is not a key; did you mean 'Enter'?")]
    #[case("F13", "'F13' is not a key; write a character")]
    #[case("rr", "'rr' is not a key; write a character")]
    #[case("\t", "'\t' is not a key; write a character")]
    #[case("Ctrl-", "'Ctrl-' is not a key; ")]
    #[case(
        "Ctrl-1",
        "terminals can't send 'Ctrl-1'; use Ctrl with a letter, for example Ctrl-R"
    )]
    #[case("ctrl-i", "terminals send Tab for 'ctrl-i'; choose another key")]
    #[case("Ctrl-M", "terminals send Enter for 'Ctrl-M'; choose another key")]
    #[case("Ctrl-Enter", "terminals send Enter for 'Ctrl-Enter'; choose another key")]
    #[case(
        "Alt-r",
        "'Alt-r' is not supported: over a slow connection Alt looks like Esc"
    )]
    fn keys_that_terminals_cannot_send_are_rejected(#[case] text: &str, #[case] refusal: &str) {
        let error = Key::read(text).unwrap_err();
        assert!(error.starts_with(refusal), "{error}");
    }

    /// Every key that a terminal can send and a file can name.
    fn keys() -> impl Strategy<Value = Key> {
        let named = proptest::sample::select(NAMES.map(|(_, code)| code).to_vec());
        let function = (1..=LAST_FUNCTION_KEY).prop_map(KeyCode::F);
        let typed = any::<char>().prop_filter("is typed", |letter| !letter.is_control());
        let letter = proptest::char::range('a', 'z').prop_filter("is sent", |letter| !"im".contains(*letter));
        prop_oneof![
            prop_oneof![named, function].prop_flat_map(|code| {
                let control = if SAME_WITH_CTRL.contains(&code) {
                    Just(false).boxed()
                } else {
                    any::<bool>().boxed()
                };
                control.prop_map(move |control| Key { code, control })
            }),
            typed.prop_map(|letter| Key::of(KeyCode::Char(letter))),
            letter.prop_map(Key::control),
        ]
    }

    proptest! {
        #[test]
        fn keys_round_trip_through_their_spelling(key in keys()) {
            prop_assert_eq!(Key::read(&key.spelt(false)), Ok(key));
        }

        #[test]
        fn any_text_parses_as_a_key_or_gives_an_error_that_quotes_it(text in ".{0,12}") {
            match Key::read(&text) {
                Ok(key) => prop_assert_eq!(Key::read(&key.spelt(false)), Ok(key)),
                Err(sentence) => prop_assert!(sentence.contains(&text)),
            }
        }
    }

    #[test]
    fn key_release_events_are_ignored() {
        let mut event = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        event.kind = KeyEventKind::Release;
        assert_eq!(Key::from_event(event), None);
    }
}
