//! Refuses a command for the active run of a state folder if it names another plan or environment than the run's.

use crate::ledger::RunLock;
use crate::plan::{ENVIRONMENT, environment_in, name_in_file, slice_in, written_name};

use super::error::CliError;
use super::{PlanArgs, StateDir, which_plan};

/// Refuses the command if a run is active in the folder and isn't the named one.
pub(super) fn refuse_other_run(place: &PlanArgs, folder: &StateDir) -> Result<(), CliError> {
    let given = place.variables();
    let Some(holder) = RunLock::holder(folder.path()) else {
        return Ok(());
    };
    let Some(plan) = holder.plan else {
        // A run of an older version, which had no environments.
        return match given.environment {
            Some(environment) if !environment.is_empty() => Err(other(
                folder,
                "an unknown plan",
                format!("--environment is '{environment}'"),
            )),
            _ => Ok(()),
        };
    };
    if let Some(file) = &place.plan {
        let named = name_in_file(file)?;
        if named != written_name(&plan) {
            return Err(other(
                folder,
                &format!("plan {plan}"),
                format!("--plan is plan '{named}'"),
            ));
        }
    }
    // Values may select another slice of the plan.
    if !given.flags.is_empty() {
        let named = which_plan::load_any(place, &given)?.name;
        if slice_in(&named) != slice_in(&plan) {
            return Err(other(
                folder,
                &format!("plan {plan}"),
                format!("--var selects plan {named}"),
            ));
        }
    }
    let running = environment_in(&plan);
    let selected = match (&given.environment, given.process_environment.flatten()) {
        (Some(name), _) => Some(("--environment", name.clone())),
        // A plan without environments ignores the variable.
        (None, Some(name)) if running.is_some() => Some((ENVIRONMENT, name)),
        _ => None,
    };
    match selected {
        Some((by, name)) if name != running.unwrap_or_default() => Err(other(
            folder,
            &format!("plan {plan}"),
            format!("{by} is '{name}'"),
        )),
        _ => Ok(()),
    }
}

fn other(folder: &StateDir, plan: &str, given: String) -> CliError {
    CliError::OtherRun {
        folder: folder.path().to_owned(),
        plan: plan.to_owned(),
        given,
    }
}
