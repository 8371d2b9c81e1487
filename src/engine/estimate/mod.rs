//! The estimated cost of a run. What can't be known yet is unknown, never zero.

mod planned;
mod recording_warehouse;
mod shape;

use serde::{Deserialize, Serialize};

pub(crate) use planned::{Planned, PlannedStage};

use crate::figures::{bytes, counted};

/// The estimated cost of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// By stage, in order.
    pub stages: Vec<StageEstimate>,
    /// Of the raw-data checks.
    #[serde(alias = "aside")]
    pub sources: Expected,
}

/// The estimated cost of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageEstimate {
    /// Stage name.
    pub stage: String,
    /// Dates that may be due.
    pub dates: u64,
    /// For reading, and for the stage's own query if it has one. Not for writing, which a dry run can't estimate.
    pub reads: Expected,
    /// For its checks.
    pub checks: Expected,
}

/// The estimated cost of a group of jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Bytes billed for the jobs with a known cost.
    pub bytes: u64,
    /// Number of jobs.
    pub jobs: u64,
    /// Number of jobs whose cost is unknown.
    pub unknown: u64,
    /// Why the first of these is unknown.
    pub why: Option<String>,
    /// Bytes billed for the largest job and what the job does; `None` if nothing is known.
    pub largest: Option<(u64, String)>,
}

impl Expected {
    fn join(&mut self, other: &Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.jobs += other.jobs;
        self.unknown += other.unknown;
        if self.why.is_none() {
            self.why.clone_from(&other.why);
        }
        let size = |largest: &Option<(u64, String)>| largest.as_ref().map(|(bytes, _)| *bytes);
        if size(&other.largest) > size(&self.largest) {
            self.largest.clone_from(&other.largest);
        }
    }

    /// The bytes as text: `> …` if some jobs are unknown, `-` without jobs.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self { jobs: 0, .. } => "-".to_owned(),
            Self { unknown: 0, .. } => bytes(self.bytes),
            Self { jobs, unknown, .. } if jobs == unknown => "unknown".to_owned(),
            _ => format!("> {}", bytes(self.bytes)),
        }
    }
}

impl StageEstimate {
    /// Reads and checks together.
    #[must_use]
    pub fn all(&self) -> Expected {
        let mut all = self.reads.clone();
        all.join(&self.checks);
        all
    }
}

impl Estimate {
    /// All stages and raw-data checks together.
    #[must_use]
    pub fn all(&self) -> Expected {
        let mut all = Expected::default();
        self.stages.iter().for_each(|stage| all.join(&stage.all()));
        all.join(&self.sources);
        all
    }

    /// The estimate in one sentence.
    #[must_use]
    pub fn message(&self) -> String {
        let all = self.all();
        let (known, unknown) = (bytes(all.bytes), all.unknown);
        match (all.jobs - unknown, unknown) {
            (known_jobs, 0) => format!("estimated cost: about {known} for {}", jobs(known_jobs)),
            (0, _) => format!("estimated cost: unknown for {}", jobs(unknown)),
            (known_jobs, _) => format!(
                "estimated cost: at least {known} for {}; unknown for {unknown} more",
                jobs(known_jobs)
            ),
        }
    }

    /// One line per stage.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |name: &str, dates: Option<u64>, expected: &Expected| {
            let dates = dates.map_or_else(String::new, |dates| format!(", {}", counted(dates, "date")));
            let why = expected.why.as_ref().map_or_else(String::new, |why| {
                format!("; unknown for {}: {why}", jobs(expected.unknown))
            });
            format!(
                "{name}{dates}: {} for {}{why}",
                expected.text(),
                jobs(expected.jobs)
            )
        };
        let stages = self.stages.iter().filter(|stage| stage.all().jobs > 0);
        let mut lines: Vec<String> = stages
            .map(|stage| line(&stage.stage, Some(stage.dates), &stage.all()))
            .collect();
        if self.sources.jobs > 0 {
            lines.push(line("raw-data checks", None, &self.sources));
        }
        lines
    }
}

fn jobs(number: u64) -> String {
    counted(number, "job")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const MIB: u64 = 1 << 20;

    #[rstest]
    #[case(0, 0, 0, "-")]
    #[case(700, 3, 0, "700 MiB")]
    #[case(0, 3, 0, "0 B")]
    #[case(700, 3, 1, "> 700 MiB")]
    #[case(0, 3, 3, "unknown")]
    fn partial_figures_are_marked(
        #[case] mib: u64,
        #[case] jobs: u64,
        #[case] unknown: u64,
        #[case] text: &str,
    ) {
        let expected = Expected {
            bytes: mib * MIB,
            jobs,
            unknown,
            ..Expected::default()
        };
        assert_eq!(expected.text(), text);
    }

    #[rstest]
    #[case(700, 3, 0, "estimated cost: about 700 MiB for 3 jobs")]
    #[case(700, 3, 2, "estimated cost: at least 700 MiB for 1 job; unknown for 2 more")]
    #[case(0, 3, 3, "estimated cost: unknown for 3 jobs")]
    fn the_summary_shows_estimated_and_unknown_jobs(
        #[case] mib: u64,
        #[case] jobs: u64,
        #[case] unknown: u64,
        #[case] text: &str,
    ) {
        let sources = Expected {
            bytes: mib * MIB,
            jobs,
            unknown,
            ..Expected::default()
        };
        let estimate = Estimate {
            stages: Vec::new(),
            sources,
        };
        assert_eq!(estimate.message(), text);
    }
}
