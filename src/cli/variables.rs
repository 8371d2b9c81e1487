//! Values for the variables of a plan: from flags and the environment of the process, and what is said about those that
//! earlier runs recorded.

use crate::escape::{EscapedText, quoted};
use crate::ledger::Ledger;
use crate::plan::{ChangedVariable, GivenVariables, Plan};
use crate::term;

use super::error::CliError;
use super::{PlanArgs, StateDir};

impl PlanArgs {
    /// The values that this command gives. A later `--var` of a name overrides an earlier one.
    pub(super) fn variables(&self) -> GivenVariables {
        let given = GivenVariables {
            flags: self.vars.iter().cloned().collect(),
            environment: self.environment.clone(),
            ..GivenVariables::default()
        };
        given.with_process(std::env::vars_os())
    }

    /// The flags that give another command the same values.
    pub(super) fn variable_flags(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        // `--environment ''` selects none.
        let environment = match &plan.environment {
            Some(environment) => Some(environment.name.clone()),
            None => self.environment.clone(),
        };
        let environment = environment.map(|environment| ("--environment", environment));
        let vars = self
            .vars
            .iter()
            .map(|(name, value)| ("--var", format!("{name}={value}")));
        environment.into_iter().chain(vars).collect()
    }
}

/// Parses the value of `--var`.
pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, for example raw=dev_raw".to_owned()),
    }
}

/// Refuses values that differ from those of earlier runs: their rows and results would mix.
pub(super) fn refuse_changed(plan: &Plan, folder: &StateDir) -> Result<(), CliError> {
    let changed = plan.variables.changed.clone();
    if changed.is_empty() {
        return Ok(());
    }
    Err(CliError::OtherVariables {
        plan: plan.name.clone(),
        folder: folder.path().to_owned(),
        changed,
    })
}

/// Refuses a plan whose recorded values are no longer those it was loaded with: another run has ended in between.
pub(super) fn refuse_superseded(plan: &Plan, ledger: &Ledger) -> Result<(), CliError> {
    let known = ledger.plans()?.into_iter().find(|known| known.name == plan.name);
    let recorded = known.and_then(|known| known.variables.values);
    if recorded == plan.variables.recorded {
        return Ok(());
    }
    Err(CliError::Refused(format!(
        "another run has recorded values of the variables of plan {} in the meantime; start again to use them",
        plan.name
    )))
}

/// Prints which values of earlier runs a command uses without having been given them, in one line.
pub(super) fn report_recorded(plan: &Plan) {
    let variables = &plan.variables;
    let removed = &variables.removed_environments;
    if !removed.is_empty() && !term::is_worker_process() {
        EscapedText::of(format_args!(
            "backcourt: plan {} was run here in environment {}, which its file no longer has; it works without one, with \
             progress of its own",
            plan.name,
            removed.join(", ")
        ))
        .print_error();
    }
    let environment = plan
        .environment
        .as_ref()
        .filter(|_| variables.environment_is_recorded);
    let environment = environment.map(|environment| format!("environment {}", environment.name));
    let values = variables.from_record.iter();
    let values = values.map(|(name, value)| format!("{name} {}", quoted(value)));
    let used: Vec<String> = environment.into_iter().chain(values).collect();
    // The first process of a console has printed it.
    if !used.is_empty() && !term::is_worker_process() {
        let used = used.join(", ");
        EscapedText::of(format_args!(
            "backcourt: plan {} as last run here: {used}",
            plan.written_name()
        ))
        .print_error();
    }
}

/// Prints which values differ from those of earlier runs, in one line.
pub(super) fn report_changed(plan: &Plan) {
    let changed = &plan.variables.changed;
    if !changed.is_empty() {
        EscapedText::of(format_args!(
            "backcourt: plan {} was run here with {}",
            plan.name,
            differences(changed)
        ))
        .print_error();
    }
}

/// The values of earlier runs and of this command.
pub(super) fn differences(changed: &[ChangedVariable]) -> String {
    let difference = |variable: &ChangedVariable| {
        let (before, now) = (quoted(&variable.before), quoted(&variable.now));
        // Long values are cut.
        let rest = if before == now { " with another rest" } else { "" };
        format!(
            "{} {before}, but {} gives {now}{rest}",
            variable.name, variable.given_by
        )
    };
    let differences: Vec<String> = changed.iter().map(difference).collect();
    differences.join(", and ")
}
