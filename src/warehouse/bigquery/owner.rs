//! Table owners, in the dataset of leases. These queries are not billed to a run.

use std::sync::Arc;

use async_trait::async_trait;

use super::api_error::ApiError;
use super::held::HeldLease;
use super::in_flight::InFlight;
use super::statement::{JobResult, Statement};
use super::{BigQueryWarehouse, read};
use crate::table::{Row, Value, text_literal};
use crate::warehouse::{Claim, ErrorClass, OwnedPart, Owner, OwnerRecord, Owners, Warehouse, WarehouseError};

/// The table in the dataset of leases.
pub(super) const OWNERS: &str = "owner";

fn look(place: &str, parts: &[OwnedPart]) -> Statement {
    Statement::new(format!(
        "SELECT path, owner FROM `{place}` WHERE {} ORDER BY path",
        any(parts.iter().map(of_table))
    ))
}

fn any(conditions: impl Iterator<Item = String>) -> String {
    let conditions: Vec<String> = conditions.map(|condition| format!("({condition})")).collect();
    conditions.join(" OR ")
}

/// The condition of a record of the part's table or of any of its slices.
fn of_table(part: &OwnedPart) -> String {
    let (table, slices) = (text_literal(part.table()), text_literal(&part.start_of_slices()));
    format!("path = {table} OR STARTS_WITH(path, {slices})")
}

/// The condition of a record that doesn't allow a claim, as [`Claim::allows`] does: it overlaps, is of another plan and was
/// not seen. Parts with the same columns have the same name but for the values, which contain no `,` and no `]`.
fn forbids(claim: &Claim) -> String {
    let key = text_literal(&claim.part.key());
    let without_values = |key: &str| format!("REGEXP_REPLACE({key}, r'=[^],]*', '')");
    let seen = claim.from.iter().map(|seen| {
        let (key, plan) = (text_literal(&seen.part.key()), text_literal(&seen.owner.plan));
        format!("path = {key} AND plan = {plan}")
    });
    let unseen = match any(seen).as_str() {
        "" => String::new(),
        seen => format!(" AND NOT ({seen})"),
    };
    format!(
        "plan != @plan AND ({}) AND (path = {key} OR {} != {}){unseen}",
        of_table(&claim.part),
        without_values("path"),
        without_values(&key)
    )
}

/// Claims the parts whose owners are unchanged, all or none, in place of the owners of what overlaps. If two processes try
/// at once, `BigQuery` lets one pass because both change the same table; a retry by the other changes nothing. Returns
/// the owners afterwards.
fn take(place: &str, claims: &[Claim]) -> Statement {
    let keys: Vec<String> = (claims.iter())
        .map(|claim| text_literal(&claim.part.key()))
        .collect();
    let replaced = claims.iter().flat_map(|claim| {
        let others = claim.from.iter().filter(|seen| seen.part != claim.part);
        others.map(|seen| text_literal(&seen.part.key()))
    });
    let claimed = keys
        .iter()
        .map(|key| format!("SELECT {key} AS path, FALSE AS is_replaced"));
    let replaced = replaced.map(|key| format!("SELECT {key}, TRUE"));
    let rows: Vec<String> = claimed.chain(replaced).collect();
    Statement::new(format!(
        "MERGE `{place}` AS owned USING (SELECT path, is_replaced FROM ({}) WHERE NOT EXISTS (\
         SELECT 1 FROM `{place}` WHERE {})) AS claim ON owned.path = claim.path\n\
         WHEN MATCHED AND claim.is_replaced THEN DELETE\n\
         WHEN MATCHED THEN UPDATE SET plan = @plan, owner = @owner\n\
         WHEN NOT MATCHED AND NOT claim.is_replaced THEN INSERT (path, plan, owner) VALUES (claim.path, @plan, @owner);\n\
         SELECT path, owner FROM `{place}` WHERE path IN ({});",
        rows.join(" UNION ALL "),
        any(claims.iter().map(forbids)),
        keys.join(", ")
    ))
}

/// The records of a query result.
fn parsed_owners(place: &str, answered: &JobResult) -> Result<Vec<OwnerRecord>, ApiError> {
    let rows = read::typed(answered)?.into_iter();
    let record = |row: Row| {
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
        let part = OwnedPart::of_key(path);
        Ok(OwnerRecord { part, owner })
    };
    rows.map(record).collect()
}

#[async_trait]
impl Owners for BigQueryWarehouse {
    async fn owners_of(&self, parts: &[OwnedPart]) -> Result<Vec<Vec<OwnerRecord>>, WarehouseError> {
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let unbilled = self.unbilled();
        let place = unbilled.own_path(OWNERS).await.map_err(in_context)?;
        let records = match unbilled.ask(look(&place, parts)).await {
            Ok(answered) => parsed_owners(&place, &answered).map_err(in_context)?,
            Err(error) if error.is_not_found() => Vec::new(),
            Err(error) => return Err(in_context(error)),
        };
        let overlapping = |part: &OwnedPart| {
            let found = records.iter().filter(|record| part.overlaps(&record.part));
            found.cloned().collect()
        };
        Ok(parts.iter().map(overlapping).collect())
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
        let now = parsed_owners(&place, &answered.map_err(in_context)?).map_err(in_context)?;
        let is_granted = |claim: &Claim| {
            let mut records = now.iter();
            records.any(|record| record.part == claim.part && record.owner.plan == owner.plan)
        };
        Ok(claims.iter().all(is_granted))
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
