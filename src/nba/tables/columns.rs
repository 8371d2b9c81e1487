//! The notation of column lists. It is that of DDL: name, type, `NOT NULL` if so, `as` the column's role if it has one,
//! and its description.

/// An array of [`Column`](crate::table::Column)s, one per line:
/// `points: INT64 NOT NULL as Summary, "Points scored.";`.
macro_rules! columns {
    (@mode) => { $crate::table::Column::nullable };
    (@mode NULL) => { $crate::table::Column::required };
    (@type INT64) => { $crate::table::ColumnType::Int64 };
    (@type FLOAT64) => { $crate::table::ColumnType::Float64 };
    (@type STRING) => { $crate::table::ColumnType::String };
    (@type BOOL) => { $crate::table::ColumnType::Bool };
    (@type DATE) => { $crate::table::ColumnType::Date };
    (@type TIMESTAMP) => { $crate::table::ColumnType::Timestamp };
    (@type JSON) => { $crate::table::ColumnType::Json };
    (@type ARRAY<STRING>) => { $crate::table::ColumnType::StringArray };
    (@type ARRAY<FLOAT64>) => { $crate::table::ColumnType::Float64Array };
    (@type NUMERIC($precision:literal, $scale:literal)) => {
        $crate::table::ColumnType::Numeric { precision: $precision, scale: $scale }
    };
    ($(
        $name:ident: $kind:ident $(<$of:ident>)? $(($precision:literal, $scale:literal))?
        $(NOT $null:ident)? $(as $role:ident)?, $doc:literal;
    )*) => {
        [$(
            columns!(@mode $($null)?)(
                stringify!($name),
                columns!(@type $kind $(<$of>)? $(($precision, $scale))?),
                $doc,
            )$(.playing($crate::table::Part::$role))?
        ),*]
    };
}
