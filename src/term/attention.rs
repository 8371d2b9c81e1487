//! What makes a terminal call for an operator who looks elsewhere.

/// How a terminal is asked to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Attention {
    /// The bell, which every terminal and multiplexer passes on.
    #[default]
    Bell,
    /// A desktop notification as iTerm2, `WezTerm` and Windows Terminal take it.
    Osc9,
    /// One as urxvt, foot and `VTE` take it.
    Osc777,
}

impl Attention {
    /// The bytes to send; `text` cannot end them early.
    pub(super) fn sequence(self, text: &str) -> String {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        match self {
            Self::Bell => "\x07".to_owned(),
            Self::Osc9 => format!("\x1b]9;{text}\x07"),
            // Its fields are set apart by semicolons.
            Self::Osc777 => format!("\x1b]777;notify;backcourt;{}\x07", text.replace(';', ",")),
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
        assert_eq!(Attention::Osc9.sequence(text), "\x1b]9;a;b]0;c\x07");
        assert_eq!(
            Attention::Osc777.sequence(text),
            "\x1b]777;notify;backcourt;a,b]0,c\x07"
        );
    }
}
