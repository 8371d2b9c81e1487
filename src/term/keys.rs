//! Turns the bytes of a terminal into keys, mouse events and pastes. Pure: it has no clock and reads nothing.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// Input from the terminal. Resizes arrive as [`super::Signal::Resize`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermEvent {
    /// A key was pressed or repeats.
    Key(KeyEvent),
    /// A mouse wheel or button event, while the screen captures the mouse.
    Mouse(MouseEvent),
    /// Text pasted in one piece.
    Paste(String),
    /// The terminal is gone; this is the last event.
    Gone,
}

const ESCAPE: u8 = 0x1b;
const CTRL_C: u8 = 0x03;
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// Maximum length of a paste, in bytes; the rest is dropped.
const MAX_PASTE_BYTES: usize = 64 * 1024;

/// Maximum length of a sequence, in bytes; what is longer is dropped.
const MAX_SEQUENCE_BYTES: usize = 64;

/// The bytes that are not a complete event yet.
#[derive(Debug, Default)]
pub struct KeyStream {
    pending: Vec<u8>,
    /// The text of a paste whose end is missing.
    paste: Option<Vec<u8>>,
    /// The end of a paste never came: its rest may still arrive, and its text must not act as keys.
    is_torn: bool,
}

/// What the next bytes are.
enum NextEvent {
    Event(TermEvent, usize),
    Unknown(usize),
    Incomplete,
}

impl KeyStream {
    /// The events that these bytes, read at once, complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<TermEvent> {
        if bytes == [CTRL_C] && (self.paste.is_some() || self.is_torn) {
            *self = Self::default();
        }
        self.pending.extend_from_slice(bytes);
        let mut events = Vec::new();
        while !self.pending.is_empty() {
            if self.paste.is_some() {
                events.extend(self.take_paste());
                if self.paste.is_some() {
                    break;
                }
                continue;
            }
            if self.pending.starts_with(PASTE_BEGINS) {
                self.pending.drain(..PASTE_BEGINS.len());
                self.paste = Some(Vec::new());
                continue;
            }
            let taken = match parse(&self.pending) {
                NextEvent::Event(event, taken) => {
                    events.push(event);
                    taken
                }
                NextEvent::Unknown(taken) => taken,
                NextEvent::Incomplete if self.pending.len() > MAX_SEQUENCE_BYTES => self.pending.len(),
                NextEvent::Incomplete => break,
            };
            self.pending.drain(..taken);
        }
        if self.is_torn && events.len() > 1 {
            // More than a key at once.
            events.clear();
        } else if !events.is_empty() {
            self.is_torn = false;
        }
        events
    }

    /// Whether a later byte decides what the last ones are.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        !self.pending.is_empty() && self.paste.is_none()
    }

    /// The key that was pressed if no byte follows: an escape byte alone is the Escape key.
    pub fn end_sequence(&mut self) -> Option<TermEvent> {
        let pending = std::mem::take(&mut self.pending);
        (pending == [ESCAPE]).then(|| key(KeyCode::Esc, KeyModifiers::NONE))
    }

    /// Whether the end of a paste is missing.
    #[must_use]
    pub const fn is_pasting(&self) -> bool {
        self.paste.is_some()
    }

    /// Ends a paste whose end doesn't arrive.
    pub fn end_paste(&mut self) -> Option<TermEvent> {
        self.pending.clear();
        self.is_torn = true;
        self.paste.take().map(|text| pasted(&text))
    }

    /// Moves pending bytes into the open paste; returns it if it has ended.
    fn take_paste(&mut self) -> Option<TermEvent> {
        let end = find(&self.pending, PASTE_ENDS);
        // A part of the end may be the last thing that arrived.
        let begun = (1..PASTE_ENDS.len())
            .rev()
            .find(|length| self.pending.ends_with(&PASTE_ENDS[..*length]));
        let text = end.unwrap_or(self.pending.len() - begun.unwrap_or(0));
        let paste = self.paste.get_or_insert_default();
        let room = MAX_PASTE_BYTES.saturating_sub(paste.len());
        paste.extend(self.pending.drain(..text).take(room));
        end?;
        self.pending.drain(..PASTE_ENDS.len());
        self.paste.take().map(|text| pasted(&text))
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn pasted(text: &[u8]) -> TermEvent {
    TermEvent::Paste(String::from_utf8_lossy(text).into_owned())
}

const fn key(code: KeyCode, modifiers: KeyModifiers) -> TermEvent {
    TermEvent::Key(KeyEvent::new(code, modifiers))
}

fn parse(bytes: &[u8]) -> NextEvent {
    match bytes {
        [ESCAPE] | [ESCAPE, b'[' | b'O'] => NextEvent::Incomplete,
        [ESCAPE, ESCAPE, ..] => NextEvent::Event(key(KeyCode::Esc, KeyModifiers::NONE), 1),
        [ESCAPE, b'[', rest @ ..] => control_sequence(rest),
        [ESCAPE, b'O', last, ..] => event(named(*last), KeyModifiers::NONE, 3),
        [ESCAPE, rest @ ..] => match character(rest) {
            NextEvent::Event(TermEvent::Key(pressed), taken) => NextEvent::Event(
                key(pressed.code, pressed.modifiers | KeyModifiers::ALT),
                taken + 1,
            ),
            other => other,
        },
        _ => character(bytes),
    }
}

fn event(code: Option<KeyCode>, modifiers: KeyModifiers, taken: usize) -> NextEvent {
    code.map_or(NextEvent::Unknown(taken), |code| {
        NextEvent::Event(key(code, modifiers), taken)
    })
}

/// A key without an escape byte.
fn character(bytes: &[u8]) -> NextEvent {
    let control = |c: u8| NextEvent::Event(key(KeyCode::Char(char::from(c)), KeyModifiers::CONTROL), 1);
    let plain = |code| NextEvent::Event(key(code, KeyModifiers::NONE), 1);
    match bytes[0] {
        b'\r' => plain(KeyCode::Enter),
        b'\t' => plain(KeyCode::Tab),
        0x7f => plain(KeyCode::Backspace),
        0 => control(b' '),
        c @ 0x01..=0x1a => control(c - 1 + b'a'),
        c @ 0x1c..=0x1f => control(c - 0x1c + b'4'),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> NextEvent {
    let known = &bytes[..bytes.len().min(4)];
    let text = match str::from_utf8(known) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            str::from_utf8(&known[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) if error.error_len().is_none() && bytes.len() < 4 => return NextEvent::Incomplete,
        Err(error) => return NextEvent::Unknown(error.error_len().unwrap_or(1)),
    };
    text.chars().next().map_or(NextEvent::Unknown(1), |c| {
        let shift = if c.is_uppercase() {
            KeyModifiers::SHIFT
        } else {
            KeyModifiers::NONE
        };
        NextEvent::Event(key(KeyCode::Char(c), shift), c.len_utf8())
    })
}

/// What follows `ESC [`: parameters, then a final byte.
fn control_sequence(rest: &[u8]) -> NextEvent {
    // The Linux console sends F1 to F5 with a second bracket.
    match rest {
        [b'['] => return NextEvent::Incomplete,
        [b'[', last @ b'A'..=b'E', ..] => {
            return event(Some(KeyCode::F(last - b'A' + 1)), KeyModifiers::NONE, 4);
        }
        _ => {}
    }
    let Some(end) = rest.iter().position(|byte| !(0x20..0x40).contains(byte)) else {
        return NextEvent::Incomplete;
    };
    let (parameters, last, taken) = (&rest[..end], rest[end], end + 3);
    if let [b'<', button @ ..] = parameters {
        return mouse(&numbers(button), last)
            .map_or(NextEvent::Unknown(taken), |event| NextEvent::Event(event, taken));
    }
    let numbers = numbers(parameters);
    let modifiers = modifiers(numbers.get(1).copied().unwrap_or(1));
    match last {
        b'~' => event(
            numbers.first().and_then(|number| numbered(*number)),
            modifiers,
            taken,
        ),
        b'Z' => event(Some(KeyCode::BackTab), KeyModifiers::SHIFT, taken),
        last => event(named(last), modifiers, taken),
    }
}

/// The parameters of a sequence; a missing one is 0.
fn numbers(parameters: &[u8]) -> Vec<u16> {
    let text = str::from_utf8(parameters).unwrap_or_default();
    let number = |number: &str| match number {
        "" => 0,
        // Too large a number means nothing.
        number => number.parse().unwrap_or(u16::MAX),
    };
    text.split(';').map(number).collect()
}

fn named(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    })
}

fn numbered(number: u16) -> Option<KeyCode> {
    let function = |first: u16| u8::try_from(number - first).ok().map(KeyCode::F);
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => return function(10),
        17..=21 => return function(11),
        23..=24 => return function(12),
        _ => return None,
    })
}

/// The modifiers of a key: one more than the sum of their bits.
fn modifiers(number: u16) -> KeyModifiers {
    held(number.saturating_sub(1), 1, 2, 4)
}

fn held(bits: u16, shift: u16, alt: u16, control: u16) -> KeyModifiers {
    let modifier = |bit, modifier| {
        if bits & bit == 0 {
            KeyModifiers::NONE
        } else {
            modifier
        }
    };
    modifier(shift, KeyModifiers::SHIFT)
        | modifier(alt, KeyModifiers::ALT)
        | modifier(control, KeyModifiers::CONTROL)
}

/// A mouse event with SGR coordinates.
fn mouse(numbers: &[u16], last: u8) -> Option<TermEvent> {
    let &[bits, column, row] = numbers else {
        return None;
    };
    let button = match bits & 0b11 {
        0 => MouseButton::Left,
        1 => MouseButton::Middle,
        _ => MouseButton::Right,
    };
    let kind = match (bits & 0b1100_0000, bits & 0b11, last) {
        (0, 0..=2, b'M') if bits & 0b10_0000 != 0 => MouseEventKind::Drag(button),
        (0, 0..=2, b'M') => MouseEventKind::Down(button),
        (0, 0..=2, b'm') => MouseEventKind::Up(button),
        (0b100_0000, 0, b'M') => MouseEventKind::ScrollUp,
        (0b100_0000, 1, b'M') => MouseEventKind::ScrollDown,
        (0b100_0000, 2, b'M') => MouseEventKind::ScrollLeft,
        (0b100_0000, 3, b'M') => MouseEventKind::ScrollRight,
        _ => return None,
    };
    Some(TermEvent::Mouse(MouseEvent {
        kind,
        column: column.saturating_sub(1),
        row: row.saturating_sub(1),
        modifiers: held(bits, 0b100, 0b1000, 0b1_0000),
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const NONE: KeyModifiers = KeyModifiers::NONE;
    const CTRL: KeyModifiers = KeyModifiers::CONTROL;

    fn fed(bytes: &[u8]) -> Vec<TermEvent> {
        KeyStream::default().feed(bytes)
    }

    #[rstest]
    #[case(b"a", KeyCode::Char('a'), NONE)]
    #[case(b"A", KeyCode::Char('A'), KeyModifiers::SHIFT)]
    #[case("é".as_bytes(), KeyCode::Char('é'), NONE)]
    #[case(b"\x03", KeyCode::Char('c'), CTRL)]
    #[case(b"\x1f", KeyCode::Char('7'), CTRL)]
    #[case(b"\0", KeyCode::Char(' '), CTRL)]
    #[case(b"\r", KeyCode::Enter, NONE)]
    #[case(b"\n", KeyCode::Char('j'), CTRL)]
    #[case(b"\t", KeyCode::Tab, NONE)]
    #[case(b"\x7f", KeyCode::Backspace, NONE)]
    #[case(b"\x1bx", KeyCode::Char('x'), KeyModifiers::ALT)]
    #[case(b"\x1b[A", KeyCode::Up, NONE)]
    #[case(b"\x1bOB", KeyCode::Down, NONE)]
    #[case(b"\x1b[1;5C", KeyCode::Right, CTRL)]
    #[case(b"\x1b[H", KeyCode::Home, NONE)]
    #[case(b"\x1b[4~", KeyCode::End, NONE)]
    #[case(b"\x1b[5;2~", KeyCode::PageUp, KeyModifiers::SHIFT)]
    #[case(b"\x1b[Z", KeyCode::BackTab, KeyModifiers::SHIFT)]
    #[case(b"\x1bOP", KeyCode::F(1), NONE)]
    #[case(b"\x1b[[E", KeyCode::F(5), NONE)]
    #[case(b"\x1b[15~", KeyCode::F(5), NONE)]
    #[case(b"\x1b[24~", KeyCode::F(12), NONE)]
    fn keys_are_decoded_whole_or_byte_by_byte(
        #[case] bytes: &[u8],
        #[case] code: KeyCode,
        #[case] modifiers: KeyModifiers,
    ) {
        let expected = vec![key(code, modifiers)];
        assert_eq!(fed(bytes), expected);
        let mut stream = KeyStream::default();
        let slowly: Vec<TermEvent> = bytes.iter().flat_map(|byte| stream.feed(&[*byte])).collect();
        assert_eq!(slowly, expected);
        assert!(!stream.is_waiting());
    }

    #[test]
    fn an_escape_byte_alone_is_a_key_once_nothing_follows() {
        let mut stream = KeyStream::default();
        assert_eq!(stream.feed(b"\x1b"), []);
        assert!(stream.is_waiting());
        assert_eq!(stream.end_sequence(), Some(key(KeyCode::Esc, NONE)));
        assert_eq!(stream.feed(b"[A").len(), 2, "two keys that were typed");
        assert_eq!(stream.feed(b"\x1b[1;"), []);
        assert_eq!(stream.end_sequence(), None, "half a sequence is nothing");
        assert_eq!(
            fed(b"\x1b\x1b[A"),
            [key(KeyCode::Esc, NONE), key(KeyCode::Up, NONE)]
        );
    }

    #[test]
    fn mouse_events_have_a_button_a_place_and_modifiers() {
        let event = |bytes: &[u8]| match fed(bytes).as_slice() {
            [TermEvent::Mouse(event)] => *event,
            other => panic!("{other:?}"),
        };
        assert_eq!(event(b"\x1b[<64;7;3M").kind, MouseEventKind::ScrollUp);
        let pressed = event(b"\x1b[<18;7;3M");
        assert_eq!(pressed.kind, MouseEventKind::Down(MouseButton::Right));
        assert_eq!((pressed.column, pressed.row, pressed.modifiers), (6, 2, CTRL));
        assert_eq!(event(b"\x1b[<0;1;1m").kind, MouseEventKind::Up(MouseButton::Left));
        assert_eq!(fed(b"\x1b[<99999;1;1Mq"), [key(KeyCode::Char('q'), NONE)]);
    }

    #[test]
    fn a_paste_is_one_event_however_it_arrives() {
        let bytes = "\x1b[200~rm é\x1b[A\x03 q\x1b[201~x".as_bytes();
        let expected = [
            TermEvent::Paste("rm é\x1b[A\x03 q".to_owned()),
            key(KeyCode::Char('x'), NONE),
        ];
        for size in 2..=bytes.len() {
            let mut stream = KeyStream::default();
            let events: Vec<TermEvent> = bytes.chunks(size).flat_map(|part| stream.feed(part)).collect();
            assert_eq!(events, expected, "{size} bytes at a time");
        }
        let long = [
            b"\x1b[200~",
            "y".repeat(2 * MAX_PASTE_BYTES).as_bytes(),
            b"\x1b[201~",
        ]
        .concat();
        assert_eq!(fed(&long), [TermEvent::Paste("y".repeat(MAX_PASTE_BYTES))]);
    }

    #[test]
    fn a_paste_without_its_end_neither_takes_all_keys_nor_becomes_keys() {
        let mut stream = KeyStream::default();
        assert_eq!(stream.feed(b"\x1b[200~half"), []);
        assert!(stream.is_pasting());
        assert_eq!(stream.feed(b"\x03"), [key(KeyCode::Char('c'), CTRL)]);
        assert_eq!(stream.feed(b"\x1b[200~half"), []);
        assert_eq!(stream.end_paste(), Some(TermEvent::Paste("half".to_owned())));
        assert_eq!(stream.feed(b" of it\x1b[201~"), [], "its rest");
        assert_eq!(stream.feed(b"q"), [key(KeyCode::Char('q'), NONE)]);
        assert_eq!(stream.feed(b"qq").len(), 2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_and_leave_little_behind(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20)) {
            let mut stream = KeyStream::default();
            for part in &parts {
                stream.feed(part);
                prop_assert!(stream.pending.len() <= MAX_SEQUENCE_BYTES);
            }
            stream.end_sequence();
            prop_assert!(!stream.is_waiting());
        }
    }
}
