//! Handover of a plan from another host or a lost state folder: progress recorded in the warehouse is imported into the
//! ledger before the run decides anything, so that nothing is computed twice.

use std::collections::HashMap;

use crate::ledger::{Coverage, Imported, Ledger, LedgerError, Target};
use crate::plan::Plan;
use crate::warehouse::{Warehouse, WarehouseError};

#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// Imports entries that the ledger doesn't have yet. Fails if the progress is of partitions of another length
/// or zone.
pub async fn take_over(
    ledger: &mut Ledger,
    target: Target,
    plan: &Plan,
    warehouse: &dyn Warehouse,
) -> Result<Imported, HandoverError> {
    let imported = import(ledger, target, plan, warehouse).await?;
    ledger.require_partitions(target, plan)?;
    ledger.keep_timezone(target, plan.timezone)?;
    Ok(imported)
}

async fn import(
    ledger: &mut Ledger,
    target: Target,
    plan: &Plan,
    warehouse: &dyn Warehouse,
) -> Result<Imported, HandoverError> {
    let Some(records) = warehouse.records() else {
        return Ok(Imported::default());
    };
    // Entries are numbered before they are sent, so a commit can become visible after a newer entry was imported.
    // Commits that settle an open intent of a crashed process are therefore imported even if a newer entry is known.
    let (known, unsettled_intents) = (ledger.known_entry(target)?, ledger.unsettled_intents(target)?);
    let after = unsettled_intents
        .iter()
        .fold(known, |after, intent| after.min(intent.known()));
    let mut entries = records.entries(&plan.name, after).await?;
    entries.retain(|entry| {
        entry.number > known || unsettled_intents.iter().any(|intent| intent.is_settled_by(entry))
    });
    if entries.is_empty() {
        return Ok(Imported::default());
    }
    let mut checks: HashMap<String, Vec<String>> = HashMap::new();
    for check in &plan.checks {
        let of_stage = checks.entry(check.stage.clone()).or_default();
        of_stage.push(check.name.clone());
    }
    for entry in &mut entries {
        if let Some(name) = current_name(plan, &entry.subject) {
            entry.subject = name;
        }
    }
    Ok(ledger.import(target, &entries, &checks)?)
}

/// The name of a built-in check that earlier versions called `seed_…`; `None` if it is not one of those.
fn current_name(plan: &Plan, earlier: &str) -> Option<String> {
    let name = format!("critical{}", earlier.strip_prefix("seed")?);
    plan.checks.iter().any(|check| check.name == name).then_some(name)
}

/// Whose run is continued and its progress, in one sentence; `None` if nothing was imported.
pub(super) fn continued(
    ledger: &Ledger,
    target: Target,
    plan: &Plan,
    imported: &Imported,
) -> Result<Option<String>, LedgerError> {
    let Some(host) = &imported.host else {
        return Ok(None);
    };
    let mut tallies = ledger.tallies(target, plan)?;
    let mut all = Coverage::default();
    for stage in &plan.stages {
        let tally = tallies.remove(&stage.name).unwrap_or_default();
        let of_stage = tally.coverage(stage.range);
        (all.done, all.total) = (all.done + of_stage.done, all.total + of_stage.total);
    }
    let stages = match plan.stages.len() {
        1 => String::new(),
        stages => format!(" in {stages} stages"),
    };
    Ok(Some(format!("continuing the run of {host}: {all} done{stages}")))
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use chrono::{DateTime, Utc};

    use super::*;
    use crate::ledger::{Synced, UnitState};
    use crate::partition::Partition;
    use crate::plan::load;
    use crate::warehouse::sqlite::SqliteWarehouse;
    use crate::warehouse::{COMMIT, Entry, Holder};

    pub(in crate::engine) fn day(number: u32) -> Partition {
        Partition::day(chrono::NaiveDate::from_ymd_opt(2024, 3, number).unwrap())
    }

    pub(in crate::engine) fn commit(number: i64, date: Partition) -> Entry {
        Entry {
            number,
            kind: COMMIT.to_owned(),
            subject: "events".to_owned(),
            date: Some(date.first_day()),
            state: "ok".to_owned(),
            rows: Some(2),
            kept: None,
            quarantined: Some(0),
            digest: Some(7),
            fingerprint: None,
            run: "r1".to_owned(),
            host: "courtside".to_owned(),
            at: DateTime::UNIX_EPOCH,
            body: r#"{"attempts": 1, "source": "main", "seconds": 1.0}"#.to_owned(),
        }
    }

    pub(in crate::engine) async fn warehouse(dir: &Path, plan: &Plan) -> SqliteWarehouse {
        let warehouse = SqliteWarehouse::open(dir).unwrap();
        let holder = Holder {
            host: "courtside".to_owned(),
            machine: None,
            pid: 1,
            started: None,
            since: DateTime::UNIX_EPOCH,
            folder: "/state".to_owned(),
            jobs_in: Vec::new(),
        };
        let leases = warehouse.leases().unwrap();
        assert!(leases.take(&plan.name, None, &holder).await.unwrap());
        warehouse
    }

    #[tokio::test]
    async fn unsynced_commits_of_a_dead_process_are_recovered() {
        let (dir, plan) = (tempfile::tempdir().unwrap(), load("shop").unwrap());
        let warehouse = warehouse(dir.path(), &plan).await;
        let records = warehouse.records().unwrap();
        let mut ledger = Ledger::in_memory().unwrap();
        let target = ledger.target(&plan.name, "w").unwrap();
        // Known, and changed here since.
        records
            .append(&plan.name, &[commit(1, day(1)), commit(2, day(4))])
            .await
            .unwrap();
        ledger.set_synced(target, Synced::Yes, 2).unwrap();

        let batches = [vec![day(2), day(3), day(4)]];
        ledger
            .intend(target, "events", "r1", &batches, Utc::now())
            .unwrap();
        records
            .append(&plan.name, &[commit(3, day(2)), commit(4, day(3))])
            .await
            .unwrap();
        ledger.set_synced(target, Synced::Yes, 5).unwrap();

        take_over(&mut ledger, target, &plan, &warehouse).await.unwrap();
        let units = ledger.units(target, "events").unwrap();
        let found: Vec<_> = units.iter().map(|unit| (unit.date, unit.state)).collect();
        assert_eq!(found, [(day(2), UnitState::Ok), (day(3), UnitState::Ok)]);
        let open = ledger.open_intents(target, "events").unwrap();
        assert_eq!(open[0].dates, [day(4)], "of which nothing newer is recorded");
    }

    #[tokio::test]
    async fn results_and_waivers_are_imported_under_current_check_names() {
        let (dir, plan) = (tempfile::tempdir().unwrap(), load("nba").unwrap());
        let warehouse = warehouse(dir.path(), &plan).await;
        let entry = |number, kind: &str, body: &str| Entry {
            kind: kind.to_owned(),
            subject: "seed_5_spot_check".to_owned(),
            date: None,
            state: "WAIVED".to_owned(),
            body: body.to_owned(),
            ..commit(number, day(1))
        };
        let entries = [
            entry(
                1,
                "check",
                r#"{"answer":"FAIL","value":"19 rows","offending":"","seconds":0.1,"at":"2026-01-04T00:00:00Z"}"#,
            ),
            entry(
                2,
                "waiver",
                r#"{"run":"r1","waiver":{"check":"seed_5_spot_check","reason":"known","by":"ann",
                    "at":"2026-01-04T00:00:00Z","value":"19 rows","target":"20 rows"}}"#,
            ),
        ];
        let records = warehouse.records().unwrap();
        records.append(&plan.name, &entries).await.unwrap();
        let mut ledger = Ledger::in_memory().unwrap();
        let target = ledger.target(&plan.name, "w").unwrap();
        take_over(&mut ledger, target, &plan, &warehouse).await.unwrap();
        let answers = ledger.past_answers(target).unwrap();
        assert_eq!(answers.keys().collect::<Vec<_>>(), ["critical_5_spot_check"]);
        let waivers = ledger.newest_waivers(target).unwrap();
        assert_eq!(waivers["critical_5_spot_check"].reason, "known");
    }
}
