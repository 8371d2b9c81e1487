//! Queries: WITH, set operations, ORDER BY, LIMIT.

use sqlparser::ast::{
    Cte, Expr, LimitClause, OrderBy, OrderByExpr, OrderByKind, OrderBySort, Query, SetExpr, SetOperator,
    SetQuantifier, Value, With,
};

use super::refusal::SqlRefusal;
use super::{Alias, SqlWriter, Written, is_plain};
use crate::table::sql_name;

impl SqlWriter<'_> {
    /// Translates a whole query.
    pub(super) fn query(&mut self, query: &Query) -> Written {
        let foreign = [
            (query.fetch.is_some(), "FETCH"),
            (!query.locks.is_empty(), "FOR UPDATE"),
            (query.for_clause.is_some(), "FOR"),
            (query.settings.is_some(), "SETTINGS"),
            (query.format_clause.is_some(), "FORMAT"),
            (!query.pipe_operators.is_empty(), "the pipe syntax |>"),
        ];
        if let Some((_, name)) = foreign.into_iter().find(|(present, _)| *present) {
            return Err(SqlRefusal::construct(name));
        }
        let outer = self.known.len();
        let mut written = String::new();
        if let Some(with) = &query.with {
            written.push_str(&self.with(with)?);
        }
        let (body, aliases) = self.with_aliases(Vec::new(), |writer| writer.body(&query.body))?;
        written.push_str(&body);
        if let Some(order) = &query.order_by {
            written.push_str(&self.order_by(order, aliases)?);
        }
        if let Some(limit) = &query.limit_clause {
            written.push_str(&limited(limit)?);
        }
        self.known.truncate(outer);
        Ok(written)
    }

    fn with(&mut self, with: &With) -> Written {
        if with.recursive {
            return Err(SqlRefusal::construct("WITH RECURSIVE"));
        }
        let mut tables = Vec::with_capacity(with.cte_tables.len());
        for Cte {
            alias,
            query,
            from,
            materialized,
            ..
        } in &with.cte_tables
        {
            if !alias.columns.is_empty() || from.is_some() || materialized.is_some() {
                return Err(SqlRefusal::construct(format_args!(
                    "the columns of {}",
                    alias.name
                )));
            }
            let written = self.query(query)?;
            tables.push(format!("{} AS ({written})", sql_name(&alias.name.value)));
            self.known.push(alias.name.value.clone());
        }
        Ok(format!("WITH {} ", tables.join(", ")))
    }

    /// The part before ORDER BY, with the aliases that ORDER BY may use in an expression.
    fn body(&mut self, body: &SetExpr) -> Result<(String, Vec<Alias>), SqlRefusal> {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => Ok((format!("SELECT * FROM ({})", self.query(query)?), Vec::new())),
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                let word = set_operation(*op, *set_quantifier)?;
                let chained = matches!(left.as_ref(), SetExpr::SetOperation { op: before, set_quantifier: how, .. }
                    if (before, how) == (op, set_quantifier));
                let left = self.operand(left, chained)?;
                let right = self.operand(right, false)?;
                Ok((format!("{left} {word} {right}"), Vec::new()))
            }
            other => Err(SqlRefusal::construct(other)),
        }
    }

    /// `SQLite` has no parentheses between set operations and evaluates them from left to right.
    fn operand(&mut self, body: &SetExpr, bare: bool) -> Written {
        let (written, _) = self.body(body)?;
        if bare || is_plain(body) {
            Ok(written)
        } else {
            Ok(format!("SELECT * FROM ({written})"))
        }
    }

    fn order_by(&mut self, order: &OrderBy, aliases: Vec<Alias>) -> Written {
        let OrderByKind::Expressions(terms) = &order.kind else {
            return Err(SqlRefusal::construct("ORDER BY ALL"));
        };
        if order.interpolate.is_some() {
            return Err(SqlRefusal::construct("INTERPOLATE"));
        }
        let terms = self.with_aliases(aliases, |writer| writer.order_terms(terms))?;
        Ok(format!(" ORDER BY {terms}"))
    }

    /// The terms of an ORDER BY of a query, window or aggregate. A bare name is unchanged, because `SQLite` resolves it
    /// in the SELECT list first, too.
    pub(super) fn order_terms(&mut self, terms: &[OrderByExpr]) -> Written {
        let mut written = Vec::with_capacity(terms.len());
        for OrderByExpr {
            expr,
            options,
            with_fill,
        } in terms
        {
            if with_fill.is_some() {
                return Err(SqlRefusal::construct("WITH FILL"));
            }
            let term = match expr {
                Expr::Identifier(name) => sql_name(&name.value),
                other => self.expression(other)?,
            };
            let direction = match &options.sort {
                None => "",
                Some(OrderBySort::Asc) => " ASC",
                Some(OrderBySort::Desc) => " DESC",
                Some(_) => return Err(SqlRefusal::construct("ORDER BY USING")),
            };
            let nulls = match options.nulls_first {
                None => "",
                Some(true) => " NULLS FIRST",
                Some(false) => " NULLS LAST",
            };
            written.push(format!("{term}{direction}{nulls}"));
        }
        Ok(written.join(", "))
    }
}

fn set_operation(op: SetOperator, quantifier: SetQuantifier) -> Result<&'static str, SqlRefusal> {
    match (op, quantifier) {
        (SetOperator::Union, SetQuantifier::All) => Ok("UNION ALL"),
        (SetOperator::Union, SetQuantifier::Distinct) => Ok("UNION"),
        (SetOperator::Except, SetQuantifier::Distinct) => Ok("EXCEPT"),
        (SetOperator::Intersect, SetQuantifier::Distinct) => Ok("INTERSECT"),
        _ => Err(SqlRefusal::construct(format_args!("{op} {quantifier}"))),
    }
}

fn limited(limit: &LimitClause) -> Written {
    let LimitClause::LimitOffset {
        limit: Some(limit),
        offset,
        limit_by,
    } = limit
    else {
        return Err(SqlRefusal::construct(limit));
    };
    if !limit_by.is_empty() {
        return Err(SqlRefusal::construct("LIMIT BY"));
    }
    let limit = count(limit)?;
    match offset {
        None => Ok(format!(" LIMIT {limit}")),
        Some(offset) => Ok(format!(" LIMIT {limit} OFFSET {}", count(&offset.value)?)),
    }
}

fn count(expression: &Expr) -> Written {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::Number(number, false) => Ok(number.clone()),
            other => Err(SqlRefusal::construct(format_args!("LIMIT {other}"))),
        },
        other => Err(SqlRefusal::construct(format_args!("LIMIT {other}"))),
    }
}
