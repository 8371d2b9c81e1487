//! `GoogleSQL` for `SQLite`: the query is parsed, and every node of its syntax tree is written anew in words
//! that mean the same to `SQLite`. A node nobody wrote a rule for is refused by its name; nothing passes as is.
//!
//! Where the two differ unseen, `GoogleSQL` is kept: `/` is real and refuses zero, `LIKE` minds the case, an
//! alias goes before a column in GROUP BY and HAVING, a subquery for one value has one row, the clock stands
//! still during a query. Types are not tracked, so three things are known to differ: a BOOL column cast to
//! STRING reads 0 or 1, a NaN is NULL, and a TIMESTAMP compared with a bare date text is off at midnight sharp.

mod calendar;
mod call;
mod expression;
mod function;
mod known;
mod literal;
mod name;
mod query;
mod refusal;
mod select;
mod window;

use chrono::{DateTime, Utc};
use sqlparser::ast::{Query, SetExpr, Statement};
use sqlparser::dialect::BigQueryDialect;
use sqlparser::parser::Parser;

use crate::warehouse::WarehouseError;
use refusal::{Refusal, unread};

/// The name under which the date of a query about one date is bound.
pub(super) const ONE_DATE: &str = ":date";

/// The name under which the dates of a query about dates are bound, as a JSON list.
pub(super) const ALL_DATES: &str = ":dates";

/// A piece of `SQLite` SQL, or what could not be translated.
type Written = Result<String, Refusal>;

/// The query in `SQLite`'s words. `now` is what the clock functions say.
pub(super) fn translate(sql: &str, now: DateTime<Utc>) -> Result<String, WarehouseError> {
    written(sql, now, false)
}

/// A query about dates, in which `@date` and `@dates` may stand.
pub(super) fn translate_about(sql: &str, now: DateTime<Utc>) -> Result<String, WarehouseError> {
    written(sql, now, true)
}

fn written(sql: &str, now: DateTime<Utc>, is_about_dates: bool) -> Result<String, WarehouseError> {
    let statements = Parser::parse_sql(&BigQueryDialect, sql).map_err(|error| unread(sql, &error))?;
    let [Statement::Query(query)] = statements.as_slice() else {
        return Err(Refusal::other("anything but a single SELECT").into());
    };
    let mut writer = Writer {
        now,
        is_about_dates,
        known: Vec::new(),
        aliases: Vec::new(),
        hidden: 0,
    };
    Ok(writer.query(query)?)
}

/// What has to be known while a query is written.
struct Writer {
    now: DateTime<Utc>,
    /// Whether `@date` and `@dates` mean something.
    is_about_dates: bool,
    /// Names given by WITH, innermost last.
    known: Vec<String>,
    /// What the names of the SELECT list stand for, where they go before columns.
    aliases: Vec<Alias>,
    /// Hidden columns so far.
    hidden: usize,
}

/// A name of the SELECT list and what it stands for.
#[derive(Clone)]
struct Alias {
    name: String,
    written: String,
}

impl Writer {
    /// Writes something in which the SELECT list's names have this meaning.
    fn with_aliases<T>(&mut self, aliases: Vec<Alias>, write: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.aliases, aliases);
        let written = write(self);
        self.aliases = outer;
        written
    }
}

/// Whether a set expression is a plain SELECT, which needs no wrapping beside UNION and its kin.
const fn is_plain(body: &SetExpr) -> bool {
    matches!(body, SetExpr::Select(_))
}

/// A query as a subquery stands: in parentheses.
fn bracketed(writer: &mut Writer, query: &Query) -> Written {
    Ok(format!("({})", writer.query(query)?))
}

#[cfg(test)]
mod tests;
