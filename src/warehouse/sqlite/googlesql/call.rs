//! The parts of a function call. Unsupported parts are rejected.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, WindowType,
};

use super::refusal::SqlRefusal;

/// A function call without unsupported parts.
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) distinct: bool,
    pub(super) arguments: Vec<&'a FunctionArgExpr>,
    pub(super) clauses: &'a [FunctionArgumentClause],
    pub(super) over: Option<&'a WindowType>,
}

impl Call<'_> {
    pub(super) fn refused(&self) -> SqlRefusal {
        SqlRefusal::function(self.name)
    }

    /// Exactly `N` plain arguments, without clauses.
    pub(super) fn exactly<const N: usize>(&self) -> Result<[&Expr; N], SqlRefusal> {
        let plain = self.clauses.is_empty() && !self.distinct && self.over.is_none();
        let arguments: Vec<&Expr> = self.expressions()?;
        arguments
            .try_into()
            .ok()
            .filter(|_| plain)
            .ok_or_else(|| SqlRefusal::construct(format_args!("these arguments of {}(…)", self.name)))
    }

    pub(super) fn expressions(&self) -> Result<Vec<&Expr>, SqlRefusal> {
        self.arguments
            .iter()
            .map(|argument| match argument {
                FunctionArgExpr::Expr(expression) => Ok(expression),
                _ => Err(SqlRefusal::construct(format_args!("{}(*)", self.name))),
            })
            .collect()
    }
}

/// Splits a call into its parts; `name` is its name in upper case.
pub(super) fn pieces<'a>(function: &'a Function, name: &'a str) -> Result<Call<'a>, SqlRefusal> {
    let foreign = function.uses_odbc_syntax
        || function.parameters != FunctionArguments::None
        || !function.within_group.is_empty()
        || function.filter.is_some()
        || function.null_treatment.is_some();
    let list = match &function.args {
        FunctionArguments::List(list) => Some(list),
        FunctionArguments::None => None,
        FunctionArguments::Subquery(_) => return Err(SqlRefusal::function(name)),
    };
    if foreign {
        return Err(SqlRefusal::construct(function));
    }
    let arguments: Result<Vec<&FunctionArgExpr>, SqlRefusal> = list
        .map_or(&[][..], |list: &FunctionArgumentList| &list.args)
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(argument) => Ok(argument),
            _ => Err(SqlRefusal::construct(format_args!(
                "named arguments of {name}(…)"
            ))),
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
