//! The tables that a dataset prefix moves. Nothing else decides it: queries, reads, inspections and locations all ask here.

use std::collections::BTreeSet;

use super::fence::DATASET;
use crate::sql::TableName;

/// The tables of the project that have the prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum MovedTables {
    /// All of them, while no plan says which it fills.
    #[default]
    Every,
    /// Those that a plan fills, as `dataset.table`, and backcourt's own.
    Filled(BTreeSet<String>),
}

impl MovedTables {
    /// Whether this table is moved, by its name in the plan. A wildcard is moved if it matches a filled table, and the
    /// metadata of a dataset if the plan fills a table in it. Regions have no dataset, so they are never moved.
    pub(super) fn contains(&self, name: &TableName) -> bool {
        let Some(dataset) = name.dataset() else {
            return false;
        };
        match self {
            Self::Every => true,
            Self::Filled(_) if dataset == DATASET => true,
            Self::Filled(filled) if name.is_metadata() => (filled.iter())
                .filter_map(|path| path.split_once('.'))
                .any(|(other, _)| other.eq_ignore_ascii_case(&dataset)),
            Self::Filled(filled) => filled.iter().any(|path| name.covers(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("prod.daily", true)]
    #[case("Prod.Daily", true)]
    #[case("prod.daily$20240101", true)]
    #[case("prod.da*", true)]
    #[case("prod.*", true)]
    #[case("prod.INFORMATION_SCHEMA.TABLES", true)]
    #[case("prod.__TABLES__", true)]
    #[case("backcourt.ledger", true)]
    #[case("prod.daily_rates", false)]
    #[case("prod.other", false)]
    #[case("prod.other_*", false)]
    #[case("src.daily", false)]
    #[case("src.INFORMATION_SCHEMA.TABLES", false)]
    #[case("region-us.INFORMATION_SCHEMA.JOBS", false)]
    #[case("INFORMATION_SCHEMA.SCHEMATA", false)]
    fn only_filled_tables_are_moved(#[case] name: &str, #[case] moved: bool) {
        let filled = MovedTables::Filled(BTreeSet::from(["prod.daily".to_owned()]));
        assert_eq!(filled.contains(&TableName::of_path(name)), moved);
    }

    #[test]
    fn every_table_is_moved_without_a_plan() {
        let is_moved = |name: &str| MovedTables::Every.contains(&TableName::of_path(name));
        assert!(is_moved("src.daily") && is_moved("src.INFORMATION_SCHEMA.TABLES"));
        assert!(!is_moved("region-us.INFORMATION_SCHEMA.JOBS"));
    }
}
