//! Capabilities of the terminal, derived from the environment. The terminal itself is never queried, so there is no
//! wait on a slow link.

/// Bandwidth for data frames over SSH, in bytes per second: some links carry no more, and they are shared.
const OVER_SSH: u32 = 8_000;

/// Capabilities that affect drawing.
#[allow(
    clippy::struct_excessive_bools,
    reason = "four independent facts, not a state"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// `TERM` is `dumb` or unset: no full screen.
    pub dumb: bool,
    /// Colours may be used: `NO_COLOR` is unset or empty, and the terminal is not dumb.
    pub color: bool,
    /// The locale uses UTF-8; otherwise only ASCII is drawn.
    pub utf8: bool,
    /// The program runs in an SSH session.
    pub ssh: bool,
}

impl Caps {
    /// Reads the environment through `lookup`; an empty variable counts as unset.
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

    /// Default number of data frames per second.
    #[must_use]
    pub fn frames_per_second(self) -> u8 {
        if self.ssh { 5 } else { 10 }
    }

    /// Bandwidth for data frames in bytes per second; `None` for no limit.
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
    #[case::empty_lc_all(&[("TERM", "xterm"), ("LC_ALL", ""), ("LANG", "C.UTF-8")], Caps { utf8: true, ..PLAIN })]
    #[case::ssh(&[("TERM", "xterm"), ("SSH_CONNECTION", "10.0.0.1 5 10.0.0.2 22")], Caps { ssh: true, ..PLAIN })]
    #[case::ssh_tty(&[("TERM", "xterm"), ("SSH_TTY", "/dev/pts/3")], Caps { ssh: true, ..PLAIN })]
    fn capabilities_come_from_the_environment(#[case] variables: &[(&str, &str)], #[case] expected: Caps) {
        let lookup = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(Caps::from_env(lookup), expected);
    }

    #[test]
    fn a_slow_link_halves_the_frame_rate() {
        assert_eq!(PLAIN.frames_per_second(), 10);
        assert_eq!(Caps { ssh: true, ..PLAIN }.frames_per_second(), 5);
    }
}
