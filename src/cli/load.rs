//! `backcourt load`: loads the raw feeds, from the shipped box scores or from CSV files.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::Utc;
use clap::Args;

use crate::engine::{Lineage, Origin, Provenance};
use crate::escape::EscapedText;
use crate::feeds::faults::Profile;
use crate::feeds::league::CsvFiles;
use crate::feeds::{self, BoxScores, Filled};
use crate::figures::{counted, is_or_are};
use crate::ledger::{Ledger, LedgerError, RunLock, Target, UnitRecord, UnitState};
use crate::partition::Partition;
use crate::plan::Plan;
use crate::warehouse::Warehouse;

use super::error::{CliError, cannot_print, no_threads};
use super::first_use::loaded;
use super::lease::lease;
use super::origin::FromBoxScores;
use super::progress::{ProgressLine, waiting};
use super::run_args::dates_of;
use super::start::every_stage;
use super::variables::refuse_superseded;
use super::{PlanArgs, StateDir};

#[derive(Debug, Args)]
pub(super) struct LoadArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// CSV file with one row per player and game
    #[arg(long, value_name = "CSV")]
    player_box: Option<PathBuf>,
    /// CSV file with one row per team and game
    #[arg(long, value_name = "CSV")]
    team_box: Option<PathBuf>,
    /// CSV file with one row per shot
    #[arg(long, value_name = "CSV")]
    shots: Option<PathBuf>,
    /// Faults to add to the feeds: none, january-2026, flaky or a TOML file [default: january-2026; none with CSV
    /// files]
    #[arg(long, value_name = "PROFILE")]
    faults: Option<String>,
    /// Reload only these dates from the original source; units that depend on changed rows become stale
    #[arg(long, value_name = "D,D..D…", value_delimiter = ',',
          conflicts_with_all = ["player_box", "team_box", "shots", "faults"])]
    dates: Vec<String>,
    /// Replace the raw tables even if they contain rows that backcourt did not load; those rows are lost
    #[arg(long, conflicts_with = "dates")]
    overwrite_raw: bool,
}

pub(super) fn load(arguments: &LoadArgs) -> Result<u8, CliError> {
    let plan = arguments.place.plan()?;
    let dates = dates_of(&arguments.dates, &plan)?;
    if !plan.uses_nba_feeds() {
        return Err(CliError::NothingToLoad(plan.name));
    }
    let filled = arguments.filled();
    let faults = Profile::open(&filled.faults)?;
    let lineage = Lineage::of(&every_stage(&plan)?);
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let home = arguments.place.warehouse.home(&folder)?.of(&plan)?;
    folder.create()?;
    let _lock = RunLock::take(folder.path(), &plan.name, Utc::now())?;
    let mut ledger = Ledger::open(&folder.ledger())?;
    refuse_superseded(&plan, &ledger)?;
    let (warehouse, whom) = (home.open()?, home.to_string());
    let _tenure = lease(&warehouse, &plan, &folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(no_threads)?;
    let line = if dates.is_empty() {
        if !arguments.overwrite_raw {
            waiting(&whom, || runtime.block_on(leave_foreign(warehouse.as_ref())))?;
        }
        runtime.block_on(replace_all(
            &mut ledger,
            &plan,
            warehouse.as_ref(),
            &filled,
            faults,
        ))?
    } else {
        let target = ledger.target(&plan.name, &warehouse.name())?;
        let provenance = Provenance::read(lineage, &ledger, target)?;
        let corrected = correct(&mut ledger, target, provenance, warehouse.as_ref(), &dates);
        let line = waiting(&whom, || runtime.block_on(corrected))?;
        outdate_sources(&mut ledger, &plan, target)?;
        line
    };
    EscapedText::of(line).print().map_err(cannot_print).map(|()| 0)
}

impl LoadArgs {
    /// The origin the flags select. Paths are made absolute, so that they work from any folder.
    fn filled(&self) -> Filled {
        let whole = |path: &Option<PathBuf>| path.as_deref().map(super::state_dir::real);
        let files = CsvFiles {
            player_box: whole(&self.player_box),
            team_box: whole(&self.team_box),
            shots: whole(&self.shots),
        };
        let own = files.player_box.is_some() || files.team_box.is_some() || files.shots.is_some();
        let box_scores = if own {
            BoxScores::Csv(files)
        } else {
            BoxScores::Shipped
        };
        let faults = match &self.faults {
            None => box_scores.default_faults().to_owned(),
            Some(path) if Path::new(path).is_file() => {
                super::state_dir::real(Path::new(path)).display().to_string()
            }
            Some(name) => name.clone(),
        };
        Filled { box_scores, faults }
    }
}

/// Refuses to replace rows that another program loaded.
async fn leave_foreign(warehouse: &dyn Warehouse) -> Result<(), CliError> {
    let foreign = feeds::foreign(warehouse).await;
    match foreign? {
        None => Ok(()),
        Some(foreign) => Err(CliError::ForeignRows(foreign.to_string())),
    }
}

/// Loads all raw tables, and invalidates everything computed from them.
async fn replace_all(
    ledger: &mut Ledger,
    plan: &Plan,
    warehouse: &dyn Warehouse,
    filled: &Filled,
    faults: Profile,
) -> Result<String, CliError> {
    let league = filled.box_scores.read()?;
    let origin = serde_json::to_string(filled)?;
    // Marked before the rows change: if the process dies in between, too many dates are stale rather than too few.
    let stale = outdate(ledger, plan, warehouse)?;
    let written = AtomicUsize::new(0);
    let load = feeds::load(warehouse, league, faults, &written);
    let report = with_progress(load, &written).await?;
    ledger.record_filled(&warehouse.name(), &origin, Utc::now())?;
    let stale = match stale {
        0 => String::new(),
        stale => format!(
            "; {} computed from the old feeds {} now stale, the next run refreshes {}",
            counted(stale, "date"),
            is_or_are(stale),
            if stale == 1 { "it" } else { "them" }
        ),
    };
    Ok(format!("{}{stale}", loaded(&report)))
}

/// Shows the number of rows written during a load.
async fn with_progress<T>(load: impl Future<Output = T>, written: &AtomicUsize) -> T {
    let progress = ProgressLine::default();
    let mut clock = tokio::time::interval(Duration::from_millis(200));
    let mut load = pin!(load);
    loop {
        tokio::select! {
            done = &mut load => return done,
            _ = clock.tick() => {
                progress.update(&match written.load(Ordering::Relaxed) {
                    0 => "loading: generating the feeds".to_owned(),
                    rows => format!("loading: {} written", counted(rows, "row")),
                });
            }
        }
    }
}

/// Reloads dates from the original source of the raw tables, and invalidates what was computed from changed rows.
async fn correct(
    ledger: &mut Ledger,
    target: Target,
    mut provenance: Provenance,
    warehouse: &dyn Warehouse,
    dates: &[Partition],
) -> Result<String, CliError> {
    let origin = FromBoxScores::of(ledger, &warehouse.name())?;
    let corrections = origin.differing(warehouse, dates).await?;
    let mut stale = 0;
    let mut changes = Vec::new();
    for correction in corrections {
        let table = correction.table.path();
        let found = provenance.invalidated(&table, &correction.dates.iter().copied().collect());
        // Marked before the rows change: if the process dies in between, too many dates are stale rather than too few.
        ledger.invalidate(target, &found, Utc::now())?;
        for invalidated in &found {
            provenance.forget(&invalidated.stage, &invalidated.dates);
        }
        stale += found
            .iter()
            .map(|invalidated| invalidated.dates.len())
            .sum::<usize>();
        correction.apply(warehouse).await?;
        let days: Vec<String> = correction.dates.iter().map(ToString::to_string).collect();
        changes.push(format!("{table} on {}", days.join(", ")));
    }
    let compared = format!("{} compared with {}", counted(dates.len(), "date"), origin.name());
    Ok(match changes.as_slice() {
        [] => format!("{compared}: the raw tables are correct, nothing changed"),
        changes => format!(
            "{compared}; corrected: {}; {} now stale, refresh them with 'backcourt rerun --stale'",
            changes.join("; "),
            counted(stale, "date")
        ),
    })
}

/// Marks everything computed from the replaced feeds as stale; returns the number of dates.
fn outdate(ledger: &mut Ledger, plan: &Plan, warehouse: &dyn Warehouse) -> Result<usize, CliError> {
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
                reason: Some("the feeds were reloaded after it was computed".to_owned()),
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
    outdate_sources(ledger, plan, target)?;
    Ok(count)
}

/// Outdates the results of raw-data checks.
fn outdate_sources(ledger: &mut Ledger, plan: &Plan, target: Target) -> Result<(), LedgerError> {
    let names: Vec<&str> = plan.sources.iter().map(|source| source.name.as_str()).collect();
    ledger.outdate_checks(target, &names)
}
