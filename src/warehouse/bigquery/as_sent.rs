//! The text of queries as they are sent, without sending them.

use super::{BigQueryWarehouse, about, refill, unreadable};
use crate::partition::{Partition, Timezone};
use crate::warehouse::{Refill, WarehouseError};

impl BigQueryWarehouse {
    /// A query for these dates, with its tables resolved and its dates as literals.
    ///
    /// # Errors
    /// If the query can't be tokenised.
    pub fn query_as_sent(
        &self,
        sql: &str,
        dates: &[Partition],
        zone: Timezone,
    ) -> Result<String, WarehouseError> {
        let sql = self
            .names
            .apply(sql)
            .and_then(|sql| about::about(&sql, dates, zone));
        sql.map_err(|problem| unreadable(problem).in_context("reading the query"))
    }

    /// The scripts of a refill, without what only a run knows: its lease and its progress entries.
    ///
    /// # Errors
    /// If the query can't be tokenised.
    pub fn refill_as_sent(&self, refill: &Refill<'_>) -> Result<String, WarehouseError> {
        let path = self.prefix.path(refill.table);
        let scripts = self.names.apply(refill.sql).and_then(|sql| {
            let script =
                |dates| refill::statement(refill, &sql, dates, &path, "", "").map(|script| script.sql);
            refill::parts(refill).map(script).collect::<Result<Vec<_>, _>>()
        });
        let scripts = scripts.map_err(|problem| unreadable(problem).in_context("reading the query"))?;
        Ok(scripts.join("\n"))
    }
}
