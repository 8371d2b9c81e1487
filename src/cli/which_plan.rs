//! Selects the plan of a command without `--plan`: the one of the environment, the plan that was run in the state
//! folder, or the built-in one in a new folder.

use std::path::Path;

use crate::ledger::{KnownPlan, Ledger};
use crate::plan::{self, BUILTIN, GivenVariables, Plan};

use super::error::CliError;
use super::{PlanArgs, StateDir};

/// Selects the plan of every command without `--plan`.
const VARIABLE: &str = "BACKCOURT_PLAN";

/// Loads the plan given by `--plan`, or the default one. The environment doesn't bring a second plan into a state folder:
/// a variable that was set for another folder would start another backfill there.
///
/// The environment and the values of variables that the command doesn't give are those of the plan's last run in the
/// folder.
pub(super) fn load(place: &PlanArgs, given: &GivenVariables) -> Result<Plan, CliError> {
    let folder = StateDir::of(place.state_dir.as_deref())?;
    let known = known(&folder)?;
    let given = GivenVariables {
        recorded: known.iter().map(|known| known.variables.clone()).collect(),
        ..given.clone()
    };
    if let Some(named) = &place.plan {
        return Ok(plan::load_with(named, &given)?);
    }
    let Some(plan) = of_environment(&given)? else {
        return of_folder(&known, &folder, &given);
    };
    if known.is_empty() || known.iter().any(|known| is_of(known, &plan)) {
        return Ok(plan);
    }
    Err(CliError::PlanOfEnvironment {
        variable: VARIABLE,
        plan: plan.name,
        folder: folder.path().to_owned(),
        names: known.into_iter().map(|known| known.name).collect(),
    })
}

/// The same without a look into the state folder if the plan is given.
pub(super) fn load_file(place: &PlanArgs) -> Result<Plan, CliError> {
    let given = place.variables();
    if let Some(named) = &place.plan {
        return Ok(plan::load_with(named, &given)?);
    }
    match of_environment(&given)? {
        Some(plan) => Ok(plan),
        None => load(place, &given),
    }
}

/// Whether a plan that was run is this one, in any of its environments.
fn is_of(known: &KnownPlan, plan: &Plan) -> bool {
    known.variables.written_name() == plan.written_name()
}

fn of_environment(given: &GivenVariables) -> Result<Option<Plan>, CliError> {
    let named = std::env::var(VARIABLE).ok().filter(|named| !named.is_empty());
    Ok(named.map(|named| plan::load_with(&named, given)).transpose()?)
}

/// The plan of a folder, or the built-in one in a new folder.
fn of_folder(known: &[KnownPlan], folder: &StateDir, given: &GivenVariables) -> Result<Plan, CliError> {
    match known {
        [] => Ok(plan::load_with(BUILTIN, given)?),
        [first, others @ ..] if others.iter().all(|other| is_same_file(first, other)) => {
            recorded(first, folder, given)
        }
        several => {
            let example = several.iter().find_map(|plan| plan.source.as_deref());
            Err(CliError::SeveralPlans {
                folder: folder.path().to_owned(),
                names: several.iter().map(|plan| plan.name.clone()).collect(),
                example: example.unwrap_or("FILE").to_owned(),
            })
        }
    }
}

/// Whether they are environments of one plan file.
fn is_same_file(one: &KnownPlan, other: &KnownPlan) -> bool {
    one.source.is_some()
        && one.source == other.source
        && one.variables.written_name() == other.variables.written_name()
}

/// The plans that were run in a folder; empty if the ledger can't be opened, which the command reports when it opens it.
fn known(folder: &StateDir) -> Result<Vec<KnownPlan>, CliError> {
    let path = folder.ledger();
    // Leaves no trace if no run is active; a ledger of an older version is migrated first.
    let ledger = Ledger::open_idle(&path).or_else(|_| Ledger::open_to_read(&path));
    match ledger {
        Ok(Some(ledger)) => Ok(ledger.plans()?),
        Ok(None) | Err(_) => Ok(Vec::new()),
    }
}

/// The plan of a folder, loaded from its recorded source.
fn recorded(known: &KnownPlan, folder: &StateDir, given: &GivenVariables) -> Result<Plan, CliError> {
    let refuse = |problem| CliError::OtherPlan {
        folder: folder.path().to_owned(),
        plan: known.name.clone(),
        problem,
    };
    let source = match &known.source {
        Some(source) => source,
        None if plan::is_builtin(&known.name) => &known.name,
        None => return Err(refuse("whose file path is not recorded".to_owned())),
    };
    if !plan::is_builtin(source) && !Path::new(source).is_file() {
        return Err(refuse(format!("whose file '{source}' is gone")));
    }
    let plan = plan::load_with(source, given)?;
    if !is_of(known, &plan) {
        return Err(refuse(format!(
            "but '{source}' now contains plan '{}'",
            plan.written_name()
        )));
    }
    Ok(plan)
}
