//! The types of function results in `BigQuery`, for the functions that are translated.

use sqlparser::ast::{Expr, Function};

use super::TypeReader;
use super::inferred_type::InferredType;
use crate::table::ColumnType;
use crate::warehouse::sqlite::googlesql::call::pieces;
use crate::warehouse::sqlite::googlesql::name::dotted;

/// How the type of a result follows from those of the arguments.
#[derive(Clone, Copy)]
enum ResultType {
    /// This type, whatever the arguments are.
    Always(fn() -> ColumnType),
    /// That of the first argument.
    First,
    /// That of the first argument, if it is a number.
    Number,
    /// The common type of all arguments.
    Common,
    /// The common type of the arguments after the first.
    CommonOfRest,
    /// FLOAT64 or NUMERIC: integers become FLOAT64.
    Real,
    /// The same of the first argument; another is a number of digits.
    RealOfFirst,
    /// INT64 or NUMERIC: a FLOAT64 is refused.
    Whole,
    /// That of a sum.
    Total,
    /// DATE, if the first argument is one. `BigQuery` returns other types for others.
    SameDate,
    /// TIMESTAMP, if the first argument is one.
    SameTimestamp,
}

use ResultType::{
    Always, Common, CommonOfRest, First, Number, Real, RealOfFirst, SameDate, SameTimestamp, Total, Whole,
};

const fn int64() -> ColumnType {
    ColumnType::Int64
}

const fn float64() -> ColumnType {
    ColumnType::Float64
}

const fn string() -> ColumnType {
    ColumnType::String
}

const fn bool() -> ColumnType {
    ColumnType::Bool
}

const fn date() -> ColumnType {
    ColumnType::Date
}

const fn timestamp() -> ColumnType {
    ColumnType::Timestamp
}

const fn datetime() -> ColumnType {
    ColumnType::Datetime
}

const fn time() -> ColumnType {
    ColumnType::Time
}

const fn bytes() -> ColumnType {
    ColumnType::Bytes
}

const fn texts() -> ColumnType {
    ColumnType::StringArray
}

#[rustfmt::skip]
static RESULTS: &[(ResultType, &[&str])] = &[
    (Always(int64), &[
        "COUNT", "COUNTIF", "LENGTH", "CHAR_LENGTH", "STRPOS", "ARRAY_LENGTH", "DATE_DIFF", "TIMESTAMP_DIFF",
        "DATETIME_DIFF", "BYTE_LENGTH",
        "ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE",
    ]),
    (Always(float64), &[
        "PERCENT_RANK", "CUME_DIST", "STDDEV", "STDDEV_SAMP", "STDDEV_POP", "VARIANCE", "VAR_SAMP", "VAR_POP", "CORR",
    ]),
    (Always(string), &[
        "LOWER", "UPPER", "LTRIM", "RTRIM", "REPLACE", "REGEXP_EXTRACT", "CONCAT", "STRING_AGG", "FORMAT_DATE",
        "FORMAT_TIMESTAMP", "FORMAT_DATETIME", "TO_BASE64", "TO_HEX",
    ]),
    (Always(bool), &["STARTS_WITH", "ENDS_WITH", "REGEXP_CONTAINS", "LOGICAL_AND", "LOGICAL_OR"]),
    (Always(date), &["DATE", "PARSE_DATE", "CURRENT_DATE"]),
    (Always(timestamp), &["TIMESTAMP", "CURRENT_TIMESTAMP"]),
    (Always(datetime), &["DATETIME", "CURRENT_DATETIME", "DATETIME_ADD", "DATETIME_SUB", "DATETIME_TRUNC"]),
    (Always(time), &["TIME"]),
    (Always(bytes), &["FROM_BASE64", "SHA256"]),
    (Always(texts), &["SPLIT"]),
    (SameDate, &["DATE_ADD", "DATE_SUB", "DATE_TRUNC", "LAST_DAY"]),
    (SameTimestamp, &["TIMESTAMP_ADD", "TIMESTAMP_SUB", "TIMESTAMP_TRUNC"]),
    (Number, &["ABS"]),
    (First, &["MIN", "MAX", "ANY_VALUE", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE"]),
    (Common, &["COALESCE", "IFNULL", "NULLIF", "GREATEST", "LEAST"]),
    (CommonOfRest, &["IF"]),
    (Real, &["SQRT", "POW", "POWER", "SAFE_DIVIDE", "AVG"]),
    (RealOfFirst, &["ROUND", "TRUNC", "CEILING"]),
    (Whole, &["MOD", "DIV"]),
    (Total, &["SUM"]),
];

impl TypeReader<'_> {
    /// The type of a call's result.
    pub(super) fn call(&mut self, function: &Function) -> InferredType {
        let Some(name) = dotted(&function.name).map(|name| name.to_ascii_uppercase()) else {
            return InferredType::Unknown;
        };
        let mut declared = self.returned.iter();
        if let Some((_, kind)) = declared.find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            return kind.clone();
        }
        let Some((result, _)) = RESULTS.iter().find(|(_, names)| names.contains(&name.as_str())) else {
            return InferredType::Unknown;
        };
        if let Always(kind) = result {
            return InferredType::Value(kind());
        }
        let types = self.arguments(function, &name);
        let first = types.first().cloned().unwrap_or(InferredType::Unknown);
        match result {
            Always(kind) => InferredType::Value(kind()),
            First => first.value(),
            Number => first.negated().value(),
            Common => InferredType::common_of(types),
            CommonOfRest => InferredType::common_of(types.into_iter().skip(1)),
            Real => InferredType::common_of(types).real(),
            RealOfFirst => first.real(),
            Whole => match InferredType::common_of(types) {
                number if number.is(&ColumnType::Float64) => InferredType::Unknown,
                number => number.total(),
            },
            Total => first.total(),
            SameDate if first.turns_into(&ColumnType::Date) => InferredType::Value(ColumnType::Date),
            SameTimestamp if first.turns_into(&ColumnType::Timestamp) => {
                InferredType::Value(ColumnType::Timestamp)
            }
            SameDate | SameTimestamp => InferredType::Unknown,
        }
    }

    fn arguments(&mut self, function: &Function, name: &str) -> Vec<InferredType> {
        let Ok(call) = pieces(function, name) else {
            return Vec::new();
        };
        let arguments: Vec<&Expr> = call.expressions().unwrap_or_default();
        arguments
            .into_iter()
            .map(|argument| self.expression(argument))
            .collect()
    }
}
