//! The types of expressions.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, CaseWhen, DataType, DateTimeField, Expr, Ident, TimezoneInfo, UnaryOperator,
    Value,
};

use super::TypeReader;
use super::inferred_type::InferredType;
use crate::partition::Parameter;
use crate::table::ColumnType;
use crate::warehouse::sqlite::googlesql::literal::text_of;
use crate::warehouse::sqlite::googlesql::wildcard::SUFFIX;

impl TypeReader<'_> {
    /// The type of an expression. The query is translated too, which refuses what is not supported.
    pub(super) fn expression(&mut self, expression: &Expr) -> InferredType {
        match expression {
            Expr::Identifier(name) => self.name(name),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, column] => self.scopes.column(Some(&table.value), &column.value),
                _ => InferredType::Unknown,
            },
            Expr::Value(value) => literal(&value.value),
            Expr::TypedString(typed) => InferredType::of_column(named(&typed.data_type)),
            Expr::Nested(inner) => self.expression(inner),
            Expr::UnaryOp { op, expr } => match op {
                UnaryOperator::Not => BOOL,
                UnaryOperator::Minus | UnaryOperator::Plus => self.expression(expr).negated(),
                _ => InferredType::Unknown,
            },
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::Function(call) => self.call(call),
            Expr::Case {
                conditions,
                else_result,
                ..
            } => self.case(conditions, else_result.as_deref()),
            Expr::Cast { data_type, .. } => InferredType::of_column(named(data_type)),
            Expr::Extract { field, .. } => InferredType::Value(match field {
                DateTimeField::Date => ColumnType::Date,
                _ => ColumnType::Int64,
            }),
            Expr::CompoundFieldAccess { root, access_chain } => self.element(root, access_chain),
            Expr::Array(array) => {
                let elements = array.elem.iter().map(|element| self.expression(element));
                array_of(&InferredType::common_of(elements.collect::<Vec<_>>()))
            }
            Expr::Subquery(query) => match self.query(query).as_slice() {
                [(_, only)] => only.clone().value(),
                _ => InferredType::Unknown,
            },
            Expr::Floor { expr, .. } | Expr::Ceil { expr, .. } => self.expression(expr).real(),
            Expr::Substring { .. } | Expr::Trim { .. } => InferredType::Value(ColumnType::String),
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::Like { .. }
            | Expr::Between { .. }
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::InUnnest { .. }
            | Expr::Exists { .. } => BOOL,
            _ => InferredType::Unknown,
        }
    }

    fn name(&self, name: &Ident) -> InferredType {
        let Some(parameter) = name.value.strip_prefix('@') else {
            return match self.scopes.column(None, &name.value) {
                InferredType::Unknown => self.declared(&name.value),
                column => column,
            };
        };
        match Parameter::of_name(parameter) {
            Some(Parameter::Date) => InferredType::Value(ColumnType::Date),
            Some(Parameter::Start | Parameter::End) => InferredType::Value(ColumnType::Timestamp),
            Some(Parameter::Dates | Parameter::Starts) | None => InferredType::Unknown,
        }
    }

    /// The type of a variable, a parameter of a function, or the pseudo column of wildcard tables.
    fn declared(&self, name: &str) -> InferredType {
        let declared = self.declared.iter();
        let mut declared = declared.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        match declared.next() {
            Some((_, kind)) => kind.clone(),
            None if name.eq_ignore_ascii_case(SUFFIX) => InferredType::Value(ColumnType::String),
            None => InferredType::Unknown,
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> InferredType {
        let (left, right) = (self.expression(left), self.expression(right));
        match op {
            BinaryOperator::Plus => left.sum(right, false),
            BinaryOperator::Minus => left.sum(right, true),
            BinaryOperator::Multiply => left.product(right),
            BinaryOperator::Divide => left.quotient(right),
            BinaryOperator::StringConcat => match left.common(right) {
                text if text.is(&ColumnType::String) => text,
                _ => InferredType::Unknown,
            },
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::And
            | BinaryOperator::Or => BOOL,
            _ => InferredType::Unknown,
        }
    }

    /// Without ELSE, the other result is NULL.
    fn case(&mut self, conditions: &[CaseWhen], otherwise: Option<&Expr>) -> InferredType {
        let results = conditions.iter().map(|case| &case.result).chain(otherwise);
        let types: Vec<InferredType> = results.map(|result| self.expression(result)).collect();
        InferredType::common_of(types)
    }

    fn element(&mut self, root: &Expr, chain: &[AccessExpr]) -> InferredType {
        let [AccessExpr::Subscript(_)] = chain else {
            return InferredType::Unknown;
        };
        match self.expression(root) {
            InferredType::Value(ColumnType::StringArray) => InferredType::Value(ColumnType::String),
            InferredType::Value(ColumnType::Float64Array) => InferredType::Value(ColumnType::Float64),
            _ => InferredType::Unknown,
        }
    }
}

impl InferredType {
    /// A value of a declared type.
    pub(super) fn of_type(kind: &DataType) -> Self {
        Self::of_column(named(kind))
    }
}

const BOOL: InferredType = InferredType::Value(ColumnType::Bool);

fn literal(value: &Value) -> InferredType {
    match value {
        Value::Number(number, false) if number.contains(['.', 'e', 'E']) => {
            InferredType::Literal(ColumnType::Float64)
        }
        Value::Number(number, false) if number.parse::<i64>().is_ok() => {
            InferredType::Literal(ColumnType::Int64)
        }
        Value::Boolean(_) => BOOL,
        Value::Null => InferredType::Null,
        Value::SingleQuotedByteStringLiteral(_) | Value::DoubleQuotedByteStringLiteral(_) => {
            InferredType::Value(ColumnType::Bytes)
        }
        other if text_of(other).is_some() => InferredType::Literal(ColumnType::String),
        _ => InferredType::Unknown,
    }
}

/// The types that CAST and typed literals can have here.
fn named(kind: &DataType) -> Option<ColumnType> {
    match kind {
        DataType::String(None) => Some(ColumnType::String),
        DataType::Int64 | DataType::Int(None) | DataType::Integer(None) | DataType::BigInt(None) => {
            Some(ColumnType::Int64)
        }
        DataType::Float64 => Some(ColumnType::Float64),
        DataType::Bool => Some(ColumnType::Bool),
        DataType::Date => Some(ColumnType::Date),
        DataType::Timestamp(None, TimezoneInfo::None) => Some(ColumnType::Timestamp),
        DataType::Datetime(None) => Some(ColumnType::Datetime),
        DataType::Time(None, TimezoneInfo::None) => Some(ColumnType::Time),
        DataType::Bytes(None) => Some(ColumnType::Bytes),
        _ => None,
    }
}

/// Only arrays of texts and of FLOAT64 can be stored.
fn array_of(element: &InferredType) -> InferredType {
    match element {
        InferredType::Value(ColumnType::String) => InferredType::Value(ColumnType::StringArray),
        InferredType::Value(ColumnType::Float64) => InferredType::Value(ColumnType::Float64Array),
        _ => InferredType::Unknown,
    }
}
