//! Reloading raw rows: rows that differ are replaced, and dates computed from them become stale. Dates are marked
//! before the replace, in case of a crash in between, and again after it for dates that started meanwhile.

use std::collections::BTreeSet;

use chrono::Utc;
use tokio::sync::oneshot;

use crate::ledger::Purpose;
use crate::partition::Partition;
use crate::warehouse::WarehouseError;

use super::super::{Correction, Event, Reply, StageError};
use super::{Dispatcher, Fatal, TaskKind, TaskOutcome};
use crate::figures::counted;

pub(super) type ReplySender = oneshot::Sender<Reply>;

impl Dispatcher {
    /// Compares dates of the raw tables with their origin, in its own task.
    pub(super) fn reload(&mut self, dates: Vec<Partition>, answer: ReplySender) {
        let Some(origin) = self.origin.clone() else {
            let sentence =
                "another program fills this plan's raw tables; correct them there, then rerun the dates";
            let _ = answer.send(Reply::Refused(sentence.to_owned()));
            return;
        };
        let warehouse = self.charging(&Purpose::default());
        tracing::info!(
            "{} reloaded from {}",
            counted(dates.len(), "raw date"),
            origin.name()
        );
        self.spawn(TaskKind::Background("reloading raw rows"), async move {
            let found = origin.differing(warehouse.as_ref(), &dates).await;
            TaskOutcome::Compared(answer, dates, found)
        });
    }

    pub(super) fn on_compared(
        &mut self,
        answer: ReplySender,
        dates: &[Partition],
        found: Result<Vec<Correction>, StageError>,
    ) -> Result<(), Fatal> {
        let corrections = match found {
            Err(error) => {
                tracing::error!("cannot reload raw rows: {error}");
                let _ = answer.send(Reply::Refused(error.message));
                return Ok(());
            }
            Ok(corrections) if corrections.is_empty() => {
                let what = counted(dates.len(), "date");
                let sentence = format!("{what} compared: the raw tables are correct, nothing changed");
                let _ = answer.send(Reply::Accepted(sentence));
                return Ok(());
            }
            Ok(corrections) => corrections,
        };
        let stale = self.invalidate(&corrections)?;
        let warehouse = self.charging(&Purpose::default());
        self.spawn(TaskKind::Background("reloading raw rows"), async move {
            let mut result = Ok(());
            for correction in &corrections {
                result = correction.apply(warehouse.as_ref()).await;
                if result.is_err() {
                    break;
                }
            }
            TaskOutcome::Corrected(answer, corrections, stale, result)
        });
        Ok(())
    }

    pub(super) fn on_corrected(
        &mut self,
        answer: ReplySender,
        corrections: &[Correction],
        stale: usize,
        result: Result<(), WarehouseError>,
    ) -> Result<(), Fatal> {
        let stale = stale + self.invalidate(corrections)?;
        self.outdate_sources()?;
        if let Err(error) = result {
            tracing::error!("cannot replace raw rows: {error}");
            let _ = answer.send(Reply::Refused(error.message));
            return Ok(());
        }
        for correction in corrections {
            let (table, dates) = (correction.table.path(), correction.dates.clone());
            tracing::warn!("{table}: {} corrected", counted(dates.len(), "date"));
            self.emit(Event::FeedCorrected { table, dates });
        }
        let tables = counted(corrections.len(), "raw table");
        let sentence = format!("{tables} corrected; {} now stale", counted(stale, "date"));
        let _ = answer.send(Reply::Accepted(sentence));
        Ok(())
    }

    /// Marks dates that depend on these rows as stale, first in the ledger. Returns how many.
    fn invalidate(&mut self, corrections: &[Correction]) -> Result<usize, Fatal> {
        let mut count = 0;
        for correction in corrections {
            let dates: BTreeSet<Partition> = correction.dates.iter().copied().collect();
            let found = self.invalidated(&correction.table.path(), &dates);
            self.ledger.invalidate(self.target, &found, Utc::now())?;
            count += found.iter().map(|found| found.dates.len()).sum::<usize>();
            self.show_invalidated(found);
        }
        Ok(count)
    }
}
