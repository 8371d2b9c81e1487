//! A single SELECT: its list, tables, joins and conditions. Every result column gets its name in `GoogleSQL`; QUALIFY
//! becomes a condition around the SELECT.

use std::collections::HashSet;

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, TableAlias, TableFactor, TableWithJoins, WildcardAdditionalOptions,
};

use super::name::single;
use super::refusal::SqlRefusal;
use super::{Alias, SqlWriter, Written, bracketed};
use crate::table::{RESERVED, sql_name, sql_names};

/// One item of a SELECT list.
struct OutputColumn {
    /// Its SQL text.
    written: String,
    /// Its name, unless it is a wildcard.
    name: Option<String>,
}

impl SqlWriter<'_> {
    /// Translates a SELECT. Also returns the aliases that a following ORDER BY may use in an expression.
    pub(super) fn select(&mut self, select: &Select) -> Result<(String, Vec<Alias>), SqlRefusal> {
        refuse_foreign_clauses(select)?;
        let distinct = match &select.distinct {
            None | Some(Distinct::All) => "",
            Some(Distinct::Distinct) => "DISTINCT ",
            Some(Distinct::On(_)) => return Err(SqlRefusal::construct("DISTINCT ON")),
        };
        let (items, aliases) = self.items(&select.projection, &select.from)?;
        let from = self.from(&select.from)?;
        let filter = self.clause(" WHERE ", select.selection.as_ref())?;
        let grouping = self.with_aliases(aliases.clone(), |writer| writer.grouping(select))?;
        let rest = format!("{from}{filter}{grouping}");
        let list: Vec<&str> = items.iter().map(|item| item.written.as_str()).collect();
        let list = list.join(", ");
        let Some(condition) = &select.qualify else {
            return Ok((format!("SELECT {distinct}{list}{rest}"), aliases));
        };
        let condition = self.with_aliases(aliases, |writer| writer.expression(condition))?;
        self.hidden += 1;
        let flag = sql_name(&format!("{RESERVED}qualify_{}", self.hidden));
        let outer = around(&items);
        let written = format!(
            "SELECT {distinct}{outer} FROM (SELECT {list}, {condition} AS {flag}{rest}) WHERE {flag}"
        );
        Ok((written, Vec::new()))
    }

    fn items(
        &mut self,
        projection: &[SelectItem],
        from: &[TableWithJoins],
    ) -> Result<(Vec<OutputColumn>, Vec<Alias>), SqlRefusal> {
        let mut items = Vec::with_capacity(projection.len());
        let mut aliases = Vec::new();
        let mut unnamed = 0;
        for item in projection {
            match item {
                SelectItem::UnnamedExpr(expression) => {
                    let name = column_name(expression).unwrap_or_else(|| {
                        unnamed += 1;
                        format!("f{}_", unnamed - 1)
                    });
                    items.push(named(&self.expression(expression)?, &name));
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let written = self.expression(expr)?;
                    self.named.push(alias.value.clone());
                    items.push(named(&written, &alias.value));
                    aliases.push(Alias {
                        name: alias.value.clone(),
                        written,
                    });
                }
                SelectItem::Wildcard(options) => {
                    refuse_wildcard_options(options)?;
                    let columns = self.wildcard_columns(item, from)?;
                    items.push(OutputColumn {
                        written: columns.unwrap_or_else(|| "*".to_owned()),
                        name: None,
                    });
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(of), options) => {
                    refuse_wildcard_options(options)?;
                    let of = single(of).ok_or_else(|| SqlRefusal::construct(item))?;
                    let columns = self.wildcard_columns(item, from)?;
                    items.push(OutputColumn {
                        written: columns.unwrap_or_else(|| format!("{}.*", sql_name(&of.value))),
                        name: None,
                    });
                }
                other => return Err(SqlRefusal::construct(other)),
            }
        }
        Ok((items, aliases))
    }

    /// GROUP BY and HAVING, where aliases of the SELECT list take precedence over columns.
    fn grouping(&mut self, select: &Select) -> Written {
        let GroupByExpr::Expressions(groups, modifiers) = &select.group_by else {
            return Err(SqlRefusal::construct("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(SqlRefusal::construct(&select.group_by));
        }
        let having = self.clause(" HAVING ", select.having.as_ref())?;
        if groups.is_empty() {
            return Ok(having);
        }
        Ok(format!(" GROUP BY {}{having}", self.list(groups)?))
    }

    fn clause(&mut self, word: &str, condition: Option<&Expr>) -> Written {
        match condition {
            None => Ok(String::new()),
            Some(condition) => Ok(format!("{word}{}", self.expression(condition)?)),
        }
    }

    fn from(&mut self, tables: &[TableWithJoins]) -> Written {
        let mut written = Vec::with_capacity(tables.len());
        for table in tables {
            written.push(self.joined(table)?);
        }
        if written.is_empty() {
            return Ok(String::new());
        }
        Ok(format!(" FROM {}", written.join(", ")))
    }

    fn joined(&mut self, table: &TableWithJoins) -> Written {
        let mut written = self.relation(&table.relation)?;
        for Join {
            relation,
            global,
            join_operator,
        } in &table.joins
        {
            let (word, constraint) = match join_operator {
                // SQLite's CROSS JOIN would also fix the join order.
                JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::CrossJoin(on) => {
                    ("JOIN", on)
                }
                JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => ("LEFT JOIN", on),
                JoinOperator::Right(on) | JoinOperator::RightOuter(on) => ("RIGHT JOIN", on),
                JoinOperator::FullOuter(on) => ("FULL JOIN", on),
                _ => return Err(SqlRefusal::construct("this kind of JOIN")),
            };
            if *global {
                return Err(SqlRefusal::construct("GLOBAL JOIN"));
            }
            let relation = self.relation(relation)?;
            let on = self.constraint(constraint)?;
            written = format!("{written} {word} {relation}{on}");
        }
        Ok(written)
    }

    fn constraint(&mut self, constraint: &JoinConstraint) -> Written {
        match constraint {
            JoinConstraint::None => Ok(String::new()),
            JoinConstraint::On(condition) => Ok(format!(" ON {}", self.expression(condition)?)),
            JoinConstraint::Using(columns) => {
                let columns: Option<Vec<&str>> = columns
                    .iter()
                    .map(|column| single(column).map(|name| name.value.as_str()))
                    .collect();
                let columns = columns.ok_or_else(|| SqlRefusal::construct("USING"))?;
                Ok(format!(" USING ({})", sql_names(columns)))
            }
            JoinConstraint::Natural => Err(SqlRefusal::construct("NATURAL JOIN")),
        }
    }

    fn relation(&mut self, relation: &TableFactor) -> Written {
        match relation {
            TableFactor::Table {
                name, args: Some(_), ..
            } => Err(SqlRefusal::function(&name.to_string())),
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                Ok(format!("{}{}", self.table(name)?, aliased(alias.as_ref())?))
            }
            TableFactor::Derived {
                lateral: false,
                subquery,
                alias,
                sample: None,
            } => Ok(format!(
                "{}{}",
                bracketed(self, subquery)?,
                aliased(alias.as_ref())?
            )),
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => Ok(format!("({})", self.joined(table_with_joins)?)),
            TableFactor::UNNEST { .. } => Err(SqlRefusal::construct("UNNEST in FROM")),
            other => Err(SqlRefusal::construct(other)),
        }
    }
}

fn named(written: &str, name: &str) -> OutputColumn {
    let name = sql_name(name);
    OutputColumn {
        written: format!("{written} AS {name}"),
        name: Some(name),
    }
}

/// The list of the enclosing SELECT: the column names, or all columns including hidden ones if names are not unique.
fn around(items: &[OutputColumn]) -> String {
    let names: Option<Vec<&str>> = items.iter().map(|item| item.name.as_deref()).collect();
    names
        .filter(|names| names.iter().collect::<HashSet<_>>().len() == names.len())
        .map_or_else(|| "*".to_owned(), |names| names.join(", "))
}

/// The name of an expression that is a plain column.
fn column_name(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Identifier(Ident { value, .. }) => Some(value.clone()),
        Expr::CompoundIdentifier(parts) => parts.last().map(|part| part.value.clone()),
        _ => None,
    }
}

fn aliased(alias: Option<&TableAlias>) -> Written {
    match alias {
        None => Ok(String::new()),
        Some(TableAlias {
            name,
            columns,
            at: None,
            ..
        }) if columns.is_empty() => Ok(format!(" AS {}", sql_name(&name.value))),
        Some(other) => Err(SqlRefusal::construct(other)),
    }
}

fn refuse_wildcard_options(options: &WildcardAdditionalOptions) -> Result<(), SqlRefusal> {
    let bare = WildcardAdditionalOptions {
        wildcard_token: options.wildcard_token.clone(),
        ..WildcardAdditionalOptions::default()
    };
    if *options == bare {
        Ok(())
    } else {
        Err(SqlRefusal::construct(format_args!("SELECT *{options}")))
    }
}

fn refuse_foreign_clauses(select: &Select) -> Result<(), SqlRefusal> {
    let foreign = [
        (!select.optimizer_hints.is_empty(), "optimizer hints"),
        (select.select_modifiers.is_some(), "SELECT modifiers"),
        (select.top.is_some(), "TOP"),
        (select.exclude.is_some(), "EXCLUDE"),
        (select.into.is_some(), "SELECT INTO"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (!select.cluster_by.is_empty(), "CLUSTER BY"),
        (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
        (!select.sort_by.is_empty(), "SORT BY"),
        (!select.named_window.is_empty(), "WINDOW"),
        (select.value_table_mode.is_some(), "SELECT AS STRUCT or AS VALUE"),
        (select.flavor != SelectFlavor::Standard, "FROM before SELECT"),
    ];
    foreign
        .into_iter()
        .find(|(present, _)| *present)
        .map_or(Ok(()), |(_, name)| Err(SqlRefusal::construct(name)))
}
