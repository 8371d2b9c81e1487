//! The list of keys, line by line: update needs their number, the view draws them.

use crate::console::keymap::{Binding, Keymap, TABLE};
use crate::console::text::{width, wrapped};

/// The list of keys.
#[derive(Debug, Clone, Default)]
pub struct Help {
    /// Only commands that say this.
    pub query: String,
    /// First line in view.
    pub top: usize,
}

/// One line.
#[derive(Debug, Clone)]
pub enum Line {
    /// A sentence.
    Text(String),
    /// A command, or what goes on of the one above.
    Command(Command),
    /// Nothing.
    Gap,
}

/// A command in one line of as many as it takes.
#[derive(Debug, Clone)]
pub struct Command {
    /// The one whose keys stand here; none where it only goes on.
    pub begins: Option<&'static Binding>,
    /// Columns for its keys.
    pub keys: usize,
    /// Where it works, if that has a column of its own.
    pub place: Option<String>,
    /// What it does.
    pub text: String,
}

/// Columns for keys, unless there are more of them.
const KEYS: usize = 16;

/// Columns for where a key works.
pub const PLACE: usize = 26;

/// From this width on there is room for them.
const PLACE_FROM: usize = 110;

impl Help {
    /// The commands that answer the search.
    pub fn bindings(&self, keymap: &Keymap) -> Vec<&'static Binding> {
        let query = self.query.to_lowercase();
        let says = |text: &str| text.to_lowercase().contains(&query);
        TABLE
            .iter()
            .filter(|binding| {
                says(binding.name)
                    || says(binding.help)
                    || says(&keymap.spelt(binding, false))
                    || says(&binding.where_it_works())
            })
            .collect()
    }

    /// Every line of the page, for a width; first where the run takes orders from outside, if it does.
    pub fn lines(&self, keymap: &Keymap, socket: Option<&str>, columns: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Some(path) = socket.filter(|_| self.query.is_empty()) {
            let text = format!("From outside: {path}");
            lines.extend(pieces(&text, columns).map(Line::Text));
            lines.push(Line::Gap);
        }
        for binding in self.bindings(keymap) {
            lines.extend(command(binding, keymap, columns).map(Line::Command));
        }
        lines
    }
}

fn pieces(text: &str, columns: usize) -> impl Iterator<Item = String> {
    wrapped(text, columns).into_iter().map(str::to_owned)
}

fn command(binding: &'static Binding, keymap: &Keymap, columns: usize) -> impl Iterator<Item = Command> {
    // As wide as the wider of the two ways to write them, so that both take as many lines.
    let spelt = [false, true].map(|signs| width(&keymap.spelt(binding, signs)) + 1);
    let keys = spelt.into_iter().fold(KEYS, usize::max);
    let place = binding.where_it_works();
    let (places, texts): (Vec<String>, Vec<String>) = if columns >= PLACE_FROM {
        let left = columns.saturating_sub(keys + PLACE);
        (
            pieces(&place, PLACE - 1).collect(),
            pieces(binding.help, left).collect(),
        )
    } else {
        let text = format!("{}  ({place})", binding.help);
        (Vec::new(), pieces(&text, columns.saturating_sub(keys)).collect())
    };
    (0..places.len().max(texts.len())).map(move |at| Command {
        begins: (at == 0).then_some(binding),
        keys,
        place: (!places.is_empty()).then(|| places.get(at).cloned().unwrap_or_default()),
        text: texts.get(at).cloned().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn told(lines: &[Line]) -> String {
        let text = |line: &Line| match line {
            Line::Text(text) => text.clone(),
            Line::Command(command) => command.place.clone().unwrap_or_default() + &command.text,
            Line::Gap => String::new(),
        };
        lines.iter().map(text).collect()
    }

    #[rstest]
    fn nothing_of_a_command_is_cut_at_any_width(#[values(58, 78, 118, 198)] columns: usize) {
        let keymap = Keymap::default();
        let lines = Help::default().lines(&keymap, Some("/run/socket"), columns);
        for line in &lines {
            if let Line::Command(command) = line {
                let place = command.place.as_ref().map_or(0, |_| PLACE);
                assert!(command.keys + place + width(&command.text) <= columns, "{line:?}");
                assert!(
                    command.place.as_deref().is_none_or(|place| width(place) < PLACE),
                    "{line:?}"
                );
            }
        }
        let begun = |line: &&Line| matches!(line, Line::Command(command) if command.begins.is_some());
        assert_eq!(lines.iter().filter(begun).count(), TABLE.len());
        if columns < PLACE_FROM {
            let all = told(&lines);
            for binding in TABLE {
                assert!(all.contains(binding.help), "{}", binding.name);
            }
        }
    }

    #[test]
    fn where_orders_are_taken_comes_first_and_only_of_a_run_that_takes_them() {
        let keymap = Keymap::default();
        let first = |socket| Help::default().lines(&keymap, socket, 78).into_iter().next();
        let said = "From outside: /run/socket";
        assert!(matches!(first(Some("/run/socket")), Some(Line::Text(text)) if text == said));
        assert!(matches!(first(None), Some(Line::Command(_))));
    }
}
