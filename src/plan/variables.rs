//! Variables of a plan: `${name}` in its strings and SQL files becomes a value from the command line, the environment
//! variables, an `[environment.NAME]` or `[vars]`. Pure: the values from outside are an argument.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};

use super::mistake::Mistake;
use super::mistakes::PlanMistakes;
use super::near_miss;
use super::raw::{RawSetting, RawVariable};
use crate::table::is_name;

/// The key of an environment that marks it as production; no variable can have this name.
pub(super) const PRODUCTION: &str = "production";

/// The start of a reference, `${name}`; `$${name}` is the text `${name}`.
const START: &str = "${";

/// The start of the environment variables that give values.
const PREFIX: &str = "BACKCOURT_VAR_";

/// What a command gives for the variables of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenVariables {
    /// Values by name, from `--var`.
    pub flags: BTreeMap<String, String>,
    /// Values from `BACKCOURT_VAR_NAME`, by `NAME` in upper case. A name that the plan doesn't declare is ignored: it is
    /// another plan's.
    pub process: BTreeMap<String, String>,
    /// The name of the environment.
    pub environment: Option<String>,
}

impl GivenVariables {
    /// Adds the values among these environment variables.
    #[must_use]
    pub fn with_process(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let named = variables.into_iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(PREFIX)?.to_owned();
            Some((name, value))
        });
        self.process.extend(named);
        self
    }
}

/// The environment that a plan was loaded for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanEnvironment {
    /// Its name.
    pub name: String,
    /// Whether the plan marks it as production.
    pub is_production: bool,
}

/// The variables of one plan with their values.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// The value of each; `None` if a required one has none.
    values: BTreeMap<String, Option<String>>,
    used: RefCell<BTreeSet<String>>,
}

/// A reference to a variable without a value.
pub(super) enum Unresolved {
    Unknown(String),
    /// Reported where the variable is declared.
    Missing(String),
}

impl Variables {
    /// Reads the values that can be read; [`report`] reports the others.
    pub(super) fn of(document: &DeTable<'_>, given: &GivenVariables) -> Self {
        let declared = table(document, "vars");
        let chosen = given.environment.as_ref().and_then(|name| {
            let environments = table(document, "environment")?;
            table(environments, name)
        });
        let value = |name: &str, default: &DeValue<'_>| {
            let flag = given.flags.get(name);
            let process = || given.process.get(&name.to_ascii_uppercase());
            let outside = flag.or_else(process).map(String::as_str);
            let of_environment = || chosen?.get(name)?.get_ref().as_str();
            let found = outside.or_else(of_environment).or_else(|| default.as_str());
            found.map(str::to_owned)
        };
        let values = declared.into_iter().flatten().map(|(name, default)| {
            let name = name.get_ref().to_string();
            let value = value(&name, default.get_ref());
            (name, value)
        });
        Self {
            values: values.collect(),
            used: RefCell::default(),
        }
    }

    /// Whether the plan declares any.
    pub(super) fn any(&self) -> bool {
        !self.values.is_empty()
    }

    /// The text with the value of each variable. Other text after a `$` is left unchanged.
    pub(super) fn resolve(&self, text: &str) -> Result<String, Unresolved> {
        let mut resolved = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(START) {
            let (before, reference) = rest.split_at(at);
            let body = &reference[START.len()..];
            let name = body
                .split_once('}')
                .map(|(name, _)| name)
                .filter(|name| is_name(name));
            let Some(name) = name else {
                resolved += before;
                resolved += START;
                rest = body;
                continue;
            };
            rest = &body[name.len() + 1..];
            if let Some(escaped) = before.strip_suffix('$') {
                resolved += escaped;
                resolved += &reference[..=START.len() + name.len()];
                continue;
            }
            resolved += before;
            resolved += self.value(name)?;
        }
        Ok(resolved + rest)
    }

    fn value(&self, name: &str) -> Result<&str, Unresolved> {
        let Some(value) = self.values.get(name) else {
            return Err(Unresolved::Unknown(name.to_owned()));
        };
        self.used.borrow_mut().insert(name.to_owned());
        value
            .as_deref()
            .ok_or_else(|| Unresolved::Missing(name.to_owned()))
    }

    /// What is wrong with a reference.
    pub(super) fn problem(&self, unresolved: &Unresolved) -> String {
        match unresolved {
            Unresolved::Missing(name) => format!("variable '{name}' has no value"),
            Unresolved::Unknown(name) => self.unknown(name, |name| {
                format!("declare it in [vars], or write $${{{name}}} for this text")
            }),
        }
    }

    fn unknown(&self, name: &str, otherwise: impl Fn(&str) -> String) -> String {
        let hint = match near_miss(name, self.values.keys().map(String::as_str)) {
            Some(near) => format!("did you mean '{near}'?"),
            None => otherwise(name),
        };
        format!("variable '{name}' not found; {hint}")
    }
}

fn table<'d, 't>(document: &'d DeTable<'t>, key: &str) -> Option<&'d DeTable<'t>> {
    document.get(key)?.get_ref().as_table()
}

/// The chosen environment, if the plan has it. Reports everything that is wrong with the variables themselves: names,
/// values, environments, and, in a plan without other mistakes, variables that nothing uses. To be called after all
/// strings and SQL files were resolved.
pub(super) fn report(
    declared: &BTreeMap<String, RawVariable>,
    environments: &BTreeMap<String, BTreeMap<String, RawSetting>>,
    given: &GivenVariables,
    variables: &Variables,
    mistakes: &mut PlanMistakes<'_>,
) -> Option<PlanEnvironment> {
    if mistakes.skips("vars") || mistakes.skips("environment") {
        return None;
    }
    // A text that can't be read may use any of them.
    let is_read = mistakes.is_empty() && variables.values.values().all(Option::is_some);
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for (name, variable) in declared {
        let mut note = |problem: String| mistakes.note_in(&["vars", name], problem);
        if !is_name(name) || name == PRODUCTION {
            note(format!(
                "'{name}' is not a valid name of a variable; use ASCII letters, digits and underscores, and not \
                 '{PRODUCTION}'"
            ));
        }
        if let Some(other) = names.insert(name.to_ascii_uppercase(), name) {
            note(format!(
                "variables '{other}' and '{name}' differ only in letter case; rename one"
            ));
        }
        match variable {
            RawVariable::Text(value) if value.contains(START) => note(format!(
                "the value of variable '{name}' refers to a variable; write the value itself"
            )),
            RawVariable::Required(required) if !required.required => note(format!(
                "variable '{name}' has no value; give one, or required = true"
            )),
            _ => {}
        }
        if variables.values.get(name).is_some_and(Option::is_none) {
            note(format!(
                "variable '{name}' has no value; give --var {name}=VALUE, {PREFIX}{} or an environment that sets it",
                name.to_ascii_uppercase()
            ));
        }
        if is_read && !variables.used.borrow().contains(name) {
            note(format!("variable '{name}' is not used; remove it"));
        }
    }
    for (environment, settings) in environments {
        for (name, setting) in settings {
            let place = ["environment", environment, name];
            match setting {
                RawSetting::Flag(_) if name == PRODUCTION => {}
                RawSetting::Text(_) if name == PRODUCTION => {
                    mistakes.note_in(&place, format!("{PRODUCTION} is true or false"));
                }
                _ if !declared.contains_key(name) => {
                    let problem = variables.unknown(name, |_| "declare it in [vars]".to_owned());
                    mistakes.note_in(&place, problem);
                }
                RawSetting::Flag(_) => {
                    mistakes.note_in(
                        &place,
                        format!("the value of variable '{name}' must be a text, in quotes"),
                    );
                }
                RawSetting::Text(value) if value.contains(START) => {
                    let problem = format!(
                        "the value of variable '{name}' refers to a variable; write the value itself"
                    );
                    mistakes.note_in(&place, problem);
                }
                RawSetting::Text(_) => {}
            }
        }
    }
    for name in given.flags.keys().filter(|name| !declared.contains_key(*name)) {
        let problem = variables.unknown(name, |_| "declare it in [vars], or leave out --var".to_owned());
        mistakes.note(Mistake::of_file(problem));
    }
    chosen(environments, given.environment.as_deref()?, mistakes)
}

fn chosen(
    environments: &BTreeMap<String, BTreeMap<String, RawSetting>>,
    name: &str,
    mistakes: &mut PlanMistakes<'_>,
) -> Option<PlanEnvironment> {
    let Some(settings) = environments.get(name) else {
        let known = environments.keys().map(String::as_str);
        let problem = if environments.is_empty() {
            format!("environment '{name}' not found; add [environment.{name}], or leave out --environment")
        } else {
            super::with_hint("environment", name, known)
        };
        mistakes.note(Mistake::of_file(problem));
        return None;
    };
    Some(PlanEnvironment {
        name: name.to_owned(),
        is_production: matches!(settings.get(PRODUCTION), Some(RawSetting::Flag(true))),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn variables() -> Variables {
        let values = [("raw", Some("prod.raw")), ("day", None)];
        let values = values.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        Variables {
            values: values.into(),
            used: RefCell::default(),
        }
    }

    #[rstest]
    #[case("`${raw}.events`, ${raw}", "`prod.raw.events`, prod.raw")]
    #[case("$${raw} ${raw}", "${raw} prod.raw")]
    #[case("${raw", "${raw")]
    #[case("${1} ${a-b} ${HOME:-x} $raw ${}", "${1} ${a-b} ${HOME:-x} $raw ${}")]
    #[case("${${raw}}", "${prod.raw}")]
    fn references_become_values_and_other_text_stays(#[case] text: &str, #[case] resolved: &str) {
        let variables = variables();
        assert_eq!(variables.resolve(text).ok().as_deref(), Some(resolved));
    }

    #[rstest]
    #[case("${raww}", "variable 'raww' not found; did you mean 'raw'?")]
    #[case(
        "${HOME}",
        "variable 'HOME' not found; declare it in [vars], or write $${HOME} for this text"
    )]
    #[case("${day}", "variable 'day' has no value")]
    fn references_without_a_value_are_refused(#[case] text: &str, #[case] problem: &str) {
        let variables = variables();
        let unresolved = variables.resolve(text).unwrap_err();
        assert_eq!(variables.problem(&unresolved), problem);
    }

    impl std::fmt::Debug for Unresolved {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let (Self::Unknown(name) | Self::Missing(name)) = self;
            f.write_str(name)
        }
    }

    #[test]
    fn only_variables_of_the_process_with_the_prefix_are_taken() {
        let process = [("BACKCOURT_VAR_RAW", "a"), ("RAW", "b")];
        let process = process.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let given = GivenVariables::default().with_process(process);
        assert_eq!(
            given.process,
            BTreeMap::from([("RAW".to_owned(), "a".to_owned())])
        );
    }
}
