//! What a lease says in statements: how it is taken, shown to be held, and given back; what a write says first, so that it
//! fails once the lease is somebody else's; and the labels by which jobs sent under it are found. Nothing is sent here.

use std::collections::HashMap;

use super::datasets::Prefix;
use super::digest;
use super::job::Statement;
use crate::table::text_literal;

/// The dataset, behind the prefix.
pub(super) const DATASET: &str = "backcourt";

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

    pub(super) fn labels(&self) -> HashMap<String, String> {
        HashMap::from([
            (LEASE_LABEL.to_owned(), self.place.label()),
            (EPOCH_LABEL.to_owned(), self.epoch.to_string()),
        ])
    }

    /// Says that the holder lives. It reads nothing, so it is billed nothing, and it meets no other change.
    pub(super) fn beat(&self) -> Statement {
        Statement::new(format!(
            "INSERT INTO `{}` (plan, epoch) VALUES (@plan, {})",
            self.place.beats(),
            self.epoch
        ))
        .with("plan", "STRING", self.place.plan.clone())
    }

    /// Lets others have the lease at once.
    pub(super) fn give_back(&self) -> Statement {
        Statement::new(format!(
            "UPDATE `{}` SET holder = NULL WHERE plan = @plan AND epoch = {}",
            self.place.leases(),
            self.epoch
        ))
        .with("plan", "STRING", self.place.plan.clone())
    }

    /// Whether a job with these labels was sent by an earlier holder.
    pub(super) fn is_before(&self, labels: &HashMap<String, String>) -> bool {
        let epoch = labels
            .get(EPOCH_LABEL)
            .and_then(|epoch| epoch.parse::<i64>().ok());
        labels.get(LEASE_LABEL) == Some(&self.place.label()) && epoch.is_some_and(|epoch| epoch < self.epoch)
    }
}

/// Where the lease of a plan is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    dataset: String,
    pub(super) plan: String,
}

impl Place {
    pub(super) fn new(prefix: &Prefix, plan: &str) -> Self {
        Self {
            dataset: format!("{prefix}{DATASET}"),
            plan: plan.to_owned(),
        }
    }

    fn leases(&self) -> String {
        format!("{}.lease", self.dataset)
    }

    fn beats(&self) -> String {
        format!("{}.beat", self.dataset)
    }

    /// Makes room for leases; what is there stays.
    pub(super) fn ensure(&self, location: Option<&str>) -> Vec<Statement> {
        let place = super::datasets::made_in(location);
        [
            format!("CREATE SCHEMA IF NOT EXISTS `{}`{place}", self.dataset),
            format!(
                "CREATE TABLE IF NOT EXISTS `{}` (plan STRING NOT NULL, epoch INT64 NOT NULL, holder STRING)",
                self.leases()
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS `{}` (plan STRING NOT NULL, epoch INT64 NOT NULL)",
                self.beats()
            ),
        ]
        .map(Statement::new)
        .into()
    }

    pub(super) fn look(&self) -> Statement {
        Statement::new(self.stands()).with("plan", "STRING", self.plan.clone())
    }

    fn stands(&self) -> String {
        format!(
            "SELECT epoch, (SELECT COUNT(*) FROM `{}` AS beat WHERE beat.plan = lease.plan \
             AND beat.epoch = lease.epoch) AS beats, holder FROM `{}` AS lease WHERE plan = @plan",
            self.beats(),
            self.leases()
        )
    }

    /// Takes the lease if its epoch is still the one that was seen, 0 for none, and says how it stands then. Of two that
    /// try at once `BigQuery` lets one pass, because both change the same table; one that tries again changes nothing.
    pub(super) fn take(&self, seen: i64, holder: &str) -> Statement {
        let leases = self.leases();
        let forget = if seen == 0 {
            String::new()
        } else {
            format!(
                "DELETE FROM `{}` WHERE plan = @plan AND epoch <= {seen};\n",
                self.beats()
            )
        };
        Statement::new(format!(
            "MERGE `{leases}` AS lease USING (SELECT @plan AS plan, @holder AS holder) AS taker \
             ON lease.plan = taker.plan\n\
             WHEN MATCHED AND lease.epoch = {seen} THEN UPDATE SET epoch = {next}, holder = taker.holder\n\
             WHEN NOT MATCHED AND {seen} = 0 THEN INSERT (plan, epoch, holder) \
             VALUES (taker.plan, {next}, taker.holder);\n\
             {forget}{};",
            self.stands(),
            next = seen + 1,
        ))
        .with("plan", "STRING", self.plan.clone())
        .with("holder", "STRING", holder.to_owned())
    }

    /// What jobs say they were sent under: for people the plan, and what tells it from every other lease.
    fn label(&self) -> String {
        let plan: String = (self.plan.chars().take(40))
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            .collect();
        let apart = digest(&[&self.dataset, &self.plan]);
        format!("{plan}_{}", &apart[..8])
    }
}
