//! Variables and functions that precede a query. `SQLite` has neither, so a variable is replaced by its value, and a call
//! by the body of the function.

use sqlparser::ast::{
    CreateFunction, CreateFunctionBody, DataType, Declare, DeclareAssignment, Expr, FunctionReturnType,
    OperateFunctionArg, Statement,
};
use sqlparser::dialect::BigQueryDialect;
use sqlparser::parser::Parser;

use super::call::Call;
use super::name::single;
use super::refusal::{SqlRefusal, unread};
use super::{SqlWriter, Written};
use crate::warehouse::WarehouseError;

/// Maximum length of a value or a call after replacement, in characters: a chain of them grows by powers of two.
const MAX_LENGTH: usize = 200_000;

/// What precedes a query, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Declarations {
    pub(super) variables: Vec<DeclaredVariable>,
    pub(super) functions: Vec<DeclaredFunction>,
}

#[derive(Debug, Clone)]
pub(super) struct DeclaredVariable {
    pub(super) name: String,
    pub(super) kind: Option<DataType>,
    /// NULL if there is none.
    pub(super) value: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(super) struct DeclaredFunction {
    pub(super) name: String,
    pub(super) parameters: Vec<(String, DataType)>,
    pub(super) returns: Option<DataType>,
    pub(super) body: Expr,
}

/// A variable with its translated value.
pub(super) struct WrittenVariable {
    name: String,
    written: String,
}

/// Parses the statements before a query.
pub(super) fn declarations(before: &str) -> Result<Declarations, WarehouseError> {
    let mut declared = Declarations::default();
    for statement in Parser::parse_sql(&BigQueryDialect, before).map_err(|error| unread(before, &error))? {
        match statement {
            Statement::Declare { stmts } => {
                let variables = stmts.into_iter().map(variables);
                let variables: Vec<_> = variables.collect::<Result<_, _>>()?;
                declared.variables.extend(variables.into_iter().flatten());
            }
            Statement::CreateFunction(made) => declared.functions.push(function(&made)?),
            other => return Err(SqlRefusal::construct(other).into()),
        }
    }
    Ok(declared)
}

fn variables(declare: Declare) -> Result<Vec<DeclaredVariable>, SqlRefusal> {
    let value = match declare.assignment.clone() {
        None => None,
        Some(DeclareAssignment::Default(value)) => Some(*value),
        Some(_) => return Err(SqlRefusal::construct(declare)),
    };
    let names = declare.names.iter().map(|name| DeclaredVariable {
        name: name.value.clone(),
        kind: declare.data_type.clone(),
        value: value.clone(),
    });
    Ok(names.collect())
}

fn function(made: &CreateFunction) -> Result<DeclaredFunction, SqlRefusal> {
    let refused = || SqlRefusal::construct(format_args!("this kind of CREATE FUNCTION {}", made.name));
    let name = single(&made.name).map(|name| name.value.clone());
    let body = match (&made.function_body, &made.language) {
        (
            Some(CreateFunctionBody::AsBeforeOptions { body, .. } | CreateFunctionBody::AsAfterOptions(body)),
            None,
        ) => body.clone(),
        _ => return Err(refused()),
    };
    let parameter = |argument: &OperateFunctionArg| match (&argument.name, &argument.default_expr) {
        (Some(name), None) => Some((name.value.clone(), argument.data_type.clone())),
        _ => None,
    };
    let parameters = made.args.iter().flatten().map(parameter);
    let returns = match &made.return_type {
        None => None,
        Some(FunctionReturnType::DataType(kind)) => Some(kind.clone()),
        Some(_) => return Err(refused()),
    };
    Ok(DeclaredFunction {
        name: name.ok_or_else(refused)?,
        parameters: parameters.collect::<Option<_>>().ok_or_else(refused)?,
        returns,
        body,
    })
}

impl SqlWriter<'_> {
    /// Makes the variables and functions known to what is translated from now on.
    pub(super) fn declare(&mut self, declared: Declarations) -> Result<(), SqlRefusal> {
        self.functions = declared.functions;
        for DeclaredVariable { name, kind, value } in declared.variables {
            let written = match &value {
                None => converted("NULL".to_owned(), kind.as_ref())?,
                Some(value) => converted(self.expression(value)?, kind.as_ref())?,
            };
            if self
                .variables
                .iter()
                .any(|known| known.name.eq_ignore_ascii_case(&name))
            {
                return Err(SqlRefusal::other(&format!("two variables named {name}")));
            }
            let written = bounded(written, &name)?;
            self.variables.push(WrittenVariable { name, written });
        }
        Ok(())
    }

    /// The value of the parameter of a function, or of a variable, of this name; `None` if it is the name of a column.
    pub(super) fn declared_value(&self, name: &str) -> Result<Option<String>, SqlRefusal> {
        if let Some(arguments) = &self.arguments {
            let mut arguments = arguments.iter();
            let argument = arguments.find(|(known, _)| known.eq_ignore_ascii_case(name));
            let argument = argument.map(|(_, written)| Some(written.clone()));
            return argument.ok_or_else(|| {
                SqlRefusal::construct(format_args!(
                    "'{name}' in a function, which is not a parameter of it"
                ))
            });
        }
        let mut variables = self.variables.iter();
        let variable = variables.find(|known| known.name.eq_ignore_ascii_case(name));
        Ok(variable.map(|variable| variable.written.clone()))
    }

    /// The body of a declared function with the arguments of a call; `None` if it is another function.
    pub(super) fn declared_call(&mut self, call: &Call<'_>) -> Result<Option<String>, SqlRefusal> {
        let mut functions = self.functions.iter();
        let Some(at) = functions.position(|known| known.name.eq_ignore_ascii_case(call.name)) else {
            return Ok(None);
        };
        let arguments = call.expressions()?;
        let is_plain = call.clauses.is_empty() && !call.distinct && call.over.is_none();
        if !is_plain || arguments.len() != self.functions[at].parameters.len() {
            return Err(SqlRefusal::construct(format_args!(
                "these arguments of {}(…)",
                call.name
            )));
        }
        let mut written = Vec::with_capacity(arguments.len());
        for argument in arguments {
            written.push(self.expression(argument)?);
        }
        // A body may call only functions that were declared before it.
        let later = self.functions.split_off(at);
        let function = &later[0];
        let names = function.parameters.iter().map(|(name, _)| name.clone());
        let outer = self.arguments.replace(names.zip(written).collect());
        let body = self.with_aliases(Vec::new(), |writer| writer.expression(&function.body));
        self.arguments = outer;
        let body = body.and_then(|body| match &function.returns {
            Some(DataType::Float64) => converted(body, function.returns.as_ref()),
            _ => Ok(format!("({body})")),
        });
        self.functions.extend(later);
        bounded(body?, call.name).map(Some)
    }

    /// Refuses a variable with the name of a column of the query, which `BigQuery` would take instead.
    pub(super) fn refuse_hidden_variables(&self) -> Result<(), SqlRefusal> {
        for WrittenVariable { name, .. } in &self.variables {
            let is_name = |known: &str| known.eq_ignore_ascii_case(name);
            let mut read = self.read.iter();
            let table = read.find(|(dataset, table)| {
                let columns = self.catalog.iter().filter(|((held, named), _)| {
                    held.eq_ignore_ascii_case(dataset) && named.eq_ignore_ascii_case(table)
                });
                columns
                    .flat_map(|(_, columns)| columns)
                    .any(|(column, _)| is_name(column))
            });
            if let Some((dataset, table)) = table {
                return Err(SqlRefusal::hidden(name, &format!("{dataset}.{table}")));
            }
            if self.named.iter().any(|named| is_name(named)) {
                return Err(SqlRefusal::hidden(name, "the query"));
            }
        }
        Ok(())
    }
}

/// A value as one of this type. A text literal is converted; other values already have the type, or `BigQuery` refuses them.
fn converted(written: String, kind: Option<&DataType>) -> Written {
    let name = match kind {
        None
        | Some(
            DataType::Int64
            | DataType::String(None)
            | DataType::Bool
            | DataType::Numeric(_)
            | DataType::Bytes(None)
            | DataType::JSON
            | DataType::Array(_),
        ) => return Ok(written),
        Some(DataType::Float64) => "float64",
        Some(DataType::Date) => "date",
        Some(DataType::Timestamp(..)) => "timestamp",
        Some(DataType::Datetime(_)) => "datetime",
        Some(DataType::Time(..)) => "time",
        Some(other) => return Err(SqlRefusal::construct(format_args!("DECLARE … {other}"))),
    };
    Ok(format!("gsql_cast_{name}({written})"))
}

fn bounded(written: String, name: &str) -> Written {
    if written.len() > MAX_LENGTH {
        return Err(SqlRefusal::construct(format_args!(
            "'{name}' with so long an expression"
        )));
    }
    Ok(written)
}
