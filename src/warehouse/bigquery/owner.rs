//! Table owners, in the dataset of leases. These queries are not billed to a run.

use std::sync::Arc;

use async_trait::async_trait;

use super::api_error::ApiError;
use super::held::HeldLease;
use super::in_flight::InFlight;
use super::statement::{JobResult, Statement};
use super::{BigQueryWarehouse, read};
use crate::table::{Value, text_literal};
use crate::warehouse::{Claim, ErrorClass, Owner, Owners, Warehouse, WarehouseError};

/// The table in the dataset of leases.
pub(super) const OWNERS: &str = "owner";

fn look(place: &str, tables: &[String]) -> Statement {
    let paths: Vec<String> = tables.iter().map(|table| text_literal(table)).collect();
    Statement::new(format!(
        "SELECT path, owner FROM `{place}` WHERE path IN ({})",
        paths.join(", ")
    ))
}

/// Claims the tables whose owner is unchanged, all or none. If two processes try at once, `BigQuery` lets one pass
/// because both change the same table; a retry by the other changes nothing. Returns the owners afterwards.
fn take(place: &str, claims: &[Claim]) -> Statement {
    let tables: Vec<String> = claims.iter().map(|claim| text_literal(&claim.table)).collect();
    let tables = tables.join(", ");
    let rows: Vec<String> = (claims.iter())
        .map(|claim| {
            let from = claim.from.as_deref().map_or("NULL".to_owned(), text_literal);
            format!(
                "SELECT {} AS path, CAST({from} AS STRING) AS seen",
                text_literal(&claim.table)
            )
        })
        .collect();
    let claims = rows.join(" UNION ALL ");
    Statement::new(format!(
        "MERGE `{place}` AS owned USING (\
         SELECT path, seen FROM ({claims}) WHERE NOT EXISTS (\
         SELECT 1 FROM `{place}` AS other JOIN ({claims}) AS claimed ON other.path = claimed.path \
         WHERE other.plan != @plan AND (claimed.seen IS NULL OR other.plan != claimed.seen))) AS claim \
         ON owned.path = claim.path\n\
         WHEN MATCHED THEN UPDATE SET plan = @plan, owner = @owner\n\
         WHEN NOT MATCHED THEN INSERT (path, plan, owner) VALUES (claim.path, @plan, @owner);\n\
         SELECT path, owner FROM `{place}` WHERE path IN ({tables});"
    ))
}

/// The owners from a query result, in the order of the tables.
fn parsed_owners(
    place: &str,
    tables: &[String],
    answered: &JobResult,
) -> Result<Vec<Option<Owner>>, ApiError> {
    let mut owners = vec![None; tables.len()];
    for row in read::typed(answered)? {
        let [Value::Text(path), Value::Text(text)] = row.as_slice() else {
            return Err(ApiError::new(
                ErrorClass::Data,
                "the table of owners has another schema".to_owned(),
            ));
        };
        let owner = serde_json::from_str(text).map_err(|error| {
            let sentence = format!(
                "cannot read the owner of {path} ({error}); if no run is active, delete its row in {place}"
            );
            ApiError::new(ErrorClass::Data, sentence)
        })?;
        if let Some(at) = tables.iter().position(|table| table == path) {
            owners[at] = Some(owner);
        }
    }
    Ok(owners)
}

#[async_trait]
impl Owners for BigQueryWarehouse {
    async fn owners_of(&self, tables: &[String]) -> Result<Vec<Option<Owner>>, WarehouseError> {
        if tables.is_empty() {
            return Ok(Vec::new());
        }
        let unbilled = self.unbilled();
        let place = unbilled.own_path(OWNERS).await.map_err(in_context)?;
        match unbilled.ask(look(&place, tables)).await {
            Ok(answered) => parsed_owners(&place, tables, &answered).map_err(in_context),
            Err(error) if error.is_not_found() => Ok(vec![None; tables.len()]),
            Err(error) => Err(in_context(error)),
        }
    }

    async fn claim(&self, claims: &[Claim], owner: &Owner) -> Result<bool, WarehouseError> {
        let unbilled = self.unbilled();
        let place = unbilled.own_path(OWNERS).await.map_err(in_context)?;
        let text = serde_json::to_string(owner)
            .map_err(|error| WarehouseError::new(ErrorClass::Code, error.to_string()))?;
        let take = take(&place, claims)
            .with("plan", "STRING", owner.plan.clone())
            .with("owner", "STRING", text);
        let answered = match unbilled.ask(take.clone()).await {
            Err(error) if error.is_not_found() => {
                unbilled.make_own_tables().await.map_err(in_context)?;
                unbilled.ask(take).await
            }
            answered => answered,
        };
        let tables: Vec<String> = claims.iter().map(|claim| claim.table.clone()).collect();
        let now = parsed_owners(&place, &tables, &answered.map_err(in_context)?).map_err(in_context)?;
        Ok(now
            .iter()
            .all(|now| now.as_ref().is_some_and(|now| now.plan == owner.plan)))
    }

    fn without_lease(&self) -> Arc<dyn Warehouse> {
        let mut other = self.unbilled();
        other.held = HeldLease::default();
        other.account.held = other.held.clone();
        // Its lease is kept on a separate runtime.
        other.client = Arc::default();
        other.account.in_flight = InFlight::default();
        other.keeper = Arc::default();
        Arc::new(other)
    }
}

fn in_context(error: ApiError) -> WarehouseError {
    error.in_context("updating the owners of tables")
}
