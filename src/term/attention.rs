//! What makes a terminal call for an operator who looks elsewhere.

/// How a terminal is asked to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Attention {
    /// The bell, which every terminal and multiplexer passes on.
    #[default]
    Bell,
    /// A desktop notification as iTerm2, `WezTerm` and Windows Terminal take it.
    Osc9(Way),
    /// One as urxvt, foot and `VTE` take it.
    Osc777(Way),
}

/// What lies between the program and the terminal that is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Way {
    /// Nothing that would keep a sequence it does not know.
    #[default]
    Straight,
    /// tmux, which passes on what is wrapped for it, if it is allowed to.
    Tmux,
}

impl Attention {
    /// The bytes to send; `text` cannot end them early.
    pub(super) fn sequence(self, text: &str) -> String {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        match self {
            Self::Bell => "\x07".to_owned(),
            Self::Osc9(way) => way.around(format!("\x1b]9;{text}\x07")),
            // Its fields are set apart by semicolons.
            Self::Osc777(way) => way.around(format!(
                "\x1b]777;notify;backcourt;{}\x07",
                text.replace(';', ",")
            )),
        }
    }
}

impl Way {
    fn around(self, sequence: String) -> String {
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
    fn a_text_cannot_break_out_of_its_sequence() {
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
