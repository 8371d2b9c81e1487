//! The sample before the first unit. Nothing else starts until it is reviewed or, without a screen, has passed.

use std::sync::Arc;

use tokio::time::Instant;

use super::super::{Event, KnownUnits, Question, Sample, SampleView, Sampled, StageError, UnitSample};
use super::{Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};
use crate::ledger::{Purpose, RunState};

impl Dispatcher {
    pub(super) fn start_sample(&mut self, sample: Sample, known: KnownUnits) {
        tracing::info!("{}", sample.what());
        let meter = self.begin_step(sample.what());
        let (warehouse, emit) = (self.charging(&Purpose::default()), self.unit_samples.0.clone());
        self.spawn(TaskKind::Step("the sample"), async move {
            let began = Instant::now();
            let result = sample.take(known, warehouse, meter, emit).await;
            TaskOutcome::Sampled(result, began.elapsed().as_secs_f64())
        });
    }

    pub(super) fn on_unit_sampled(&mut self, unit: UnitSample) {
        self.sample_shown().units.push(unit.clone());
        self.emit(Event::UnitSampled(unit));
    }

    fn sample_shown(&mut self) -> &mut SampleView {
        self.request_refresh(Refresh::Soon);
        Arc::make_mut(self.preflight.sampled.get_or_insert_default())
    }

    /// With a screen, waits for the operator's review; without one, continues only if the sample has passed.
    pub(super) fn on_sampled(
        &mut self,
        result: Result<Sampled, StageError>,
        seconds: f64,
    ) -> Result<(), Fatal> {
        let Some(sampled) = self.end_step(result) else {
            return Ok(());
        };
        let (passed, awaiting_approval) = (sampled.passed, self.options.stay);
        if passed {
            tracing::info!("{}", sampled.message);
        } else {
            tracing::warn!("{}", sampled.message);
        }
        self.sample_shown().finish(&sampled.message, &sampled.nulls);
        self.emit(Event::SampleFinished {
            passed,
            awaiting_approval,
            message: sampled.message.clone(),
            nulls: sampled.nulls,
            seconds,
        });
        if awaiting_approval {
            self.put_question(Question::sample());
        } else if !passed {
            let message = format!(
                "{}; nothing was written, run the full range with 'backcourt run' without --sample",
                sampled.message
            );
            return self.end(RunState::Stopped, message, 1);
        }
        self.continue_preflight()
    }
}
