//! The SQL of leases: taking one, the guard that makes a write fail once another process holds the lease, and the
//! labels that identify jobs sent under it. Sends nothing itself.

use std::collections::HashMap;

use super::datasets::Prefix;
use super::digest;
use super::statement::Statement;
use crate::table::text_literal;

/// The dataset, without the prefix.
pub(super) const DATASET: &str = "backcourt";

/// The table in it with one row per lease.
pub(super) const LEASES: &str = "lease";

/// The message raised by a write that found the lease taken. It identifies this error.
pub(super) const TAKEN: &str = "backcourt: the lease was taken";

/// Job labels: the lease a job was sent under, and its epoch.
const LEASE_LABEL: &str = "backcourt_lease";
const EPOCH_LABEL: &str = "backcourt_epoch";

/// Prevents writes by a process that has lost its lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WriteFence {
    pub(super) place: LeaseTable,
    pub(super) epoch: i64,
}

impl WriteFence {
    /// SQL that fails the surrounding script if another process holds the lease. Use it inside a transaction, which
    /// sees the state at its start: a write that began before the lease was taken is awaited by the new holder, a later
    /// one fails.
    pub(super) fn guard(&self) -> String {
        format!(
            "IF NOT EXISTS (SELECT 1 FROM `{}` WHERE plan = {} AND epoch = {}) THEN\n\
             RAISE USING MESSAGE = '{TAKEN}';\nEND IF;\n",
            self.place.leases(),
            text_literal(&self.place.plan),
            self.epoch
        )
    }

    /// The labels of jobs that run in `project`.
    pub(super) fn labels(&self, project: &str) -> HashMap<String, String> {
        HashMap::from([
            (LEASE_LABEL.to_owned(), self.place.label_in(project)),
            (EPOCH_LABEL.to_owned(), self.epoch.to_string()),
        ])
    }

    /// Whether a job with these labels was sent by an earlier holder.
    pub(super) fn is_before(&self, project: &str, labels: &HashMap<String, String>) -> bool {
        let epoch = labels
            .get(EPOCH_LABEL)
            .and_then(|epoch| epoch.parse::<i64>().ok());
        labels.get(LEASE_LABEL) == Some(&self.place.label_in(project))
            && epoch.is_some_and(|epoch| epoch < self.epoch)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeaseTable {
    dataset: String,
    /// The dataset, with its project if jobs run in another one.
    path: String,
    project: String,
    pub(super) plan: String,
}

impl LeaseTable {
    pub(super) fn new(project: &str, prefix: &Prefix, dataset: &str, plan: &str) -> Self {
        Self {
            dataset: dataset.to_owned(),
            path: prefix.qualified(dataset),
            project: project.to_owned(),
            plan: plan.to_owned(),
        }
    }

    pub(super) fn dataset(&self) -> &str {
        &self.dataset
    }

    /// The table whose labels and description hold the notice of this lease.
    pub(super) fn notice(&self) -> String {
        format!("heartbeat_{}", self.name_by(&self.dataset))
    }

    fn leases(&self) -> String {
        format!("{}.{LEASES}", self.path)
    }

    /// Creates the lease table. Only used for dry runs.
    pub(super) fn create_table(&self) -> Statement {
        Statement::new(format!(
            "CREATE TABLE IF NOT EXISTS `{}` (plan STRING NOT NULL, epoch INT64 NOT NULL, holder STRING)",
            self.leases()
        ))
    }

    /// The smallest statement that needs the same permissions as taking a lease.
    pub(super) fn permission_probe(&self) -> Statement {
        Statement::new(format!("DELETE FROM `{}` WHERE epoch < 0", self.leases()))
    }

    /// The current epoch and its holder.
    pub(super) fn current(&self) -> Statement {
        Statement::new(self.select_current()).with("plan", "STRING", self.plan.clone())
    }

    fn select_current(&self) -> String {
        format!("SELECT epoch, holder FROM `{}` WHERE plan = @plan", self.leases())
    }

    /// Takes the lease if its epoch is still `seen` (0 for none), and returns its new state. If two processes try at
    /// once, `BigQuery` lets one pass because both change the same table; a retry by the other changes nothing.
    pub(super) fn take(&self, seen: i64, holder: &str) -> Statement {
        Statement::new(format!(
            "MERGE `{leases}` AS lease USING (SELECT @plan AS plan, @holder AS holder) AS taker \
             ON lease.plan = taker.plan\n\
             WHEN MATCHED AND lease.epoch = {seen} THEN UPDATE SET epoch = {next}, holder = taker.holder\n\
             WHEN NOT MATCHED AND {seen} = 0 THEN INSERT (plan, epoch, holder) \
             VALUES (taker.plan, {next}, taker.holder);\n\
             {};",
            self.select_current(),
            leases = self.leases(),
            next = seen + 1,
        ))
        .with("plan", "STRING", self.plan.clone())
        .with("holder", "STRING", holder.to_owned())
    }

    /// The lease label of jobs in a project. Jobs for tables of several projects may be billed to the same one.
    fn label_in(&self, project: &str) -> String {
        if project == self.project {
            self.name_by(&self.dataset)
        } else {
            self.name_by(&format!("{}.{}", self.project, self.dataset))
        }
    }

    /// A readable name with the plan, and a suffix that distinguishes leases in other datasets.
    fn name_by(&self, dataset: &str) -> String {
        let plan: String = (self.plan.chars().take(40))
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            .collect();
        let apart = digest(&[dataset, &self.plan]);
        format!("{plan}_{}", &apart[..8])
    }
}
