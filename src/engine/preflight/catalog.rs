//! The tables that stages fill, as found in the warehouse. Needs no ledger, so it is read during a handover.

use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};

use crate::engine::Stage;
use crate::table::Schema;
use crate::warehouse::{Owner, Warehouse, WarehouseError};

/// The tables, in stage order. Stages without a table have no entry.
#[derive(Debug)]
pub(in crate::engine) struct Catalog(pub(super) Vec<CatalogTable>);

#[derive(Debug)]
pub(super) struct CatalogTable {
    pub(super) stage: Arc<dyn Stage>,
    pub(super) path: String,
    pub(super) owner: Option<Owner>,
    /// `None` if the table does not exist yet.
    pub(super) schema: Option<Schema>,
}

impl Catalog {
    /// Reads schemas and owners concurrently. Reading a schema is free.
    pub(in crate::engine) async fn read(
        stages: &[Arc<dyn Stage>],
        warehouse: &dyn Warehouse,
    ) -> Result<Self, WarehouseError> {
        let (filling, paths): (Vec<&Arc<dyn Stage>>, Vec<String>) = (stages.iter())
            .filter_map(|stage| Some((stage, stage.fills().path()?)))
            .unzip();
        let owners = async {
            match warehouse.owners() {
                Some(owners) => owners.owners_of(&paths).await,
                None => Ok(vec![None; paths.len()]),
            }
        };
        let schemas = try_join_all(paths.iter().map(|path| warehouse.schema(path)));
        let (owners, schemas) = try_join(owners, schemas).await?;
        let found = filling
            .into_iter()
            .zip(paths.clone())
            .zip(owners.into_iter().zip(schemas));
        let tables = found.map(|((stage, path), (owner, schema))| CatalogTable {
            stage: Arc::clone(stage),
            path,
            owner,
            schema,
        });
        Ok(Self(tables.collect()))
    }
}
