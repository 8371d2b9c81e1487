//! Findings about the declared sources: what each holds on the plan's dates.

use crate::figures::counted;
use crate::partition::Partition;
use crate::plan::{Plan, SourceSpec};
use crate::table::SourceMark;
use crate::warehouse::{SourceLook, SourceState, Warehouse};

use super::finding::{Area, Finding, Verdict};

/// Dates without rows that are listed in the text.
const SHOWN: usize = 3;

/// Looks at every source whose rows have a date.
pub(super) async fn findings(warehouse: &dyn Warehouse, plan: &Plan) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in &plan.declared_sources {
        if let Some(date) = &source.date {
            found.push(finding(warehouse, plan, source, date).await);
        }
    }
    found
}

async fn finding(warehouse: &dyn Warehouse, plan: &Plan, source: &SourceSpec, date: &str) -> Finding {
    let look = SourceLook {
        table: &source.table,
        date,
        // A hash would read all columns.
        mark: match source.watch {
            Some(SourceMark::Modified) => SourceMark::Modified,
            _ => SourceMark::Rows,
        },
        first: plan.range.from(),
        last: plan.range.to(),
        zone: plan.timezone,
    };
    match warehouse.look_at(look).await {
        Ok(state) => held(source, &state, plan),
        Err(error) => Finding::new(
            Area::Warehouse,
            source.table.clone(),
            Verdict::Fail,
            error.message,
        ),
    }
}

/// The dates of the plan that the source has rows for, and those that it has none for.
fn held(source: &SourceSpec, state: &SourceState, plan: &Plan) -> Finding {
    let about =
        |verdict, detail: String| Finding::new(Area::Warehouse, source.table.clone(), verdict, detail);
    let (Some((first, _)), Some((last, _))) = (state.first_key_value(), state.last_key_value()) else {
        return about(Verdict::Warn, "no rows on any date of the plan".to_owned())
            .next("load it, or correct its date column");
    };
    let dates = counted(plan.range.count(), "date");
    let held = format!("rows on {} of {dates}, from {first} to {last}", state.len());
    let gaps: Vec<Partition> = (first.up_to(*last))
        .filter(|date| !state.contains_key(date))
        .collect();
    if gaps.is_empty() {
        return about(Verdict::Ok, held);
    }
    let shown: Vec<String> = gaps.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = match gaps.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let detail = format!("{held}; none on {}{more} between them", shown.join(", "));
    Finding {
        dates: gaps,
        ..about(Verdict::Note, detail)
    }
}
