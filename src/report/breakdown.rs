//! Prints a breakdown: the share of known values with causes, by group, and the dates with missing values.

use crate::checks::{Breakdown, Tally};
use crate::escape::EscapedText;
use crate::figures::counted;

/// Maximum dates listed.
const MAX_DATES: usize = 20;

/// A breakdown as Markdown, under a level-three heading.
#[must_use]
pub fn explained(title: &str, check: &str, found: &Breakdown) -> EscapedText {
    let mut page = EscapedText::of(format_args!("### {title}: {} ({check})", found.total.share()));
    page.line("");
    page.line(found.in_words());
    for by in &found.by {
        let groups = by.groups.iter().map(|(name, tally)| (name.as_str(), tally));
        table(&mut page, &by.name, found, groups);
    }
    let mut incomplete: Vec<(String, &Tally)> = (found.dates.iter())
        .filter(|(_, tally)| tally.known < tally.counted())
        .map(|(date, tally)| (date.to_string(), tally))
        .collect();
    // Most incomplete first; ties stay in date order.
    incomplete.sort_by_key(|(_, tally)| tally.basis_points());
    if incomplete.is_empty() {
        page.fixed("\nNo values are missing on any date.\n");
        return page;
    }
    let more = incomplete.len().saturating_sub(MAX_DATES);
    let listed = incomplete.iter().take(MAX_DATES);
    table(
        &mut page,
        "date",
        found,
        listed.map(|(date, tally)| (date.as_str(), *tally)),
    );
    if more > 0 {
        page.line("");
        page.line(format_args!(
            "and {} with missing values",
            counted(more, "more date")
        ));
    }
    page
}

fn table<'a>(
    page: &mut EscapedText,
    name: &str,
    found: &Breakdown,
    groups: impl Iterator<Item = (&'a str, &'a Tally)>,
) {
    let causes = found.causes.iter().chain(&found.not_counted).map(String::as_str);
    let heads: Vec<&str> = [name, "known", "of"].into_iter().chain(causes).collect();
    page.line("");
    page.line(format_args!("| {} |", heads.join(" | ")));
    page.line(format_args!("|{}", "---|".repeat(heads.len())));
    for (name, tally) in groups {
        let numbers = tally.missing.iter().chain(&tally.not_counted);
        let numbers: Vec<String> = numbers.map(ToString::to_string).collect();
        page.line(format_args!(
            "| {} | {} | {} | {} |",
            name.replace('|', "\\|"),
            tally.share(),
            tally.counted(),
            numbers.join(" | ")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Dimension;

    fn tally(known: u64, lost: u64, absent: u64) -> Tally {
        Tally {
            known,
            missing: vec![lost],
            not_counted: vec![absent],
        }
    }

    fn found(dates: Vec<(&str, Tally)>) -> Breakdown {
        Breakdown {
            unit: "rows".to_owned(),
            causes: vec!["lost".to_owned()],
            not_counted: vec!["absent".to_owned()],
            total: tally(7, 1, 3),
            by: vec![Dimension {
                name: "team".to_owned(),
                groups: vec![("A|B".to_owned(), tally(7, 1, 3))],
            }],
            dates: dates
                .into_iter()
                .map(|(date, tally)| (date.parse().unwrap(), tally))
                .collect(),
        }
    }

    #[test]
    fn least_complete_dates_come_first_and_complete_ones_are_omitted() {
        let dates = vec![
            ("2024-01-04", tally(3, 1, 0)),
            ("2024-01-05", tally(4, 0, 3)),
            ("2024-01-06", tally(0, 2, 0)),
        ];
        let page = explained("Known", "c", &found(dates));
        let expected = "### Known: 87.50 % (c)\n\n7 of 8 rows; lost 1; not counted: absent 3\n\
            \n| team | known | of | lost | absent |\n|---|---|---|---|---|\n| A\\|B | 87.50 % | 8 | 1 | 3 |\n\
            \n| date | known | of | lost | absent |\n|---|---|---|---|---|\n\
            | 2024-01-06 | 0 % | 2 | 2 | 0 |\n| 2024-01-04 | 75 % | 4 | 1 | 0 |\n";
        assert_eq!(page.as_str(), expected);
        let whole = explained("Known", "c", &found(vec![("2024-01-05", tally(4, 0, 3))]));
        assert!(
            whole.as_str().ends_with("\nNo values are missing on any date.\n"),
            "{whole:?}"
        );
    }
}
