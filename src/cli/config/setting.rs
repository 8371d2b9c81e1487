//! Settings of the config file: command-line flags under their own names. A setting and its flag are matched by their
//! environment variable; the flag alone defines valid values and the default.

use std::ffi::OsStr;
use std::path::Path;

use clap::builder::PossibleValue;
use clap::{Arg, Command, CommandFactory};

use crate::cli::Cli;
use crate::plan::near_miss;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) key: &'static str,
    /// The environment variable that overrides the file.
    pub(super) variable: &'static str,
}

/// Every setting. None of them decides what a run writes or where the tables are: that belongs in the command itself,
/// not in a file out of sight.
pub(super) const SETTINGS: [Setting; 7] = [
    Setting::new("state_dir", "BACKCOURT_STATE_DIR"),
    Setting::new("workers", "PARALLELIZATION_WORKERS"),
    Setting::new("output", "BACKCOURT_OUTPUT"),
    Setting::new("on_hangup", "BACKCOURT_ON_HANGUP"),
    Setting::new("notify", "BACKCOURT_NOTIFY"),
    Setting::new("theme", "BACKCOURT_THEME"),
    Setting::new("mouse", "BACKCOURT_MOUSE"),
];

impl Setting {
    const fn new(key: &'static str, variable: &'static str) -> Self {
        Self { key, variable }
    }

    pub(super) fn of(flag: &Arg) -> Option<Self> {
        let is_it = |setting: &Self| flag.get_env() == Some(OsStr::new(setting.variable));
        SETTINGS.into_iter().find(is_it)
    }

    /// Its flag, as defined by `config show`.
    pub(super) fn flag(self) -> Option<Arg> {
        let program = Cli::command();
        let show = program.find_subcommand("config")?.find_subcommand("show")?;
        show.get_arguments()
            .find(|flag| Self::of(flag) == Some(self))
            .cloned()
    }

    /// Validates a value with the flag's own rules.
    pub(super) fn check(self, text: &str) -> Result<(), String> {
        let key = self.key;
        if key == "state_dir" && !Path::new(text).is_absolute() {
            return Err(format!("{key} must be an absolute path, not '{text}'"));
        }
        let Some(flag) = self.flag() else {
            return Ok(());
        };
        let values = flag.get_possible_values();
        let words: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
        if words.is_empty() {
            return refused_by(flag, text)
                .map_or(Ok(()), |why| Err(format!("{key} can't be '{text}': {why}")));
        }
        if words.contains(&text) {
            return Ok(());
        }
        let hint = near_miss(text, words.iter().copied());
        let hint = hint.map_or_else(String::new, |word| format!("; did you mean '{word}'?"));
        Err(format!(
            "{key} must be one of {}, not '{text}'{hint}",
            words.join(", ")
        ))
    }
}

/// Why the flag's parser refuses a value, in the parser's words.
fn refused_by(flag: Arg, text: &str) -> Option<String> {
    let typed = format!("--{}={text}", flag.get_long().unwrap_or_default());
    let command = Command::new("config").no_binary_name(true).arg(flag);
    let refusal = command.try_get_matches_from([typed]).err()?;
    let why = std::error::Error::source(&refusal).map(ToString::to_string);
    Some(why.unwrap_or_else(|| "it is empty".to_owned()))
}
