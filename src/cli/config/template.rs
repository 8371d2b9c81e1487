//! `config template`: a config file with every setting and key binding at its default, generated from the flags and the
//! key table.

use std::fmt::Write;
use std::path::Path;

use clap::Arg;
use clap::builder::PossibleValue;

use super::file::KEYS;
use super::setting::{SETTINGS, Setting};
use super::{quoted, quoted_keys};
use crate::cli::state_dir::StateDir;
use crate::console::keymap::{Binding, FIXED, TABLE, spelt};
use crate::escape::escaped;
use crate::plan;

/// Lines that start with `#` and no space become settings when the `#` is removed.
pub(super) fn template(place: Option<&Path>) -> String {
    let place = place.map_or_else(
        || "the file given with --config".to_owned(),
        |place| escaped(&place.display().to_string()).into_owned(),
    );
    let mut text = format!(
        "# Settings of backcourt. Save this as {place} and uncomment what you change.\n# Flags override environment \
         variables, which override this file.\n\
         "
    );
    for setting in SETTINGS {
        let Some(flag) = setting.flag() else {
            continue;
        };
        let _ = writeln!(
            text,
            "\n# {}\n# --{}, {}",
            help_of(&flag),
            flag.get_long().unwrap_or_default(),
            setting.variable
        );
        let (value, note) = match default_of(setting) {
            Some(value) => (value, ""),
            None => (workers_of_the_plan(), "  # from the built-in plan"),
        };
        let _ = writeln!(text, "#{} = {}{note}", setting.key, quoted(&value));
    }
    let _ = writeln!(
        text,
        "\n# Key bindings: one key or a list of keys per command; 'backcourt keys' lists the current ones.\n# {} \
         can't be rebound.\n[{KEYS}]",
        spelt(&FIXED, false).replace(' ', ", ")
    );
    text.extend(TABLE.iter().map(binding_lines));
    text
}

fn binding_lines(binding: &Binding) -> String {
    let keys = binding.keys.iter().map(|key| key.spelt(false));
    format!(
        "\n# {} ({})\n#{} = {}\n",
        binding.help,
        binding.places_text(),
        binding.name,
        quoted_keys(keys)
    )
}

/// The help of a flag, with its possible values.
fn help_of(flag: &Arg) -> String {
    let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    let values = flag.get_possible_values();
    let words: Vec<_> = values.iter().map(PossibleValue::get_name).collect();
    if words.is_empty() {
        help
    } else {
        format!("{help}: {}", words.join(", "))
    }
}

fn workers_of_the_plan() -> String {
    let plan = plan::load(plan::BUILTIN);
    plan.map_or_else(|_| String::new(), |plan| plan.workers.to_string())
}

/// The default of a setting; `None` if the plan decides it.
pub(super) fn default_of(setting: Setting) -> Option<String> {
    if setting.key == "state_dir" {
        let folder = StateDir::of(None).ok()?;
        return Some(folder.path().display().to_string());
    }
    let flag = setting.flag()?;
    let value = flag.get_default_values().first()?;
    Some(value.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::config::Config;
    use crate::console::keymap::Keymap;

    #[test]
    fn the_template_shows_the_default_settings() {
        let text = template(None);
        assert_eq!(
            Config::parse(&text),
            Ok(Config::default()),
            "as it is printed it changes nothing"
        );
        let uncommented: Vec<_> = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with(' ') => setting,
                _ => line,
            })
            .collect();
        let config = Config::parse(&uncommented.join("\n")).unwrap();
        for setting in SETTINGS {
            let usual = default_of(setting).unwrap_or_else(workers_of_the_plan);
            assert_eq!(config.says(setting), Some(usual.as_str()), "{}", setting.key);
        }
        for binding in TABLE {
            let line = format!("#{} = ", binding.name);
            assert!(text.contains(&line), "{} is not in the sample", binding.name);
            assert_eq!(config.keymap().keys(binding), Keymap::default().keys(binding));
        }
    }
}
