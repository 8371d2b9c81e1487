//! Doctor findings of a `BigQuery` project: credentials, connection, datasets, tables and permissions. Nothing is
//! changed: permissions are tested with dry runs.

use std::collections::BTreeMap;

use crate::figures::counted;
use crate::table::TableDef;
use crate::warehouse::ErrorClass;
use crate::warehouse::bigquery::{Attempt, BigQueryWarehouse, InspectionError, Remedy};

use super::super::progress::ProgressLine;
use super::finding::{Area, Finding, Verdict};
use super::tables;

/// Examines everything a run needs. The second value is whether the tables can be queried.
pub(super) async fn findings(warehouse: &BigQueryWarehouse, defined: &[&TableDef]) -> (Vec<Finding>, bool) {
    let mut look = Inspection {
        warehouse,
        found: Vec::new(),
        progress: ProgressLine::default(),
    };
    let may_ask = look.all(defined).await;
    (look.found, may_ask)
}

/// An examination in progress.
struct Inspection<'w> {
    warehouse: &'w BigQueryWarehouse,
    found: Vec<Finding>,
    progress: ProgressLine,
}

impl Inspection<'_> {
    fn add(&mut self, what: &str, state: Verdict, detail: impl Into<String>) -> &mut Finding {
        self.found
            .push(Finding::new(Area::Warehouse, what, state, detail));
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    fn fail(&mut self, what: &str, detail: impl Into<String>, next: impl Into<String>) {
        self.add(what, Verdict::Fail, detail).next = Some(next.into());
    }

    async fn all(&mut self, defined: &[&TableDef]) -> bool {
        match self.warehouse.credentials() {
            Ok(credentials) => {
                self.add("credentials", Verdict::Ok, credentials.to_string());
            }
            Err(error) => {
                self.fail("credentials", error.message, Remedy::LogIn.sentence());
                return false;
            }
        }
        self.progress.update("querying BigQuery");
        let takes_jobs = self.project().await;
        if takes_jobs == TakesJobs::Unreachable {
            return false;
        }
        let is_together = self.datasets(defined).await;
        let there = self.tables(defined).await;
        if takes_jobs == TakesJobs::Yes && is_together {
            self.check_permissions(defined, &there).await;
            self.lease().await;
        }
        let limits = self.warehouse.limits_text();
        self.add("limits", Verdict::Ok, limits);
        takes_jobs == TakesJobs::Yes && is_together
    }

    async fn project(&mut self) -> TakesJobs {
        let project = self.warehouse.billed_project().to_owned();
        let Err(error) = self.warehouse.attempt(Attempt::Job).await else {
            let detail = format!("{project} accepts jobs (checked with a dry run)");
            self.add("project", Verdict::Ok, detail);
            return TakesJobs::Yes;
        };
        let next = match (error.remedy, error.class) {
            (Some(remedy), _) => remedy.sentence_for(&project),
            (None, ErrorClass::Auth) => Remedy::LogIn.sentence().to_owned(),
            (None, ErrorClass::Transient) => {
                "check the address, the network and the proxy, and try again".to_owned()
            }
            (None, ErrorClass::Data) => format!("check the project's name, '{project}'"),
            (None, _) => "see https://cloud.google.com/bigquery/docs/error-messages".to_owned(),
        };
        let takes_jobs = if error.remedy == Some(Remedy::GrantJobs) {
            TakesJobs::No
        } else {
            TakesJobs::Unreachable
        };
        self.fail("project", error.message, next);
        takes_jobs
    }

    /// Where the datasets are, and which are missing. Returns whether a single query can read them all.
    async fn datasets(&mut self, defined: &[&TableDef]) -> bool {
        let mut names: Vec<String> = defined
            .iter()
            .map(|table| self.warehouse.dataset_of(table))
            .collect();
        names.sort_unstable();
        names.dedup();
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut missing = Vec::new();
        for name in &names {
            match self.warehouse.location_of(name).await {
                Ok(Some(place)) => places.entry(place).or_default().push(name.clone()),
                Ok(None) => missing.push(name.clone()),
                Err(error) => {
                    let grant = format!("grant the caller BigQuery Data Editor on {name}");
                    let next =
                        (error.remedy).map_or(grant, |remedy| remedy.sentence_for(self.warehouse.project()));
                    self.fail(name, error.message, next);
                }
            }
        }
        self.report_locations(&places);
        if !missing.is_empty() {
            let detail = format!(
                "{} of {} don't exist yet: {}",
                missing.len(),
                names.len(),
                missing.join(", ")
            );
            self.add("datasets", Verdict::Note, detail).next =
                Some("'backcourt load' creates the raw datasets, 'backcourt run' the others".to_owned());
        }
        places.len() < 2
    }

    fn report_locations(&mut self, places: &BTreeMap<String, Vec<String>>) {
        let there: Vec<String> = places
            .iter()
            .map(|(place, names)| format!("{} in {place}", names.join(", ")))
            .collect();
        let apart = "a job can't read from two locations: move the datasets to one, or choose others with \
                     --dataset-prefix";
        match places.len() {
            0 => {}
            1 => {
                self.add("datasets", Verdict::Ok, there.join("; "));
            }
            _ => self.fail(
                "datasets",
                format!("in different locations: {}", there.join("; ")),
                apart,
            ),
        }
    }

    /// Compares every table with its definition; returns the tables that exist.
    async fn tables<'t>(&mut self, defined: &[&'t TableDef]) -> Vec<&'t TableDef> {
        let mut there = Vec::new();
        let mut held = Vec::new();
        let mut refused = Refusals::default();
        for (at, table) in defined.iter().enumerate() {
            self.progress
                .update(&format!("inspecting tables: {} of {}", at + 1, defined.len()));
            match self.warehouse.describe(table).await {
                Ok(described) => {
                    there.extend(described.is_some().then_some(*table));
                    held.push((*table, described));
                }
                Err(error) => refused.add(table, error),
            }
        }
        let judged = tables::judged(
            self.warehouse,
            &held,
            "'backcourt load' creates the raw tables, 'backcourt run' the others",
        );
        self.found.extend(judged);
        self.found
            .extend(refused.finding("tables", defined.len(), "BigQuery Metadata Viewer"));
        there
    }

    /// Tests reading and writing existing tables and creating missing ones.
    async fn check_permissions(&mut self, defined: &[&TableDef], there: &[&TableDef]) {
        let is_there = |table: &&&TableDef| there.iter().any(|other| other.path() == table.path());
        let (held, missing): (Vec<&TableDef>, Vec<&TableDef>) =
            defined.iter().copied().partition(|table| is_there(&table));
        self.tried("reading", &held, Attempt::Read, "BigQuery Data Viewer")
            .await;
        self.tried("writing", &held, Attempt::Write, "BigQuery Data Editor")
            .await;
        let mut makeable = Vec::new();
        for table in missing {
            // A table can't be tested before its dataset exists.
            let dataset = self.warehouse.dataset_of(table);
            if let Ok(Some(_)) = self.warehouse.location_of(&dataset).await {
                makeable.push(table);
            }
        }
        self.tried(
            "creating tables",
            &makeable,
            Attempt::Create,
            "BigQuery Data Editor",
        )
        .await;
    }

    /// Whether a run could take its lease.
    async fn lease(&mut self) {
        // A failed lookup is reported by the attempt below.
        if let Ok(Some(misplaced)) = self.warehouse.misplaced_leases().await {
            self.add("leases", Verdict::Note, misplaced.sentence).next = Some(misplaced.next);
        }
        match self.warehouse.attempt_lease().await {
            Ok((dataset, true)) => {
                let detail = format!("allowed in dataset {dataset} (checked with a dry run)");
                self.add("leases", Verdict::Ok, detail);
            }
            Ok((dataset, false)) => {
                let detail = format!("dataset {dataset} doesn't exist yet");
                self.add("leases", Verdict::Note, detail).next =
                    Some("the first run creates it; it needs bigquery.datasets.create".to_owned());
            }
            Err(error) => {
                let next = error.remedy.map_or(
                    "grant the caller BigQuery Data Editor on the dataset",
                    Remedy::sentence,
                );
                self.fail("leases", error.message, next);
            }
        }
    }

    async fn tried<'t>(
        &mut self,
        what: &str,
        tables: &[&'t TableDef],
        attempt: impl Fn(&'t TableDef) -> Attempt<'t>,
        role: &str,
    ) {
        let mut refused = Refusals::default();
        for (at, table) in tables.iter().enumerate() {
            self.progress
                .update(&format!("checking {what}: {} of {}", at + 1, tables.len()));
            if let Err(error) = self.warehouse.attempt(attempt(table)).await {
                refused.add(table, error);
            }
        }
        match refused.finding(what, tables.len(), role) {
            Some(finding) => self.found.push(finding),
            None if tables.is_empty() => {}
            None => {
                let detail = format!(
                    "allowed, {} (checked with a dry run)",
                    counted(tables.len(), "table")
                );
                self.add(what, Verdict::Ok, detail);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TakesJobs {
    Yes,
    /// Reachable, but it accepts no jobs.
    No,
    /// No further checks are possible.
    Unreachable,
}

/// Tables with a refused permission, and the first error: it is usually the same for all of them.
#[derive(Debug, Default)]
struct Refusals {
    tables: Vec<String>,
    first: Option<InspectionError>,
}

impl Refusals {
    fn add(&mut self, table: &TableDef, error: InspectionError) {
        self.tables.push(table.path());
        self.first.get_or_insert(error);
    }

    fn finding(self, what: &str, of: usize, role: &str) -> Option<Finding> {
        let first = self.first?;
        let tables = self.tables.join(", ");
        let detail = format!(
            "refused for {} of {}: {tables}; {}",
            self.tables.len(),
            counted(of, "table"),
            first.message
        );
        let next = match (first.remedy, first.class) {
            (Some(remedy), _) => remedy.sentence().to_owned(),
            (None, ErrorClass::Auth) => format!("grant the caller {role} on their datasets"),
            (None, _) => "fix these tables, and try again".to_owned(),
        };
        Some(Finding::new(Area::Warehouse, what, Verdict::Fail, detail).next(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::Feed;

    #[test]
    fn one_refusal_on_many_tables_is_one_finding_with_the_server_message() {
        let mut refused = Refusals::default();
        let denied = |path: &str| {
            let message = format!(
                "BigQuery says (accessDenied): Access Denied: Table {path}: Permission bigquery.tables.updateData denied"
            );
            InspectionError {
                class: ErrorClass::Auth,
                message,
                remedy: None,
            }
        };
        for feed in [Feed::Gamebook, Feed::Bdl] {
            refused.add(feed.table(), denied(&feed.table().path()));
        }
        let finding = refused.finding("writing", 5, "BigQuery Data Editor").unwrap();
        assert!(
            finding.detail.starts_with("refused for 2 of 5 tables: nba_raw."),
            "{}",
            finding.detail
        );
        assert_eq!(finding.detail.matches("bigquery.tables.updateData").count(), 1);
        assert_eq!(
            finding.next.as_deref(),
            Some("grant the caller BigQuery Data Editor on their datasets")
        );
        assert!(Refusals::default().finding("writing", 5, "").is_none());
    }
}
