//! Finding about the terminal: whether it can show the console, and with which capabilities.

use crate::console::MIN_SIZE;
use crate::term::{self, Caps};

use super::finding::{Area, Finding, Verdict};

pub(super) fn finding() -> Finding {
    let caps = Caps::from_env(|name| std::env::var(name).ok());
    of(term::size(), caps)
}

fn of(size: Option<(u16, u16)>, caps: Caps) -> Finding {
    let terminal = |state, detail: String| Finding::new(Area::Terminal, "screen", state, detail);
    let Some((columns, rows)) = size else {
        return terminal(
            Verdict::Note,
            "not a terminal: a run prints plain lines".to_owned(),
        );
    };
    if caps.dumb {
        return terminal(
            Verdict::Note,
            "TERM is unset or 'dumb': a run prints plain lines".to_owned(),
        )
        .next("set TERM, for example TERM=xterm-256color, to get the console");
    }
    let colours = if caps.color { "colours" } else { "no colours" };
    let signs = if caps.utf8 { "UTF-8" } else { "ASCII only" };
    let link = if caps.ssh { ", over SSH" } else { "" };
    let detail = format!("{columns}x{rows}, {colours}, {signs}{link}");
    if columns < MIN_SIZE.0 || rows < MIN_SIZE.1 {
        let next = format!("make the terminal at least {}x{}", MIN_SIZE.0, MIN_SIZE.1);
        return terminal(Verdict::Note, format!("{detail}: too small for the console")).next(next);
    }
    if !caps.utf8 {
        return terminal(Verdict::Note, detail).next(
            "set a UTF-8 locale, for example LANG=C.UTF-8, to get lines and symbols instead of letters",
        );
    }
    terminal(Verdict::Ok, detail)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const GOOD: Caps = Caps {
        dumb: false,
        color: true,
        utf8: true,
        ssh: false,
    };

    #[rstest]
    #[case(Some((80, 24)), GOOD, Verdict::Ok, "80x24, colours, UTF-8")]
    #[case(Some((80, 24)), Caps { ssh: true, color: false, ..GOOD }, Verdict::Ok, "80x24, no colours, UTF-8, over SSH")]
    #[case(Some((80, 24)), Caps { utf8: false, ..GOOD }, Verdict::Note, "80x24, colours, ASCII only")]
    #[case(Some((59, 24)), GOOD, Verdict::Note, "59x24, colours, UTF-8: too small for the console")]
    #[case(Some((80, 24)), Caps { dumb: true, ..GOOD }, Verdict::Note, "TERM is unset or 'dumb': a run prints plain \
                                                                        lines")]
    #[case(None, GOOD, Verdict::Note, "not a terminal: a run prints plain lines")]
    fn terminal_capabilities_are_reported(
        #[case] size: Option<(u16, u16)>,
        #[case] caps: Caps,
        #[case] state: Verdict,
        #[case] detail: &str,
    ) {
        let found = of(size, caps);
        assert_eq!((found.state, found.detail.as_str()), (state, detail));
    }
}
