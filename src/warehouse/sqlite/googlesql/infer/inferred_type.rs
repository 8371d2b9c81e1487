//! The type of an expression as far as it follows from the query, and the rules of `GoogleSQL` that combine types.

use crate::table::ColumnType;

/// The type of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InferredType {
    /// It doesn't follow from the query.
    Unknown,
    /// NULL, which takes any type.
    Null,
    /// A literal, which may be converted to another type.
    Literal(ColumnType),
    /// A value of this type.
    Value(ColumnType),
}

use InferredType::{Literal, Null, Unknown, Value};

/// NUMERIC without digits.
const NUMERIC: ColumnType = numeric(9);

/// The widest NUMERIC with these digits after the point. `BigQuery` drops the digits of a column; here they are kept where
/// no result can have more, because a double has only 15 of them.
const fn numeric(scale: u8) -> ColumnType {
    ColumnType::Numeric {
        precision: 29 + scale,
        scale,
    }
}

impl InferredType {
    /// The type of a column of this expression, if it has one.
    pub(super) fn column_type(self) -> Option<ColumnType> {
        match self {
            Literal(kind) | Value(kind) => Some(kind),
            Unknown | Null => None,
        }
    }

    /// The type of a column, which is a value.
    pub(super) fn of_column(kind: Option<ColumnType>) -> Self {
        kind.map_or(Unknown, Value)
    }

    const fn kind(&self) -> Option<&ColumnType> {
        match self {
            Literal(kind) | Value(kind) => Some(kind),
            Unknown | Null => None,
        }
    }

    /// The same type, no longer as a literal.
    pub(super) fn value(self) -> Self {
        match self {
            Literal(kind) => Value(kind),
            other => other,
        }
    }

    pub(super) fn is(&self, kind: &ColumnType) -> bool {
        self.kind() == Some(kind)
    }

    /// Whether it is a value of this type, or a text literal or NULL that is converted to it.
    pub(super) fn turns_into(&self, kind: &ColumnType) -> bool {
        self.is(kind) || matches!(self, Null | Literal(ColumnType::String))
    }

    pub(super) const fn is_number(&self) -> bool {
        matches!(
            self.kind(),
            Some(ColumnType::Int64 | ColumnType::Float64 | ColumnType::Numeric { .. })
        )
    }

    /// The sign changes no type, not even of a literal.
    pub(super) fn negated(self) -> Self {
        match self {
            Null => Null,
            number if number.is_number() => number,
            _ => Unknown,
        }
    }

    /// The common type of two values, as of the results of CASE.
    pub(super) fn common(self, other: Self) -> Self {
        match (self, other) {
            (Unknown, _) | (_, Unknown) => Unknown,
            (Null, other) | (other, Null) => other.value(),
            (one, other) if one.kind() == other.kind() => one.value(),
            (one, other) if one.is_number() && other.is_number() => common_number(&one, &other),
            (Literal(ColumnType::String), other) | (other, Literal(ColumnType::String))
                if [
                    ColumnType::Date,
                    ColumnType::Timestamp,
                    ColumnType::Datetime,
                    ColumnType::Time,
                ]
                .iter()
                .any(|kind| other.is(kind)) =>
            {
                other.value()
            }
            _ => Unknown,
        }
    }

    /// The common type of several values.
    pub(super) fn common_of(types: impl IntoIterator<Item = Self>) -> Self {
        types
            .into_iter()
            .reduce(Self::common)
            .map_or(Unknown, Self::value)
    }

    /// The type of `+` and `-`: numbers, or days added to a date.
    pub(super) fn sum(self, other: Self, is_minus: bool) -> Self {
        match (self, other) {
            (date, days) if date.is(&ColumnType::Date) && days.is(&ColumnType::Int64) => {
                Value(ColumnType::Date)
            }
            (days, date) if !is_minus && date.is(&ColumnType::Date) && days.is(&ColumnType::Int64) => {
                Value(ColumnType::Date)
            }
            (one, other) => match one.arithmetic(other) {
                Value(ColumnType::Numeric { scale, .. }) => Value(numeric(scale)),
                other => other,
            },
        }
    }

    /// The type of `*`.
    pub(super) fn product(self, other: Self) -> Self {
        match self.arithmetic(other) {
            Value(ColumnType::Numeric { .. }) => Value(NUMERIC),
            other => other,
        }
    }

    /// The type of `/`: never an integer.
    pub(super) fn quotient(self, other: Self) -> Self {
        self.product(other).real()
    }

    /// The common type of two numbers; one of them may be NULL.
    fn arithmetic(self, other: Self) -> Self {
        match self.common(other) {
            number if number.is_number() => number,
            _ => Unknown,
        }
    }

    /// The type of a function that makes a FLOAT64 of an INT64, and keeps NUMERIC: SQRT, ROUND, AVG.
    pub(super) fn real(self) -> Self {
        match self.value() {
            Value(ColumnType::Int64 | ColumnType::Float64) => Value(ColumnType::Float64),
            Value(ColumnType::Numeric { .. }) => Value(NUMERIC),
            _ => Unknown,
        }
    }

    /// The type of SUM.
    pub(super) fn total(self) -> Self {
        match self.value() {
            Value(ColumnType::Numeric { scale, .. }) => Value(numeric(scale)),
            number if number.is_number() => number,
            _ => Unknown,
        }
    }
}

fn common_number(one: &InferredType, other: &InferredType) -> InferredType {
    use ColumnType::{Float64, Int64, Numeric};
    let (Some(kind), Some(other_kind)) = (one.kind(), other.kind()) else {
        return Unknown;
    };
    match (kind, other_kind) {
        (Float64, Numeric { .. }) if matches!(one, Literal(_)) => Unknown,
        // Whether such a literal becomes a NUMERIC is not documented for BigQuery.
        (Numeric { .. }, Float64) if matches!(other, Literal(_)) => Unknown,
        (Float64, _) | (_, Float64) => Value(Float64),
        (Numeric { scale, .. }, Numeric { scale: others, .. }) => Value(numeric(*scale.max(others))),
        (Numeric { scale, .. }, Int64) | (Int64, Numeric { scale, .. }) => Value(numeric(*scale)),
        _ => Value(kind.clone()),
    }
}
