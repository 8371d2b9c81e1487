//! Infers the types of a query's columns from its syntax tree and the types of the columns it reads, by the rules of
//! `BigQuery`. What doesn't follow from them stays unknown; nothing is guessed.

mod expressions;
mod functions;
mod inferred_type;
mod scopes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use sqlparser::ast::{
    Expr, JoinConstraint, JoinOperator, ObjectName, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Statement, TableFactor, TableWithJoins,
};
use sqlparser::dialect::BigQueryDialect;
use sqlparser::parser::Parser;

use super::declared::{Declarations, declarations};
use super::name::{dotted, single};
use crate::sql::{QueryScript, on_a_deep_stack, refuse_too_deep};
use crate::table::{ColumnType, sqlite_schema};
use inferred_type::InferredType;
use scopes::{NameScope, NameScopes, Relation};

/// The columns of a table, in order, with their types as far as they are known.
pub(in crate::warehouse::sqlite) type TableTypes = Vec<(String, Option<ColumnType>)>;

/// The columns of a query with their types.
type OutputTypes = Vec<(String, InferredType)>;

/// The columns of a query that the translator accepts, with their types as far as they follow from it. `tables` are the
/// columns of each table, by `dataset.table` in lower case, the dataset as its file is attached.
pub(in crate::warehouse::sqlite) fn column_types(
    sql: &str,
    tables: &BTreeMap<String, TableTypes>,
) -> TableTypes {
    if refuse_too_deep(sql).is_err() {
        return Vec::new();
    }
    on_a_deep_stack(|| {
        let script = QueryScript::of(sql).unwrap_or(QueryScript {
            before: "",
            query: sql,
        });
        let statements = Parser::parse_sql(&BigQueryDialect, script.query).unwrap_or_default();
        let [Statement::Query(query)] = statements.as_slice() else {
            return Vec::new();
        };
        let mut reader = TypeReader {
            tables,
            named: Vec::new(),
            scopes: NameScopes::default(),
            declared: Vec::new(),
            returned: Vec::new(),
        };
        reader.declare(declarations(script.before).unwrap_or_default());
        let columns = reader.query(query).into_iter();
        columns.map(|(name, kind)| (name, kind.column_type())).collect()
    })
}

struct TypeReader<'t> {
    tables: &'t BTreeMap<String, TableTypes>,
    /// The queries of WITH, innermost last.
    named: Vec<(String, OutputTypes)>,
    scopes: NameScopes,
    /// The types of variables, or of the parameters of a function.
    declared: Vec<(String, InferredType)>,
    /// The types of the results of declared functions.
    returned: Vec<(String, InferredType)>,
}

impl TypeReader<'_> {
    fn declare(&mut self, declared: Declarations) {
        for function in declared.functions {
            let parameters = function.parameters.iter();
            self.declared = parameters
                .map(|(name, kind)| (name.clone(), InferredType::of_type(kind)))
                .collect();
            let kind = match &function.returns {
                Some(kind) => InferredType::of_type(kind),
                None => self.expression(&function.body).value(),
            };
            self.returned.push((function.name, kind));
            self.declared.clear();
        }
        for variable in declared.variables {
            let kind = match (&variable.kind, &variable.value) {
                (Some(kind), _) => InferredType::of_type(kind),
                (None, Some(value)) => self.expression(value).value(),
                (None, None) => InferredType::Unknown,
            };
            self.declared.push((variable.name, kind));
        }
    }

    fn query(&mut self, query: &Query) -> OutputTypes {
        let outer = self.named.len();
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            let columns = self.query(&cte.query);
            self.named.push((cte.alias.name.value.clone(), columns));
        }
        let columns = self.body(&query.body);
        self.named.truncate(outer);
        columns
    }

    fn body(&mut self, body: &SetExpr) -> OutputTypes {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, right, .. } => {
                let (left, right) = (self.body(left), self.body(right));
                let mut right = right.into_iter();
                left.into_iter()
                    .map(|(name, kind)| {
                        let other = right.next().map_or(InferredType::Unknown, |(_, kind)| kind);
                        (name, kind.common(other))
                    })
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn select(&mut self, select: &Select) -> OutputTypes {
        let mut scope = NameScope::default();
        for table in &select.from {
            self.joined(table, &mut scope);
        }
        self.scopes.enter(scope);
        let mut columns = OutputTypes::new();
        for item in &select.projection {
            self.item(item, &mut columns);
        }
        self.scopes.leave();
        columns
    }

    fn item(&mut self, item: &SelectItem, columns: &mut OutputTypes) {
        match item {
            SelectItem::UnnamedExpr(expression) => {
                let name = match expression {
                    Expr::Identifier(name) => name.value.clone(),
                    Expr::CompoundIdentifier(parts) => {
                        parts.last().map_or_else(String::new, |part| part.value.clone())
                    }
                    // The translator names it, and the column is refused.
                    _ => String::new(),
                };
                columns.push((name, self.expression(expression)));
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                columns.push((alias.value.clone(), self.expression(expr)));
            }
            SelectItem::Wildcard(_) => columns.extend(self.all(None)),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(of), _) => {
                columns.extend(single(of).map_or_else(Vec::new, |of| self.all(Some(&of.value))));
            }
            _ => {}
        }
    }

    fn all(&self, of: Option<&str>) -> OutputTypes {
        let scope = self.scopes.innermost();
        scope.and_then(|scope| scope.all(of)).unwrap_or_default()
    }

    fn joined(&mut self, table: &TableWithJoins, scope: &mut NameScope) {
        self.relation(&table.relation, scope);
        for join in &table.joins {
            self.relation(&join.relation, scope);
            let (JoinOperator::Join(on)
            | JoinOperator::Inner(on)
            | JoinOperator::Left(on)
            | JoinOperator::LeftOuter(on)
            | JoinOperator::Right(on)
            | JoinOperator::RightOuter(on)
            | JoinOperator::FullOuter(on)) = &join.join_operator
            else {
                continue;
            };
            if let JoinConstraint::Using(columns) = on {
                for column in columns.iter().filter_map(single) {
                    scope.join_by(&column.value);
                }
            }
        }
    }

    fn relation(&mut self, relation: &TableFactor, scope: &mut NameScope) {
        match relation {
            TableFactor::Table { name, alias, .. } => {
                let alias = alias.as_ref().map(|alias| alias.name.value.clone());
                let columns = self.table(name);
                let own = dotted(name).and_then(|name| name.rsplit('.').next().map(str::to_owned));
                scope.add(Relation {
                    name: alias.or(own),
                    columns,
                });
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let columns = self.query(subquery);
                scope.add(Relation {
                    name: alias.as_ref().map(|alias| alias.name.value.clone()),
                    columns: Some(columns),
                });
            }
            TableFactor::NestedJoin { table_with_joins, .. } => self.joined(table_with_joins, scope),
            _ => scope.add(Relation {
                name: None,
                columns: None,
            }),
        }
    }

    fn table(&self, name: &ObjectName) -> Option<OutputTypes> {
        let whole = dotted(name)?;
        let parts: Vec<&str> = whole.split('.').collect();
        let path = match parts.as_slice() {
            [name] => {
                let named = self.named.iter().rev();
                let mut named = named.filter(|(known, _)| known.eq_ignore_ascii_case(name));
                return named.next().map(|(_, columns)| columns.clone());
            }
            [.., dataset, table] if table.ends_with('*') => {
                let begin = format!("{}.{}", sqlite_schema(dataset), table.trim_end_matches('*'));
                let begin = begin.to_ascii_lowercase();
                let named = self.tables.keys().filter(|path| path.starts_with(&begin));
                named.max()?.clone()
            }
            [.., dataset, table] => format!("{}.{table}", sqlite_schema(dataset)).to_ascii_lowercase(),
            [] => return None,
        };
        let columns = self.tables.get(&path)?.iter();
        Some(
            columns
                .map(|(name, kind)| (name.clone(), InferredType::of_column(kind.clone())))
                .collect(),
        )
    }
}
