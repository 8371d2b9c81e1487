//! The lines of the help page. `update` needs their number, the view draws them.

use std::borrow::Cow;

use crate::console::keymap::{Binding, KeyContext, Keymap, TABLE};
use crate::console::text::{width, wrapped};

#[derive(Debug, Clone, Default)]
pub struct Help {
    /// Search text; only matching commands are listed.
    pub query: String,
    /// The place it was opened from; its commands come first.
    pub from: Option<KeyContext>,
    /// First line in view.
    pub top: usize,
}

#[derive(Debug, Clone)]
pub enum HelpLine {
    Text(String),
    /// The place where the commands below it work.
    Heading(String),
    /// A command, or a continuation line of the one above.
    Command(HelpCommand),
    Gap,
}

/// A line of a command. Long help texts take several.
#[derive(Debug, Clone)]
pub struct HelpCommand {
    /// The binding whose keys this line shows; `None` on a continuation line.
    pub begins: Option<&'static Binding>,
    /// Columns reserved for the keys.
    pub keys: usize,
    pub text: String,
}

/// Minimum columns for the keys.
const KEYS: usize = 16;

/// Headings for commands that work in too many places to list them.
const GENERAL: [&str; 3] = ["Every pane", "Lists and pages", "Everywhere"];

/// Number of places from which a command counts as general.
const MIN_GENERAL_PLACES: usize = 10;

impl Help {
    /// The page, opened from a place.
    pub fn opened_at(from: KeyContext) -> Self {
        Self {
            from: Some(from),
            ..Self::default()
        }
    }

    /// The commands that match the search.
    pub fn bindings(&self, keymap: &Keymap) -> Vec<&'static Binding> {
        let query = self.query.to_lowercase();
        let says = |text: &str| text.to_lowercase().contains(&query);
        TABLE
            .iter()
            .filter(|binding| {
                says(binding.name)
                    || says(binding.help)
                    || says(&keymap.spelt(binding, false))
                    || says(&binding.places_text())
            })
            .collect()
    }

    /// Every line of the page, wrapped to `columns`. The control socket comes first if the run has one.
    pub fn lines(&self, keymap: &Keymap, socket: Option<&str>, columns: usize) -> Vec<HelpLine> {
        let mut lines = Vec::new();
        if let Some(path) = socket.filter(|_| self.query.is_empty()) {
            let text = format!("Control socket: {path}");
            lines.extend(pieces(&text, columns).map(HelpLine::Text));
            lines.push(HelpLine::Gap);
        }
        for (heading, bindings) in self.groups(keymap) {
            if matches!(lines.last(), Some(HelpLine::Command(_))) {
                lines.push(HelpLine::Gap);
            }
            lines.push(HelpLine::Heading(heading));
            for binding in bindings {
                lines.extend(self.command(binding, keymap, columns).map(HelpLine::Command));
            }
        }
        lines
    }

    /// The commands grouped by where they work: first the place the page was opened from, then every pane. Commands of
    /// the key bar lead their group.
    fn groups(&self, keymap: &Keymap) -> Vec<(String, Vec<&'static Binding>)> {
        let mut groups: Vec<(String, Vec<&Binding>)> = (self.from.map(of_place).into_iter())
            .chain([GENERAL[0].to_owned()])
            .map(|heading| (heading, Vec::new()))
            .collect();
        for binding in self.bindings(keymap) {
            let heading = self.heading(binding);
            match groups.iter_mut().find(|(known, _)| *known == heading) {
                Some((_, bindings)) => bindings.push(binding),
                None => groups.push((heading, vec![binding])),
            }
        }
        groups.retain(|(_, bindings)| !bindings.is_empty());
        // The sort is stable: ties keep the order of the table.
        groups.sort_by_key(|(heading, _)| GENERAL[1..].contains(&heading.as_str()));
        for (_, bindings) in &mut groups {
            bindings.sort_by_key(|binding| binding.label.is_none());
        }
        groups
    }

    fn heading(&self, binding: &Binding) -> String {
        if binding.places.len() == KeyContext::ALL.len() {
            return GENERAL[2].to_owned();
        }
        if binding.places_text().starts_with("every pane") {
            return GENERAL[0].to_owned();
        }
        if binding.places.len() >= MIN_GENERAL_PLACES {
            return GENERAL[1].to_owned();
        }
        let here = self.from.filter(|from| binding.places.contains(from));
        of_place(here.unwrap_or(binding.places[0]))
    }

    fn command(
        &self,
        binding: &'static Binding,
        keymap: &Keymap,
        columns: usize,
    ) -> impl Iterator<Item = HelpCommand> + use<> {
        // The wider of the two spellings, so that both wrap to the same number of lines.
        let spelt = [false, true].map(|signs| width(&keymap.spelt(binding, signs)) + 1);
        let keys = spelt.into_iter().fold(KEYS, usize::max);
        let heading = self.heading(binding);
        let others = (binding.places.iter()).filter(|place| of_place(**place) != heading);
        let others: Vec<_> = others.map(|place| place.title()).collect();
        let text = if GENERAL.contains(&heading.as_str()) || others.is_empty() {
            Cow::Borrowed(binding.help)
        } else {
            Cow::Owned(format!("{}  (also {})", binding.help, others.join(", ")))
        };
        let texts: Vec<String> = pieces(&text, columns.saturating_sub(keys)).collect();
        texts.into_iter().enumerate().map(move |(at, text)| HelpCommand {
            begins: (at == 0).then_some(binding),
            keys,
            text,
        })
    }
}

fn of_place(place: KeyContext) -> String {
    let mut letters = place.title().chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

fn pieces(text: &str, columns: usize) -> impl Iterator<Item = String> {
    wrapped(text, columns).into_iter().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn drawn(lines: &[HelpLine]) -> String {
        let text = |line: &HelpLine| match line {
            HelpLine::Text(text) | HelpLine::Heading(text) => text.clone(),
            HelpLine::Command(command) => command.text.clone(),
            HelpLine::Gap => String::new(),
        };
        lines.iter().map(text).collect()
    }

    #[rstest]
    fn commands_are_never_truncated_at_any_width(#[values(58, 78, 118, 198)] columns: usize) {
        let keymap = Keymap::default();
        let lines = Help::default().lines(&keymap, Some("/run/socket"), columns);
        for line in &lines {
            if let HelpLine::Command(command) = line {
                assert!(command.keys + width(&command.text) <= columns, "{line:?}");
            }
        }
        let begun = |line: &&HelpLine| matches!(line, HelpLine::Command(command) if command.begins.is_some());
        assert_eq!(lines.iter().filter(begun).count(), TABLE.len());
        let all = drawn(&lines);
        for binding in TABLE {
            assert!(all.contains(binding.help), "{}", binding.name);
        }
    }

    #[test]
    fn the_control_socket_comes_first_if_the_run_has_one() {
        let keymap = Keymap::default();
        let first = |socket| Help::default().lines(&keymap, socket, 78).into_iter().next();
        let said = "Control socket: /run/socket";
        assert!(matches!(first(Some("/run/socket")), Some(HelpLine::Text(text)) if text == said));
        assert!(matches!(first(None), Some(HelpLine::Heading(_))));
    }

    #[test]
    fn the_pane_that_opened_help_comes_first_with_its_key_bar_commands() {
        let keymap = Keymap::default();
        let lines = Help::opened_at(KeyContext::Checks).lines(&keymap, None, 58);
        let headings = lines.iter().filter_map(|line| match line {
            HelpLine::Heading(text) => Some(text.as_str()),
            _ => None,
        });
        let headings: Vec<&str> = headings.collect();
        assert_eq!(headings[..3], ["Checks", "Every pane", "Dates"]);
        assert_eq!(headings.last(), Some(&"Everywhere"));
        let names = lines.iter().filter_map(|line| match line {
            HelpLine::Command(command) => command.begins.map(|binding| binding.name),
            _ => None,
        });
        let names: Vec<&str> = names.collect();
        assert_eq!(names[..3], ["next-problem", "check", "check-all"]);
        assert!(
            names.iter().position(|name| *name == "rerun-stale")
                < names.iter().position(|name| *name == "pause")
        );
    }
}
