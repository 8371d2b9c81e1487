//! OVER clauses.

use sqlparser::ast::{Expr, Value, WindowFrameBound, WindowType};

use super::refusal::SqlRefusal;
use super::{SqlWriter, Written};

impl SqlWriter<'_> {
    /// A call with its OVER clause, if it has one.
    pub(super) fn over(&mut self, call: String, window: Option<&WindowType>) -> Written {
        let spec = match window {
            None => return Ok(call),
            Some(WindowType::WindowSpec(spec)) if spec.window_name.is_none() => spec,
            Some(_) => return Err(SqlRefusal::construct("a named window")),
        };
        let mut clauses = Vec::new();
        if !spec.partition_by.is_empty() {
            clauses.push(format!("PARTITION BY {}", self.list(&spec.partition_by)?));
        }
        if !spec.order_by.is_empty() {
            clauses.push(format!("ORDER BY {}", self.order_terms(&spec.order_by)?));
        }
        if let Some(frame) = &spec.window_frame {
            let start = bound(&frame.start_bound)?;
            clauses.push(match &frame.end_bound {
                Some(end) => format!("{} BETWEEN {start} AND {}", frame.units, bound(end)?),
                None => format!("{} {start}", frame.units),
            });
        }
        Ok(format!("{call} OVER ({})", clauses.join(" ")))
    }
}

fn bound(bound: &WindowFrameBound) -> Written {
    let (rows, side) = match bound {
        WindowFrameBound::CurrentRow => return Ok("CURRENT ROW".to_owned()),
        WindowFrameBound::Preceding(rows) => (rows, "PRECEDING"),
        WindowFrameBound::Following(rows) => (rows, "FOLLOWING"),
    };
    match rows.as_deref() {
        None => Ok(format!("UNBOUNDED {side}")),
        Some(Expr::Value(value)) if matches!(value.value, Value::Number(_, false)) => {
            Ok(format!("{} {side}", value.value))
        }
        Some(other) => Err(SqlRefusal::construct(format_args!("a window of {other} rows"))),
    }
}
