//! What is wrong with the variables and environments of a plan: names, values, and variables that nothing uses.

use std::collections::BTreeMap;

use super::chosen_environment::{ChosenEnvironment, EnvironmentSource};
use super::environment::{PlanEnvironment, is_environment_name};
use super::given::{ENVIRONMENT, GivenVariables, PREFIX};
use super::mistake::Mistake;
use super::mistakes::PlanMistakes;
use super::raw::{RawSetting, RawVariable};
use super::references::looks_like_reference;
use super::variables::Variables;
use super::with_hint;
use crate::partition::Parameter;
use crate::table::is_name;

/// The key of an environment that marks it as production; no variable can have this name.
const PRODUCTION: &str = "production";

/// Maximum length of a value in bytes.
const MAX_VALUE: usize = 1024;

/// The variables and environments as written.
pub(super) struct Declared {
    pub(super) variables: BTreeMap<String, RawVariable>,
    pub(super) environments: BTreeMap<String, BTreeMap<String, RawSetting>>,
}

impl Declared {
    /// The chosen environment, if the plan has it. Notes every mistake of the variables themselves and, in a plan without
    /// other mistakes, variables that nothing uses. To be called after all strings and SQL files were resolved.
    pub(super) fn verify(
        &self,
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
        for (name, variable) in &self.variables {
            let mut note = |problem: String| mistakes.note_in(&["vars", name], problem);
            if let Some(other) = names.insert(name.to_ascii_uppercase(), name) {
                note(format!(
                    "variables '{other}' and '{name}' differ only in letter case; rename one"
                ));
            }
            let problems = of_variable(name, variable, given, variables);
            problems.into_iter().for_each(&mut note);
            if is_read && !variables.is_used(name) {
                note(format!("variable '{name}' is not used; remove it"));
            }
        }
        for (environment, settings) in &self.environments {
            if !is_environment_name(environment) {
                mistakes.note_in(
                    &["environment", environment],
                    format!(
                        "'{environment}' is not a valid name of an environment; use up to 40 ASCII letters, digits, \
                         underscores and hyphens"
                    ),
                );
            }
            for (name, setting) in settings {
                if let Some(problem) = of_setting(name, setting, variables) {
                    mistakes.note_in(&["environment", environment, name], problem);
                }
            }
        }
        for name in given
            .flags
            .keys()
            .filter(|name| !self.variables.contains_key(*name))
        {
            mistakes.note(Mistake::of_file(variables.unknown_flag(name)));
        }
        if let Some(problem) = &variables.unchosen_slice {
            mistakes.note(Mistake::of_file(problem.clone()));
        }
        self.chosen(&variables.environment).unwrap_or_else(|problem| {
            mistakes.note(Mistake::of_file(problem));
            None
        })
    }

    fn chosen(&self, environment: &ChosenEnvironment) -> Result<Option<PlanEnvironment>, String> {
        let (name, by) = match environment {
            ChosenEnvironment::None => return Ok(None),
            ChosenEnvironment::Unknown(problem) => return Err(problem.clone()),
            ChosenEnvironment::Named { name, by } => (name, by),
        };
        let Some(settings) = self.environments.get(name) else {
            let known = self.environments.keys().map(String::as_str);
            return Err(match by {
                EnvironmentSource::Flag if self.environments.is_empty() => {
                    format!(
                        "environment '{name}' not found; add [environment.{name}], or leave out --environment"
                    )
                }
                EnvironmentSource::Flag => with_hint("environment", name, known),
                EnvironmentSource::Process => with_hint(&format!("{ENVIRONMENT}: environment"), name, known),
                EnvironmentSource::Record => format!(
                    "the plan was run in environment '{name}', which its file no longer has; add [environment.{name}], \
                     or choose another with --environment: {}, or '' for none",
                    known.collect::<Vec<_>>().join(", ")
                ),
            });
        };
        Ok(Some(PlanEnvironment {
            name: name.clone(),
            is_production: matches!(settings.get(PRODUCTION), Some(RawSetting::Flag(true))),
        }))
    }
}

fn of_variable(
    name: &str,
    variable: &RawVariable,
    given: &GivenVariables,
    variables: &Variables,
) -> Vec<String> {
    let mut problems = Vec::new();
    if !is_name(name) || name == PRODUCTION {
        problems.push(format!(
            "'{name}' is not a valid name of a variable; use ASCII letters, digits and underscores, and not \
             '{PRODUCTION}'"
        ));
    }
    if Parameter::of_name(name).is_some() {
        problems.push(format!(
            "variable '{name}' has the name of a date parameter of queries; rename it"
        ));
    }
    match variable {
        RawVariable::Text(value) if looks_like_reference(value) => problems.push(nested(name)),
        RawVariable::Required(required) if !required.required => problems.push(format!(
            "variable '{name}' has no value; give one, or required = true"
        )),
        _ => {}
    }
    let of_process = name.to_ascii_uppercase();
    if matches!(given.process.get(&of_process), Some(None)) && !given.flags.contains_key(name) {
        problems.push(format!(
            "{PREFIX}{of_process} is not valid UTF-8; correct or unset it"
        ));
    } else {
        match variables.values.get(name) {
            Some(None) => problems.push(format!(
                "variable '{name}' has no value; give --var {name}=VALUE, {PREFIX}{of_process} or an environment that \
                 sets it"
            )),
            Some(Some(value)) if value.is_empty() && matches!(variable, RawVariable::Required(_)) => {
                problems.push(format!(
                    "the value of variable '{name}' is empty, but the variable is required; give a text"
                ));
            }
            Some(Some(value)) if value.len() > MAX_VALUE => problems.push(format!(
                "the value of variable '{name}' is longer than {MAX_VALUE} bytes; shorten it"
            )),
            Some(Some(value)) if value.contains(char::is_control) => problems.push(format!(
                "the value of variable '{name}' contains a control character, such as a line break; remove it"
            )),
            _ => {}
        }
    }
    problems
}

fn of_setting(name: &str, setting: &RawSetting, variables: &Variables) -> Option<String> {
    match setting {
        RawSetting::Flag(_) if name == PRODUCTION => None,
        RawSetting::Text(_) if name == PRODUCTION => Some(format!("{PRODUCTION} is true or false")),
        _ if !variables.values.contains_key(name) => Some(variables.unknown(name, "declare it in [vars]")),
        RawSetting::Flag(_) => Some(format!(
            "the value of variable '{name}' must be a text, in quotes"
        )),
        RawSetting::Text(value) if looks_like_reference(value) => Some(nested(name)),
        RawSetting::Text(_) => None,
    }
}

fn nested(name: &str) -> String {
    format!("the value of variable '{name}' refers to a variable; write the value itself")
}
