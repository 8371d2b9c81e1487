//! The variables of a plan: which environment is chosen, which value each of them has, and what replaces `${name}` and
//! `@name`. Pure: the values from outside are an argument.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

use super::chosen_environment::{ChosenEnvironment, EnvironmentSource, has_environments};
use super::environment::slice_in;
use super::given::{GivenVariables, PREFIX, RecordedVariables};
use super::references::{TextPart, parts};
use super::sql_names::is_name_part;
use super::{near_miss, slices, with_hint};
use crate::escape::quoted;
use crate::partition::Parameter;
use crate::sql::changed;
use crate::table::text_literal;

/// The values of a plan that are not in its file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanVariables {
    /// The values for the ledger to record, so that later commands need not repeat them.
    pub to_record: BTreeMap<String, String>,
    /// Those that the command didn't give: they were recorded by an earlier run.
    pub from_record: BTreeMap<String, String>,
    /// Values of the command that differ from those of the earlier runs.
    pub changed: Vec<ChangedVariable>,
    /// Whether the environment was recorded by an earlier run and not given.
    pub environment_is_recorded: bool,
    /// The environments of all earlier runs, if the file no longer has any environment. They are not used.
    pub removed_environments: Vec<String>,
    /// The values that the plan's last run had recorded when the plan was loaded, used or not.
    pub recorded: Option<BTreeMap<String, String>>,
}

/// A variable with another value than the earlier runs had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedVariable {
    /// Its name.
    pub name: String,
    /// The value of the earlier runs.
    pub before: String,
    /// The value given now.
    pub now: String,
    /// What gives it: `--var` or an environment variable.
    pub given_by: String,
}

/// The variables of one plan with their values.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// The value of each; `None` if a required one has none.
    pub(super) values: BTreeMap<String, Option<String>>,
    pub(super) environment: ChosenEnvironment,
    pub(super) outside: PlanVariables,
    /// Several slices were run, and the command chooses none of them; a message.
    pub(super) unchosen_slice: Option<String>,
    used: RefCell<BTreeSet<String>>,
}

/// A reference that is not replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unresolved {
    Unknown(String),
    /// Reported where the variable is declared.
    Missing(String),
    /// Its value can't be a part of a name, which is what it is used for in SQL.
    NotInSql(String),
    /// The name of the plan refers to it.
    InPlanName(String),
}

impl Unresolved {
    /// The name of the variable.
    pub(super) fn name(&self) -> &str {
        let (Self::Unknown(name) | Self::Missing(name) | Self::NotInSql(name) | Self::InPlanName(name)) =
            self;
        name
    }
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextForm {
    Any,
    Sql,
}

impl Variables {
    /// Reads the values that can be read; [`super::variable_mistakes`] reports the others.
    pub(super) fn of(document: &DeTable<'_>, given: &GivenVariables) -> Self {
        let name = document.get("name").and_then(|name| name.get_ref().as_str());
        let recorded = given.recorded.iter();
        let recorded: Vec<_> = recorded
            .filter(|record| name.is_some_and(|name| record.is_of(name)))
            .collect();
        let environment = ChosenEnvironment::of(document, given, &recorded);
        let names = recorded.iter().map(|record| record.environment.clone());
        // Once the plan was run without one, there is nothing to explain.
        let removed: Option<BTreeSet<String>> = names.collect();
        let removed = removed.filter(|_| !has_environments(document));
        let settings = environment
            .name()
            .and_then(|name| table(table(document, "environment")?, name));
        let declared = table(document, "vars");
        let of_file = |name: &str| {
            let setting = settings.and_then(|settings| settings.get(name)?.get_ref().as_str());
            setting.or_else(|| declared?.get(name)?.get_ref().as_str())
        };
        let of_environment = recorded.into_iter();
        let of_environment =
            of_environment.filter(|record| record.environment.as_deref() == environment.name());
        // The slice of a record follows from its values, as far as the command gives no others.
        let is_of_slice = |record: &&RecordedVariables| {
            let values = record.values.as_ref().filter(|_| !given.replaces_recorded);
            let value = |name: &str| {
                let outside = outside(given, name).map(|(value, _)| value.as_str());
                let record = || values.and_then(|values| values.get(name)).map(String::as_str);
                outside
                    .or_else(record)
                    .or_else(|| of_file(name))
                    .map(str::to_owned)
            };
            slices::of_document(document, value).is_some_and(|slice| record.is_of_slice(&slice))
        };
        let of_slices: Vec<_> = of_environment.filter(is_of_slice).collect();
        let recorded = of_slices.first().and_then(|record| record.values.as_ref());
        let used = recorded.filter(|_| !given.replaces_recorded);
        let mut variables = Self::default();
        for (name, _) in declared.into_iter().flatten() {
            let name = name.get_ref().as_ref();
            variables.add(name, of_file(name), given, used);
        }
        if of_slices.len() > 1 {
            let slices = of_slices.iter().filter_map(|record| slice_in(&record.plan));
            variables.unchosen_slice = Some(format!(
                "the plan was run in this state folder for slices {}; choose one with {}",
                slices.collect::<Vec<_>>().join(" and "),
                (slices::variables(document).iter())
                    .map(|name| format!("--var {name}=VALUE"))
                    .collect::<Vec<_>>()
                    .join(" ")
            ));
        }
        variables.outside.environment_is_recorded = matches!(
            environment,
            ChosenEnvironment::Named {
                by: EnvironmentSource::Record,
                ..
            }
        );
        variables.outside.removed_environments = removed.unwrap_or_default().into_iter().collect();
        variables.outside.recorded = recorded.cloned();
        variables.environment = environment;
        variables
    }

    fn add(
        &mut self,
        name: &str,
        of_file: Option<&str>,
        given: &GivenVariables,
        recorded: Option<&BTreeMap<String, String>>,
    ) {
        let outside = outside(given, name);
        let record = recorded.and_then(|values| values.get(name));
        let before = record.map(String::as_str).or(of_file);
        let now = outside.as_ref().map(|(value, _)| value.as_str()).or(before);
        self.values.insert(name.to_owned(), now.map(str::to_owned));
        if let Some(value) = outside.as_ref().map(|(value, _)| *value).or(record) {
            self.outside.to_record.insert(name.to_owned(), value.clone());
        }
        match (outside, before) {
            (Some((now, given_by)), Some(before)) if recorded.is_some() && now != before => {
                self.outside.changed.push(ChangedVariable {
                    name: name.to_owned(),
                    before: before.to_owned(),
                    now: now.clone(),
                    given_by,
                });
            }
            (None, _) => {
                let record = record.map(|value| (name.to_owned(), value.clone()));
                self.outside.from_record.extend(record);
            }
            _ => {}
        }
    }

    /// Whether the plan declares any.
    pub(super) fn any(&self) -> bool {
        !self.values.is_empty()
    }

    pub(super) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }

    /// The text with the value of each variable, or all references that can't be replaced.
    pub(super) fn resolve(&self, text: &str, form: TextForm) -> Result<String, Vec<Unresolved>> {
        let parts = parts(text);
        let mut resolved = String::with_capacity(text.len());
        let mut unresolved = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let name = match part {
                TextPart::Text(text) => {
                    resolved += text;
                    continue;
                }
                TextPart::Reference(name) => name,
            };
            let after = match parts.get(at + 1) {
                Some(TextPart::Text(text)) => text,
                _ => "",
            };
            match self.value(name) {
                Ok(value) if form == TextForm::Sql && !is_name_part(&resolved, value, after) => {
                    unresolved.push(Unresolved::NotInSql((*name).to_owned()));
                }
                Ok(value) => resolved += value,
                Err(reference) => unresolved.push(reference),
            }
        }
        if unresolved.is_empty() {
            Ok(resolved)
        } else {
            Err(unresolved)
        }
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

    /// The query with each parameter `@name` of a variable replaced by its value as a string literal, as dates are.
    ///
    /// # Errors
    /// Returns a message about a parameter whose name is similar to that of a variable.
    pub(super) fn bound(&self, sql: &str) -> Result<String, String> {
        if !self.any() {
            return Ok(sql.to_owned());
        }
        let mut unknown = None;
        let bound = changed(sql, |word| {
            let name = word.value.strip_prefix('@')?;
            if word.quote_style.is_some() || Parameter::of_name(name).is_some() {
                return None;
            }
            let names = || self.values.keys().map(String::as_str);
            // Names of parameters don't distinguish upper and lower case.
            if let Some(name) = names().find(|known| known.eq_ignore_ascii_case(name)) {
                // The plan is refused if there is no value, so nothing is sent then.
                return Some(text_literal(self.value(name).unwrap_or_default()));
            }
            if let Some(near) = near_miss(name, names()) {
                unknown
                    .get_or_insert_with(|| format!("parameter '@{name}' not found; did you mean '@{near}'?"));
            }
            None
        });
        // A query that can't be read is reported by what reads it next.
        unknown.map_or_else(|| Ok(bound.unwrap_or_else(|_| sql.to_owned())), Err)
    }

    /// What is wrong with a reference.
    pub(super) fn problem(&self, unresolved: &Unresolved) -> String {
        match unresolved {
            Unresolved::Missing(name) => format!("variable '{name}' has no value"),
            Unresolved::Unknown(name) => self.unknown(
                name,
                &format!("declare it in [vars], or write $${{{name}}} for this text"),
            ),
            Unresolved::NotInSql(name) => {
                let value = self.values.get(name).cloned().flatten().unwrap_or_default();
                format!(
                    "the value {} of variable '{name}' is not a valid part of a name in SQL, which has only letters, \
                     digits and _ - . : *; for a text write @{name} instead of ${{{name}}}",
                    quoted(&value)
                )
            }
            Unresolved::InPlanName(name) => format!(
                "the name refers to variable '{name}'; write the name itself, an environment is added to it"
            ),
        }
    }

    /// The problem with an unknown name, with a similar one or what to do otherwise.
    pub(super) fn unknown(&self, name: &str, otherwise: &str) -> String {
        match near_miss(name, self.values.keys().map(String::as_str)) {
            Some(near) => format!("variable '{name}' not found; did you mean '{near}'?"),
            None => format!("variable '{name}' not found; {otherwise}"),
        }
    }

    /// The same for a name given by `--var`.
    pub(super) fn unknown_flag(&self, name: &str) -> String {
        if self.any() {
            with_hint("variable", name, self.values.keys().map(String::as_str))
        } else {
            self.unknown(name, "declare it in [vars], or leave out --var")
        }
    }
}

/// The value that a command gives for a variable, and what gives it.
fn outside<'g>(given: &'g GivenVariables, name: &str) -> Option<(&'g String, String)> {
    let flag = given.flags.get(name).map(|value| (value, "--var".to_owned()));
    let process = || {
        let name = name.to_ascii_uppercase();
        let value = given.process.get(&name)?.as_ref()?;
        Some((value, format!("{PREFIX}{name}")))
    };
    flag.or_else(process)
}

pub(super) fn table<'d, 't>(document: &'d DeTable<'t>, key: &str) -> Option<&'d DeTable<'t>> {
    match document.get(key)?.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn variables() -> Variables {
        let values = [("raw", Some("prod.raw")), ("day", None), ("who", Some("O'Brien"))];
        let values = values.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        Variables {
            values: values.into(),
            ..Variables::default()
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
        for form in [TextForm::Any, TextForm::Sql] {
            assert_eq!(variables.resolve(text, form).ok().as_deref(), Some(resolved));
        }
    }

    #[rstest]
    #[case("${raww}", &["variable 'raww' not found; did you mean 'raw'?"])]
    #[case("${HOME}", &["variable 'HOME' not found; declare it in [vars], or write $${HOME} for this text"])]
    #[case("${day}", &["variable 'day' has no value"])]
    #[case("'${who}'", &["the value 'O\\'Brien' of variable 'who' is not a valid part of a name in SQL, which has only letters, digits and _ - . : *; for a text write @who instead of ${who}"])]
    #[case("${raww} ${raw} ${day}", &["variable 'raww' not found; did you mean 'raw'?", "variable 'day' has no value"])]
    fn references_without_a_value_are_refused(#[case] text: &str, #[case] problems: &[&str]) {
        let variables = variables();
        let unresolved = variables.resolve(text, TextForm::Sql).unwrap_err();
        let found: Vec<String> = unresolved
            .iter()
            .map(|unresolved| variables.problem(unresolved))
            .collect();
        assert_eq!(found, problems);
    }

    #[test]
    fn parameters_become_string_literals() {
        let bound = |sql: &str| variables().bound(sql);
        assert_eq!(
            bound("x = @Who AND day = @date -- @who\nAND y = '@who' AND z = `@who`").unwrap(),
            "x = 'O\\'Brien' AND day = @date -- @who\nAND y = '@who' AND z = `@who`"
        );
        assert_eq!(
            bound("x = @whoo").unwrap_err(),
            "parameter '@whoo' not found; did you mean '@who'?"
        );
        assert_eq!(bound("x = @other 'open").unwrap(), "x = @other 'open");
    }

    #[test]
    fn recorded_values_are_used_until_others_are_given() {
        let text =
            "name = \"users\"\n[vars]\nraw = \"raw\"\ncountry = { required = true }\n[environment.dev]\n";
        let document = DeTable::parse(text).unwrap();
        let recorded = RecordedVariables {
            plan: "users [dev]".to_owned(),
            environment: Some("dev".to_owned()),
            values: Some(BTreeMap::from([("country".to_owned(), "DE".to_owned())])),
        };
        let with = |given: GivenVariables| {
            let recorded = vec![recorded.clone()];
            Variables::of(document.get_ref(), &GivenVariables { recorded, ..given })
        };
        let used = with(GivenVariables::default());
        assert_eq!(used.environment.name(), Some("dev"));
        assert!(used.outside.environment_is_recorded && used.outside.changed.is_empty());
        assert_eq!(Some(used.outside.from_record), recorded.values);
        let flags = BTreeMap::from([("country".to_owned(), "FR".to_owned())]);
        let changed = with(GivenVariables {
            flags: flags.clone(),
            ..GivenVariables::default()
        });
        let [change] = changed.outside.changed.as_slice() else {
            panic!("{:?}", changed.outside);
        };
        assert_eq!((change.before.as_str(), change.now.as_str()), ("DE", "FR"));
        let replaced = with(GivenVariables {
            flags: flags.clone(),
            replaces_recorded: true,
            ..GivenVariables::default()
        });
        assert!(replaced.outside.changed.is_empty());
        assert_eq!(replaced.outside.to_record, flags);
        let other = with(GivenVariables {
            environment: Some("prod".to_owned()),
            ..GivenVariables::default()
        });
        assert_eq!(
            other.values["country"], None,
            "another environment has its own values"
        );
    }
}
