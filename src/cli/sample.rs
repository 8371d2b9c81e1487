//! `backcourt run --sample`: selects the sample dates, and takes the sample alone with `--dry-run`.

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use tokio::sync::mpsc;

use crate::engine::{EVENT_SCHEMA, Event, Fact, KnownUnits, Losses, RetryPolicy, Sample, threads};
use crate::feeds;
use crate::ledger::Ledger;
use crate::partition::Partition;
use crate::plan::{Plan, SampleDate};
use crate::present::{JsonLines, Presenter};

use super::error::{CliError, no_threads};
use super::progress::waiting;
use super::query_columns::with_columns;
use super::start::{every_stage, resolve};
use super::{PlanArgs, StateDir};

/// The plan's sample dates among those of the run.
pub(super) fn chosen(plan: &Plan, dates: &[Partition]) -> Result<Vec<SampleDate>, CliError> {
    if plan.samples.is_empty() {
        return Err(CliError::NoSampleDates(plan.name.clone()));
    }
    let is_chosen = |sample: &&SampleDate| dates.contains(&sample.date);
    let chosen: Vec<SampleDate> = plan.samples.iter().filter(is_chosen).cloned().collect();
    if chosen.is_empty() {
        let dates = plan.samples.iter().map(|sample| sample.date.to_string());
        return Err(CliError::NoSampleDateChosen {
            plan: plan.name.clone(),
            dates: dates.collect(),
        });
    }
    Ok(chosen)
}

/// A sample of these stages and dates.
pub(super) fn sample(
    plan: &Plan,
    stages: &[String],
    dates: Vec<SampleDate>,
    source: Option<&str>,
) -> Result<Sample, CliError> {
    Ok(Sample {
        dates,
        stages: resolve(plan, stages)?,
        every: every_stage(plan)?,
        range: plan.range,
        source: source.unwrap_or(&plan.source).to_owned(),
        source_is_explicit: source.is_some(),
        retry: RetryPolicy::default(),
    })
}

/// Takes a sample and prints it; returns the exit code. Starts no run and creates no file.
pub(super) fn sample_only(
    place: &PlanArgs,
    plan: &Plan,
    sample: Sample,
    presenter: Presenter,
) -> Result<u8, CliError> {
    let folder = StateDir::of(place.state_dir.as_deref())?;
    let home = place.warehouse.home(&folder)?.of(plan)?;
    let nothing = || CliError::NothingToSample(home.to_string());
    if home.is_missing() {
        return Err(nothing());
    }
    let warehouse = home.open()?;
    let names: Vec<String> = sample
        .stages
        .iter()
        .map(|stage| stage.name().to_owned())
        .collect();
    let plan = &with_columns(plan.clone(), &names, None, &warehouse)?;
    let sample = Sample {
        stages: resolve(plan, &names)?,
        every: every_stage(plan)?,
        ..sample
    };
    let threads = threads().map_err(no_threads)?;
    let asked = || threads.block_on(feeds::is_loaded(warehouse.as_ref()));
    let is_loaded = waiting(&home.to_string(), asked);
    if !is_loaded? {
        return Err(nothing());
    }
    let known = known_units(&folder, plan, &warehouse.name(), &sample)?;
    let losses = Losses::default();
    let mut lines = JsonLines::new(presenter, losses.clone());
    let mut seq = 0;
    let mut say = |event: Event| {
        seq += 1;
        lines.fact(&Fact {
            schema: EVENT_SCHEMA.to_owned(),
            seq,
            at: Utc::now(),
            run: "dry-run".to_owned(),
            event,
        });
    };
    let began = Instant::now();
    let (sender, mut units) = mpsc::unbounded_channel();
    let sampled = threads.block_on(async {
        let take = tokio::spawn(sample.take(known, warehouse, Arc::default(), sender));
        while let Some(unit) = units.recv().await {
            say(Event::UnitSampled(unit));
        }
        take.await
    });
    let sampled = sampled.map_err(CliError::SampleCrashed)??;
    say(Event::SampleFinished {
        passed: sampled.passed,
        awaiting_approval: false,
        message: sampled.message,
        nulls: sampled.nulls,
        seconds: began.elapsed().as_secs_f64(),
    });
    lines.finish();
    losses.print_error();
    Ok(losses.exit_code(u8::from(!sampled.passed)))
}

fn known_units(
    folder: &StateDir,
    plan: &Plan,
    warehouse: &str,
    sample: &Sample,
) -> Result<KnownUnits, CliError> {
    let Some(ledger) = Ledger::open_to_read(&folder.ledger())? else {
        return Ok(KnownUnits::default());
    };
    Ok(match ledger.known_target(&plan.name, warehouse)? {
        None => KnownUnits::default(),
        Some(target) => KnownUnits::read(&ledger, target, &sample.every)?,
    })
}
