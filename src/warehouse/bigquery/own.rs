//! backcourt's own dataset in a project: leases, notices, table owners and plan progress. Missing tables are created
//! together, when one of them isn't found.

use futures_util::future::join_all;

use super::BigQueryWarehouse;
use super::api_error::ApiError;
use super::fence::LEASES;
use super::owner::OWNERS;
use super::record::{self, LEDGER};
use super::wire::{Clustering, NewTable, TableFieldSchema};

/// The tables shared by all plans of a project.
pub(super) fn tables(project: &str, dataset: &str) -> [NewTable; 3] {
    let text = |name| TableFieldSchema::of(name, "STRING");
    let lease = vec![
        text("plan").required(),
        TableFieldSchema::of("epoch", "INTEGER").required(),
        text("holder"),
    ];
    let owner = vec![
        text("path").required(),
        text("plan").required(),
        text("owner").required(),
    ];
    let made = |name, fields| NewTable::of(project, dataset, name, fields);
    let mut ledger = made(LEDGER, record::fields());
    ledger.clustering = Some(Clustering {
        fields: vec!["plan".to_owned()],
    });
    [made(LEASES, lease), made(OWNERS, owner), ledger]
}

impl BigQueryWarehouse {
    /// Creates the tables shared by all plans of a project.
    pub(super) async fn make_own_tables(&self) -> Result<(), ApiError> {
        let dataset = self.own_dataset().await?;
        let tables = tables(self.project(), &dataset);
        self.make_in_own(&dataset, &tables).await
    }

    /// Creates the missing ones of these tables concurrently, after the dataset if that is missing. Looking up needs
    /// fewer permissions than creating.
    pub(super) async fn make_in_own(&self, dataset: &str, tables: &[NewTable]) -> Result<(), ApiError> {
        let make_dataset = || self.insist(|| self.make_dataset(dataset));
        if self.is_absent(dataset) {
            make_dataset().await?;
            return self.make_tables(tables).await;
        }
        let missing = self.missing_of(tables).await?;
        match self.make_tables(&missing).await {
            Err(error) if error.is_not_found() => {
                make_dataset().await?;
                self.make_tables(&missing).await
            }
            made => made,
        }
    }

    // Each call is retried separately: with many at once on a bad connection, one nearly always fails.
    async fn missing_of(&self, tables: &[NewTable]) -> Result<Vec<NewTable>, ApiError> {
        let looking = tables.iter().map(|table| async {
            let at = &table.table_reference;
            let look = || async {
                let client = self.client().await?;
                let asked = Some("tableReference");
                client
                    .table(&at.project_id, &at.dataset_id, &at.table_id, asked)
                    .await
            };
            let found = self.insist(look).await?;
            Ok(found.is_none().then(|| table.clone()))
        });
        let looked: Result<Vec<_>, ApiError> = join_all(looking).await.into_iter().collect();
        Ok(looked?.into_iter().flatten().collect())
    }

    /// Another process may create the same table concurrently.
    async fn make_tables(&self, tables: &[NewTable]) -> Result<(), ApiError> {
        let making = tables.iter().map(|table| async {
            let make = || async { self.client().await?.insert_table(table).await };
            match self.insist(make).await {
                Err(error) if error.is_duplicate() => Ok(()),
                made => made,
            }
        });
        join_all(making).await.into_iter().collect()
    }
}
