//! What a lease says in statements: how it is taken; what a write says first, so that it fails once another process has
//! the lease; and the labels by which jobs sent under it are found. Nothing is sent here.

use std::collections::HashMap;

use super::datasets::Prefix;
use super::digest;
use super::job::Statement;
use crate::table::text_literal;

/// The dataset, behind the prefix.
pub(super) const DATASET: &str = "backcourt";

/// The table in it with a row for each lease.
pub(super) const LEASES: &str = "lease";

/// What a write says that found the lease taken, by which its refusal is known from others.
pub(super) const TAKEN: &str = "backcourt: the lease was taken";

/// The label that names the lease a job was sent under, and the one that counts its holders.
const LEASE_LABEL: &str = "backcourt_lease";
const EPOCH_LABEL: &str = "backcourt_epoch";

/// What keeps a process from writing that has lost its lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fence {
    pub(super) place: Place,
    pub(super) epoch: i64,
}

impl Fence {
    /// Fails the script it stands in once somebody else has the lease. Within a transaction, which sees what was there
    /// when it began, so that a write either began before the lease was taken, and is outlasted, or fails.
    pub(super) fn guard(&self) -> String {
        format!(
            "IF NOT EXISTS (SELECT 1 FROM `{}` WHERE plan = {} AND epoch = {}) THEN\n\
             RAISE USING MESSAGE = '{TAKEN}';\nEND IF;\n",
            self.place.leases(),
            text_literal(&self.place.plan),
            self.epoch
        )
    }

    /// What jobs are marked with that run in a project.
    pub(super) fn labels(&self, project: &str) -> HashMap<String, String> {
        HashMap::from([
            (LEASE_LABEL.to_owned(), self.place.label_in(project)),
            (EPOCH_LABEL.to_owned(), self.epoch.to_string()),
        ])
    }

    /// Whether a job in a project with these labels was sent by an earlier holder.
    pub(super) fn is_before(&self, project: &str, labels: &HashMap<String, String>) -> bool {
        let epoch = labels
            .get(EPOCH_LABEL)
            .and_then(|epoch| epoch.parse::<i64>().ok());
        labels.get(LEASE_LABEL) == Some(&self.place.label_in(project))
            && epoch.is_some_and(|epoch| epoch < self.epoch)
    }
}

/// Where the lease of a plan is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    dataset: String,
    /// The dataset with its project, where jobs run in another one.
    path: String,
    /// The project it is in.
    project: String,
    pub(super) plan: String,
}

impl Place {
    pub(super) fn new(project: &str, prefix: &Prefix, dataset: &str, plan: &str) -> Self {
        Self {
            dataset: dataset.to_owned(),
            path: prefix.qualified(dataset),
            project: project.to_owned(),
            plan: plan.to_owned(),
        }
    }

    /// The dataset of leases.
    pub(super) fn dataset(&self) -> &str {
        &self.dataset
    }

    /// The table in it whose labels are the notice of this lease.
    pub(super) fn notice(&self) -> String {
        format!("heartbeat_{}", self.name_by(&self.dataset))
    }

    fn leases(&self) -> String {
        format!("{}.{LEASES}", self.path)
    }

    /// Makes the table of leases. It is only ever tried.
    pub(super) fn made(&self) -> Statement {
        Statement::new(format!(
            "CREATE TABLE IF NOT EXISTS `{}` (plan STRING NOT NULL, epoch INT64 NOT NULL, holder STRING)",
            self.leases()
        ))
    }

    /// The least that needs the same permissions as taking a lease.
    pub(super) fn tried(&self) -> Statement {
        Statement::new(format!("DELETE FROM `{}` WHERE epoch < 0", self.leases()))
    }

    /// The epoch that counts, and who took it.
    pub(super) fn look(&self) -> Statement {
        Statement::new(self.stands()).with("plan", "STRING", self.plan.clone())
    }

    fn stands(&self) -> String {
        format!("SELECT epoch, holder FROM `{}` WHERE plan = @plan", self.leases())
    }

    /// Takes the lease if its epoch is still the one that was seen, 0 for none, and answers how it stands then. Of two
    /// that try at once `BigQuery` lets one pass, because both change the same table; one that tries again changes nothing.
    pub(super) fn take(&self, seen: i64, holder: &str) -> Statement {
        Statement::new(format!(
            "MERGE `{leases}` AS lease USING (SELECT @plan AS plan, @holder AS holder) AS taker \
             ON lease.plan = taker.plan\n\
             WHEN MATCHED AND lease.epoch = {seen} THEN UPDATE SET epoch = {next}, holder = taker.holder\n\
             WHEN NOT MATCHED AND {seen} = 0 THEN INSERT (plan, epoch, holder) \
             VALUES (taker.plan, {next}, taker.holder);\n\
             {};",
            self.stands(),
            leases = self.leases(),
            next = seen + 1,
        ))
        .with("plan", "STRING", self.plan.clone())
        .with("holder", "STRING", holder.to_owned())
    }

    /// What jobs in a project say they were sent under; jobs for the tables of several projects may be billed to one.
    fn label_in(&self, project: &str) -> String {
        if project == self.project {
            self.name_by(&self.dataset)
        } else {
            self.name_by(&format!("{}.{}", self.project, self.dataset))
        }
    }

    /// For people the plan, and what tells it from the leases in other datasets.
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
