//! A statement with its parameters, and the result of its job.

use super::wire::{QueryParameter, QueryParameterType, QueryParameterValue, TableRow, TableSchema};

#[derive(Debug, Clone, Default)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) parameters: Vec<QueryParameter>,
}

impl Statement {
    pub(super) fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            parameters: Vec::new(),
        }
    }

    /// Binds a named parameter. Its value never becomes part of the query text.
    pub(super) fn with(mut self, name: &str, kind: &str, value: String) -> Self {
        self.parameters.push(QueryParameter {
            name: name.to_owned(),
            parameter_type: QueryParameterType {
                r#type: kind.to_owned(),
            },
            parameter_value: QueryParameterValue { value },
        });
        self
    }
}

#[derive(Debug, Default)]
pub(super) struct JobResult {
    /// The columns; empty for a statement without a result.
    pub(super) schema: TableSchema,
    pub(super) rows: Vec<TableRow>,
}
