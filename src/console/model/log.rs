//! The Log pane: a bounded tail of lines, its filters, and whether it follows new lines.

use std::collections::VecDeque;
use std::sync::Arc;

use tracing::Level;

use crate::partition::Partition;
use crate::telemetry::LogLine;

/// Lines kept.
pub const CAPACITY: usize = 10_000;

/// Lines with their filters; `shown` are the lines that pass.
#[derive(Debug, Clone)]
pub struct Log {
    /// Lines below this level are hidden.
    pub least: Level,
    /// Only lines that contain this text in the message, stage or date are shown, ignoring case; empty shows all.
    pub query: String,
    /// Only lines about this date are shown.
    pub date: Option<Partition>,
    pub wrap: bool,
    /// Lines dropped from the ring buffer before the console received them.
    pub lost: u64,
    lines: VecDeque<Arc<LogLine>>,
    shown: VecDeque<Arc<LogLine>>,
    newest: u64,
    bottom: Option<u64>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            least: Level::TRACE,
            query: String::new(),
            date: None,
            wrap: false,
            lost: 0,
            lines: VecDeque::new(),
            shown: VecDeque::new(),
            newest: 0,
            bottom: None,
        }
    }
}

/// The stage (if there are several) and the date of a line, unless its message already contains them.
pub fn about(line: &LogLine, several_stages: bool) -> String {
    let stage = line.stage.clone().filter(|_| several_stages);
    let of = stage.into_iter().chain(line.dates());
    of.filter(|of| !line.message.contains(of.as_str()))
        .map(|of| of + " ")
        .collect()
}

/// Whether the message, stage or date of a line contains `query` (lower case).
fn holds(line: &LogLine, query: &str) -> bool {
    let says = |text: &str| text.to_lowercase().contains(query);
    says(&line.message)
        || line.stage.as_deref().is_some_and(says)
        || line.dates().is_some_and(|dates| dates.contains(query))
}

impl Log {
    /// Appends lines; the oldest are dropped beyond the capacity.
    pub fn push(&mut self, lines: Vec<Arc<LogLine>>) {
        for line in lines {
            self.lost += line.number.saturating_sub(self.newest + 1);
            self.newest = line.number;
            if self.passes(&line) {
                self.shown.push_back(Arc::clone(&line));
            }
            self.lines.push_back(line);
            if self.lines.len() > CAPACITY {
                self.lines.pop_front();
            }
        }
        let oldest = self.lines.front().map_or(0, |line| line.number);
        while self.shown.front().is_some_and(|line| line.number < oldest) {
            self.shown.pop_front();
        }
    }

    fn passes(&self, line: &LogLine) -> bool {
        line.level <= self.least
            && self.date.is_none_or(|date| line.concerns(date))
            && (self.query.is_empty() || holds(line, &self.query.to_lowercase()))
    }

    /// Changes the filters, applies them to every line and follows the newest.
    pub fn refilter(&mut self, change: impl FnOnce(&mut Self)) {
        change(self);
        let passing = self.lines.iter().filter(|line| self.passes(line));
        self.shown = passing.cloned().collect();
        self.bottom = None;
    }

    /// Cycles the minimum level: all, info, warnings, errors.
    pub fn next_level(&mut self) {
        self.refilter(|log| {
            log.least = match log.least {
                Level::INFO => Level::WARN,
                Level::WARN => Level::ERROR,
                Level::ERROR => Level::TRACE,
                _ => Level::INFO,
            };
        });
    }

    pub fn is_filtered(&self) -> bool {
        self.least < Level::TRACE || self.date.is_some() || !self.query.is_empty()
    }

    /// Lines that pass the filters.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether the newest line is kept in view.
    pub fn follows(&self) -> bool {
        self.bottom.is_none()
    }

    /// Lines below the lowest line in view.
    pub fn below(&self) -> usize {
        self.bottom.map_or(0, |bottom| {
            self.shown.len() - self.shown.partition_point(|line| line.number <= bottom)
        })
    }

    /// Scrolls towards the newest line (positive) or the oldest (negative), and follows again at the newest. The view
    /// stays full while there are at least `page` lines.
    pub fn scroll(&mut self, lines: isize, page: usize) {
        let len = self.shown.len();
        let lowest = len.saturating_sub(self.below() + 1);
        let wanted = lowest.saturating_add_signed(lines).max(page.saturating_sub(1));
        self.bottom = if wanted + 1 >= len {
            None
        } else {
            self.shown.get(wanted).map(|line| line.number)
        };
    }

    /// Follows the newest line again.
    pub fn follow(&mut self) {
        self.bottom = None;
    }

    /// The lines in view and above, lowest first; at least `page` of them if there are as many, even if the lines that
    /// were in view have been dropped.
    pub fn upwards(&self, page: usize) -> impl Iterator<Item = &LogLine> {
        let len = self.shown.len();
        let visible = (len - self.below()).max(page.min(len));
        self.shown.range(..visible).rev().map(Arc::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::console::fixture::{log_line, log_line_about};

    fn filled(lines: u64) -> Log {
        let mut log = Log::default();
        log.push(
            (0..lines)
                .map(|at| log_line(at + 1, Level::INFO, &format!("line {at}")))
                .collect(),
        );
        log
    }

    fn lowest(log: &Log) -> Option<&str> {
        log.upwards(1).next().map(|line| line.message.as_str())
    }

    #[test]
    fn the_log_follows_until_scrolled_up_and_counts_new_lines() {
        let mut log = filled(100);
        assert_eq!(lowest(&log), Some("line 99"));
        log.scroll(-10, 20);
        assert_eq!(
            (lowest(&log), log.below(), log.follows()),
            (Some("line 89"), 10, false)
        );
        log.push(vec![log_line(101, Level::INFO, "line 100")]);
        assert_eq!((lowest(&log), log.below()), (Some("line 89"), 11));
        log.scroll(11, 20);
        assert!(log.follows());
        assert_eq!(lowest(&log), Some("line 100"));
    }

    #[test]
    fn the_first_page_stays_full_and_a_short_log_never_scrolls() {
        let mut log = filled(100);
        log.scroll(-1_000, 20);
        assert_eq!(log.upwards(20).count(), 20);
        let mut short = filled(5);
        short.scroll(-1, 20);
        assert!(short.follows());
    }

    #[test]
    fn the_oldest_lines_are_dropped_first_even_while_scrolled_up() {
        let mut log = filled(10);
        log.scroll(-8, 1);
        assert_eq!(lowest(&log), Some("line 1"));
        let more = 11..=10 + CAPACITY as u64;
        log.push(more.map(|number| log_line(number, Level::INFO, "more")).collect());
        assert_eq!(log.len(), CAPACITY);
        assert_eq!(log.upwards(20).count(), 20);
    }

    #[rstest]
    #[case(1, 3)]
    #[case(2, 2)]
    #[case(3, 1)]
    #[case(4, 4)]
    fn the_minimum_level_cycles(#[case] times: usize, #[case] shown: usize) {
        let mut log = Log::default();
        let levels = [Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR];
        let lines = (1..)
            .zip(levels)
            .map(|(number, level)| log_line(number, level, "x"));
        log.push(lines.collect());
        (0..times).for_each(|_| log.next_level());
        assert_eq!(log.len(), shown);
    }

    #[test]
    fn search_ignores_case_and_applies_to_new_lines() {
        let mut log = filled(3);
        log.refilter(|log| log.query = "LINE 2".to_owned());
        assert_eq!(log.len(), 1);
        log.push(vec![
            log_line(4, Level::INFO, "Line 2 again"),
            log_line(5, Level::INFO, "other"),
        ]);
        assert_eq!(log.len(), 2);
        log.refilter(|log| log.query.clear());
        assert_eq!(log.len(), 5);
    }

    #[test]
    fn search_matches_the_stage_and_date_of_a_line() {
        let mut log = filled(3);
        let date: Partition = "2024-01-05".parse().unwrap();
        let mut about = LogLine::clone(&log_line_about(4, date, "attempt 1 failed"));
        about.stage = Some("player_game".to_owned());
        log.push(vec![Arc::new(about)]);
        for query in ["Player_Game", "2024-01", "attempt"] {
            log.refilter(|log| log.query = query.to_owned());
            assert_eq!(lowest(&log), Some("attempt 1 failed"), "{query}");
            assert_eq!(log.len(), 1, "{query}");
        }
    }

    #[test]
    fn the_log_can_be_filtered_by_date() {
        let mut log = filled(3);
        let date: Partition = "2024-01-05".parse().unwrap();
        log.push(vec![log_line_about(4, date, "about it")]);
        log.refilter(|log| log.date = Some(date));
        assert_eq!(lowest(&log), Some("about it"));
        assert_eq!(log.len(), 1);
        let mut call = LogLine::clone(&log_line_about(
            5,
            date.previous().unwrap(),
            "a call of three dates",
        ));
        call.last_date = date.next();
        log.push(vec![Arc::new(call)]);
        assert_eq!(lowest(&log), Some("a call of three dates"));
        assert_eq!(log.len(), 2);
    }

    #[test]
    fn gaps_in_line_numbers_count_as_lost_lines() {
        let mut log = filled(3);
        assert_eq!(log.lost, 0);
        log.push(vec![
            log_line(10, Level::INFO, "after the gap"),
            log_line(11, Level::INFO, "next"),
        ]);
        assert_eq!(log.lost, 6);
    }
}
