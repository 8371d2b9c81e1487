//! The notice of a lease: an empty table whose labels and description record the holder and count the heartbeats.
//! Reading and updating them needs no job: it is free, uses no DML and takes less than a second. A notice can be stale;
//! the row that writes check is authoritative (`fence`).

use std::collections::HashMap;

use super::api_error::ApiError;
use super::fence::LeaseTable;
use super::rest::RestClient;
use super::wire::{NewTable, TableFieldSchema, TableInfo, TableNotice};
use crate::warehouse::{ErrorClass, Holder, Lease};

const EPOCH: &str = "epoch";
const HEARTBEAT: &str = "beat";

/// The definition of the table. It stays empty, but a table needs at least one column.
pub(super) fn table(project: &str, place: &LeaseTable) -> NewTable {
    let unused = TableFieldSchema::of("unused", "STRING");
    NewTable::of(project, place.dataset(), &place.notice(), vec![unused])
}

/// The lease as recorded in the notice; `None` if the table doesn't exist.
pub(super) async fn read(
    client: &RestClient,
    project: &str,
    place: &LeaseTable,
) -> Result<Option<Lease>, ApiError> {
    let asked = Some("labels,description");
    let found = client
        .table(project, place.dataset(), &place.notice(), asked)
        .await?;
    found.map(|table| lease(place, &table)).transpose()
}

pub(super) async fn publish(
    client: &RestClient,
    project: &str,
    place: &LeaseTable,
    lease: &Lease,
) -> Result<(), ApiError> {
    let holder = serde_json::to_string(&lease.holder)
        .map_err(|error| ApiError::new(ErrorClass::Code, error.to_string()))?;
    let changed = TableNotice {
        description: holder,
        labels: HashMap::from([
            (EPOCH.to_owned(), lease.epoch.to_string()),
            (HEARTBEAT.to_owned(), lease.heartbeat.to_string()),
        ]),
    };
    let name = place.notice();
    client
        .patch_table(project, place.dataset(), &name, &changed)
        .await
}

/// Parses the labels. A table without labels is new, and its lease is free.
fn lease(place: &LeaseTable, table: &TableInfo) -> Result<Lease, ApiError> {
    let unreadable = |why: &str| {
        let sentence = format!(
            "table {}.{} has no valid lease holder for plan {} ({why}); if no run of the plan is active, drop the \
             table and start again",
            place.dataset(),
            place.notice(),
            place.plan
        );
        ApiError::new(ErrorClass::Data, sentence)
    };
    let number = |label: &str| match table.labels.as_ref().and_then(|labels| labels.get(label)) {
        Some(text) => text
            .parse()
            .map_err(|_| unreadable(&format!("label '{label}' is '{text}'"))),
        None => Ok(0),
    };
    let holder: Option<Holder> = match table.description.as_deref() {
        Some(text) if !text.is_empty() => {
            serde_json::from_str(text).map_err(|error| unreadable(&error.to_string()))?
        }
        _ => None,
    };
    Ok(Lease {
        epoch: number(EPOCH)?,
        heartbeat: number(HEARTBEAT)?,
        holder,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Prefix;
    use super::*;

    #[test]
    fn a_new_lease_table_is_free_and_an_edited_one_is_refused() {
        let place = LeaseTable::new("acme-prod", &Prefix::default(), "backcourt", "nba");
        let mut made = TableInfo::default();
        let free = Lease {
            epoch: 0,
            heartbeat: 0,
            holder: None,
        };
        assert_eq!(lease(&place, &made).unwrap(), free);
        made.labels = Some(HashMap::from([(EPOCH.to_owned(), "soon".to_owned())]));
        let error = lease(&place, &made).unwrap_err();
        assert!(
            error.message.starts_with("table backcourt.heartbeat_nba_")
                && error.message.contains("label 'epoch' is 'soon'"),
            "{}",
            error.message
        );
    }
}
