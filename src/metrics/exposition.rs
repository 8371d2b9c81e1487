//! A run as `OpenMetrics` text: a pure function of its snapshot and of what was counted. Names and labels are a public
//! interface, listed in `docs/metrics.md`.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::engine::Snapshot;
use crate::ledger::{RunState, UnitState};
use crate::plan::Severity;
use crate::telemetry::ProcessMetrics;
use crate::version::VERSION;

use super::counters::EventTotals;

/// The labels of a sample. Values come from plans; the encoder escapes them.
type Labels = Vec<(&'static str, String)>;

/// What a scrape shows.
#[derive(Debug)]
pub(super) struct Scrape<'a> {
    /// The newest snapshot.
    pub(super) snapshot: &'a Snapshot,
    /// What was counted since the start.
    pub(super) totals: &'a EventTotals,
    /// The process; `None` if the operating system provides no metrics.
    pub(super) process: Option<ProcessMetrics>,
    /// Time since the warehouse confirmed the lease; `None` without a lease.
    pub(super) lease_age: Option<Duration>,
}

/// The text of a scrape; `None` if a value can't be written.
pub(super) fn text(scrape: &Scrape<'_>) -> Option<String> {
    let mut exposition = Exposition(Registry::with_prefix("backcourt"));
    exposition.run(scrape);
    exposition.stages(scrape.snapshot);
    exposition.checks(scrape.snapshot);
    exposition.totals(scrape.totals);
    exposition.process(scrape.process);
    let mut text = String::new();
    encode(&mut text, &exposition.0).ok()?;
    Some(text)
}

struct Exposition(Registry);

impl Exposition {
    fn run(&mut self, scrape: &Scrape<'_>) {
        let run = &scrape.snapshot.run;
        let environment = run
            .environment
            .as_ref()
            .map(|environment| environment.name.clone());
        let info: Labels = vec![
            ("run", run.id.clone()),
            ("plan", run.plan.clone()),
            ("environment", environment.unwrap_or_default()),
            ("warehouse", run.warehouse.clone()),
            ("version", VERSION.to_owned()),
        ];
        self.0.register("run", "The run and the program", Info::new(info));
        let states = RunState::ALL.into_iter().map(|state| {
            let labels = vec![("state", state.word().to_owned())];
            (labels, u64::from(state == run.state))
        });
        self.gauge(
            "run_state",
            "1 for the state of the run, 0 for the others",
            states,
        );
        let asks = u64::from(run.question.is_some());
        self.gauge(
            "question_open",
            "1 while the run waits for an answer of the operator",
            [(vec![], asks)],
        );
        let elsewhere = run.elsewhere;
        let outside = [
            ("attention", elsewhere.attention),
            ("stale", elsewhere.stale),
            ("outdated", elsewhere.outdated),
        ];
        self.gauge(
            "units_outside",
            "Units outside this run that need attention, are stale or outdated",
            outside.map(|(state, units)| (vec![("state", state.to_owned())], units)),
        );
        self.gauge(
            "units_planned",
            "Units to do in this run",
            [(vec![], run.progress.total)],
        );
        self.gauge(
            "units_done",
            "Units of this run that have ended",
            [(vec![], run.progress.done)],
        );
        if let Some((soonest, latest)) = run.progress.eta {
            let ends = [("soonest", soonest), ("latest", latest)];
            let ends = ends.map(|(end, seconds)| (vec![("end", end.to_owned())], seconds));
            self.seconds("eta", "Remaining time, while it can be estimated", ends);
        }
        let workers = &scrape.snapshot.workers;
        let busy = workers.iter().filter(|worker| worker.task.is_some()).count();
        let workers = [("busy", busy), ("wanted", run.workers)];
        self.gauge(
            "workers",
            "Workers that have a batch, and workers requested",
            workers.map(|(state, number)| (vec![("state", state.to_owned())], number as u64)),
        );
        if let Some(billed) = run.billed {
            let total = billed.total;
            self.counter(
                "billed_bytes",
                "Billed for the plan, by this run and earlier ones",
                [(vec![], total.bytes_billed)],
            );
            self.counter(
                "billed_jobs",
                "Jobs billed for the plan, by this run and earlier ones",
                [(vec![], total.jobs)],
            );
        }
        if let Some(age) = scrape.lease_age {
            self.seconds(
                "lease_age",
                "Time since the warehouse confirmed the lease",
                [(vec![], age.as_secs_f64())],
            );
        }
    }

    fn stages(&mut self, snapshot: &Snapshot) {
        let units = snapshot.stages.iter().flat_map(|stage| {
            UnitState::ALL.into_iter().map(|state| {
                let labels = vec![("stage", stage.name.clone()), ("state", state.word().to_owned())];
                (labels, stage.counts.of(state))
            })
        });
        self.gauge(
            "units",
            "Units of the range of this run, by stage and state",
            units,
        );
        let rows = snapshot
            .stages
            .iter()
            .map(|stage| (vec![("stage", stage.name.clone())], stage.rows));
        self.gauge("rows", "Rows stored for the range of this run", rows);
        let seconds = snapshot
            .stages
            .iter()
            .map(|stage| (vec![("stage", stage.name.clone())], stage.seconds));
        self.seconds("stage_work", "Time of work, without pauses", seconds);
    }

    fn checks(&mut self, snapshot: &Snapshot) {
        let mut numbers: BTreeMap<Labels, u64> = BTreeMap::new();
        for check in &snapshot.checks {
            let severity = match check.severity {
                Severity::Blocking => "blocking",
                Severity::Advisory => "advisory",
            };
            let labels = vec![
                ("stage", check.stage.clone()),
                ("severity", severity.to_owned()),
                ("state", check.state.word().to_ascii_lowercase()),
            ];
            *numbers.entry(labels).or_default() += 1;
        }
        self.gauge("checks", "Checks by stage, severity and state", numbers);
    }

    fn totals(&mut self, totals: &EventTotals) {
        let stage = |stage: &String| ("stage", stage.clone());
        let commits = (totals.commits.iter()).map(|(name, commits)| (vec![stage(name)], *commits));
        self.counter("commits", "Transactions that replaced rows", commits);
        let finished = (totals.finished.iter())
            .map(|((name, state), units)| (vec![stage(name), ("state", (*state).to_owned())], *units));
        self.counter(
            "units_finished",
            "Units that ended; one that is rerun ends again",
            finished,
        );
        let retries = totals.retries.iter().map(|((name, what, class), attempts)| {
            let labels = vec![
                stage(name),
                ("of", what.word().to_owned()),
                ("class", (*class).to_owned()),
            ];
            (labels, *attempts)
        });
        self.counter(
            "retries",
            "Failed attempts that are repeated, by error class",
            retries,
        );
        self.counter(
            "events_missed",
            "Events that the counters don't include",
            [(vec![], totals.missed)],
        );
    }

    fn process(&mut self, process: Option<ProcessMetrics>) {
        let Some(process) = process else { return };
        let memory = Gauge::<i64>::default();
        memory.set(whole(process.memory));
        self.0
            .register_with_unit("process_memory", "Resident memory", Unit::Bytes, memory);
        let cores = Gauge::<f64, AtomicU64>::default();
        cores.set(f64::from(process.cpu_percent) / 100.0);
        self.0
            .register("process_busy_cores", "Processor cores in use", cores);
    }

    fn gauge(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = (Labels, u64)>) {
        let family = Family::<Labels, Gauge>::default();
        for (labels, value) in samples {
            family.get_or_create(&labels).set(whole(value));
        }
        self.0.register(name, help, family);
    }

    fn seconds(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = (Labels, f64)>) {
        let family = Family::<Labels, Gauge<f64, AtomicU64>>::default();
        for (labels, value) in samples {
            family.get_or_create(&labels).set(value);
        }
        self.0.register_with_unit(name, help, Unit::Seconds, family);
    }

    fn counter(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = (Labels, u64)>) {
        let family = Family::<Labels, Counter>::default();
        for (labels, value) in samples {
            family.get_or_create(&labels).inc_by(value);
        }
        self.0.register(name, help, family);
    }
}

fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::engine::{StageState, StageView};
    use crate::ledger::Counts;

    fn scraped(stage: &str) -> String {
        let mut snapshot = Snapshot::blank("r1", DateTime::UNIX_EPOCH);
        snapshot.stages.push(StageView {
            name: stage.to_owned(),
            table: None,
            state: StageState::Running,
            counts: Counts::default(),
            rows: 40,
            seconds: 1.5,
            eta: None,
            cost: None,
            gaps: Vec::new(),
            units: std::sync::Arc::default(),
        });
        (snapshot.stages[0].counts.ok, snapshot.stages[0].counts.failed) = (2, 1);
        text(&Scrape {
            snapshot: &snapshot,
            totals: &EventTotals::default(),
            process: None,
            lease_age: None,
        })
        .unwrap()
    }

    #[test]
    fn units_are_counted_by_stage_and_state() {
        let text = scraped("daily");
        for line in [
            "backcourt_units{stage=\"daily\",state=\"ok\"} 2",
            "backcourt_units{stage=\"daily\",state=\"failed\"} 1",
            "backcourt_units{stage=\"daily\",state=\"pending\"} 0",
            "backcourt_rows{stage=\"daily\"} 40",
            "backcourt_stage_work_seconds{stage=\"daily\"} 1.5",
            "backcourt_run_state{state=\"running\"} 1",
            "backcourt_run_state{state=\"paused\"} 0",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is missing in\n{text}"
            );
        }
        assert!(text.ends_with("# EOF\n"));
        assert!(!text.contains("lease_age"), "without a lease it has no age");
    }

    #[test]
    fn a_name_cannot_break_out_of_its_label() {
        let text = scraped("a\"} 1\nbackcourt_units{stage=\\");
        assert!(
            text.contains("stage=\"a\\\"} 1\\nbackcourt_units{stage=\\\\\""),
            "{text}"
        );
        assert_eq!(text.matches("\nbackcourt_rows{").count(), 1);
    }
}
