//! Aggregates: sample and population standard deviation, correlation, the value at another column's extreme, and the
//! guard for a subquery that must return one row.

use std::cmp::Ordering;

use rusqlite::functions::{Aggregate, Context};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::{any_null, number, owned, pure, refuse};

pub(super) fn register(connection: &Connection) -> Result<()> {
    connection.create_aggregate_function(
        "gsql_stddev_samp",
        1,
        pure(),
        Spread {
            sample: true,
            root: true,
        },
    )?;
    connection.create_aggregate_function(
        "gsql_stddev_pop",
        1,
        pure(),
        Spread {
            sample: false,
            root: true,
        },
    )?;
    connection.create_aggregate_function(
        "gsql_var_samp",
        1,
        pure(),
        Spread {
            sample: true,
            root: false,
        },
    )?;
    connection.create_aggregate_function(
        "gsql_var_pop",
        1,
        pure(),
        Spread {
            sample: false,
            root: false,
        },
    )?;
    connection.create_aggregate_function("gsql_corr", 2, pure(), Correlation)?;
    connection.create_aggregate_function("gsql_at_max", 2, pure(), Extreme(Ordering::Greater))?;
    connection.create_aggregate_function("gsql_at_min", 2, pure(), Extreme(Ordering::Less))?;
    connection.create_aggregate_function("gsql_only", 1, pure(), OnlyValue)
}

/// Running count, means and squared deviations of pairs (Welford's algorithm).
#[derive(Default)]
struct Moments {
    count: f64,
    mean: (f64, f64),
    squares: (f64, f64),
    products: f64,
}

impl Moments {
    fn take(&mut self, x: f64, y: f64) {
        self.count += 1.0;
        let before = (x - self.mean.0, y - self.mean.1);
        self.mean.0 += before.0 / self.count;
        self.mean.1 += before.1 / self.count;
        self.squares.0 += before.0 * (x - self.mean.0);
        self.squares.1 += before.1 * (y - self.mean.1);
        self.products += before.0 * (y - self.mean.1);
    }
}

struct Spread {
    sample: bool,
    root: bool,
}

impl Aggregate<Moments, Option<f64>> for Spread {
    fn init(&self, _: &mut Context<'_>) -> Result<Moments> {
        Ok(Moments::default())
    }

    fn step(&self, context: &mut Context<'_>, moments: &mut Moments) -> Result<()> {
        if !any_null(context) {
            moments.take(number(context, 0)?, 0.0);
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, moments: Option<Moments>) -> Result<Option<f64>> {
        Ok(moments.and_then(|moments| {
            let of = if self.sample {
                moments.count - 1.0
            } else {
                moments.count
            };
            let variance = (of > 0.0).then(|| moments.squares.0 / of)?;
            Some(if self.root { variance.sqrt() } else { variance })
        }))
    }
}

/// Pearson's correlation coefficient; NULL for fewer than two pairs.
struct Correlation;

impl Aggregate<Moments, Option<f64>> for Correlation {
    fn init(&self, _: &mut Context<'_>) -> Result<Moments> {
        Ok(Moments::default())
    }

    fn step(&self, context: &mut Context<'_>, moments: &mut Moments) -> Result<()> {
        if !any_null(context) {
            moments.take(number(context, 0)?, number(context, 1)?);
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, moments: Option<Moments>) -> Result<Option<f64>> {
        Ok(moments
            .filter(|moments| moments.count >= 2.0)
            .map(|moments| moments.products / (moments.squares.0 * moments.squares.1).sqrt()))
    }
}

/// The first argument on the row where the second has its maximum or minimum; NULLs are ignored.
struct Extreme(Ordering);

impl Aggregate<Option<(Value, Value)>, Value> for Extreme {
    fn init(&self, _: &mut Context<'_>) -> Result<Option<(Value, Value)>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, best: &mut Option<(Value, Value)>) -> Result<()> {
        let measure = context.get_raw(1);
        let further = match &best {
            _ if measure == ValueRef::Null => false,
            None => true,
            // On a tie the later row wins.
            Some((_, known)) => compare(measure, ValueRef::from(known))? != self.0.reverse(),
        };
        if further {
            *best = Some((owned(context, 0)?, owned(context, 1)?));
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, best: Option<Option<(Value, Value)>>) -> Result<Value> {
        Ok(best.flatten().map_or(Value::Null, |(value, _)| value))
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "GoogleSQL compares INT64 with FLOAT64 in the same way"
)]
fn compare(left: ValueRef<'_>, right: ValueRef<'_>) -> Result<Ordering> {
    match (left, right) {
        (ValueRef::Integer(left), ValueRef::Integer(right)) => Some(left.cmp(&right)),
        (ValueRef::Text(left), ValueRef::Text(right)) => Some(left.cmp(right)),
        (ValueRef::Real(left), ValueRef::Real(right)) => left.partial_cmp(&right),
        (ValueRef::Integer(left), ValueRef::Real(right)) => (left as f64).partial_cmp(&right),
        (ValueRef::Real(left), ValueRef::Integer(right)) => left.partial_cmp(&(right as f64)),
        _ => None,
    }
    .ok_or_else(|| refuse("HAVING MAX and HAVING MIN compare values of one type"))
}

/// The value of the only row; NULL if there is none.
struct OnlyValue;

impl Aggregate<Option<Value>, Value> for OnlyValue {
    fn init(&self, _: &mut Context<'_>) -> Result<Option<Value>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, seen: &mut Option<Value>) -> Result<()> {
        if seen.is_some() {
            return Err(refuse("a scalar subquery returned more than one row"));
        }
        *seen = Some(owned(context, 0)?);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, seen: Option<Option<Value>>) -> Result<Value> {
        Ok(seen.flatten().unwrap_or(Value::Null))
    }
}
