//! Function calls. Only known functions and those with their own rule are translated.

use sqlparser::ast::{Function, FunctionArgExpr, FunctionArgumentClause, HavingBound, HavingBoundKind};

use super::call::{Call, pieces};
use super::known::{self, FunctionKind};
use super::name::dotted;
use super::refusal::SqlRefusal;
use super::{SqlWriter, Written};

impl SqlWriter<'_> {
    /// Translates a function call.
    pub(super) fn call(&mut self, function: &Function) -> Written {
        let name = dotted(&function.name).ok_or_else(|| SqlRefusal::construct(function))?;
        let name = name.to_ascii_uppercase();
        let call = pieces(function, &name)?;
        if let Some(written) = self.declared_call(&call)? {
            return Ok(written);
        }
        match call.name {
            "COUNT" if matches!(call.arguments.as_slice(), [FunctionArgExpr::Wildcard]) && !call.distinct => {
                self.over("count(*)".to_owned(), call.over)
            }
            "COUNTIF" => self.count_if(&call),
            "STRING_AGG" => self.with_aliases(Vec::new(), |writer| writer.string_agg(&call)),
            "ANY_VALUE" if !call.clauses.is_empty() => {
                self.with_aliases(Vec::new(), |writer| writer.value_at(&call))
            }
            "IF" => {
                let [condition, then, otherwise] = call.exactly()?;
                let (condition, then) = (self.expression(condition)?, self.expression(then)?);
                Ok(format!(
                    "(CASE WHEN {condition} THEN {then} ELSE {} END)",
                    self.expression(otherwise)?
                ))
            }
            // With one argument, max and min would be aggregates and coalesce an error.
            "COALESCE" => self.several(&call, "coalesce"),
            "GREATEST" => self.several(&call, "max"),
            "LEAST" => self.several(&call, "min"),
            "CONCAT" => {
                let texts: Result<Vec<String>, SqlRefusal> = call
                    .expressions()?
                    .into_iter()
                    .map(|text| Ok(format!("gsql_text({})", self.expression(text)?)))
                    .collect();
                Ok(format!("({})", texts?.join(" || ")))
            }
            "SPLIT" => self.split(&call),
            _ => match self.calendar(&call)? {
                Some(written) => Ok(written),
                None => self.by_name(&call),
            },
        }
    }

    fn several(&mut self, call: &Call<'_>, name: &str) -> Written {
        let arguments = call.expressions()?;
        match arguments.as_slice() {
            [] => Err(call.refused()),
            [only] => self.expression(only),
            several => {
                let written: Result<Vec<String>, SqlRefusal> =
                    several.iter().map(|argument| self.expression(argument)).collect();
                Ok(format!("{name}({})", written?.join(", ")))
            }
        }
    }

    fn split(&mut self, call: &Call<'_>) -> Written {
        if let Ok([text]) = call.exactly() {
            return Ok(format!("gsql_split({}, ',')", self.expression(text)?));
        }
        let [text, between] = call.exactly()?;
        Ok(format!(
            "gsql_split({}, {})",
            self.expression(text)?,
            self.expression(between)?
        ))
    }

    /// Never NULL, even without rows.
    fn count_if(&mut self, call: &Call<'_>) -> Written {
        let expressions = call.expressions()?;
        let ([condition], false, []) = (expressions.as_slice(), call.distinct, call.clauses) else {
            return Err(call.refused());
        };
        let condition = self.with_aliases(Vec::new(), |writer| writer.expression(condition))?;
        self.over(format!("count(*) FILTER (WHERE {condition})"), call.over)
    }

    fn string_agg(&mut self, call: &Call<'_>) -> Written {
        let order = match call.clauses {
            [] => String::new(),
            [FunctionArgumentClause::OrderBy(terms)] => format!(" ORDER BY {}", self.order_terms(terms)?),
            _ => return Err(SqlRefusal::construct("STRING_AGG(… LIMIT …)")),
        };
        let (text, between) = match call.expressions()?.as_slice() {
            [text] => (self.expression(text)?, "','".to_owned()),
            [text, between] => (self.expression(text)?, self.expression(between)?),
            _ => return Err(call.refused()),
        };
        if call.over.is_some() || (call.distinct && between != "','") {
            return Err(SqlRefusal::construct(
                "STRING_AGG with DISTINCT and a separator, or OVER",
            ));
        }
        Ok(if call.distinct {
            format!("group_concat(DISTINCT {text}{order})")
        } else {
            format!("group_concat({text}, {between}{order})")
        })
    }

    /// `ANY_VALUE(x HAVING MAX y)`: the x of the row with the greatest y.
    fn value_at(&mut self, call: &Call<'_>) -> Written {
        let [FunctionArgumentClause::Having(HavingBound(bound, measure))] = call.clauses else {
            return Err(call.refused());
        };
        let name = match bound {
            HavingBoundKind::Max => "gsql_at_max",
            HavingBoundKind::Min => "gsql_at_min",
        };
        match (call.expressions()?.as_slice(), call.over, call.distinct) {
            ([value], None, false) => Ok(format!(
                "{name}({}, {})",
                self.expression(value)?,
                self.expression(measure)?
            )),
            _ => Err(call.refused()),
        }
    }

    fn by_name(&mut self, call: &Call<'_>) -> Written {
        let Some(known) = known::by_name(call.name) else {
            return Err(call.refused());
        };
        if !call.clauses.is_empty() || !known.arguments.contains(&call.arguments.len()) {
            return Err(SqlRefusal::construct(format_args!(
                "these arguments of {}(…)",
                call.name
            )));
        }
        let grouped = known.kind == FunctionKind::Aggregate || known.kind == FunctionKind::OwnAggregate;
        if call.distinct && (!grouped || call.over.is_some()) {
            return Err(SqlRefusal::construct(format_args!("{}(DISTINCT …)", call.name)));
        }
        let windowed = known.kind == FunctionKind::Window;
        if call.over.is_some() != windowed && known.kind != FunctionKind::Aggregate {
            let over = if windowed { "without" } else { "with" };
            return Err(SqlRefusal::construct(format_args!(
                "{}(…) {over} OVER",
                call.name
            )));
        }
        let expressions = call.expressions()?;
        let aliases = if grouped { Vec::new() } else { self.aliases.clone() };
        let arguments: Vec<String> = self.with_aliases(aliases, |writer| {
            expressions
                .into_iter()
                .map(|argument| writer.expression(argument))
                .collect::<Result<_, _>>()
        })?;
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        self.over(
            format!("{}({distinct}{})", known.sqlite, arguments.join(", ")),
            call.over,
        )
    }
}
