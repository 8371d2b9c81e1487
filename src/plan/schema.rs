//! The JSON Schema of plan files, made from the types that parse them.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};

use super::raw::RawPlan;

/// The schema, in draft 7, which editors of TOML files understand.
#[must_use]
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft07().with_transform(WithoutNull);
    settings.into_generator().into_root_schema_for::<RawPlan>()
}

/// TOML has no null: a key that may be left out is absent.
#[derive(Debug, Clone)]
struct WithoutNull;

impl Transform for WithoutNull {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(schema) = schema.as_object_mut() else {
            return;
        };
        if let Some(types) = schema.get_mut("type")
            && let Some(list) = types.as_array_mut()
        {
            list.retain(|kind| kind != "null");
            if let [only] = list.as_slice() {
                *types = only.clone();
            }
        }
        if let Some(any) = schema.get_mut("anyOf").and_then(|any| any.as_array_mut()) {
            any.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        }
    }
}
