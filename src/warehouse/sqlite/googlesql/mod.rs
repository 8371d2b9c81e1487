//! Translates `GoogleSQL` to `SQLite`. The query is parsed, and every node of its syntax tree is rewritten with the
//! same meaning in `SQLite`. A node without a rule is rejected by name; nothing is passed through.
//!
//! Where the dialects differ silently, `GoogleSQL` semantics are kept: `/` returns a float and rejects zero, `LIKE` is
//! case-sensitive, aliases take precedence over columns in GROUP BY and HAVING, a scalar subquery returns at most one
//! row, the clock is fixed during a query. Types are not tracked for this, which leaves four known differences: a BOOL column
//! cast to STRING gives 0 or 1, a DATETIME cast to STRING its stored form, a NaN is NULL, and a TIMESTAMP or DATETIME
//! compared with another type or a bare date string is wrong at exactly midnight.

mod calendar;
mod call;
mod catalog;
mod datetime;
mod declared;
mod expression;
mod function;
mod infer;
mod known;
mod literal;
mod name;
mod query;
mod refusal;
mod select;
mod wildcard;
mod window;

use chrono::{DateTime, Utc};
use sqlparser::ast::{Query, SetExpr, Statement};
use sqlparser::dialect::BigQueryDialect;
use sqlparser::parser::Parser;

use crate::partition::Parameter;
use crate::sql::{QueryScript, on_a_deep_stack, refuse_too_deep};
use crate::warehouse::{ErrorClass, WarehouseError};
pub(super) use catalog::{TableCatalog, matching, needs_catalog};
use declared::{DeclaredFunction, WrittenVariable, declarations};
pub(super) use infer::{TableTypes, column_types};
use refusal::{SqlRefusal, unread};

/// The name by which a parameter is bound. Arrays are bound as JSON lists.
pub(super) fn bound_as(parameter: Parameter) -> String {
    format!(":{}", parameter.name())
}

/// A piece of `SQLite` SQL, or an untranslatable construct.
type Written = Result<String, SqlRefusal>;

/// Translates a query. `now` is the value of the clock functions, `catalog` the tables if [`needs_catalog`].
pub(super) fn translate(
    sql: &str,
    now: DateTime<Utc>,
    catalog: &TableCatalog,
) -> Result<String, WarehouseError> {
    written(sql, now, catalog, false)
}

/// Translates a query that may use the parameters of partitions.
pub(super) fn translate_about(
    sql: &str,
    now: DateTime<Utc>,
    catalog: &TableCatalog,
) -> Result<String, WarehouseError> {
    written(sql, now, catalog, true)
}

/// The tree is parsed, written and dropped recursively, and the threads of a pool have small stacks. The time to write a
/// chain of operators grows with the square of its length, which is bounded too.
fn written(
    sql: &str,
    now: DateTime<Utc>,
    catalog: &TableCatalog,
    is_about_dates: bool,
) -> Result<String, WarehouseError> {
    refuse_too_deep(sql).map_err(|refusal| WarehouseError::new(ErrorClass::Code, refusal))?;
    on_a_deep_stack(|| written_here(sql, now, catalog, is_about_dates))
}

fn written_here(
    sql: &str,
    now: DateTime<Utc>,
    catalog: &TableCatalog,
    is_about_dates: bool,
) -> Result<String, WarehouseError> {
    let QueryScript { before, query: sql } = QueryScript::of(sql).unwrap_or(QueryScript {
        before: "",
        query: sql,
    });
    let statements = Parser::parse_sql(&BigQueryDialect, sql).map_err(|error| unread(sql, &error))?;
    let [Statement::Query(query)] = statements.as_slice() else {
        return Err(SqlRefusal::other("anything but a single SELECT").into());
    };
    let mut writer = SqlWriter {
        now,
        catalog,
        is_about_dates,
        known: Vec::new(),
        aliases: Vec::new(),
        hidden: 0,
        variables: Vec::new(),
        functions: Vec::new(),
        arguments: None,
        named: Vec::new(),
        read: Vec::new(),
    };
    writer.declare(declarations(before)?)?;
    let written = writer.query(query)?;
    writer.refuse_hidden_variables()?;
    Ok(written)
}

/// The state of a translation.
struct SqlWriter<'c> {
    now: DateTime<Utc>,
    catalog: &'c TableCatalog,
    /// Whether the parameters of partitions are allowed.
    is_about_dates: bool,
    /// Names defined by WITH, innermost last.
    known: Vec<String>,
    /// The SELECT list's aliases with their expressions, where they take precedence over columns.
    aliases: Vec<Alias>,
    /// Number of hidden columns so far.
    hidden: usize,
    /// The variables declared before the query.
    variables: Vec<WrittenVariable>,
    /// The functions declared before the query, as far as they may be called.
    functions: Vec<DeclaredFunction>,
    /// The arguments of the call whose body is translated.
    arguments: Option<Vec<(String, String)>>,
    /// Every alias of a column so far.
    named: Vec<String>,
    /// Every table read so far, by the schema of its dataset and its name.
    read: Vec<(String, String)>,
}

/// An alias of the SELECT list and its expression.
#[derive(Clone)]
struct Alias {
    name: String,
    written: String,
}

impl SqlWriter<'_> {
    /// Runs `write` with these aliases in scope.
    fn with_aliases<T>(&mut self, aliases: Vec<Alias>, write: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.aliases, aliases);
        let written = write(self);
        self.aliases = outer;
        written
    }
}

/// Whether a set expression is a plain SELECT, which needs no wrapping next to UNION, EXCEPT or INTERSECT.
const fn is_plain(body: &SetExpr) -> bool {
    matches!(body, SetExpr::Select(_))
}

/// A query in parentheses, as a subquery.
fn bracketed(writer: &mut SqlWriter<'_>, query: &Query) -> Written {
    Ok(format!("({})", writer.query(query)?))
}

#[cfg(test)]
mod tests;
