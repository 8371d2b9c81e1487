//! `backcourt run`: runs all pending dates of the plan, then its checks.

use crate::console::keymap::Keymap;
use crate::plan::WorkOrder;

use super::error::CliError;
use super::run_args::{RunArgs, chosen_stages, forced_source, require_dates};
use super::start::{RunSpec, start};
use super::{dry_run, sample};

pub(super) fn run(arguments: &RunArgs, keymap: &Keymap) -> Result<u8, CliError> {
    let mut plan = arguments.plan()?;
    if arguments.newest_first {
        plan.order = WorkOrder::NewestFirst;
    }
    let dates = arguments.chosen_dates(&plan)?;
    let stages = chosen_stages(&plan, &arguments.stages, arguments.stop_after.as_deref())?;
    require_dates(&plan, &stages, &dates)?;
    let advance = arguments.released(&plan)?;
    let source = arguments.source.clone().or_else(forced_source);
    let sample = if arguments.sample {
        let chosen = sample::chosen(&plan, &dates)?;
        Some(sample::sample(&plan, &stages, chosen, source.as_deref())?)
    } else {
        None
    };
    if let (true, Some(sample)) = (arguments.dry_run, &sample) {
        let presenter = arguments.show.without_screen()?;
        return sample::sample_only(&arguments.place, &plan, sample.clone(), presenter);
    }
    if arguments.dry_run {
        return dry_run::print(arguments, &plan, &stages, &dates, source.as_deref());
    }
    let workers = arguments.workers(&plan);
    start(
        &arguments.place,
        RunSpec {
            plan,
            stages,
            dates,
            source,
            workers,
            paused: arguments.paused,
            work: arguments.work(),
            accept_short: false,
            on_change: arguments.on_change(),
            ask: None,
            advance,
            sample,
            permits: arguments.permits(),
            fail_fast: arguments.fail_fast,
            show: arguments.show.clone(),
            keymap: keymap.clone(),
        },
    )
}
