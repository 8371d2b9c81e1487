//! `backcourt load`: the raw feeds, from the shipped box scores or from CSV files.

use std::path::PathBuf;

use chrono::Utc;
use clap::Args;

use crate::feeds::faults::Profile;
use crate::feeds::league::CsvFiles;
use crate::feeds::{self, BoxScores};
use crate::ledger::{Ledger, RunLock, UnitRecord, UnitState};
use crate::warehouse::Warehouse;

use super::error::CliError;
use super::run::{cannot_print, no_threads};
use super::start::{loaded, unwatched};
use super::{Place, StateDir};

/// Flags of `load`.
#[derive(Debug, Args)]
pub(super) struct LoadArgs {
    #[command(flatten)]
    place: Place,
    /// One row per player and game
    #[arg(long, value_name = "CSV")]
    player_box: Option<PathBuf>,
    /// One row per team and game
    #[arg(long, value_name = "CSV")]
    team_box: Option<PathBuf>,
    /// One row per shot
    #[arg(long, value_name = "CSV")]
    shots: Option<PathBuf>,
    /// How bad the feeds are made: none, january-2026, flaky or a TOML file [default: january-2026, with CSV files none]
    #[arg(long, value_name = "PROFILE")]
    faults: Option<String>,
}

pub(super) fn load(arguments: &LoadArgs) -> Result<u8, CliError> {
    let files = CsvFiles {
        player_box: arguments.player_box.clone(),
        team_box: arguments.team_box.clone(),
        shots: arguments.shots.clone(),
    };
    let own = files.player_box.is_some() || files.team_box.is_some() || files.shots.is_some();
    let box_scores = if own {
        BoxScores::Csv(files)
    } else {
        BoxScores::Shipped
    };
    let faults = arguments
        .faults
        .as_deref()
        .unwrap_or_else(|| box_scores.usual_faults());
    let faults = Profile::open(faults).map_err(|error| CliError::Usage(error.to_string()))?;
    let plan = arguments.place.plan()?;
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let home = arguments.place.warehouse.home(&folder)?;
    folder.create()?;
    let _lock = RunLock::take(folder.path(), Utc::now())?;
    let mut ledger = Ledger::open(&folder.ledger())?;
    let warehouse = home.open()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(no_threads)?;
    let report = runtime
        .block_on(feeds::load(warehouse.as_ref(), &box_scores, faults, &unwatched()))
        .map_err(|error| CliError::Usage(error.to_string()))?;
    let stale = outdate(&mut ledger, &plan, warehouse.as_ref())?;
    let stale = match stale {
        0 => String::new(),
        stale => format!(
            "; {stale} dates were computed from the feeds before and are stale now, a run does them again"
        ),
    };
    let line = format!("{}{stale}", loaded(&report));
    std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{line}\n")).map_err(cannot_print)?;
    Ok(0)
}

/// Marks what was computed from the feeds before as stale.
fn outdate(
    ledger: &mut Ledger,
    plan: &crate::plan::Plan,
    warehouse: &dyn Warehouse,
) -> Result<usize, CliError> {
    let Some(target) = ledger.known_target(&plan.name, &warehouse.name())? else {
        return Ok(0);
    };
    let mut count = 0;
    for stage in &plan.stages {
        let units: Vec<UnitRecord> = ledger
            .units(target, &stage.name)?
            .into_iter()
            .filter(|unit| !unit.state.is_open() && unit.state != UnitState::Skipped)
            .map(|unit| UnitRecord {
                state: UnitState::Stale,
                reason: Some("the feeds were loaded again after it was computed".to_owned()),
                ..unit
            })
            .collect();
        ledger.record_units(target, &stage.name, "load", &units, Utc::now())?;
        count += units.len();
    }
    let checks: Vec<&str> = plan.checks.iter().map(|check| check.name.as_str()).collect();
    if count > 0 {
        ledger.outdate_checks(target, &checks)?;
    }
    Ok(count)
}
