//! The tables that stages fill, as found in the warehouse. Needs no ledger, so it is read during a handover.

use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};

use crate::engine::Stage;
use crate::table::Schema;
use crate::warehouse::{OwnedPart, OwnerRecord, Warehouse, WarehouseError};

/// The tables, in stage order. Stages without a table have no entry.
#[derive(Debug)]
pub(in crate::engine) struct Catalog(pub(super) Vec<CatalogTable>);

#[derive(Debug)]
pub(super) struct CatalogTable {
    pub(super) stage: Arc<dyn Stage>,
    pub(super) part: OwnedPart,
    /// The owners of everything that overlaps it.
    pub(super) owners: Vec<OwnerRecord>,
    /// `None` if the table does not exist yet.
    pub(super) schema: Option<Schema>,
}

impl Catalog {
    /// Reads schemas and owners concurrently. Reading a schema is free.
    pub(in crate::engine) async fn read(
        stages: &[Arc<dyn Stage>],
        warehouse: &dyn Warehouse,
    ) -> Result<Self, WarehouseError> {
        let (filling, parts): (Vec<&Arc<dyn Stage>>, Vec<OwnedPart>) = (stages.iter())
            .filter_map(|stage| {
                let fills = stage.fills();
                Some((stage, OwnedPart::slice_of(&fills.path()?, fills.slice()?)))
            })
            .unzip();
        let owners = async {
            match warehouse.owners() {
                Some(owners) => owners.owners_of(&parts).await,
                None => Ok(vec![Vec::new(); parts.len()]),
            }
        };
        let schemas = try_join_all(parts.iter().map(|part| warehouse.schema(part.table())));
        let (owners, schemas) = try_join(owners, schemas).await?;
        let found = filling
            .into_iter()
            .zip(parts.clone())
            .zip(owners.into_iter().zip(schemas));
        let tables = found.map(|((stage, part), (owners, schema))| CatalogTable {
            stage: Arc::clone(stage),
            part,
            owners,
            schema,
        });
        Ok(Self(tables.collect()))
    }
}
