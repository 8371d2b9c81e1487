//! Looks at the declared sources: before anything else, and when the operator asks for it. Units that were computed from
//! other rows become stale, and dates that waited for rows are queued once these are there.

use chrono::Utc;

use crate::figures::counted;
use crate::ledger::{Invalidated, Purpose};
use crate::warehouse::{ErrorClass, WarehouseError};

use super::super::seen_sources::{SeenSource, SourceChange, dates_of_sources, look_at_sources};
use super::super::waiting_dates::later_reason;
use super::super::{Event, Reply, StageError};
use super::reloading::ReplySender;
use super::{Dispatcher, Fatal, ScopeState, TaskKind, TaskOutcome};

impl Dispatcher {
    /// Starts the first look. Returns whether there is anything to wait for.
    pub(super) fn start_looking(&mut self) -> Result<bool, Fatal> {
        if std::mem::replace(&mut self.preflight.has_looked, true) || self.only_checks() {
            return Ok(false);
        }
        let Some(look) = self.look()? else {
            return Ok(false);
        };
        self.begin_step("looking at the sources".to_owned());
        self.spawn(TaskKind::Step("looking at the sources"), async move {
            TaskOutcome::Looked(look.await)
        });
        Ok(true)
    }

    /// A look at all declared sources; `None` if none is to be looked at.
    fn look(
        &self,
    ) -> Result<Option<impl Future<Output = Result<Vec<SeenSource>, WarehouseError>> + use<>>, Fatal> {
        if !(self.plan.declared_sources.iter()).any(crate::plan::SourceSpec::is_looked_at) {
            return Ok(None);
        }
        let recorded = Some((&self.ledger, self.target));
        let dates = dates_of_sources(&self.plan, &self.options.dates, recorded)?;
        let (plan, lineage) = (self.plan.clone(), self.provenance.lineage().clone());
        let warehouse = self.charging(&Purpose::default());
        Ok(Some(async move {
            look_at_sources(&plan, &lineage, dates, warehouse.as_ref()).await
        }))
    }

    pub(super) fn on_looked(&mut self, result: Result<Vec<SeenSource>, WarehouseError>) -> Result<(), Fatal> {
        if let Err(error) = &result
            && matches!(error.class, ErrorClass::Code | ErrorClass::Data)
            && self.mode.is_preparing()
        {
            self.preflight.preparing = None;
            return self.refuse(vec![error.message.clone()]);
        }
        if let Some(seen) = self.end_step(result.map_err(StageError::from)) {
            self.see(seen)?;
            return self.continue_preflight();
        }
        Ok(())
    }

    /// Looks again while the run is open.
    pub(super) fn look_again(&mut self, answer: ReplySender) -> Result<(), Fatal> {
        let Some(look) = self.look()? else {
            let sentence =
                "no date is stale, and this plan has no source to look at; see [[source]] in docs/sources.md";
            let _ = answer.send(Reply::Refused(sentence.to_owned()));
            return Ok(());
        };
        self.spawn(TaskKind::Background("looking at the sources"), async move {
            TaskOutcome::LookedAgain(answer, look.await)
        });
        Ok(())
    }

    pub(super) fn on_looked_again(
        &mut self,
        answer: ReplySender,
        result: Result<Vec<SeenSource>, WarehouseError>,
    ) -> Result<(), Fatal> {
        let reply = match result {
            Err(error) => Reply::Refused(error.message),
            Ok(seen) => {
                let mut found = self.see(seen)?;
                match self.queue_ready()? {
                    0 => {}
                    dates => found.push(format!(
                        "{} queued, whose source has rows now",
                        counted(dates, "date")
                    )),
                }
                Reply::Accepted(match found.as_slice() {
                    [] => "looked at the sources: nothing has changed".to_owned(),
                    found => found.join("; "),
                })
            }
        };
        let _ = answer.send(reply);
        Ok(())
    }

    /// Takes a look as the present state of the sources. Returns what has changed, one sentence for each source.
    fn see(&mut self, seen: Vec<SeenSource>) -> Result<Vec<String>, Fatal> {
        self.waiting.see(seen.clone());
        let (changes, mut record) = self.provenance.see(seen, &self.ledger, self.target)?;
        let mut shown: Vec<(SourceChange, Vec<Invalidated>)> = Vec::new();
        for change in changes {
            self.drop_readers(&change.table);
            let stale = self.not_in_flight(change.stale.clone());
            record.invalidated.extend(stale.clone());
            shown.push((change, stale));
        }
        self.ledger.record_sources(self.target, &record, Utc::now())?;
        let mut sentences = Vec::new();
        for (change, stale) in shown {
            let message = change.message();
            tracing::warn!("{message}");
            self.emit(Event::SourceChanged {
                table: change.table,
                dates: change.dates,
                message: message.clone(),
            });
            self.show_invalidated(stale);
            sentences.push(message);
        }
        Ok(sentences)
    }

    /// Queues the dates that waited and don't have to any more. Returns how many.
    fn queue_ready(&mut self) -> Result<usize, Fatal> {
        let mut count = 0;
        for at in 0..self.stages.len() {
            if self.stages[at].scope != ScopeState::Known {
                continue;
            }
            let name = self.stages[at].board.name.clone();
            let waited = self.waiting.of_stage(&name);
            let mut waiting = self.waiting.among(self.provenance.lineage(), &name, &waited);
            if self.stages[at].stage.depends_on_past()
                && let (Some(first), Some(reason)) = (waiting.keys().next().copied(), later_reason(&waiting))
            {
                for later in waited.iter().filter(|date| **date > first) {
                    waiting.entry(*later).or_insert_with(|| reason.clone());
                }
            }
            let ready: Vec<_> = (waited.into_iter())
                .filter(|date| !waiting.contains_key(date))
                .collect();
            self.waiting.keep(&name, waiting);
            count += ready.len();
            self.requeue(at, ready)?;
        }
        if count > 0 && self.mode.has_ended() {
            self.reopen()?;
        }
        Ok(count)
    }

    /// How many units wait for which sources, as a clause of the closing sentence; empty if none do.
    pub(super) fn waiting_clause(&self) -> String {
        match self.waiting.count() {
            0 => String::new(),
            units => format!(
                "{} for rows of {}, start again when they are there; ",
                if units == 1 {
                    "1 unit waits".to_owned()
                } else {
                    format!("{} wait", counted(units, "unit"))
                },
                self.waiting.sources().join(", ")
            ),
        }
    }
}
