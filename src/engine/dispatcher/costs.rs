//! Billed cost: every query is charged to its purpose, and charges are recorded before they are shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Utc;

use crate::figures::bytes;
use crate::ledger::{Costs, Purpose};
use crate::warehouse::{self, Bill, Charge, Warehouse};

use super::super::BilledView;
use super::{Dispatcher, Fatal, Mode, Refresh};

/// One handle to the warehouse per purpose, each with its own bill.
#[derive(Debug, Default)]
pub(super) struct Bills {
    opened: BTreeMap<Purpose, (Arc<Bill>, Arc<dyn Warehouse>)>,
    /// Billed so far, by this run and earlier ones.
    costs: Costs,
    of_the_run: u64,
}

impl Bills {
    /// Opens one bill per purpose; none if the warehouse doesn't bill.
    pub(super) fn open(
        warehouse: &dyn Warehouse,
        purposes: impl Iterator<Item = Purpose>,
        costs: Costs,
    ) -> Self {
        let open = |purpose: Purpose| {
            let bill: Arc<Bill> = Arc::default();
            let charging = warehouse.charging(Arc::clone(&bill), labelled(&purpose))?;
            Some((purpose, (bill, charging)))
        };
        Self {
            opened: purposes.filter_map(open).collect(),
            costs,
            of_the_run: 0,
        }
    }

    pub(super) fn are_opened(&self) -> bool {
        !self.opened.is_empty()
    }

    fn take(&self) -> Vec<(Purpose, Charge)> {
        let charges = |(purpose, (bill, _)): (&Purpose, &(Arc<Bill>, Arc<dyn Warehouse>))| {
            let purpose = purpose.clone();
            (bill.take().into_iter()).map(move |charge| (purpose.clone(), charge))
        };
        self.opened.iter().flat_map(charges).collect()
    }
}

fn labelled(purpose: &Purpose) -> warehouse::JobPurpose<'_> {
    warehouse::JobPurpose {
        stage: purpose.stage.as_deref(),
        check: purpose.check.as_deref(),
    }
}

impl Dispatcher {
    pub(super) fn charging(&self, purpose: &Purpose) -> Arc<dyn Warehouse> {
        let opened = self.bills.opened.get(purpose);
        Arc::clone(opened.map_or(&self.warehouse, |(_, warehouse)| warehouse))
    }

    /// Collects new charges: first into the ledger, then into the snapshot.
    pub(super) fn collect_bills(&mut self) -> Result<(), Fatal> {
        let billed = self.bills.take();
        if billed.is_empty() {
            return Ok(());
        }
        let fresh = (self.ledger).record_jobs(self.target, &self.run.id, &billed, Utc::now())?;
        self.bills.of_the_run += fresh.total().unwrap_or_default().bytes_billed;
        self.bills.costs.join(fresh);
        self.show_costs();
        self.keep_below_ceiling();
        self.request_refresh(Refresh::Soon);
        Ok(())
    }

    /// Stops the run once it has been billed more than `--max-total-bytes-billed`.
    fn keep_below_ceiling(&mut self) {
        let billed = self.bills.of_the_run;
        let most = self.options.ceilings.of_the_run.filter(|most| billed > *most);
        if let (Some(most), Mode::Preparing | Mode::Running | Mode::Holding(_)) = (most, &self.mode) {
            self.stop(format!(
                "the run was billed {}, but --max-total-bytes-billed allows {}; committed rows are kept, raise the \
                 limit and start again to resume",
                bytes(billed),
                bytes(most)
            ));
        }
    }

    pub(super) fn show_costs(&mut self) {
        if !self.bills.are_opened() {
            return;
        }
        let costs = &self.bills.costs;
        for work in &mut self.stages {
            work.board.cost = costs.of_stage(&work.board.name);
        }
        for check in self.checks.views.iter_mut().chain(&mut self.sources.views) {
            check.cost = costs.of_check(&check.name);
        }
    }

    /// Total billed for the plan on this warehouse, by this run and earlier ones; `None` if the warehouse doesn't bill.
    pub(super) fn billed(&self) -> Option<BilledView> {
        self.bills.are_opened().then(|| BilledView {
            total: self.bills.costs.total().unwrap_or_default(),
            other: self.bills.costs.other().unwrap_or_default(),
        })
    }
}
