//! The config file: found, read, and made the defaults of the flags, so that a flag and a variable go before it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Command;
use etcetera::BaseStrategy;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::setting::{SETTINGS, Setting};
use crate::cli::error::CliError;
use crate::console::keymap::Keymap;
use crate::plan::with_hint;

/// The table of the file that names keys.
pub(super) const KEYS: &str = "keys";

/// What the file says. Empty when there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli) struct Config {
    settings: BTreeMap<&'static str, String>,
    keymap: Keymap,
}

/// Where the file is, or would be: as named, or in the user's own folder. None where there is no home folder either.
pub(super) fn place(named: Option<&Path>) -> Option<PathBuf> {
    let own = || Some(etcetera::choose_base_strategy().ok()?.config_dir());
    named.map_or_else(
        || own().map(|folder| folder.join("backcourt").join("config.toml")),
        |named| Some(named.to_owned()),
    )
}

impl Config {
    /// Reads the file. One that is not there says nothing, unless it was named.
    pub(in crate::cli) fn read(named: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = place(named) else {
            return Ok(Self::default());
        };
        let refuse = |problem: String| CliError::Usage(format!("config file {} {problem}", path.display()));
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(refuse),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => Ok(Self::default()),
            Err(error) => Err(refuse(format!("cannot be read: {error}"))),
        }
    }

    /// What the text of a file says, or what is wrong with it and where.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let document = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let problem = error.message().lines().next().unwrap_or_default();
            format!("line {}: {problem}", line(at))
        })?;
        let mut config = Self::default();
        for (name, value) in document.get_ref() {
            let at = line(name.span().start);
            config
                .take(name.get_ref(), value)
                .map_err(|problem| format!("line {at}: {problem}"))?;
        }
        Ok(config)
    }

    fn take(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<(), String> {
        if name == KEYS {
            self.keymap = keymap(value.get_ref())?;
            return Ok(());
        }
        let known = SETTINGS.iter().map(|setting| setting.key).chain([KEYS]);
        let setting = SETTINGS.into_iter().find(|setting| setting.key == name);
        let setting = setting.ok_or_else(|| with_hint("setting", name, known))?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Boolean(truth) => truth.to_string(),
            _ => return Err(format!("{name} takes one text, number or truth")),
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

    /// The same command line, where a flag that is not given says what the file says.
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

/// The table with the keys of the file: each command by its name, with one key or a list of them.
fn keymap(value: &DeValue<'_>) -> Result<Keymap, String> {
    let table = value
        .as_table()
        .ok_or("keys is a table: write [keys] above them")?;
    let own = table.iter().map(|(name, keys)| {
        let name = name.get_ref().as_ref();
        let written: Option<Vec<&str>> = match keys.get_ref() {
            DeValue::String(key) => Some(vec![key]),
            DeValue::Array(keys) => keys.iter().map(|key| key.get_ref().as_str()).collect(),
            _ => None,
        };
        let written = written.ok_or_else(|| {
            format!("keys: '{name}' takes a key or a list of keys, each between quotation marks")
        })?;
        Ok((name, written))
    });
    let own: Vec<_> = own.collect::<Result<_, String>>()?;
    Keymap::with(own).map_err(|problem| format!("keys: {problem}"))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};
    use rstest::rstest;

    use super::*;
    use crate::cli::Cli;
    use crate::console::keymap::{Action, Key, Place};

    #[test]
    fn an_empty_file_says_nothing() {
        assert_eq!(Config::parse("# only this\n"), Ok(Config::default()));
    }

    #[test]
    fn keys_are_read_by_name_alone_or_in_a_list() {
        let config = Config::parse("[keys]\npause = \"F5\"\n\"rerun\" = [\"Ctrl-R\", \"r\"]\n").unwrap();
        let asked = |key| config.keymap().lookup(Place::Dates, Key::read(key).unwrap());
        assert_eq!(asked("F5"), Some(Action::PauseResume));
        assert_eq!(asked("ctrl-r"), Some(Action::Rerun));
        assert_eq!(asked("p"), None);
    }

    #[rstest]
    #[case("theme =", "line 1: ")]
    #[case(
        "\nthem = 'dark'",
        "line 2: there is no setting 'them'; did you mean 'theme'?"
    )]
    #[case(
        "theme = 'mnoo'",
        "line 1: theme is one of auto, dark, light, mono, colorblind, not 'mnoo'; did you mean 'mono'?"
    )]
    #[case("mouse = 'on'", "line 1: mouse is one of true, false, not 'on'")]
    #[case("theme = ['dark']", "line 1: theme takes one text, number or truth")]
    #[case("workers = 0", "line 1: workers cannot be '0': 0 is not in 1..=64")]
    #[case("notify = 'shout'", "line 1: notify cannot be 'shout': write bell, osc9,")]
    #[case(
        "state_dir = 'runs'",
        "line 1: state_dir is a whole path, from / on, not 'runs'"
    )]
    #[case("keys = 'r'", "line 1: keys is a table: write [keys] above them")]
    #[case("[keys]\nrerun = 5", "line 1: keys: 'rerun' takes a key or a list of keys")]
    #[case(
        "theme = 'dark'\n[keys]\nrerunn = 'r'",
        "line 2: keys: there is no command 'rerunn'; did you mean 'rerun'?"
    )]
    #[case(
        "[keys]\nrerun = 'p'",
        "line 1: keys: p would mean both 'rerun' and 'pause' (Dates)"
    )]
    fn what_cannot_be_used_is_named_with_its_line(#[case] text: &str, #[case] sentence: &str) {
        let said = Config::parse(text).unwrap_err();
        assert!(said.starts_with(sentence), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }

    /// The workers of `run` with these arguments, whatever the environment of the test says.
    fn workers(config: &Config, arguments: &[&str]) -> Option<u32> {
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
    fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
        let eight = Config::parse("workers = 8").unwrap();
        assert_eq!(workers(&eight, &[]), Some(8));
        assert_eq!(workers(&eight, &["--workers", "3"]), Some(3));
        assert_eq!(workers(&Config::default(), &[]), None);
    }
}
