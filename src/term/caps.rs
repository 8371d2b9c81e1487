//! What the terminal can do, as far as the environment tells. The terminal itself is never asked: nothing waits
//! on a slow link.

/// Bytes a second that data frames may take of an SSH connection: some links carry no more, and it is shared.
const OVER_SSH: u32 = 8_000;

/// What to draw with, and how often.
#[allow(
    clippy::struct_excessive_bools,
    reason = "four independent facts, not a state"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// `TERM` is `dumb` or says nothing: no full screen.
    pub dumb: bool,
    /// Colours may be used: `NO_COLOR` is unset or empty, and the terminal is not dumb.
    pub color: bool,
    /// The locale says UTF-8; else draw with ASCII only.
    pub utf8: bool,
    /// The terminal is at the other end of an SSH connection.
    pub ssh: bool,
}

impl Caps {
    /// Reads the environment through `lookup`; a variable that is empty counts as not set.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name| lookup(name).filter(|value| !value.is_empty());
        let dumb = value("TERM").is_none_or(|term| term == "dumb");
        let locale = value("LC_ALL")
            .or_else(|| value("LC_CTYPE"))
            .or_else(|| value("LANG"))
            .unwrap_or_default();
        let charset = locale.to_ascii_lowercase();
        Self {
            dumb,
            color: !dumb && value("NO_COLOR").is_none(),
            utf8: charset.contains("utf-8") || charset.contains("utf8"),
            ssh: value("SSH_CONNECTION").or_else(|| value("SSH_TTY")).is_some(),
        }
    }

    /// How many data frames a second the link is worth, unless the operator says otherwise.
    #[must_use]
    pub fn frames_per_second(self) -> u8 {
        if self.ssh { 5 } else { 10 }
    }

    /// How many bytes a second of data frames the link is worth; none where they cost nothing.
    #[must_use]
    pub fn bytes_per_second(self) -> Option<u32> {
        self.ssh.then_some(OVER_SSH)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const PLAIN: Caps = Caps {
        dumb: false,
        color: true,
        utf8: false,
        ssh: false,
    };

    #[rstest]
    #[case::nothing_set(&[], Caps { dumb: true, color: false, ..PLAIN })]
    #[case::dumb(&[("TERM", "dumb")], Caps { dumb: true, color: false, ..PLAIN })]
    #[case::xterm(&[("TERM", "xterm-256color")], PLAIN)]
    #[case::no_color(&[("TERM", "xterm"), ("NO_COLOR", "1")], Caps { color: false, ..PLAIN })]
    #[case::empty_no_color_does_not_count(&[("TERM", "xterm"), ("NO_COLOR", "")], PLAIN)]
    #[case::lang(&[("TERM", "xterm"), ("LANG", "en_US.UTF-8")], Caps { utf8: true, ..PLAIN })]
    #[case::other_spelling(&[("TERM", "xterm"), ("LANG", "C.utf8")], Caps { utf8: true, ..PLAIN })]
    #[case::ctype_before_lang(&[("TERM", "xterm"), ("LC_CTYPE", "C"), ("LANG", "C.UTF-8")], PLAIN)]
    #[case::all_before_ctype(&[("TERM", "xterm"), ("LC_ALL", "C.UTF-8"), ("LC_CTYPE", "C")], Caps { utf8: true, ..PLAIN })]
    #[case::empty_all_is_not_set(&[("TERM", "xterm"), ("LC_ALL", ""), ("LANG", "C.UTF-8")], Caps { utf8: true, ..PLAIN })]
    #[case::ssh(&[("TERM", "xterm"), ("SSH_CONNECTION", "10.0.0.1 5 10.0.0.2 22")], Caps { ssh: true, ..PLAIN })]
    #[case::ssh_tty(&[("TERM", "xterm"), ("SSH_TTY", "/dev/pts/3")], Caps { ssh: true, ..PLAIN })]
    fn the_environment_tells(#[case] variables: &[(&str, &str)], #[case] expected: Caps) {
        let lookup = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(Caps::from_env(lookup), expected);
    }

    #[test]
    fn a_slow_link_gets_half_the_frames() {
        assert_eq!(PLAIN.frames_per_second(), 10);
        assert_eq!(Caps { ssh: true, ..PLAIN }.frames_per_second(), 5);
    }
}
