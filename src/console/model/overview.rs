//! The Overview page: the selected stage and cell, and the worst state of each cell. A plan may have 700,000 units, so
//! the states are kept and computed again only for stages whose units have changed.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDate;

use super::list::first_in_view;
use crate::console::text::{count, width};
use crate::console::timescale::Timescale;
use crate::engine::{Snapshot, StageView, UnitView};
use crate::ledger::UnitState;

#[derive(Debug, Clone, Default)]
pub struct OverviewPage {
    /// Index of the selected stage.
    pub stage: usize,
    /// A day of the selected cell, which stays the same on another scale; `None` until there are dates.
    pub day: Option<NaiveDate>,
    kept: Vec<StageCells>,
}

/// The worst state of each cell of a stage; `None` where it has no dates.
#[derive(Debug, Clone)]
struct StageCells {
    units: Arc<Vec<UnitView>>,
    scale: Timescale,
    worst: Vec<Option<UnitState>>,
}

/// Columns of the shortest and the longest name shown.
const NAME: (usize, usize) = (10, 24);
/// Columns of a gate's mark and of its word, each with the gap before it, as below.
pub const GATE: usize = 2;
pub const GATE_WORD: usize = 9;
/// Columns of the share of dates that are ok.
pub const PERCENT: usize = 5;
/// Columns of the number of dates that need attention.
pub const PROBLEMS: usize = 9;
pub const TIME: usize = 12;

/// Columns of the time left, with a gap: `50 min-1 h 10 min` is the longest.
pub const LEFT: usize = 18;
/// Maximum width of a cell.
const CELL: usize = 3;

/// The columns of the page: what fits beside the cells, which come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverviewColumns {
    pub name: usize,
    /// `None` while no stage has dates.
    pub scale: Option<Timescale>,
    /// Cells in view.
    pub shown: usize,
    /// Columns of a cell.
    pub cell: usize,
    pub problems: bool,
    /// Columns of the number of ok dates of all; `None` if only their share fits.
    pub counts: Option<usize>,
    pub gate_word: bool,
    pub times: StageTimes,
}

/// The times in the row of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StageTimes {
    None,
    /// Its working time so far.
    Spent,
    /// And the time left.
    SpentAndLeft,
}

impl OverviewColumns {
    pub fn of(snapshot: &Snapshot, columns: usize) -> Self {
        let stages = || snapshot.stages.iter();
        let longest = stages().map(|stage| width(&stage.name)).max().unwrap_or(0);
        let longest = longest.clamp("stage".len(), NAME.1);
        let name = longest.min(NAME.0);
        let beside = name + 1 + GATE + PERCENT;
        let room = columns.saturating_sub(beside).max(1);
        let first = stages()
            .filter_map(|stage| stage.units.first())
            .map(|unit| unit.date);
        let last = stages()
            .filter_map(|stage| stage.units.last())
            .map(|unit| unit.date);
        let scale = (first.min().zip(last.max()))
            .map(|(first, last)| Timescale::fitting(first, last, snapshot.run.first_month, room));
        let shown = scale.map_or(0, |scale| scale.len().min(room));
        let mut spare = room - shown;
        let mut take = |columns: usize| {
            let fits = columns <= spare;
            spare -= if fits { columns } else { 0 };
            fits
        };
        let more = (longest - name).min(room - shown);
        take(more);
        let counts = stages().map(|stage| width(&ok_of_all(stage)) + 1).max();
        let counts = counts.unwrap_or(PERCENT).max(PERCENT);
        let problems = take(PROBLEMS);
        let counts = take(counts - PERCENT).then_some(counts);
        let gate_word = take(GATE_WORD);
        let times = match (take(TIME), take(LEFT)) {
            (true, true) => StageTimes::SpentAndLeft,
            (true, false) => StageTimes::Spent,
            (false, _) => StageTimes::None,
        };
        Self {
            name: name + more,
            scale,
            shown,
            cell: (1 + spare.checked_div(shown).unwrap_or(0)).min(CELL),
            problems,
            counts,
            gate_word,
            times,
        }
    }

    /// Columns that the cells fill.
    pub const fn cells(&self) -> usize {
        self.shown * self.cell
    }

    /// The cell at a column of the page, counted from the first in view.
    pub fn cell_at(&self, column: usize) -> Option<usize> {
        let at = column.checked_sub(self.name + 1)? / self.cell.max(1);
        (at < self.shown).then_some(at)
    }
}

/// The rows of the page below its heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverviewRows {
    /// Stages in view.
    pub stages: usize,
    /// Rows about the selected cell and stage.
    pub foot: usize,
    /// Rows of the chart with its heading; 0 if there is no room for it.
    pub chart: usize,
}

/// Rows of the chart, heading included, and the height from which it is shown.
const CHART: (usize, usize) = (3, 9);
const CHART_FROM: usize = 13;
/// Height from which the selected stage is described.
const STAGE_FROM: usize = 10;

impl OverviewRows {
    pub fn of(height: usize, stages: usize) -> Self {
        let foot = if height >= STAGE_FROM { 2 } else { 1 };
        let rest = height.saturating_sub(1 + foot);
        let chart = if height >= CHART_FROM {
            rest.saturating_sub(stages).clamp(CHART.0, CHART.1)
        } else {
            0
        };
        Self {
            stages: rest.saturating_sub(chart),
            foot,
            chart,
        }
    }
}

impl OverviewPage {
    /// The page with this stage and the cell of this day selected.
    pub fn at(stage: usize, day: Option<NaiveDate>) -> Self {
        Self {
            stage,
            day,
            kept: Vec::new(),
        }
    }

    /// Computes the states of stages that have changed, and keeps the cursor within the plan.
    pub fn refresh(&mut self, snapshot: &Snapshot, columns: &OverviewColumns) {
        self.stage = self.stage.min(snapshot.stages.len().saturating_sub(1));
        let Some(scale) = columns.scale else {
            self.kept.clear();
            return;
        };
        let last = scale.start(scale.len()).pred_opt().unwrap_or(NaiveDate::MAX);
        self.day = self.day.map(|day| day.clamp(scale.start(0), last)).or(Some(last));
        let mut kept = std::mem::take(&mut self.kept).into_iter();
        let cells = |stage: &StageView| {
            let known = kept.next().filter(|known| known.is_of(stage, scale));
            known.unwrap_or_else(|| StageCells::of(stage, scale))
        };
        self.kept = snapshot.stages.iter().map(cells).collect();
    }

    /// The worst state of each cell of a stage.
    pub fn worst(&self, at: usize, stage: &StageView, scale: Timescale) -> Cow<'_, [Option<UnitState>]> {
        match self.kept.get(at).filter(|kept| kept.is_of(stage, scale)) {
            Some(kept) => Cow::Borrowed(&kept.worst),
            // Drawn in an area of another size than the screen's.
            None => Cow::Owned(StageCells::of(stage, scale).worst),
        }
    }

    /// The selected cell.
    pub fn cell(&self, scale: Timescale) -> usize {
        self.day.map_or(0, |day| scale.column(day))
    }

    /// Index of the first cell in view.
    pub fn first_cell(&self, columns: &OverviewColumns, scale: Timescale) -> usize {
        first_in_view(0, self.cell(scale), columns.shown, scale.len())
    }

    /// Index of the first stage in view.
    pub fn first_stage(&self, room: usize, stages: usize) -> usize {
        first_in_view(0, self.stage, room, stages)
    }

    /// Selects a cell of the stage; beyond the ends the first or last one.
    pub fn select(&mut self, scale: Timescale, cell: usize) {
        self.day = Some(scale.start(cell.min(scale.len().saturating_sub(1))));
    }

    /// Selects the next or previous cell that needs attention, stage by stage and wrapping around; `false` if there is
    /// none.
    pub fn select_problem(&mut self, scale: Timescale, forward: bool) -> bool {
        let here = (self.stage, self.cell(scale));
        let bad = |(stage, kept): (usize, &StageCells)| {
            let cells = kept.worst.iter().enumerate();
            let bad = cells.filter(|(_, state)| state.is_some_and(UnitState::needs_attention));
            bad.map(|(cell, _)| (stage, cell)).collect::<Vec<_>>()
        };
        let all: Vec<(usize, usize)> = self.kept.iter().enumerate().flat_map(bad).collect();
        let found = if forward {
            all.iter().find(|cell| **cell > here).or(all.first())
        } else {
            all.iter().rev().find(|cell| **cell < here).or(all.last())
        };
        let Some(&(stage, cell)) = found else {
            return false;
        };
        self.stage = stage;
        self.select(scale, cell);
        true
    }
}

impl StageCells {
    fn of(stage: &StageView, scale: Timescale) -> Self {
        let mut worst = vec![None; scale.len()];
        let mut rest = stage.units.as_slice();
        while let Some(first) = rest.first() {
            let column = scale.column(first.date.first_day());
            let (cell, after) = rest.split_at(until(rest, scale, column).max(1));
            if let Some(state) = worst.get_mut(column) {
                *state = worst_of(cell);
            }
            // A date may be longer than a cell, if those of another stage are shorter.
            if let Some(last) = cell.last() {
                let covered = (column + 1..scale.len()).take_while(|cell| covers(last, scale, *cell));
                worst[column + 1..][..covered.count()].fill(Some(last.state));
            }
            rest = after;
        }
        Self {
            units: Arc::clone(&stage.units),
            scale,
            worst,
        }
    }

    fn is_of(&self, stage: &StageView, scale: Timescale) -> bool {
        Arc::ptr_eq(&self.units, &stage.units) && self.scale == scale
    }
}

/// Whether a date that begins before a cell lasts until its end.
fn covers(unit: &UnitView, scale: Timescale, cell: usize) -> bool {
    scale.start(cell + 1) <= unit.date.last_day().succ_opt().unwrap_or(NaiveDate::MAX)
}

/// How many units, which are sorted, begin before the end of a cell.
fn until(units: &[UnitView], scale: Timescale, cell: usize) -> usize {
    let end = scale.start(cell + 1);
    units.partition_point(|unit| unit.date.first_day() < end)
}

/// The most urgent state. One pass without comparisons, because it sees every unit of a stage.
fn worst_of(units: &[UnitView]) -> Option<UnitState> {
    let bit = |state: UnitState| 1_u16 << state as u16;
    let seen = units.iter().fold(0, |seen, unit| seen | bit(unit.state));
    let mut states = UnitState::BY_URGENCY.into_iter();
    states.find(|state| seen & bit(*state) != 0)
}

/// The dates of a stage that begin in a cell, and one that begins before and covers it.
pub fn units_in(stage: &StageView, scale: Timescale, cell: usize) -> &[UnitView] {
    let end = until(&stage.units, scale, cell);
    let first_day = scale.start(cell);
    let is_before = |unit: &UnitView| unit.date.first_day() < first_day && !covers(unit, scale, cell);
    let start = stage.units.partition_point(is_before);
    stage.units.get(start..end).unwrap_or_default()
}

/// How many of these dates are in each state, the most urgent first.
pub fn states_of(units: &[UnitView]) -> Vec<(UnitState, u64)> {
    let number = |state: UnitState| units.iter().filter(|unit| unit.state == state).count() as u64;
    let counted = UnitState::BY_URGENCY.map(|state| (state, number(state)));
    counted.into_iter().filter(|(_, number)| *number > 0).collect()
}

/// The first date in the worst state of a cell.
pub fn worst_unit(units: &[UnitView]) -> Option<&UnitView> {
    let worst = worst_of(units)?;
    units.iter().find(|unit| unit.state == worst)
}

/// Dates of a stage that have something to compute.
pub const fn to_do(stage: &StageView) -> u64 {
    stage.counts.total - stage.counts.skipped
}

/// Dates of a stage that need attention.
pub const fn problems(stage: &StageView) -> u64 {
    stage.counts.failed + stage.counts.partial + stage.counts.empty
}

/// `916/922`: the dates that are ok, of those with something to compute.
pub fn ok_of_all(stage: &StageView) -> String {
    match to_do(stage) {
        0 => "-".to_owned(),
        all => format!("{}/{}", count(stage.counts.ok), count(all)),
    }
}

/// The share of dates that are ok, rounded down: 100 % only if all are.
pub fn ok_share(stage: &StageView) -> String {
    match to_do(stage) {
        0 => "-".to_owned(),
        all => format!("{}%", stage.counts.ok * 100 / all),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::console::fixture::{eight_stages, running_by};
    use crate::partition::{Grain, Partition};

    fn unit(date: &str, state: UnitState) -> UnitView {
        UnitView {
            date: Partition::parse(date).unwrap(),
            state,
            rows: 0,
            expected: 0,
            attempts: 0,
            reason: None,
        }
    }

    #[rstest]
    #[case(&[], None)]
    #[case(&[UnitState::Skipped], Some(UnitState::Skipped))]
    #[case(&[UnitState::Skipped, UnitState::Ok], Some(UnitState::Ok))]
    #[case(&[UnitState::Ok, UnitState::Pending], Some(UnitState::Pending))]
    #[case(&[UnitState::Pending, UnitState::Running], Some(UnitState::Running))]
    #[case(&[UnitState::Running, UnitState::Stale], Some(UnitState::Stale))]
    #[case(&[UnitState::Partial, UnitState::Unknown], Some(UnitState::Partial))]
    #[case(&[UnitState::Failed, UnitState::Empty], Some(UnitState::Failed))]
    fn the_worst_state_of_a_cell(#[case] states: &[UnitState], #[case] worst: Option<UnitState>) {
        let units: Vec<UnitView> = states.iter().map(|state| unit("2024-01-01", *state)).collect();
        assert_eq!(worst_of(&units), worst);
        assert_eq!(worst_unit(&units).map(|unit| unit.state), worst);
    }

    /// The kept states are those of the units of each cell, for partitions of every length.
    #[rstest]
    fn cells_contain_every_unit_once(
        #[values(0, 1, 2, 3)] grain: usize,
        #[values(58, 78, 118)] columns: usize,
    ) {
        let snapshot = running_by(1, Grain::ALL[grain]);
        let layout = OverviewColumns::of(&snapshot, columns);
        let scale = layout.scale.unwrap();
        let mut page = OverviewPage::default();
        page.refresh(&snapshot, &layout);
        let stage = &snapshot.stages[0];
        let worst = page.worst(0, stage, scale);
        assert!(matches!(worst, Cow::Borrowed(_)), "the states are kept");
        let mut seen = 0;
        for (cell, state) in worst.iter().enumerate() {
            let units = units_in(stage, scale, cell);
            assert_eq!(worst_of(units), *state, "{}", scale.title(cell));
            seen += units.len();
        }
        assert_eq!(seen, stage.units.len());
    }

    /// A plan of days has a stage of months: each fills the cells of its days.
    #[test]
    fn a_longer_date_fills_every_cell_that_it_covers() {
        let scale = Timescale::fitting(
            Partition::parse("2024-01-30").unwrap(),
            Partition::parse("2024-04-02").unwrap(),
            1,
            80,
        );
        let mut stage = running_by(1, Grain::Month).stages[0].clone();
        stage.units = Arc::new(vec![
            unit("2024-02", UnitState::Failed),
            unit("2024-03", UnitState::Ok),
        ]);
        let cells = StageCells::of(&stage, scale).worst;
        let expected = |cell: usize| match cell {
            2..=30 => Some(UnitState::Failed),
            31..=61 => Some(UnitState::Ok),
            _ => None,
        };
        assert_eq!(cells.len(), 64);
        for (cell, state) in cells.into_iter().enumerate() {
            assert_eq!(state, expected(cell), "{}", scale.title(cell));
            assert_eq!(
                worst_of(units_in(&stage, scale, cell)),
                state,
                "{}",
                scale.title(cell)
            );
        }
    }

    #[test]
    fn only_changed_stages_are_computed_again() {
        let mut snapshot = eight_stages(1);
        let layout = OverviewColumns::of(&snapshot, 78);
        let scale = layout.scale.unwrap();
        let mut page = OverviewPage::default();
        page.refresh(&snapshot, &layout);
        // A state that no unit has shows what was not computed again.
        for kept in &mut page.kept {
            kept.worst[0] = Some(UnitState::Unknown);
        }
        Arc::make_mut(&mut snapshot.stages[2].units)[0].state = UnitState::Failed;
        page.refresh(&snapshot, &layout);
        let first = |at: usize| page.worst(at, &snapshot.stages[at], scale)[0];
        for at in 0..8 {
            let expected = if at == 2 {
                UnitState::Failed
            } else {
                UnitState::Unknown
            };
            assert_eq!(first(at), Some(expected), "stage {at}");
        }
    }

    #[rstest]
    #[case(7, 8, [5, 1, 0])]
    #[case(7, 3, [5, 1, 0])]
    #[case(12, 8, [9, 2, 0])]
    #[case(15, 8, [8, 2, 4])]
    #[case(15, 20, [9, 2, 3])]
    #[case(31, 8, [19, 2, 9])]
    #[case(0, 8, [0, 1, 0])]
    fn the_chart_takes_what_the_stages_leave(
        #[case] height: usize,
        #[case] stages: usize,
        #[case] expected: [usize; 3],
    ) {
        let rows = OverviewRows::of(height, stages);
        assert_eq!([rows.stages, rows.foot, rows.chart], expected);
    }

    #[rstest]
    fn the_columns_fit_their_width(#[values(0, 20, 58, 78, 98, 118, 198)] columns: usize) {
        let layout = OverviewColumns::of(&eight_stages(1), columns);
        let shown = |is_shown: bool, columns: usize| if is_shown { columns } else { 0 };
        let beside = layout.name + 1 + GATE + layout.counts.unwrap_or(PERCENT);
        let extra = shown(layout.problems, PROBLEMS)
            + shown(layout.gate_word, GATE_WORD)
            + shown(layout.times >= StageTimes::Spent, TIME)
            + shown(layout.times == StageTimes::SpentAndLeft, LEFT);
        let least = NAME.0 + 1 + GATE + PERCENT + 1;
        assert!(
            beside + layout.cells() + extra <= columns.max(least),
            "{layout:?}"
        );
        if columns >= 58 {
            assert_eq!(layout.shown, layout.scale.unwrap().len(), "all cells are in view");
        }
    }

    #[test]
    fn a_share_is_100_only_if_all_dates_are_ok() {
        let mut stage = eight_stages(1).stages.swap_remove(0);
        stage.counts = (0..1000).map(|_| UnitState::Ok).collect();
        assert_eq!(ok_share(&stage), "100%");
        stage.counts.move_one(UnitState::Ok, UnitState::Pending);
        assert_eq!(
            (ok_share(&stage), ok_of_all(&stage)),
            ("99%".to_owned(), "999/1,000".to_owned())
        );
        stage.counts = (0..3).map(|_| UnitState::Skipped).collect();
        assert_eq!(ok_share(&stage), "-");
    }
}
