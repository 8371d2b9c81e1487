//! The functions that are translated by name alone.

use sqlparser::ast::Function;

use super::name::dotted;

/// The kind of a function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FunctionKind {
    /// A scalar function.
    Scalar,
    /// An aggregate that also works as a window function.
    Aggregate,
    /// A registered aggregate, which doesn't work as a window function.
    OwnAggregate,
    /// A window function only.
    Window,
}

/// The type of the result, as far as the translation needs it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    Number,
    Truth,
    Any,
}

/// A function that is translated by name alone.
pub(super) struct KnownFunction {
    pub(super) google: &'static str,
    pub(super) sqlite: &'static str,
    pub(super) arguments: std::ops::RangeInclusive<usize>,
    pub(super) kind: FunctionKind,
    pub(super) gives: Gives,
}

const fn known(
    google: &'static str,
    sqlite: &'static str,
    arguments: std::ops::RangeInclusive<usize>,
    kind: FunctionKind,
    gives: Gives,
) -> KnownFunction {
    KnownFunction {
        google,
        sqlite,
        arguments,
        kind,
        gives,
    }
}

#[rustfmt::skip]
static KNOWN: &[KnownFunction] = &[
    known("ABS",            "abs",                  1..=1, FunctionKind::Scalar,       Gives::Number),
    known("SQRT",           "gsql_sqrt",            1..=1, FunctionKind::Scalar,       Gives::Number),
    known("POW",            "gsql_pow",             2..=2, FunctionKind::Scalar,       Gives::Number),
    known("POWER",          "gsql_pow",             2..=2, FunctionKind::Scalar,       Gives::Number),
    known("ROUND",          "gsql_round",           1..=2, FunctionKind::Scalar,       Gives::Number),
    known("TRUNC",          "gsql_trunc",           1..=2, FunctionKind::Scalar,       Gives::Number),
    known("CEILING",        "gsql_ceil",            1..=1, FunctionKind::Scalar,       Gives::Number),
    known("MOD",            "gsql_mod",             2..=2, FunctionKind::Scalar,       Gives::Number),
    known("DIV",            "gsql_div",             2..=2, FunctionKind::Scalar,       Gives::Number),
    known("SAFE_DIVIDE",    "gsql_safe_divide",     2..=2, FunctionKind::Scalar,       Gives::Number),
    known("IFNULL",         "ifnull",               2..=2, FunctionKind::Scalar,       Gives::Any),
    known("NULLIF",         "nullif",               2..=2, FunctionKind::Scalar,       Gives::Any),
    known("LENGTH",         "length",               1..=1, FunctionKind::Scalar,       Gives::Number),
    known("CHAR_LENGTH",    "length",               1..=1, FunctionKind::Scalar,       Gives::Number),
    known("LOWER",          "gsql_lower",           1..=1, FunctionKind::Scalar,       Gives::Any),
    known("UPPER",          "gsql_upper",           1..=1, FunctionKind::Scalar,       Gives::Any),
    known("LTRIM",          "gsql_ltrim",           1..=1, FunctionKind::Scalar,       Gives::Any),
    known("RTRIM",          "gsql_rtrim",           1..=1, FunctionKind::Scalar,       Gives::Any),
    known("REPLACE",        "replace",              3..=3, FunctionKind::Scalar,       Gives::Any),
    known("STRPOS",         "instr",                2..=2, FunctionKind::Scalar,       Gives::Number),
    known("STARTS_WITH",    "gsql_starts_with",     2..=2, FunctionKind::Scalar,       Gives::Truth),
    known("ENDS_WITH",      "gsql_ends_with",       2..=2, FunctionKind::Scalar,       Gives::Truth),
    known("BYTE_LENGTH",    "gsql_byte_length",     1..=1, FunctionKind::Scalar,       Gives::Number),
    known("TO_BASE64",      "gsql_to_base64",       1..=1, FunctionKind::Scalar,       Gives::Any),
    known("FROM_BASE64",    "gsql_from_base64",     1..=1, FunctionKind::Scalar,       Gives::Any),
    known("TO_HEX",         "gsql_to_hex",          1..=1, FunctionKind::Scalar,       Gives::Any),
    known("SHA256",         "gsql_sha256",          1..=1, FunctionKind::Scalar,       Gives::Any),
    known("REGEXP_CONTAINS","gsql_regexp_contains", 2..=2, FunctionKind::Scalar,       Gives::Truth),
    known("REGEXP_EXTRACT", "gsql_regexp_extract",  2..=2, FunctionKind::Scalar,       Gives::Any),
    known("ARRAY_LENGTH",   "gsql_array_length",    1..=1, FunctionKind::Scalar,       Gives::Number),
    known("DATE",           "gsql_date",            1..=1, FunctionKind::Scalar,       Gives::Any),
    known("SUM",            "sum",                  1..=1, FunctionKind::Aggregate,    Gives::Number),
    known("AVG",            "avg",                  1..=1, FunctionKind::Aggregate,    Gives::Number),
    known("MIN",            "min",                  1..=1, FunctionKind::Aggregate,    Gives::Any),
    known("MAX",            "max",                  1..=1, FunctionKind::Aggregate,    Gives::Any),
    known("ANY_VALUE",      "min",                  1..=1, FunctionKind::Aggregate,    Gives::Any),
    known("LOGICAL_AND",    "min",                  1..=1, FunctionKind::Aggregate,    Gives::Truth),
    known("LOGICAL_OR",     "max",                  1..=1, FunctionKind::Aggregate,    Gives::Truth),
    known("STDDEV",         "gsql_stddev_samp",     1..=1, FunctionKind::OwnAggregate, Gives::Number),
    known("STDDEV_SAMP",    "gsql_stddev_samp",     1..=1, FunctionKind::OwnAggregate, Gives::Number),
    known("STDDEV_POP",     "gsql_stddev_pop",      1..=1, FunctionKind::OwnAggregate, Gives::Number),
    known("VARIANCE",       "gsql_var_samp",        1..=1, FunctionKind::OwnAggregate, Gives::Number),
    known("VAR_SAMP",       "gsql_var_samp",        1..=1, FunctionKind::OwnAggregate, Gives::Number),
    known("VAR_POP",        "gsql_var_pop",         1..=1, FunctionKind::OwnAggregate, Gives::Number),
    known("CORR",           "gsql_corr",            2..=2, FunctionKind::OwnAggregate, Gives::Number),
    known("COUNT",          "count",                1..=1, FunctionKind::Aggregate,    Gives::Number),
    known("ROW_NUMBER",     "row_number",           0..=0, FunctionKind::Window,       Gives::Number),
    known("RANK",           "rank",                 0..=0, FunctionKind::Window,       Gives::Number),
    known("DENSE_RANK",     "dense_rank",           0..=0, FunctionKind::Window,       Gives::Number),
    known("PERCENT_RANK",   "percent_rank",         0..=0, FunctionKind::Window,       Gives::Number),
    known("CUME_DIST",      "cume_dist",            0..=0, FunctionKind::Window,       Gives::Number),
    known("NTILE",          "ntile",                1..=1, FunctionKind::Window,       Gives::Number),
    known("LAG",            "lag",                  1..=3, FunctionKind::Window,       Gives::Any),
    known("LEAD",           "lead",                 1..=3, FunctionKind::Window,       Gives::Any),
    known("FIRST_VALUE",    "first_value",          1..=1, FunctionKind::Window,       Gives::Any),
    known("LAST_VALUE",     "last_value",           1..=1, FunctionKind::Window,       Gives::Any),
    known("NTH_VALUE",      "nth_value",            2..=2, FunctionKind::Window,       Gives::Any),
];

fn gives(call: &Function) -> Option<Gives> {
    let name = dotted(&call.name)?.to_ascii_uppercase();
    if ["COUNTIF", "DATE_DIFF", "TIMESTAMP_DIFF", "DATETIME_DIFF"].contains(&name.as_str()) {
        return Some(Gives::Number);
    }
    by_name(&name).map(|known| known.gives)
}

/// Whether a call returns a number, whatever its arguments are.
pub(super) fn gives_number(call: &Function) -> bool {
    gives(call) == Some(Gives::Number)
}

/// Whether a call returns a boolean.
pub(super) fn gives_truth(call: &Function) -> bool {
    gives(call) == Some(Gives::Truth)
}

/// Looks up a function by its name in upper case.
pub(super) fn by_name(name: &str) -> Option<&'static KnownFunction> {
    KNOWN.iter().find(|known| known.google == name)
}
