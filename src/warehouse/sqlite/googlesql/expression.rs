//! Expressions. Every operation is parenthesised, because operator precedence differs between the dialects.

use sqlparser::ast::{
    AccessExpr, Array, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType, DateTimeField, Expr,
    FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Query, Subscript, TimezoneInfo, UnaryOperator,
    Value,
};

use super::calendar::zone_name;
use super::name::single;
use super::refusal::SqlRefusal;
use crate::partition::Parameter;

use super::{SqlWriter, Written, bound_as, bracketed, known, literal};
use crate::table::{RESERVED, sql_name};

impl SqlWriter<'_> {
    /// Translates an expression. The result needs no further parentheses.
    pub(super) fn expression(&mut self, expression: &Expr) -> Written {
        match expression {
            Expr::Identifier(name) => self.column(name),
            Expr::CompoundIdentifier(parts) if self.arguments.is_none() => match parts.as_slice() {
                [table, column] => Ok(format!("{}.{}", sql_name(&table.value), sql_name(&column.value))),
                _ => Err(SqlRefusal::construct(expression)),
            },
            Expr::Value(value) => literal::value(&value.value),
            Expr::TypedString(typed) => literal::typed(typed),
            Expr::Nested(inner) => self.expression(inner),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::Function(call) => self.call(call),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Cast {
                kind,
                expr,
                data_type,
                format: None,
            } => self.cast(kind, expr, data_type),
            Expr::Extract { field, expr, .. } => self.extract(field, expr),
            Expr::CompoundFieldAccess { root, access_chain } => self.element(expression, root, access_chain),
            Expr::Array(Array { elem, .. }) => Ok(format!("json_array({})", self.list(elem)?)),
            Expr::Subquery(query) => self.only_value(query),
            Expr::Exists { subquery, negated } => Ok(negate(
                *negated,
                format!("(EXISTS {})", bracketed(self, subquery)?),
            )),
            _ => self.condition(expression),
        }
    }

    /// Conditions with their own keywords.
    fn condition(&mut self, expression: &Expr) -> Written {
        match expression {
            Expr::IsNull(inner) => self.is(inner, "IS NULL"),
            Expr::IsNotNull(inner) => self.is(inner, "IS NOT NULL"),
            Expr::IsTrue(inner) => self.is(inner, "IS TRUE"),
            Expr::IsNotTrue(inner) => self.is(inner, "IS NOT TRUE"),
            Expr::IsFalse(inner) => self.is(inner, "IS FALSE"),
            Expr::IsNotFalse(inner) => self.is(inner, "IS NOT FALSE"),
            Expr::IsDistinctFrom(left, right) => self.infix(left, "IS NOT", right),
            Expr::IsNotDistinctFrom(left, right) => self.infix(left, "IS", right),
            Expr::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char: None,
            } => {
                let (expr, pattern) = (self.expression(expr)?, self.expression(pattern)?);
                Ok(negate(*negated, format!("gsql_like({expr}, {pattern})")))
            }
            _ => self.membership(expression),
        }
    }

    /// Whether a value is in a range, a list, a query or an array.
    fn membership(&mut self, expression: &Expr) -> Written {
        match expression {
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let (expr, low, high) = (
                    self.expression(expr)?,
                    self.expression(low)?,
                    self.expression(high)?,
                );
                Ok(negate(*negated, format!("({expr} BETWEEN {low} AND {high})")))
            }
            Expr::InList { expr, list, negated } => Ok(negate(
                *negated,
                format!("({} IN ({}))", self.expression(expr)?, self.list(list)?),
            )),
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => {
                let written = format!("({} IN {})", self.expression(expr)?, bracketed(self, subquery)?);
                Ok(negate(*negated, written))
            }
            Expr::InUnnest {
                expr,
                array_expr,
                negated,
            } => {
                let (expr, array) = (self.expression(expr)?, self.expression(array_expr)?);
                let written = format!("({expr} IN (SELECT value FROM json_each({array})))");
                Ok(negate(*negated, written))
            }
            _ => self.keyword_function(expression),
        }
    }

    /// Functions that the parser treats as syntax.
    fn keyword_function(&mut self, expression: &Expr) -> Written {
        match expression {
            Expr::Floor {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            } => Ok(format!("gsql_floor({})", self.expression(expr)?)),
            Expr::Ceil {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            } => Ok(format!("gsql_ceil({})", self.expression(expr)?)),
            Expr::Substring {
                expr,
                substring_from: Some(from),
                substring_for,
                ..
            } => {
                let mut arguments = vec![self.expression(expr)?, self.expression(from)?];
                if let Some(length) = substring_for {
                    arguments.push(self.expression(length)?);
                }
                Ok(format!("gsql_substr({})", arguments.join(", ")))
            }
            Expr::Trim {
                trim_where: None,
                trim_what: None,
                expr,
                trim_characters: None,
            } => Ok(format!("gsql_trim({})", self.expression(expr)?)),
            Expr::Interval(_) => Err(SqlRefusal::construct(
                "INTERVAL outside DATE_ADD, DATE_SUB and their kin",
            )),
            other => Err(SqlRefusal::construct(other)),
        }
    }

    /// A comma-separated list of expressions.
    pub(super) fn list(&mut self, expressions: &[Expr]) -> Written {
        let written: Result<Vec<String>, SqlRefusal> = expressions
            .iter()
            .map(|expression| self.expression(expression))
            .collect();
        Ok(written?.join(", "))
    }

    fn column(&self, name: &Ident) -> Written {
        if let Some(parameter) = name.value.strip_prefix('@') {
            return match Parameter::of_name(parameter) {
                Some(parameter) if self.is_about_dates => Ok(bound_as(parameter)),
                _ => Err(SqlRefusal::construct(format_args!("the parameter {name}"))),
            };
        }
        let alias = self
            .aliases
            .iter()
            .find(|alias| alias.name.eq_ignore_ascii_case(&name.value));
        if let (Some(alias), None) = (alias, &self.arguments) {
            return Ok(alias.written.clone());
        }
        let declared = self.declared_value(&name.value)?;
        Ok(declared.unwrap_or_else(|| sql_name(&name.value)))
    }

    fn is(&mut self, inner: &Expr, words: &str) -> Written {
        Ok(format!("({} {words})", self.expression(inner)?))
    }

    fn infix(&mut self, left: &Expr, word: &str, right: &Expr) -> Written {
        Ok(format!(
            "({} {word} {})",
            self.expression(left)?,
            self.expression(right)?
        ))
    }

    fn unary(&mut self, op: UnaryOperator, operand: &Expr) -> Written {
        let operand = self.expression(operand)?;
        match op {
            UnaryOperator::Not => Ok(format!("(NOT {operand})")),
            UnaryOperator::Minus => Ok(format!("(- {operand})")),
            UnaryOperator::Plus => Ok(operand),
            other => Err(SqlRefusal::construct(format_args!("the operator {other}"))),
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Written {
        // `date + 1` is a date, so operands that may not be numbers are added by a function that checks their types.
        let numbers = is_number(left) && is_number(right);
        let function = match op {
            BinaryOperator::Divide => "gsql_divide",
            BinaryOperator::Plus if !numbers => "gsql_add",
            BinaryOperator::Minus if !numbers => "gsql_subtract",
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::StringConcat => return self.infix(left, &op.to_string(), right),
            op if is_logical(op) => return self.infix(left, &op.to_string(), right),
            other => return Err(SqlRefusal::construct(format_args!("the operator {other}"))),
        };
        Ok(format!(
            "{function}({}, {})",
            self.expression(left)?,
            self.expression(right)?
        ))
    }

    fn case(&mut self, operand: Option<&Expr>, conditions: &[CaseWhen], otherwise: Option<&Expr>) -> Written {
        let mut written = "CASE".to_owned();
        if let Some(operand) = operand {
            written = format!("{written} {}", self.expression(operand)?);
        }
        for CaseWhen { condition, result } in conditions {
            let (condition, result) = (self.expression(condition)?, self.expression(result)?);
            written = format!("{written} WHEN {condition} THEN {result}");
        }
        if let Some(otherwise) = otherwise {
            written = format!("{written} ELSE {}", self.expression(otherwise)?);
        }
        Ok(format!("({written} END)"))
    }

    fn cast(&mut self, kind: &CastKind, expression: &Expr, to: &DataType) -> Written {
        let safe = match kind {
            CastKind::Cast => "",
            CastKind::SafeCast => "safe_",
            CastKind::TryCast | CastKind::DoubleColon => return Err(SqlRefusal::construct(kind_name(kind))),
        };
        let name = match to {
            DataType::String(None) => "string",
            DataType::Int64 | DataType::Int(None) | DataType::Integer(None) | DataType::BigInt(None) => {
                "int64"
            }
            DataType::Float64 => "float64",
            DataType::Date => "date",
            DataType::Timestamp(None, TimezoneInfo::None) => "timestamp",
            DataType::Datetime(None) => "datetime",
            DataType::Time(None, TimezoneInfo::None) => "time",
            DataType::Bytes(None) => "bytes",
            other => return Err(SqlRefusal::construct(format_args!("CAST(… AS {other})"))),
        };
        let written = self.expression(expression)?;
        if name == "string" && self.is_condition(expression) {
            return Ok(format!(
                "(CASE {written} WHEN TRUE THEN 'true' WHEN FALSE THEN 'false' END)"
            ));
        }
        Ok(format!("gsql_{safe}cast_{name}({written})"))
    }

    fn extract(&mut self, field: &DateTimeField, from: &Expr) -> Written {
        const PARTS: [&str; 12] = [
            "DATE",
            "YEAR",
            "ISOYEAR",
            "ISOWEEK",
            "QUARTER",
            "MONTH",
            "DAY",
            "DAYOFWEEK",
            "DAYOFYEAR",
            "HOUR",
            "MINUTE",
            "SECOND",
        ];
        let part = field.to_string().to_ascii_uppercase();
        let refused = || SqlRefusal::construct(format_args!("EXTRACT({field} FROM {from})"));
        if !PARTS.contains(&part.as_str()) {
            return Err(refused());
        }
        let (from, zone) = match from {
            Expr::AtTimeZone { timestamp, time_zone } => {
                (timestamp.as_ref(), zone_name(time_zone).ok_or_else(refused)?)
            }
            from => (from, literal::text("UTC")),
        };
        Ok(format!(
            "gsql_extract('{part}', {}, {zone})",
            self.expression(from)?
        ))
    }

    /// Array access: `array[OFFSET(n)]` and its variants.
    fn element(&mut self, whole: &Expr, root: &Expr, chain: &[AccessExpr]) -> Written {
        let refused = || SqlRefusal::construct(whole);
        let [
            AccessExpr::Subscript(Subscript::Index {
                index: Expr::Function(call),
            }),
        ] = chain
        else {
            return Err(refused());
        };
        let FunctionArguments::List(list) = &call.args else {
            return Err(refused());
        };
        let [FunctionArg::Unnamed(FunctionArgExpr::Expr(position))] = list.args.as_slice() else {
            return Err(refused());
        };
        let name = single(&call.name).map(|name| name.value.to_ascii_uppercase());
        let (function, first) = match name.as_deref() {
            Some("OFFSET") => ("gsql_array_at", 0),
            Some("SAFE_OFFSET") => ("gsql_array_safe_at", 0),
            Some("ORDINAL") => ("gsql_array_at", 1),
            Some("SAFE_ORDINAL") => ("gsql_array_safe_at", 1),
            _ => return Err(refused()),
        };
        let (array, position) = (self.expression(root)?, self.expression(position)?);
        Ok(format!("{function}({array}, {position} - {first})"))
    }

    /// A scalar subquery. `SQLite` would return the first of several rows instead of failing.
    fn only_value(&mut self, query: &Query) -> Written {
        let one = sql_name(&format!("{RESERVED}one"));
        let written = self.query(query)?;
        Ok(format!(
            "(WITH {one}(v) AS ({written}) SELECT gsql_only(v) FROM {one})"
        ))
    }
}

fn negate(negated: bool, written: String) -> String {
    if negated {
        format!("(NOT {written})")
    } else {
        written
    }
}

const fn kind_name(kind: &CastKind) -> &'static str {
    match kind {
        CastKind::DoubleColon => "::",
        _ => "TRY_CAST",
    }
}

/// Whether an expression is a number whatever its columns contain.
pub(super) fn is_number(expression: &Expr) -> bool {
    match expression {
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        Expr::Nested(inner) => is_number(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => is_number(expr),
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::Multiply | BinaryOperator::Divide => true,
            BinaryOperator::Plus | BinaryOperator::Minus => is_number(left) && is_number(right),
            _ => false,
        },
        Expr::Function(call) => known::gives_number(call),
        Expr::Extract { field, .. } => *field != DateTimeField::Date,
        _ => false,
    }
}

const fn is_logical(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::And
            | BinaryOperator::Or
    )
}

impl SqlWriter<'_> {
    /// Whether an expression is boolean by its syntax or by a declaration.
    pub(super) fn is_condition(&self, expression: &Expr) -> bool {
        is_condition(expression) || self.declares_truth(expression)
    }
}

/// Whether an expression is boolean by its syntax.
fn is_condition(expression: &Expr) -> bool {
    match expression {
        Expr::Nested(inner) => is_condition(inner),
        Expr::Value(value) => matches!(value.value, Value::Boolean(_)),
        Expr::UnaryOp { op, .. } => *op == UnaryOperator::Not,
        Expr::BinaryOp { op, .. } => is_logical(op),
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::Between { .. }
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::InUnnest { .. }
        | Expr::Like { .. }
        | Expr::Exists { .. } => true,
        Expr::Function(call) => known::gives_truth(call),
        _ => false,
    }
}
