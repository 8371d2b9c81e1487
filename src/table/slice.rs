//! A slice of a table: the rows with given values in some columns. A plan with a slice reads, counts, replaces and deletes
//! only these rows. The condition is written here for both dialects, and nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};

use super::{CarriedType, ColumnType, Dialect, Row, RowFault, TableDef, Value};
use super::{FaultKind, date_literal, is_name, sql_name, text_literal};
use crate::escape::quoted;

/// Maximum number of columns, which a new `BigQuery` table is clustered by.
const MAX_COLUMNS: usize = 4;

/// Maximum length of a value in characters. It is a part of names that are shown.
const MAX_VALUE: usize = 100;

/// The years that a DATE can have.
const YEARS: RangeInclusive<i32> = 1..=9999;

/// Characters with a meaning in the text form of a slice.
const ENCODED: [char; 5] = ['%', '[', ']', ',', '='];

/// The rows of a table with these values. Without any, it is the whole table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slice {
    values: BTreeMap<String, SliceValue>,
}

/// A value that all rows of a slice have in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SliceValue {
    /// `STRING`.
    Text(String),
    /// `INT64`.
    Int(i64),
    /// `BOOL`.
    Bool(bool),
    /// `DATE`.
    Date(NaiveDate),
}

impl Slice {
    /// The slice with these values, as a plan has them: texts and numbers.
    ///
    /// # Errors
    /// If a name or a value isn't valid; the message quotes it.
    pub fn new(values: BTreeMap<String, SliceValue>) -> Result<Self, String> {
        if values.is_empty() {
            return Err("it has no column; write it like { country = \"DE\" }, or leave it out".to_owned());
        }
        if values.len() > MAX_COLUMNS {
            return Err(format!(
                "it has {} columns; give at most {MAX_COLUMNS}",
                values.len()
            ));
        }
        for (name, value) in &values {
            if !is_name(name) {
                return Err(format!("{} is not a valid name of a column", quoted(name)));
            }
            if let SliceValue::Text(text) = value {
                refuse_text(name, text)?;
            }
        }
        Ok(Self { values })
    }

    /// The slice of several stages with all their values.
    ///
    /// # Errors
    /// If two have different values in one column: returns its name and both values.
    pub fn joined<'s>(slices: impl IntoIterator<Item = &'s Self>) -> Result<Self, (String, [String; 2])> {
        let mut joined = Self::default();
        for (name, value) in slices.into_iter().flat_map(|slice| &slice.values) {
            match joined.values.insert(name.clone(), value.clone()) {
                Some(other) if other.to_string() != value.to_string() => {
                    return Err((name.clone(), [other.to_string(), value.to_string()]));
                }
                _ => {}
            }
        }
        Ok(joined)
    }

    /// Whether it is the whole table.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.values.is_empty()
    }

    /// Its columns, by name.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The slice with values of the types that its columns have; `columns` are those of the table.
    ///
    /// # Errors
    /// If a column is missing or can't divide a table, or a value doesn't fit it.
    pub fn typed(&self, columns: &[(&str, &ColumnType)]) -> Result<Self, String> {
        let typed = self.values.iter().map(|(name, value)| {
            let column = columns.iter().find(|(column, _)| column == name);
            let (_, kind) = column.ok_or_else(|| {
                let known: Vec<&str> = columns.iter().map(|(column, _)| *column).collect();
                format!(
                    "column '{name}' is not in the table, which has {}",
                    known.join(", ")
                )
            })?;
            Ok((name.clone(), value.of_type(name, kind)?))
        });
        let values = typed.collect::<Result<_, String>>()?;
        Ok(Self { values })
    }

    /// The same where the values were already put into queries as they are written: a text there is not read as a number.
    ///
    /// # Errors
    /// As for [`Self::typed`].
    pub fn typed_as_written(&self, columns: &[(&str, &ColumnType)]) -> Result<Self, String> {
        let typed = self.typed(columns)?;
        let is_other = |(written, typed): &(&SliceValue, &SliceValue)| {
            matches!(
                (written, typed),
                (SliceValue::Text(_), SliceValue::Int(_) | SliceValue::Bool(_))
            )
        };
        match self.values.values().zip(typed.values.values()).find(is_other) {
            None => Ok(typed),
            Some((written, _)) => Err(format!(
                "{} is a text, but its column is of another type; declare 'columns', or write a number without quotes",
                quoted(&written.to_string())
            )),
        }
    }

    /// The condition of its rows; `None` for the whole table.
    #[must_use]
    pub fn condition(&self, dialect: Dialect) -> Option<String> {
        self.condition_of("", dialect)
    }

    /// The same for a table with an alias, which precedes the columns with its dot.
    pub(super) fn condition_of(&self, alias: &str, dialect: Dialect) -> Option<String> {
        let each = self.values.iter();
        let each = each.map(|(name, value)| {
            let column = format!("{alias}{}", sql_name(name));
            match (value, dialect) {
                // Another program's column may compare without case, or as a number.
                (SliceValue::Text(_), Dialect::Sqlite) => {
                    format!(
                        "CAST({column} AS TEXT) = {} COLLATE BINARY",
                        value.literal(dialect)
                    )
                }
                _ => format!("{column} = {}", value.literal(dialect)),
            }
        });
        (!self.is_whole()).then(|| each.collect::<Vec<_>>().join(" AND "))
    }

    /// The condition to follow another one; empty for the whole table.
    #[must_use]
    pub fn and_condition(&self, dialect: Dialect) -> String {
        let condition = self.condition(dialect);
        condition.map_or_else(String::new, |condition| format!(" AND {condition}"))
    }

    /// Each of its columns with the value as a literal in `GoogleSQL`, and the end of the sentence about another value.
    pub fn faults(&self) -> impl Iterator<Item = (&str, String, String)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value.literal(Dialect::GoogleSql), other(value)))
    }

    /// Why a row isn't in it; `None` if it is.
    #[must_use]
    pub fn fault(&self, table: &TableDef, row: &Row) -> Option<RowFault> {
        self.values.iter().find_map(|(name, value)| {
            let held = table.position(name).and_then(|at| row.get(at));
            let held = held.unwrap_or(&Value::Null);
            (!value.is(held)).then(|| RowFault {
                kind: FaultKind::OtherSlice,
                column: Some(name.clone()),
                what: format!("{}{}", quoted(&held.to_string()), other(value)),
            })
        })
    }
}

/// The columns and values, as `country=DE, shard=3`. Different slices of a table have different texts.
impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.values.iter().enumerate() {
            let between = if at == 0 { "" } else { ", " };
            // Names of columns don't distinguish upper and lower case.
            write!(f, "{between}{}=", name.to_ascii_lowercase())?;
            for letter in value.to_string().chars() {
                if ENCODED.contains(&letter) {
                    write!(f, "%{:02X}", u32::from(letter))?;
                } else {
                    write!(f, "{letter}")?;
                }
            }
        }
        Ok(())
    }
}

impl SliceValue {
    /// The value as one of this type.
    fn of_type(&self, name: &str, kind: &ColumnType) -> Result<Self, String> {
        let refused = || {
            format!(
                "column '{name}' is {}, but {} is not; give a value of its type",
                kind.with_article(),
                quoted(&self.to_string())
            )
        };
        // The text is a part of the plan's name, so a value has only one.
        let same = |typed: Self| {
            if typed.to_string() == self.to_string() {
                Ok(typed)
            } else {
                Err(format!(
                    "{} of column '{name}' is not in its plain form; write '{typed}'",
                    quoted(&self.to_string())
                ))
            }
        };
        match (kind, self) {
            (ColumnType::String, Self::Text(_))
            | (ColumnType::Int64, Self::Int(_))
            | (ColumnType::Bool, Self::Bool(_))
            | (ColumnType::Date, Self::Date(_)) => Ok(self.clone()),
            (ColumnType::Carried(CarriedType::ShortString(length)), Self::Text(text))
                if text.chars().count() as u64 <= *length =>
            {
                Ok(self.clone())
            }
            (ColumnType::Int64, Self::Text(text)) => {
                same(Self::Int(text.trim().parse().map_err(|_| refused())?))
            }
            (ColumnType::Bool, Self::Text(text)) => {
                let lower = text.trim().to_ascii_lowercase();
                same(Self::Bool(lower.parse().map_err(|_| refused())?))
            }
            (ColumnType::Date, Self::Text(text)) => {
                let day: NaiveDate = text.trim().parse().map_err(|_| refused())?;
                if !YEARS.contains(&day.year()) {
                    return Err(refused());
                }
                same(Self::Date(day))
            }
            (
                ColumnType::String
                | ColumnType::Int64
                | ColumnType::Bool
                | ColumnType::Date
                | ColumnType::Carried(CarriedType::ShortString(_)),
                _,
            ) => Err(refused()),
            _ => Err(format!(
                "column '{name}' is {}, which can't divide a table; use a STRING, INT64, BOOL or DATE",
                kind.with_article()
            )),
        }
    }

    /// The value in SQL.
    fn literal(&self, dialect: Dialect) -> String {
        match (self, dialect) {
            (Self::Text(text), Dialect::GoogleSql) => text_literal(text),
            (Self::Text(text), Dialect::Sqlite) => format!("'{}'", text.replace('\'', "''")),
            (Self::Int(number), _) => number.to_string(),
            (Self::Bool(is_true), Dialect::GoogleSql) => if *is_true { "TRUE" } else { "FALSE" }.to_owned(),
            (Self::Bool(is_true), Dialect::Sqlite) => i32::from(*is_true).to_string(),
            (Self::Date(day), Dialect::GoogleSql) => date_literal(*day),
            (Self::Date(day), Dialect::Sqlite) => format!("'{day}'"),
        }
    }

    fn is(&self, held: &Value) -> bool {
        match (self, held) {
            (Self::Text(text), Value::Text(held)) => text == held,
            (Self::Int(number), Value::Int(held)) => number == held,
            (Self::Bool(is_true), Value::Bool(held)) => is_true == held,
            (Self::Date(day), Value::Date(held)) => day == held,
            _ => false,
        }
    }
}

impl fmt::Display for SliceValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Int(number) => write!(f, "{number}"),
            Self::Bool(is_true) => write!(f, "{is_true}"),
            Self::Date(day) => write!(f, "{day}"),
        }
    }
}

/// The end of the sentence about a row of another slice.
fn other(value: &SliceValue) -> String {
    format!(" is not {}, the slice of the plan", quoted(&value.to_string()))
}

fn refuse_text(name: &str, text: &str) -> Result<(), String> {
    let shown = quoted(text);
    if text.trim().is_empty() {
        return Err(format!(
            "the value {shown} of column '{name}' is empty; give a text"
        ));
    }
    if text.trim() != text {
        return Err(format!(
            "the value {shown} of column '{name}' begins or ends with a space; remove it"
        ));
    }
    if text.chars().count() > MAX_VALUE {
        return Err(format!(
            "the value {shown} of column '{name}' is longer than {MAX_VALUE} characters; shorten it"
        ));
    }
    if text.contains(char::is_control) {
        return Err(format!(
            "the value {shown} of column '{name}' contains a control character, such as a line break; remove it"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn slice(values: &[(&str, &str)]) -> Result<Slice, String> {
        let value =
            |(name, value): &(&str, &str)| ((*name).to_owned(), SliceValue::Text((*value).to_owned()));
        Slice::new(values.iter().map(value).collect())
    }

    const COLUMNS: [(&str, &ColumnType); 6] = [
        ("country", &ColumnType::String),
        ("shard", &ColumnType::Int64),
        ("paid", &ColumnType::Bool),
        ("month", &ColumnType::Date),
        ("rate", &ColumnType::Float64),
        ("code", &ColumnType::Carried(CarriedType::ShortString(2))),
    ];

    #[test]
    fn a_condition_has_the_literals_of_each_dialect() {
        let values = [
            ("country", r"O'Br\ien"),
            ("shard", "-3"),
            ("paid", "true"),
            ("month", "2024-03-01"),
        ];
        let slice = slice(&values).unwrap().typed(&COLUMNS).unwrap();
        assert_eq!(
            slice.condition(Dialect::GoogleSql).unwrap(),
            r"`country` = 'O\'Br\\ien' AND `month` = DATE '2024-03-01' AND `paid` = TRUE AND `shard` = -3"
        );
        assert_eq!(
            slice.and_condition(Dialect::Sqlite),
            r" AND CAST(`country` AS TEXT) = 'O''Br\ien' COLLATE BINARY AND `month` = '2024-03-01' AND `paid` = 1 AND `shard` = -3"
        );
        assert_eq!(Slice::default().condition(Dialect::Sqlite), None);
        assert_eq!(Slice::default().and_condition(Dialect::GoogleSql), "");
    }

    #[rstest]
    #[case("country", "", "the value '' of column 'country' is empty")]
    #[case("country", " DE", "begins or ends with a space")]
    #[case("country", "D\nE", "contains a control character")]
    #[case("a-b", "DE", "'a-b' is not a valid name of a column")]
    #[case("other", "DE", "column 'other' is not in the table, which has country, shard")]
    #[case("shard", "DE", "column 'shard' is an INT64, but 'DE' is not")]
    #[case("shard", "007", "'007' of column 'shard' is not in its plain form; write '7'")]
    #[case("paid", "TRUE", "write 'true'")]
    #[case("month", "2024-3", "column 'month' is a DATE, but '2024-3' is not")]
    #[case(
        "month",
        "+10000-01-01",
        "column 'month' is a DATE, but '+10000-01-01' is not"
    )]
    #[case("month", "0000-01-01", "column 'month' is a DATE, but '0000-01-01' is not")]
    #[case("rate", "1.5", "column 'rate' is a FLOAT64, which can't divide a table")]
    #[case("code", "DEU", "but 'DEU' is not")]
    fn invalid_values_are_refused(#[case] name: &str, #[case] value: &str, #[case] said: &str) {
        let refused = slice(&[(name, value)]).and_then(|slice| slice.typed(&COLUMNS));
        let refused = refused.unwrap_err();
        assert!(refused.contains(said), "{refused}");
    }

    #[test]
    fn a_number_is_not_the_value_of_a_text() {
        let number = BTreeMap::from([("country".to_owned(), SliceValue::Int(7))]);
        let refused = Slice::new(number).unwrap().typed(&COLUMNS).unwrap_err();
        assert!(refused.contains("is a STRING, but '7' is not"), "{refused}");
        let long = "x".repeat(MAX_VALUE + 1);
        assert!(slice(&[("country", &long)]).unwrap_err().contains("longer than"));
    }

    #[test]
    fn a_text_that_queries_have_is_no_number() {
        let [day, shard] = [("month", "2024-03-01"), ("shard", "3")].map(|one| slice(&[one]).unwrap());
        assert_eq!(day.typed_as_written(&COLUMNS), day.typed(&COLUMNS));
        let refused = shard.typed_as_written(&COLUMNS).unwrap_err();
        assert!(
            refused.starts_with("'3' is a text, but its column is of another type"),
            "{refused}"
        );
    }

    #[test]
    fn different_slices_have_different_texts() {
        let text = |values: &[(&str, &str)]| slice(values).unwrap().to_string();
        assert_eq!(text(&[("shard", "3"), ("Country", "DE")]), "country=DE, shard=3");
        assert_eq!(text(&[("c", "a, d=b] [100%")]), "c=a%2C d%3Db%5D %5B100%25");
        assert_ne!(text(&[("c", "a, d=b")]), text(&[("c", "a"), ("d", "b")]));
    }

    #[test]
    fn slices_of_stages_are_joined_unless_they_contradict() {
        let [de, fr, shard] =
            [("country", "DE"), ("country", "FR"), ("shard", "1")].map(|one| slice(&[one]).unwrap());
        let joined = Slice::joined([&de, &Slice::default(), &shard, &de]).unwrap();
        assert_eq!(joined.to_string(), "country=DE, shard=1");
        let (name, values) = Slice::joined([&de, &fr]).unwrap_err();
        assert_eq!(
            (name.as_str(), values),
            ("country", ["DE", "FR"].map(str::to_owned))
        );
    }
}
