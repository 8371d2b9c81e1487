//! The dataset that backcourt keeps for itself in a project: leases, their notices, and the owners of tables. It is made
//! when something in it is not found, and then everything at once.

use futures_util::future::join_all;
use gcp_bigquery_client::Client;
use gcp_bigquery_client::model::dataset::Dataset;
use gcp_bigquery_client::model::table::Table;
use gcp_bigquery_client::model::table_field_schema::TableFieldSchema;
use gcp_bigquery_client::model::table_schema::TableSchema;

use super::fault::Fault;
use super::fence::LEASES;
use super::job::Account;
use super::owner::OWNERS;

/// The tables that every plan of a project shares.
pub(super) fn tables(project: &str, dataset: &str) -> [Table; 2] {
    let required = |mut field: TableFieldSchema| {
        field.mode = Some("REQUIRED".to_owned());
        field
    };
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
    [(LEASES, lease), (OWNERS, owner)]
        .map(|(name, fields)| Table::new(project, dataset, name, TableSchema::new(fields)))
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
