//! `config show`: every setting with its value and origin, printed as a valid config file.

use std::fmt::Write;
use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::file::Config;
use super::quoted_keys;
use super::setting::{SETTINGS, Setting};
use super::{quoted, template::default_of};
use crate::console::keymap::TABLE;
use crate::escape::escaped;

/// Column of the origin.
const ORIGIN_COLUMN: usize = 44;

/// `given` has the parsed flags of `config show`.
pub(super) fn show(place: Option<&Path>, config: &Config, given: Option<&ArgMatches>) -> String {
    let mut text = String::new();
    if let Some(place) = place {
        let there = if place.exists() { "" } else { " (not found)" };
        let _ = writeln!(text, "# {}{there}", escaped(&place.display().to_string()));
    }
    for setting in SETTINGS {
        let (value, origin) = value_and_origin(setting, config, given);
        let line = match value {
            Some(value) => format!("{} = {}", setting.key, quoted(&value)),
            None if setting.key == "workers" => format!("# {}: from the plan", setting.key),
            None => format!("# {}: not set", setting.key),
        };
        let _ = writeln!(text, "{line:ORIGIN_COLUMN$} # {origin}");
    }
    let own: Vec<_> = TABLE
        .iter()
        .filter(|binding| config.keymap().differs(binding))
        .collect();
    let _ = writeln!(
        text,
        "\n[keys]{}",
        if own.is_empty() { "  # all defaults" } else { "" }
    );
    for binding in own {
        let keys = config.keymap().keys(binding).iter();
        let line = format!(
            "{} = {}",
            binding.name,
            quoted_keys(keys.map(|key| key.spelt(false)))
        );
        let _ = writeln!(text, "{line:ORIGIN_COLUMN$} # file");
    }
    text
}

fn value_and_origin(
    setting: Setting,
    config: &Config,
    given: Option<&ArgMatches>,
) -> (Option<String>, String) {
    let id = setting.flag().map(|flag| flag.get_id().to_string());
    let found = given.zip(id.as_deref()).and_then(|(given, id)| {
        let value = given.get_raw(id)?.next()?;
        Some((value.to_string_lossy().into_owned(), given.value_source(id)?))
    });
    match found {
        Some((value, ValueSource::CommandLine)) => (Some(value), "flag".to_owned()),
        Some((value, ValueSource::EnvVariable)) => {
            (Some(value), format!("environment, {}", setting.variable))
        }
        Some((value, _)) if config.says(setting).is_some() => (Some(value), "file".to_owned()),
        _ => (default_of(setting), "default".to_owned()),
    }
}
