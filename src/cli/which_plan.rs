//! Selects the plan of a command without `--plan`: the one of the environment, the plan that was run in the state
//! folder, or the built-in one in a new folder.

use std::fs;
use std::io::ErrorKind;
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
    let plan = selected(place, given, &folder, &known)?;
    let of_environment = place.plan.is_none() && plan_of_environment().is_some();
    if !of_environment || known.is_empty() || known.iter().any(|known| is_of(known, &plan)) {
        return Ok(plan);
    }
    Err(CliError::PlanOfEnvironment {
        variable: VARIABLE,
        plan: plan.name,
        folder: folder.path().to_owned(),
        names: known.into_iter().map(|known| known.name).collect(),
    })
}

/// The same for a command that starts nothing: the environment may select a plan that wasn't run in the folder.
pub(super) fn load_any(place: &PlanArgs, given: &GivenVariables) -> Result<Plan, CliError> {
    let folder = StateDir::of(place.state_dir.as_deref())?;
    selected(place, given, &folder, &known(&folder)?)
}

fn selected(
    place: &PlanArgs,
    given: &GivenVariables,
    folder: &StateDir,
    known: &[KnownPlan],
) -> Result<Plan, CliError> {
    let given = GivenVariables {
        recorded: known.iter().map(|known| known.variables.clone()).collect(),
        ..given.clone()
    };
    match place.plan.clone().or_else(plan_of_environment) {
        Some(named) => Ok(plan::load_with(&named, &given)?),
        None => of_folder(known, folder, &given),
    }
}

fn plan_of_environment() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|named| !named.is_empty())
}

/// Whether a plan that was run is this one, in any of its environments.
fn is_of(known: &KnownPlan, plan: &Plan) -> bool {
    known.variables.written_name() == plan.written_name()
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

/// The plans that were run in a folder. A ledger that can't be read is an error for every command: without its record,
/// they would work with other values of variables, or on another plan.
fn known(folder: &StateDir) -> Result<Vec<KnownPlan>, CliError> {
    let path = folder.ledger();
    match fs::metadata(&path) {
        // A run fills an empty file.
        Ok(file) if file.len() == 0 => return Ok(Vec::new()),
        Ok(_) => {}
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        // Another command says that the state folder is a file.
        Err(cause) if cause.kind() == ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(cause) => return Err(CliError::LedgerOutOfReach { path, cause }),
    }
    // Leaves no trace if no run is active; a ledger of an older version is migrated first.
    let ledger = Ledger::open_idle(&path).or_else(|_| Ledger::open_to_read(&path))?;
    Ok(ledger
        .map(|ledger| ledger.plans())
        .transpose()?
        .unwrap_or_default())
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
