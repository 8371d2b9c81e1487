//! Prints the doctor's findings for a person.

use super::finding::{Area, Finding, Verdict};
use super::{DoctorResult, QueryTable};
use crate::escape::{EscapedText, escaped};
use crate::figures::counted;
use crate::partition::{Partition, compact};

/// Width of the verdict column.
const STATE: usize = 6;

/// All findings by area, each with its next step below.
pub(super) fn text(examination: &DoctorResult, every_date: bool) -> EscapedText {
    let mut page = EscapedText::default();
    for area in Area::ALL {
        let findings = examination.findings.iter().filter(|finding| finding.area == area);
        let mut findings = findings.peekable();
        if findings.peek().is_some() {
            page.line(area.title());
        }
        for finding in findings {
            let Finding {
                what, state, detail, ..
            } = finding;
            page.line(format_args!("  {:STATE$} {what}: {detail}", state.word()));
            if let Some(dates) = dates(&finding.dates, every_date) {
                page.line(format_args!("  {:STATE$} {dates}", ""));
            }
            if let Some(next) = &finding.next {
                page.line(format_args!("  {:STATE$} -> {next}", ""));
            }
        }
    }
    for shown in &examination.tables {
        table(&mut page, shown);
    }
    page.line(verdict(&examination.findings));
    page
}

/// The dates of a finding: a summary, or all of them.
fn dates(dates: &[Partition], every: bool) -> Option<String> {
    match dates {
        [] => None,
        _ if every => Some(compact(dates).replace(',', ", ")),
        [only] => Some(only.to_string()),
        [first, .., last] => Some(format!("{}, {first} to {last}", counted(dates.len(), "date"))),
    }
}

fn table(page: &mut EscapedText, shown: &QueryTable) {
    page.line(&shown.title);
    let header = std::iter::once(&shown.columns);
    let lines: Vec<Vec<_>> = header
        .chain(&shown.rows)
        .map(|cells| cells.iter().map(|cell| escaped(cell)).collect())
        .collect();
    let width = |at: usize| lines.iter().map(|line| line[at].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..shown.columns.len()).map(width).collect();
    for cells in lines {
        let cells = cells.iter().zip(&widths);
        let cells: Vec<_> = cells.map(|(cell, width)| format!("  {cell:>width$}")).collect();
        page.line(cells.concat());
    }
}

/// The last line: whether a run can start, and what to look at first.
fn verdict(findings: &[Finding]) -> String {
    let number = |state| findings.iter().filter(|finding| finding.state == state).count();
    match (number(Verdict::Fail), number(Verdict::Warn)) {
        (0, 0) => "All checks passed.".to_owned(),
        (0, unmet) if findings.iter().any(is_outside) => {
            format!("{}. You can still start a run.", counted(unmet, "warning"))
        }
        (0, unmet) => format!(
            "{} failing. You can still start a run; 'backcourt doctor NAME' lists every date.",
            counted(unmet, "raw-data check")
        ),
        (faults, _) => format!(
            "{} a run.",
            if faults == 1 {
                "1 problem blocks".to_owned()
            } else {
                format!("{faults} problems block")
            }
        ),
    }
}

/// Whether a warning is about anything but the raw rows.
fn is_outside(finding: &Finding) -> bool {
    finding.state == Verdict::Warn && finding.area != Area::Sources
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(state: Verdict) -> Finding {
        Finding::new(
            Area::Sources,
            "bdl: bdl_repeated",
            state,
            "No player twice: 4 rows on 3 dates",
        )
    }

    fn days(texts: &[&str]) -> Vec<Partition> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn findings_are_listed_with_their_location_and_next_step() {
        let examination = DoctorResult {
            findings: vec![
                Finding::new(Area::State, "folder", Verdict::Note, "/s doesn't exist yet")
                    .next("'backcourt run' creates it"),
                Finding {
                    dates: days(&["2021-10-19", "2021-10-20", "2023-12-16"]),
                    ..finding(Verdict::Warn)
                },
            ],
            tables: vec![QueryTable {
                name: "coverage".to_owned(),
                title: "Coverage".to_owned(),
                columns: vec!["season".to_owned(), "bdl".to_owned()],
                rows: vec![vec!["2021".to_owned(), "160/165 1300/1323".to_owned()]],
            }],
        };
        assert_eq!(
            text(&examination, false).as_str(),
            "\
State folder
  note   folder: /s doesn't exist yet
         -> 'backcourt run' creates it
Sources
  WARN   bdl: bdl_repeated: No player twice: 4 rows on 3 dates
         3 dates, 2021-10-19 to 2023-12-16
Coverage
  season                bdl
    2021  160/165 1300/1323
1 raw-data check failing. You can still start a run; 'backcourt doctor NAME' lists every date.
"
        );
        let every = text(&examination, true);
        assert!(
            every
                .as_str()
                .contains("\n         2021-10-19..2021-10-20, 2023-12-16\n"),
            "{every:?}"
        );
    }

    #[test]
    fn the_last_line_reports_the_worst_finding() {
        let worst_of = |states: &[Verdict]| verdict(&states.iter().copied().map(finding).collect::<Vec<_>>());
        assert_eq!(worst_of(&[Verdict::Ok, Verdict::Note]), "All checks passed.");
        assert!(worst_of(&[Verdict::Warn, Verdict::Warn]).starts_with("2 raw-data checks failing"));
        assert_eq!(
            worst_of(&[Verdict::Warn, Verdict::Fail]),
            "1 problem blocks a run."
        );
    }
}
