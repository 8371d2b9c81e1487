//! `backcourt keys`: every console command with its current keys.

use std::fmt::Write;

use super::error::{CliError, cannot_print};
use crate::console::keymap::{Keymap, TABLE, spelt};
use crate::escape::EscapedText;

const NAME: usize = 18;
const KEYS: usize = 18;

pub(super) fn keys(keymap: &Keymap) -> Result<u8, CliError> {
    let text: EscapedText = listed(keymap).lines().collect();
    text.print().map_err(cannot_print)?;
    Ok(0)
}

/// One line per command, with the default keys if they were changed.
fn listed(keymap: &Keymap) -> String {
    let mut text = String::new();
    for binding in TABLE {
        let (keys, place) = (keymap.spelt(binding, false), binding.places_text());
        let _ = write!(
            text,
            "{:NAME$} {keys:KEYS$} {} ({place})",
            binding.name, binding.help
        );
        if keymap.differs(binding) {
            let _ = write!(text, " [custom; default {}]", spelt(binding.keys, false));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_command_is_marked_with_its_default() {
        let keymap = Keymap::with([("pause", vec!["F5"])]).unwrap();
        let listed = listed(&keymap);
        assert_eq!(listed.lines().count(), TABLE.len());
        assert_eq!(listed.matches("[custom; default").count(), 1);
        let line = listed.lines().find(|line| line.starts_with("pause ")).unwrap();
        assert_eq!(
            line,
            "pause              F5                 pause or resume the run (every pane and page) [custom; default p]"
        );
    }
}
