//! Variables and functions that precede a query. `SQLite` has neither, so a variable is replaced by its value, and a call
//! by the body of the function.

use sqlparser::ast::{
    CreateFunction, CreateFunctionBody, DataType, Declare, DeclareAssignment, ExactNumberInfo, Expr,
    FunctionReturnType, OperateFunctionArg, Statement,
};
use sqlparser::dialect::BigQueryDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::call::Call;
use super::known::{self, FunctionKind};
use super::name::single;
use super::refusal::{SqlRefusal, called, unread};
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
    /// Whether it is a BOOL.
    is_truth: bool,
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
    if made.or_replace {
        return Err(SqlRefusal::construct(format_args!(
            "CREATE OR REPLACE FUNCTION {}",
            made.name
        )));
    }
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
    let function = DeclaredFunction {
        name: name.ok_or_else(refused)?,
        parameters: parameters.collect::<Option<_>>().ok_or_else(refused)?,
        returns,
        body,
    };
    refuse_open(&function)?;
    Ok(function)
}

/// Refuses a function that is more than an expression of its parameters. A call is replaced by text, so a column of a
/// subquery could take the place of a column in an argument.
fn refuse_open(function: &DeclaredFunction) -> Result<(), SqlRefusal> {
    let DeclaredFunction {
        name,
        parameters,
        body,
        ..
    } = function;
    for (at, (parameter, _)) in parameters.iter().enumerate() {
        if parameters[..at]
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(parameter))
        {
            return Err(SqlRefusal::construct(format_args!(
                "two parameters '{parameter}' of {name}"
            )));
        }
    }
    let tokens = Tokenizer::new(&BigQueryDialect, &body.to_string())
        .tokenize()
        .unwrap_or_default();
    let is_word =
        |token: &Token, wanted: Keyword| matches!(token, Token::Word(word) if word.keyword == wanted);
    if tokens.iter().any(|token| is_word(token, Keyword::SELECT)) {
        return Err(SqlRefusal::construct(format_args!(
            "a subquery in the function {name}"
        )));
    }
    let is_of_rows = |called: &String| {
        let known = known::by_name(&called.to_ascii_uppercase());
        known.is_some_and(|known| known.kind != FunctionKind::Scalar)
    };
    if tokens.iter().any(|token| is_word(token, Keyword::OVER)) || called(&tokens).iter().any(is_of_rows) {
        return Err(SqlRefusal::construct(format_args!(
            "an aggregate in the function {name}"
        )));
    }
    Ok(())
}

impl SqlWriter<'_> {
    /// Makes the variables and functions known to what is translated from now on.
    pub(super) fn declare(&mut self, declared: Declarations) -> Result<(), SqlRefusal> {
        for (at, function) in declared.functions.iter().enumerate() {
            self.refuse_taken_name(function, &declared.functions[..at])?;
        }
        self.functions = declared.functions;
        for DeclaredVariable { name, kind, value } in declared.variables {
            let written = match &value {
                None => converted("NULL".to_owned(), kind.as_ref())?,
                Some(value) => converted(self.default_value(value)?, kind.as_ref())?,
            };
            let is_truth = match (&kind, &value) {
                (Some(kind), _) => *kind == DataType::Bool,
                (None, Some(value)) => self.is_condition(value),
                (None, None) => false,
            };
            if self
                .variables
                .iter()
                .any(|known| known.name.eq_ignore_ascii_case(&name))
            {
                return Err(SqlRefusal::other(&format!("two variables named {name}")));
            }
            let written = bounded(written, &name)?;
            self.variables.push(WrittenVariable {
                name,
                written,
                is_truth,
            });
        }
        Ok(())
    }

    /// The value of a variable. Outside of its subqueries it has no columns, only the variables before it.
    fn default_value(&mut self, value: &Expr) -> Written {
        let tokens = Tokenizer::new(&BigQueryDialect, &value.to_string())
            .tokenize()
            .unwrap_or_default();
        let is_select = |token: &Token| matches!(token, Token::Word(word) if word.keyword == Keyword::SELECT);
        if tokens.iter().any(is_select) {
            return self.expression(value);
        }
        let earlier = self
            .variables
            .iter()
            .map(|known| (known.name.clone(), known.written.clone()));
        self.arguments = Some(earlier.collect());
        let written = self.expression(value);
        self.arguments = None;
        written
    }

    /// Refuses a function with the name of an earlier one, or of one that queries have without a declaration.
    fn refuse_taken_name(
        &mut self,
        function: &DeclaredFunction,
        earlier: &[DeclaredFunction],
    ) -> Result<(), SqlRefusal> {
        let name = &function.name;
        if earlier.iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
            return Err(SqlRefusal::construct(format_args!("two functions '{name}'")));
        }
        let arguments = vec!["NULL"; function.parameters.len()].join(", ");
        let call = Parser::new(&BigQueryDialect)
            .try_with_sql(&format!("{name}({arguments})"))
            .and_then(|mut parser| parser.parse_expr());
        // Some functions have a syntax of their own: a declaration of theirs would never be called.
        let is_taken = match &call {
            Ok(Expr::Function(_)) => {
                known::by_name(&name.to_ascii_uppercase()).is_some()
                    || call.as_ref().is_ok_and(|call| self.expression(call).is_ok())
            }
            Ok(_) | Err(_) => true,
        };
        if is_taken {
            return Err(SqlRefusal::construct(format_args!(
                "a function with the name of a built-in one, '{name}'"
            )));
        }
        Ok(())
    }

    /// Whether a name is a BOOL variable, or a call one of a declared function whose body is a condition.
    pub(super) fn declares_truth(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Identifier(name) => (self.variables.iter())
                .any(|known| known.is_truth && known.name.eq_ignore_ascii_case(&name.value)),
            Expr::Function(call) => {
                let name = single(&call.name)
                    .map(|name| name.value.as_str())
                    .unwrap_or_default();
                self.functions.iter().any(|known| {
                    known.name.eq_ignore_ascii_case(name)
                        && (known.returns == Some(DataType::Bool) || self.is_condition(&known.body))
                })
            }
            _ => false,
        }
    }

    /// The value of the parameter of a function, or of a variable, of this name; `None` if it is the name of a column.
    pub(super) fn declared_value(&self, name: &str) -> Result<Option<String>, SqlRefusal> {
        if let Some(arguments) = &self.arguments {
            let mut arguments = arguments.iter();
            let argument = arguments.find(|(known, _)| known.eq_ignore_ascii_case(name));
            let argument = argument.map(|(_, written)| Some(written.clone()));
            return argument.ok_or_else(|| {
                SqlRefusal::construct(format_args!(
                    "'{name}' in a function or a default, which is not declared there"
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
        let arguments: Result<Vec<(String, String)>, SqlRefusal> = (function.parameters.iter().zip(written))
            .map(|((name, kind), written)| Ok((name.clone(), converted(written, Some(kind))?)))
            .collect();
        let arguments = match arguments {
            Ok(arguments) => arguments,
            Err(refused) => {
                self.functions.extend(later);
                return Err(refused);
            }
        };
        let outer = self.arguments.replace(arguments);
        let body = self.with_aliases(Vec::new(), |writer| writer.expression(&function.body));
        self.arguments = outer;
        let body = body.and_then(|body| converted(format!("({body})"), function.returns.as_ref()));
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
            | DataType::Bytes(None)
            | DataType::JSON
            | DataType::Array(_),
        ) => return Ok(written),
        // With nine decimals, as a NUMERIC has.
        Some(DataType::Numeric(ExactNumberInfo::None)) => return Ok(format!("gsql_round({written}, 9)")),
        Some(DataType::Float64) => "float64",
        Some(DataType::Date) => "date",
        Some(DataType::Timestamp(..)) => "timestamp",
        Some(DataType::Datetime(_)) => "datetime",
        Some(DataType::Time(..)) => "time",
        Some(other) => {
            return Err(SqlRefusal::construct(format_args!(
                "the type {other} in a declaration"
            )));
        }
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
