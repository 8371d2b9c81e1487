//! The columns that a name may mean: of the tables in FROM, and around them those of the enclosing queries.

use super::OutputTypes;
use super::inferred_type::InferredType;

/// A table, subquery or WITH query in FROM.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// The name by which its columns are qualified.
    pub(super) name: Option<String>,
    /// Its columns; `None` if they are not known.
    pub(super) columns: Option<OutputTypes>,
}

/// FROM of one query.
#[derive(Debug, Clone, Default)]
pub(super) struct NameScope {
    relations: Vec<Relation>,
    /// Columns that joins have in common, by USING.
    using: Vec<String>,
}

impl NameScope {
    pub(super) fn add(&mut self, relation: Relation) {
        self.relations.push(relation);
    }

    pub(super) fn join_by(&mut self, column: &str) {
        if !self.using.iter().any(|known| known.eq_ignore_ascii_case(column)) {
            self.using.push(column.to_owned());
        }
    }

    /// All columns, those in common once; `None` if some are not known.
    pub(super) fn all(&self, of: Option<&str>) -> Option<OutputTypes> {
        let mut all: OutputTypes = Vec::new();
        let is_meant = |relation: &&Relation| of.is_none_or(|of| relation.is_named(of));
        for relation in self.relations.iter().filter(is_meant) {
            for (name, kind) in relation.columns.as_ref()? {
                let common = self.using.iter().any(|using| using.eq_ignore_ascii_case(name));
                match all
                    .iter_mut()
                    .find(|(known, _)| common && known.eq_ignore_ascii_case(name))
                {
                    Some((_, known)) => *known = known.clone().common(kind.clone()),
                    None => all.push((name.clone(), kind.clone())),
                }
            }
        }
        Some(all)
    }

    /// A column of this query; `None` if it has none of this name.
    fn column(&self, table: Option<&str>, name: &str) -> Option<InferredType> {
        let is_meant = |relation: &&Relation| table.is_none_or(|table| relation.is_named(table));
        let relations: Vec<&Relation> = self.relations.iter().filter(is_meant).collect();
        if relations.iter().any(|relation| relation.columns.is_none()) {
            return Some(InferredType::Unknown);
        }
        let columns = relations
            .iter()
            .filter_map(|relation| relation.columns.as_ref())
            .flatten();
        let found: Vec<InferredType> = columns
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, kind)| kind.clone())
            .collect();
        match found.as_slice() {
            [] if table.is_some() && !relations.is_empty() => Some(InferredType::Unknown),
            [] => None,
            [only] => Some(only.clone()),
            _ if self.using.iter().any(|using| using.eq_ignore_ascii_case(name)) => {
                Some(InferredType::common_of(found))
            }
            _ => Some(InferredType::Unknown),
        }
    }
}

impl Relation {
    fn is_named(&self, name: &str) -> bool {
        self.name
            .as_deref()
            .is_some_and(|known| known.eq_ignore_ascii_case(name))
    }
}

/// The scopes around an expression, innermost last.
#[derive(Debug, Default)]
pub(super) struct NameScopes(Vec<NameScope>);

impl NameScopes {
    pub(super) fn enter(&mut self, scope: NameScope) {
        self.0.push(scope);
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    pub(super) fn innermost(&self) -> Option<&NameScope> {
        self.0.last()
    }

    /// The type of a column by its name.
    pub(super) fn column(&self, table: Option<&str>, name: &str) -> InferredType {
        let found = self.0.iter().rev().find_map(|scope| scope.column(table, name));
        found.unwrap_or(InferredType::Unknown)
    }
}
