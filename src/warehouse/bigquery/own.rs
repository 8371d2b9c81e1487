//! The dataset that backcourt keeps for itself in a project: leases, their notices, the owners of tables, and the
//! progress of plans. It is made
//! when something in it is not found, and then everything at once.

use futures_util::future::join_all;
use gcp_bigquery_client::Client;
use gcp_bigquery_client::model::clustering::Clustering;
use gcp_bigquery_client::model::dataset::Dataset;
use gcp_bigquery_client::model::table::Table;
use gcp_bigquery_client::model::table_field_schema::TableFieldSchema;
use gcp_bigquery_client::model::table_schema::TableSchema;

use super::BigQueryWarehouse;
use super::fault::Fault;
use super::fence::{DATASET, LEASES};
use super::job::Account;
use super::owner::OWNERS;
use super::record::{self, LEDGER};

/// The tables that every plan of a project shares.
pub(super) fn tables(project: &str, dataset: &str) -> [Table; 3] {
    let text = TableFieldSchema::string;
    let lease = vec![
        required(text("plan")),
        required(TableFieldSchema::integer("epoch")),
        text("holder"),
    ];
    let owner = vec![
        required(text("path")),
        required(text("plan")),
        required(text("owner")),
    ];
    let made = |name, fields| Table::new(project, dataset, name, TableSchema::new(fields));
    let mut ledger = made(LEDGER, record::fields());
    ledger.clustering = Some(Clustering {
        fields: Some(vec!["plan".to_owned()]),
    });
    [made(LEASES, lease), made(OWNERS, owner), ledger]
}

impl BigQueryWarehouse {
    /// Makes the tables that every plan of a project shares.
    pub(super) async fn make_own_tables(&self) -> Result<(), Fault> {
        let dataset = format!("{}{DATASET}", self.prefix);
        let tables = || tables(&self.account.project, &dataset);
        let make = || async { make(&self.client().await?, &self.account, &dataset, tables()).await };
        self.insist(make).await
    }
}

/// Makes these tables of the dataset side by side, and the dataset first where it is not there. What is there stays.
pub(super) async fn make<const N: usize>(
    client: &Client,
    account: &Account,
    dataset: &str,
    tables: [Table; N],
) -> Result<(), Fault> {
    match make_tables(client, &tables).await {
        Err(fault) if fault.is_not_found() => {
            let mut wanted = Dataset::new(&account.project, dataset);
            wanted.location.clone_from(&account.location);
            made(
                client
                    .dataset()
                    .create(wanted)
                    .await
                    .map(drop)
                    .map_err(Fault::from),
            )?;
            make_tables(client, &tables).await
        }
        tables => tables,
    }
}

async fn make_tables(client: &Client, tables: &[Table]) -> Result<(), Fault> {
    let making = tables.iter().map(|table| async {
        let answered = client.table().create(table.clone()).await;
        made(answered.map(drop).map_err(Fault::from))
    });
    join_all(making).await.into_iter().collect()
}

/// Another process may have made it in the same moment.
fn made(answered: Result<(), Fault>) -> Result<(), Fault> {
    match answered {
        Err(fault) if fault.is_duplicate() => Ok(()),
        answered => answered,
    }
}

/// The field, with no NULL in it.
pub(super) fn required(mut field: TableFieldSchema) -> TableFieldSchema {
    field.mode = Some("REQUIRED".to_owned());
    field
}
