//! Function calls. Only functions of the list below and those with a rule of their own are let through.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, HavingBound, HavingBoundKind, Interval, Value, WindowFrameBound,
    WindowType,
};

use super::name::dotted;
use super::refusal::Refusal;
use super::{Writer, Written, literal};
use crate::table;

/// What kind of function a name is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of one row.
    Scalar,
    /// Of many rows, also over a window.
    Aggregate,
    /// Of many rows, registered, not over a window.
    OwnAggregate,
    /// Over a window only.
    Window,
}

/// What it gives, as far as the translation asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    Number,
    Truth,
    Any,
}

/// A function that is translated by its name alone.
struct Known {
    google: &'static str,
    sqlite: &'static str,
    arguments: std::ops::RangeInclusive<usize>,
    kind: Kind,
    gives: Gives,
}

const fn known(
    google: &'static str,
    sqlite: &'static str,
    arguments: std::ops::RangeInclusive<usize>,
    kind: Kind,
    gives: Gives,
) -> Known {
    Known {
        google,
        sqlite,
        arguments,
        kind,
        gives,
    }
}

#[rustfmt::skip]
static KNOWN: &[Known] = &[
    known("ABS",            "abs",                  1..=1, Kind::Scalar,       Gives::Number),
    known("SQRT",           "gsql_sqrt",            1..=1, Kind::Scalar,       Gives::Number),
    known("POW",            "gsql_pow",             2..=2, Kind::Scalar,       Gives::Number),
    known("POWER",          "gsql_pow",             2..=2, Kind::Scalar,       Gives::Number),
    known("ROUND",          "gsql_round",           1..=2, Kind::Scalar,       Gives::Number),
    known("TRUNC",          "gsql_trunc",           1..=2, Kind::Scalar,       Gives::Number),
    known("CEILING",        "gsql_ceil",            1..=1, Kind::Scalar,       Gives::Number),
    known("MOD",            "gsql_mod",             2..=2, Kind::Scalar,       Gives::Number),
    known("DIV",            "gsql_div",             2..=2, Kind::Scalar,       Gives::Number),
    known("SAFE_DIVIDE",    "gsql_safe_divide",     2..=2, Kind::Scalar,       Gives::Number),
    known("IFNULL",         "ifnull",               2..=2, Kind::Scalar,       Gives::Any),
    known("NULLIF",         "nullif",               2..=2, Kind::Scalar,       Gives::Any),
    known("LENGTH",         "length",               1..=1, Kind::Scalar,       Gives::Number),
    known("CHAR_LENGTH",    "length",               1..=1, Kind::Scalar,       Gives::Number),
    known("LOWER",          "gsql_lower",           1..=1, Kind::Scalar,       Gives::Any),
    known("UPPER",          "gsql_upper",           1..=1, Kind::Scalar,       Gives::Any),
    known("LTRIM",          "gsql_ltrim",           1..=1, Kind::Scalar,       Gives::Any),
    known("RTRIM",          "gsql_rtrim",           1..=1, Kind::Scalar,       Gives::Any),
    known("REPLACE",        "replace",              3..=3, Kind::Scalar,       Gives::Any),
    known("STRPOS",         "instr",                2..=2, Kind::Scalar,       Gives::Number),
    known("STARTS_WITH",    "gsql_starts_with",     2..=2, Kind::Scalar,       Gives::Truth),
    known("ENDS_WITH",      "gsql_ends_with",       2..=2, Kind::Scalar,       Gives::Truth),
    known("REGEXP_CONTAINS","gsql_regexp_contains", 2..=2, Kind::Scalar,       Gives::Truth),
    known("REGEXP_EXTRACT", "gsql_regexp_extract",  2..=2, Kind::Scalar,       Gives::Any),
    known("ARRAY_LENGTH",   "gsql_array_length",    1..=1, Kind::Scalar,       Gives::Number),
    known("DATE",           "gsql_date",            1..=1, Kind::Scalar,       Gives::Any),
    known("SUM",            "sum",                  1..=1, Kind::Aggregate,    Gives::Number),
    known("AVG",            "avg",                  1..=1, Kind::Aggregate,    Gives::Number),
    known("MIN",            "min",                  1..=1, Kind::Aggregate,    Gives::Any),
    known("MAX",            "max",                  1..=1, Kind::Aggregate,    Gives::Any),
    known("ANY_VALUE",      "min",                  1..=1, Kind::Aggregate,    Gives::Any),
    known("LOGICAL_AND",    "min",                  1..=1, Kind::Aggregate,    Gives::Truth),
    known("LOGICAL_OR",     "max",                  1..=1, Kind::Aggregate,    Gives::Truth),
    known("STDDEV",         "gsql_stddev_samp",     1..=1, Kind::OwnAggregate, Gives::Number),
    known("STDDEV_SAMP",    "gsql_stddev_samp",     1..=1, Kind::OwnAggregate, Gives::Number),
    known("STDDEV_POP",     "gsql_stddev_pop",      1..=1, Kind::OwnAggregate, Gives::Number),
    known("VARIANCE",       "gsql_var_samp",        1..=1, Kind::OwnAggregate, Gives::Number),
    known("VAR_SAMP",       "gsql_var_samp",        1..=1, Kind::OwnAggregate, Gives::Number),
    known("VAR_POP",        "gsql_var_pop",         1..=1, Kind::OwnAggregate, Gives::Number),
    known("CORR",           "gsql_corr",            2..=2, Kind::OwnAggregate, Gives::Number),
    known("COUNT",          "count",                1..=1, Kind::Aggregate,    Gives::Number),
    known("ROW_NUMBER",     "row_number",           0..=0, Kind::Window,       Gives::Number),
    known("RANK",           "rank",                 0..=0, Kind::Window,       Gives::Number),
    known("DENSE_RANK",     "dense_rank",           0..=0, Kind::Window,       Gives::Number),
    known("PERCENT_RANK",   "percent_rank",         0..=0, Kind::Window,       Gives::Number),
    known("CUME_DIST",      "cume_dist",            0..=0, Kind::Window,       Gives::Number),
    known("NTILE",          "ntile",                1..=1, Kind::Window,       Gives::Number),
    known("LAG",            "lag",                  1..=3, Kind::Window,       Gives::Any),
    known("LEAD",           "lead",                 1..=3, Kind::Window,       Gives::Any),
    known("FIRST_VALUE",    "first_value",          1..=1, Kind::Window,       Gives::Any),
    known("LAST_VALUE",     "last_value",           1..=1, Kind::Window,       Gives::Any),
    known("NTH_VALUE",      "nth_value",            2..=2, Kind::Window,       Gives::Any),
];

fn gives(call: &Function) -> Option<Gives> {
    let name = dotted(&call.name)?.to_ascii_uppercase();
    if ["COUNTIF", "DATE_DIFF", "TIMESTAMP_DIFF"].contains(&name.as_str()) {
        return Some(Gives::Number);
    }
    KNOWN
        .iter()
        .find(|known| known.google == name)
        .map(|known| known.gives)
}

/// Whether a call gives a number whatever its arguments are.
pub(super) fn gives_number(call: &Function) -> bool {
    gives(call) == Some(Gives::Number)
}

/// Whether a call gives true or false.
pub(super) fn gives_truth(call: &Function) -> bool {
    gives(call) == Some(Gives::Truth)
}

/// A call's pieces, once what nobody uses is refused.
struct Call<'a> {
    name: &'a str,
    distinct: bool,
    arguments: Vec<&'a FunctionArgExpr>,
    clauses: &'a [FunctionArgumentClause],
    over: Option<&'a WindowType>,
}

impl Call<'_> {
    fn refused(&self) -> Refusal {
        Refusal::function(self.name)
    }

    /// The arguments as expressions, so many of them.
    fn exactly<const N: usize>(&self) -> Result<[&Expr; N], Refusal> {
        let plain = self.clauses.is_empty() && !self.distinct && self.over.is_none();
        let arguments: Vec<&Expr> = self.expressions()?;
        arguments
            .try_into()
            .ok()
            .filter(|_| plain)
            .ok_or_else(|| Refusal::construct(format_args!("these arguments of {}(…)", self.name)))
    }

    fn expressions(&self) -> Result<Vec<&Expr>, Refusal> {
        self.arguments
            .iter()
            .map(|argument| match argument {
                FunctionArgExpr::Expr(expression) => Ok(expression),
                _ => Err(Refusal::construct(format_args!("{}(*)", self.name))),
            })
            .collect()
    }
}

impl Writer {
    /// A function call.
    pub(super) fn call(&mut self, function: &Function) -> Written {
        let name = dotted(&function.name).ok_or_else(|| Refusal::construct(function))?;
        let name = name.to_ascii_uppercase();
        let call = pieces(function, &name)?;
        match call.name {
            "COUNT" if matches!(call.arguments.as_slice(), [FunctionArgExpr::Wildcard]) && !call.distinct => {
                self.over("count(*)".to_owned(), call.over)
            }
            "COUNTIF" => self.count_if(&call),
            "STRING_AGG" => self.string_agg(&call),
            "ANY_VALUE" if !call.clauses.is_empty() => self.value_at(&call),
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
                let texts: Result<Vec<String>, Refusal> = call
                    .expressions()?
                    .into_iter()
                    .map(|text| Ok(format!("gsql_cast_string({})", self.expression(text)?)))
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
                let written: Result<Vec<String>, Refusal> =
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

    /// Never NULL, also without a row.
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
            _ => return Err(Refusal::construct("STRING_AGG(… LIMIT …)")),
        };
        let (text, between) = match call.expressions()?.as_slice() {
            [text] => (self.expression(text)?, "','".to_owned()),
            [text, between] => (self.expression(text)?, self.expression(between)?),
            _ => return Err(call.refused()),
        };
        if call.over.is_some() || (call.distinct && between != "','") {
            return Err(Refusal::construct(
                "STRING_AGG with DISTINCT and a separator, or OVER",
            ));
        }
        Ok(if call.distinct {
            format!("group_concat(DISTINCT {text}{order})")
        } else {
            format!("group_concat({text}, {between}{order})")
        })
    }

    /// `ANY_VALUE(x HAVING MAX y)`: x of the row where y is greatest.
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

    /// Functions of dates and moments, whose arguments are no plain expressions.
    fn calendar(&mut self, call: &Call<'_>) -> Result<Option<String>, Refusal> {
        const DAYS: &[&str] = &["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];
        const MOMENTS: &[&str] = &["MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY"];
        let written = match call.name {
            "CURRENT_DATE" => {
                let [] = call.exactly()?;
                literal::text(&self.now.date_naive().to_string())
            }
            "CURRENT_TIMESTAMP" => {
                let [] = call.exactly()?;
                literal::text(&table::Value::Timestamp(self.now).to_string())
            }
            "DATE" if call.arguments.len() == 3 => {
                let [year, month, day] = call.exactly()?;
                let (year, month) = (self.expression(year)?, self.expression(month)?);
                format!("gsql_date({year}, {month}, {})", self.expression(day)?)
            }
            "DATE_ADD" => self.shifted(call, "gsql_date_add", "", DAYS)?,
            "DATE_SUB" => self.shifted(call, "gsql_date_add", "- ", DAYS)?,
            "TIMESTAMP_ADD" => self.shifted(call, "gsql_timestamp_add", "", MOMENTS)?,
            "TIMESTAMP_SUB" => self.shifted(call, "gsql_timestamp_add", "- ", MOMENTS)?,
            "DATE_DIFF" => self.difference(call, "gsql_date_diff", DAYS)?,
            "TIMESTAMP_DIFF" => self.difference(call, "gsql_timestamp_diff", MOMENTS)?,
            "DATE_TRUNC" => {
                let [date, part] = call.exactly()?;
                let part = allowed_part(call, part, DAYS)?;
                format!("gsql_date_trunc({}, '{part}')", self.expression(date)?)
            }
            "FORMAT_DATE" | "PARSE_DATE" => {
                let [format, date] = call.exactly()?;
                let format = date_format(call, format)?;
                let name = call.name.to_ascii_lowercase();
                format!("gsql_{name}({format}, {})", self.expression(date)?)
            }
            _ => return Ok(None),
        };
        Ok(Some(written))
    }

    fn shifted(&mut self, call: &Call<'_>, name: &str, sign: &str, parts: &[&str]) -> Written {
        let [from, by] = call.exactly()?;
        let Expr::Interval(Interval {
            value,
            leading_field: Some(field),
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        }) = by
        else {
            return Err(Refusal::construct(format_args!("{}(…, {by})", call.name)));
        };
        let part = part_word(&field.to_string());
        if !parts.contains(&part.as_str()) {
            return Err(Refusal::construct(format_args!(
                "{}(…, INTERVAL … {field})",
                call.name
            )));
        }
        let (from, by) = (self.expression(from)?, self.expression(value)?);
        Ok(format!("{name}({from}, {sign}{by}, '{part}')"))
    }

    fn difference(&mut self, call: &Call<'_>, name: &str, parts: &[&str]) -> Written {
        let [left, right, part] = call.exactly()?;
        let part = allowed_part(call, part, parts)?;
        Ok(format!(
            "{name}({}, {}, '{part}')",
            self.expression(left)?,
            self.expression(right)?
        ))
    }

    fn by_name(&mut self, call: &Call<'_>) -> Written {
        let Some(known) = KNOWN.iter().find(|known| known.google == call.name) else {
            return Err(call.refused());
        };
        if !call.clauses.is_empty() || !known.arguments.contains(&call.arguments.len()) {
            return Err(Refusal::construct(format_args!(
                "these arguments of {}(…)",
                call.name
            )));
        }
        let grouped = known.kind == Kind::Aggregate || known.kind == Kind::OwnAggregate;
        if call.distinct && (!grouped || call.over.is_some()) {
            return Err(Refusal::construct(format_args!("{}(DISTINCT …)", call.name)));
        }
        let windowed = known.kind == Kind::Window;
        if call.over.is_some() != windowed && known.kind != Kind::Aggregate {
            let over = if windowed { "without" } else { "with" };
            return Err(Refusal::construct(format_args!("{}(…) {over} OVER", call.name)));
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

    fn over(&mut self, call: String, window: Option<&WindowType>) -> Written {
        let spec = match window {
            None => return Ok(call),
            Some(WindowType::WindowSpec(spec)) if spec.window_name.is_none() => spec,
            Some(_) => return Err(Refusal::construct("a named window")),
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

fn pieces<'a>(function: &'a Function, name: &'a str) -> Result<Call<'a>, Refusal> {
    let foreign = function.uses_odbc_syntax
        || function.parameters != FunctionArguments::None
        || !function.within_group.is_empty()
        || function.filter.is_some()
        || function.null_treatment.is_some();
    let list = match &function.args {
        FunctionArguments::List(list) => Some(list),
        FunctionArguments::None => None,
        FunctionArguments::Subquery(_) => return Err(Refusal::function(name)),
    };
    if foreign {
        return Err(Refusal::construct(function));
    }
    let arguments: Result<Vec<&FunctionArgExpr>, Refusal> = list
        .map_or(&[][..], |list: &FunctionArgumentList| &list.args)
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(argument) => Ok(argument),
            _ => Err(Refusal::construct(format_args!("named arguments of {name}(…)"))),
        })
        .collect();
    Ok(Call {
        name,
        distinct: list.is_some_and(|list| list.duplicate_treatment == Some(DuplicateTreatment::Distinct)),
        arguments: arguments?,
        clauses: list.map_or(&[], |list| &list.clauses),
        over: function.over.as_ref(),
    })
}

/// `HOURS` and `HOUR` are the same part.
fn part_word(part: &str) -> String {
    let part = part.to_ascii_uppercase();
    part.strip_suffix('S').map_or(part.clone(), str::to_owned)
}

fn allowed_part(call: &Call<'_>, part: &Expr, parts: &[&str]) -> Written {
    let word = part_word(&part.to_string());
    if parts.contains(&word.as_str()) {
        Ok(word)
    } else {
        Err(Refusal::construct(format_args!("{}(…, {part})", call.name)))
    }
}

/// A format of elements that mean the same in `GoogleSQL` and here.
fn date_format(call: &Call<'_>, format: &Expr) -> Written {
    let refused = || Refusal::construct(format_args!("{}({format}, …)", call.name));
    let Expr::Value(value) = format else {
        return Err(refused());
    };
    let written = literal::text_of(&value.value).ok_or_else(refused)?;
    let mut letters = written.chars();
    while let Some(letter) = letters.next() {
        if letter == '%'
            && !letters
                .next()
                .is_some_and(|element| "YmdFyjaAbBe%".contains(element))
        {
            return Err(refused());
        }
    }
    Ok(literal::text(written))
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
        Some(other) => Err(Refusal::construct(format_args!("a window of {other} rows"))),
    }
}
