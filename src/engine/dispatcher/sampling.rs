//! The sample before the first unit. Nothing else starts until the operator has reviewed it or, without a screen, it
//! has found nothing that blocks it.

use std::sync::Arc;

use tokio::time::Instant;

use super::super::{Event, Known, Question, Sample, Sampled, StageError};
use super::{Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};
use crate::ledger::{Purpose, RunState};

impl Dispatcher {
    pub(super) fn start_sample(&mut self, sample: Sample, known: Known) {
        tracing::info!("{}", sample.what());
        let meter = self.begin_step(sample.what());
        let (warehouse, emit) = (self.charging(&Purpose::default()), self.samples.clone());
        self.spawn(TaskKind::Sample, async move {
            let began = Instant::now();
            let result = sample.take(known, warehouse, meter, emit).await;
            TaskOutcome::Sampled(result, began.elapsed().as_secs_f64())
        });
    }

    /// Adds an event about the sample to the snapshot and emits it.
    pub(super) fn show_sample(&mut self, event: Event) {
        Arc::make_mut(self.preflight.sampled.get_or_insert_default()).apply(&event);
        self.emit(event);
        self.request_refresh(Refresh::Soon);
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
        self.show_sample(Event::SampleFinished {
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
