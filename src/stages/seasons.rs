//! The parsed seasons that the batches of a stage share, so that a stored row is read once and not for every batch. Knows
//! how far each season has been read, not what its rows mean.

use std::collections::VecDeque;

use chrono::NaiveDate;
use tokio::sync::Mutex;

use super::extracts::{lookback_dates, lookback_range, read_season};
use crate::engine::StageError;
use crate::nba::ids::SeasonYear;
use crate::nba::stored::{Extract, Extracts};
use crate::warehouse::Warehouse;

/// Batches run side by side, so the last ones of a season are computed beside the first ones of the next.
const MAX_KEPT: usize = 2;

#[derive(Debug, Default)]
pub(super) struct Seasons(Mutex<VecDeque<ReadSeason>>);

#[derive(Debug)]
struct ReadSeason {
    season: SeasonYear,
    /// The last date read.
    last: NaiveDate,
    extracts: Extracts,
}

impl Seasons {
    /// The extracts of the season before these dates, all of one season. If it isn't known yet, it is read as far as the
    /// upcoming dates will need it; batches that need it meanwhile wait.
    pub(super) async fn extracts(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
        upcoming: &[NaiveDate],
        reads: &[Extract],
    ) -> Result<Extracts, StageError> {
        let Some((first, needed)) = lookback_range(dates) else {
            return Ok(Extracts::default());
        };
        let season = SeasonYear::of(dates[0]);
        let mut kept = self.0.lock().await;
        if let Some(known) = (kept.iter()).find(|known| known.season == season && known.last >= needed) {
            return Ok(known.extracts.clone());
        }
        let of_season = upcoming.iter().filter(|date| SeasonYear::of(**date) == season);
        let last = of_season
            .filter_map(NaiveDate::pred_opt)
            .fold(needed, NaiveDate::max);
        let extracts = read_season(warehouse, (first, last), &lookback_dates(upcoming), reads).await?;
        kept.retain(|known| known.season != season);
        kept.push_back(ReadSeason {
            season,
            last,
            extracts: extracts.clone(),
        });
        if kept.len() > MAX_KEPT {
            kept.pop_front();
        }
        Ok(extracts)
    }
}
