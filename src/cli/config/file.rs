//! The config file: its values become the defaults of the flags, so that flags and environment variables override it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Command;
use etcetera::BaseStrategy;
use toml::de::{DeTable, DeValue};

use super::setting::{SETTINGS, Setting};
use crate::cli::error::CliError;
use crate::console::keymap::Keymap;
use crate::plan::{line_of, toml_mistake, with_hint};

/// The table of the file with the key bindings.
pub(super) const KEYS: &str = "keys";

/// Mistakes in the file by byte offset.
type Mistakes = BTreeMap<usize, String>;

/// The parsed config file; empty if there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli) struct Config {
    settings: BTreeMap<&'static str, String>,
    keymap: Keymap,
}

/// Path of the config file: as given, or in the user's config folder. `None` if there is no home folder either.
pub(super) fn place(named: Option<&Path>) -> Option<PathBuf> {
    let own = || Some(etcetera::choose_base_strategy().ok()?.config_dir());
    named.map_or_else(
        || own().map(|folder| folder.join("backcourt").join("config.toml")),
        |named| Some(named.to_owned()),
    )
}

impl Config {
    /// Reads the file. A missing file is an error only if its path was given.
    pub(in crate::cli) fn read(named: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = place(named) else {
            return Ok(Self::default());
        };
        let refuse = |mistakes| CliError::Config {
            path: path.clone(),
            mistakes,
        };
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(refuse),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => Ok(Self::default()),
            Err(error) => Err(refuse(vec![format!("cannot be read: {error}")])),
        }
    }

    /// Parses the file; on failure returns every mistake with its line.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (document, unreadable) = DeTable::parse_recoverable(text);
        if !unreadable.is_empty() {
            // Entries next to a syntax error may be misread, so only the syntax errors are reported.
            return Err(unreadable.iter().map(|error| toml_mistake(text, error)).collect());
        }
        let mut config = Self::default();
        let mut mistakes = Mistakes::new();
        for (name, value) in document.get_ref() {
            let at = name.span().start;
            if name.get_ref() == KEYS {
                match keymap(at, value.get_ref()) {
                    Ok(keymap) => config.keymap = keymap,
                    Err(found) => mistakes.extend(found),
                }
            } else if let Err(problem) = config.take(name.get_ref(), value.get_ref()) {
                mistakes.insert(at, problem);
            }
        }
        if mistakes.is_empty() {
            return Ok(config);
        }
        let with_line = |(at, problem)| format!("line {}: {problem}", line_of(text, at));
        Err(mistakes.into_iter().map(with_line).collect())
    }

    fn take(&mut self, name: &str, value: &DeValue<'_>) -> Result<(), String> {
        let known = SETTINGS.iter().map(|setting| setting.key).chain([KEYS]);
        let setting = SETTINGS.into_iter().find(|setting| setting.key == name);
        let setting = setting.ok_or_else(|| with_hint("setting", name, known))?;
        let text = match value {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Boolean(truth) => truth.to_string(),
            _ => return Err(format!("{name} takes a single string, number or boolean")),
        };
        setting.check(&text)?;
        self.settings.insert(setting.key, text);
        Ok(())
    }

    pub(in crate::cli) fn keymap(&self) -> &Keymap {
        &self.keymap
    }

    pub(super) fn says(&self, setting: Setting) -> Option<&str> {
        self.settings.get(setting.key).map(String::as_str)
    }

    /// The same command line with the file's values as defaults of its flags.
    pub(in crate::cli) fn as_defaults_of(&self, command: Command) -> Command {
        command
            .mut_args(
                |flag| match Setting::of(&flag).and_then(|setting| self.settings.get(setting.key)) {
                    Some(text) => flag.default_value(text.clone()),
                    None => flag,
                },
            )
            .mut_subcommands(|subcommand| self.as_defaults_of(subcommand))
    }
}

/// Parses the key bindings: each command with one key or a list of keys. `at` is the byte offset of the table.
fn keymap(at: usize, value: &DeValue<'_>) -> Result<Keymap, Mistakes> {
    let Some(table) = value.as_table() else {
        let problem = "keys must be a table: write [keys] above them".to_owned();
        return Err(Mistakes::from([(at, problem)]));
    };
    let mut mistakes = Mistakes::new();
    let written: Vec<_> = table
        .iter()
        .map(|(name, value)| {
            let keys = keys(value.get_ref()).unwrap_or_else(|| {
                let problem = "takes a key or a list of keys, each in quotes";
                mistakes.insert(name.span().start, format!("keys: '{}' {problem}", name.get_ref()));
                Vec::new()
            });
            (name.get_ref(), keys)
        })
        .collect();
    Keymap::with(written).map_err(|faults| {
        for (name, _) in table {
            if let Some(problem) = faults.get(name.get_ref().as_ref()) {
                let message = mistakes.entry(name.span().start);
                message.or_insert_with(|| format!("keys: {problem}"));
            }
        }
        mistakes
    })
}

/// A key or a list of keys; `None` for anything else.
fn keys<'a>(value: &'a DeValue<'_>) -> Option<Vec<&'a str>> {
    match value {
        DeValue::String(key) => Some(vec![key]),
        DeValue::Array(keys) => keys.iter().map(|key| key.get_ref().as_str()).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};
    use rstest::rstest;

    use super::*;
    use crate::cli::Cli;
    use crate::console::keymap::{Action, Key, KeyContext};

    #[test]
    fn an_empty_file_sets_nothing() {
        assert_eq!(Config::parse("# only this\n"), Ok(Config::default()));
    }

    #[test]
    fn keys_are_parsed_as_one_name_or_a_list() {
        let config = Config::parse("[keys]\npause = \"F5\"\n\"rerun\" = [\"Ctrl-R\", \"r\"]\n").unwrap();
        let asked = |key| config.keymap().lookup(KeyContext::Dates, Key::read(key).unwrap());
        assert_eq!(asked("F5"), Some(Action::PauseResume));
        assert_eq!(asked("ctrl-r"), Some(Action::Rerun));
        assert_eq!(asked("p"), None);
    }

    #[rstest]
    #[case("theme =", "line 1: ")]
    #[case("\nthem = 'dark'", "line 2: setting 'them' not found; did you mean 'theme'?")]
    #[case(
        "theme = 'mnoo'",
        "line 1: theme must be one of auto, dark, light, mono, colorblind, not 'mnoo'; did you mean 'mono'?"
    )]
    #[case("mouse = 'on'", "line 1: mouse must be one of true, false, not 'on'")]
    #[case("theme = ['dark']", "line 1: theme takes a single string, number or boolean")]
    #[case(
        "workers = 0",
        "line 1: workers can't be '0': give a whole number from 1 to 512"
    )]
    #[case(
        "workers = 'many'",
        "line 1: workers can't be 'many': give a whole number from 1 to 512"
    )]
    #[case("notify = 'shout'", "line 1: notify can't be 'shout': write bell, osc9,")]
    #[case(
        "state_dir = 'runs'",
        "line 1: state_dir must be an absolute path, not 'runs'"
    )]
    #[case("keys = 'r'", "line 1: keys must be a table: write [keys] above them")]
    #[case("[keys]\nrerun = 5", "line 2: keys: 'rerun' takes a key or a list of keys")]
    #[case(
        "theme = 'dark'\n[keys]\nrerunn = 'r'",
        "line 3: keys: command 'rerunn' not found; did you mean 'rerun'?"
    )]
    #[case(
        "[keys]\nrerun = 'p'",
        "line 2: keys: p would mean both 'rerun' and 'pause' (Dates)"
    )]
    fn invalid_settings_are_reported_with_their_line(#[case] text: &str, #[case] sentence: &str) {
        let message = Config::parse(text).unwrap_err();
        assert!(message[0].starts_with(sentence), "{message:?}");
        assert_eq!(message.len(), 1, "{message:?}");
        assert_eq!(message[0].lines().count(), 1, "{message:?}");
    }

    #[test]
    fn all_errors_are_reported_together_in_file_order() {
        let text = "workers = 'many'\n[keys]\nzoom = 5\npause = 'r'\nrerunn = 'r'\n";
        let message = Config::parse(&format!("them = 'dark'\n{text}")).unwrap_err();
        let begun = [
            "line 1: setting 'them' not found",
            "line 2: workers can't be 'many'",
            "line 4: keys: 'zoom' takes a key",
            "line 5: keys: r would mean both",
            "line 6: keys: command 'rerunn' not found",
        ];
        assert_eq!(message.len(), begun.len(), "{message:#?}");
        for (message, begun) in message.iter().zip(begun) {
            assert!(message.starts_with(begun), "{message}");
        }
    }

    /// The `--workers` value of `run` with these arguments, independent of the test's environment.
    fn workers(config: &Config, arguments: &[&str]) -> Option<usize> {
        let command = config
            .as_defaults_of(Cli::command())
            .mut_subcommand("run", |run| {
                run.mut_arg("workers", |flag| flag.env("BACKCOURT_NO_SUCH"))
            });
        let given = ["backcourt", "run"].iter().chain(arguments);
        let matches = command.try_get_matches_from(given).unwrap();
        Cli::from_arg_matches(&matches).unwrap();
        let (_, run) = matches.subcommand().unwrap();
        run.get_one("workers").copied()
    }

    #[test]
    fn flags_override_the_file_and_the_file_overrides_defaults() {
        let eight = Config::parse("workers = 8").unwrap();
        assert_eq!(workers(&eight, &[]), Some(8));
        assert_eq!(workers(&eight, &["--workers", "3"]), Some(3));
        assert_eq!(workers(&Config::default(), &[]), None);
    }
}
