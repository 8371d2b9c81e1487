//! Terminal sequences that notify the operator.

/// The kind of notification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Attention {
    /// The bell, supported by every terminal and multiplexer.
    #[default]
    Bell,
    /// A desktop notification, supported by iTerm2, `WezTerm` and Windows Terminal.
    Osc9(Way),
    /// A desktop notification, supported by urxvt, foot and `VTE`.
    Osc777(Way),
}

/// What is between the program and the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Way {
    /// Nothing that would filter unknown sequences.
    #[default]
    Straight,
    /// tmux, which forwards wrapped sequences if its `allow-passthrough` is set.
    Tmux,
}

impl Attention {
    /// The bytes to send; control characters are removed from `text`, so that it can't end the sequence.
    pub(super) fn sequence(self, text: &str) -> String {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        match self {
            Self::Bell => "\x07".to_owned(),
            Self::Osc9(way) => way.wrap(format!("\x1b]9;{text}\x07")),
            // Semicolons separate the fields.
            Self::Osc777(way) => way.wrap(format!(
                "\x1b]777;notify;backcourt;{}\x07",
                text.replace(';', ",")
            )),
        }
    }
}

impl Way {
    fn wrap(self, sequence: String) -> String {
        match self {
            Self::Straight => sequence,
            Self::Tmux => format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_escape_its_terminal_sequence() {
        let text = "a;b\x07\x1b]0;c";
        assert_eq!(Attention::Bell.sequence(text), "\x07");
        assert_eq!(
            Attention::Osc9(Way::Straight).sequence(text),
            "\x1b]9;a;b]0;c\x07"
        );
        assert_eq!(
            Attention::Osc777(Way::Straight).sequence(text),
            "\x1b]777;notify;backcourt;a,b]0,c\x07"
        );
        assert_eq!(
            Attention::Osc9(Way::Tmux).sequence(text),
            "\x1bPtmux;\x1b\x1b]9;a;b]0;c\x07\x1b\\"
        );
    }
}
