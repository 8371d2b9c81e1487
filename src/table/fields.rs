//! Reads a row field by field, in the order of the queried columns, with an error for every unexpected value.

use chrono::{DateTime, NaiveDate, Utc};

use super::Value;

/// A field with an unexpected value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} contains {found}, expected {expected}")]
pub struct FieldError {
    /// Column name.
    pub column: String,
    /// What the reader expected.
    pub expected: &'static str,
    /// What the field contains.
    pub found: String,
}

/// A cursor over one row: each call takes the next field.
#[derive(Debug)]
pub struct FieldReader<'a> {
    columns: &'a [&'static str],
    values: &'a [Value],
    at: usize,
}

impl<'a> FieldReader<'a> {
    /// Starts at the first of `columns`; `values` must be in the same order.
    #[must_use]
    pub const fn new(columns: &'a [&'static str], values: &'a [Value]) -> Self {
        Self {
            columns,
            values,
            at: 0,
        }
    }

    /// Reads the next field as a text.
    ///
    /// # Errors
    /// When the field is NULL, missing or not a text.
    pub fn text(&mut self) -> Result<&'a str, FieldError> {
        match self.take() {
            Some(Value::Text(text)) => Ok(text),
            other => Err(self.refuse("a text", other)),
        }
    }

    /// Reads the next field as a text or NULL.
    ///
    /// # Errors
    /// When the field is missing or has another type.
    pub fn optional_text(&mut self) -> Result<Option<&'a str>, FieldError> {
        match self.take() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            other => Err(self.refuse("a text or NULL", other)),
        }
    }

    /// Reads the next field as an integer.
    ///
    /// # Errors
    /// When the field is NULL, missing or not an integer.
    pub fn int(&mut self) -> Result<i64, FieldError> {
        match self.take() {
            Some(Value::Int(number)) => Ok(*number),
            other => Err(self.refuse("an integer", other)),
        }
    }

    /// Reads the next field as an integer or NULL.
    ///
    /// # Errors
    /// When the field is missing or has another type.
    pub fn optional_int(&mut self) -> Result<Option<i64>, FieldError> {
        match self.take() {
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Null) => Ok(None),
            other => Err(self.refuse("an integer or NULL", other)),
        }
    }

    /// Reads the next field as a count, which is never negative, or NULL.
    ///
    /// # Errors
    /// When the field is missing, negative, too large or has another type.
    pub fn optional_count(&mut self) -> Result<Option<u32>, FieldError> {
        let expected = "a count or NULL";
        match self.take() {
            Some(Value::Null) => Ok(None),
            Some(found @ Value::Int(number)) => match u32::try_from(*number) {
                Ok(count) => Ok(Some(count)),
                Err(_) => Err(self.refuse(expected, Some(found))),
            },
            other => Err(self.refuse(expected, other)),
        }
    }

    /// Reads the next field as a number, an integer or not.
    ///
    /// # Errors
    /// When the field is NULL, missing or not a number.
    pub fn number(&mut self) -> Result<f64, FieldError> {
        let found = self.take();
        found
            .and_then(Value::as_f64)
            .ok_or_else(|| self.refuse("a number", found))
    }

    /// Reads the next field as a number, an integer or not, or NULL.
    ///
    /// # Errors
    /// When the field is missing or has another type.
    pub fn optional_number(&mut self) -> Result<Option<f64>, FieldError> {
        match self.take() {
            Some(Value::Null) => Ok(None),
            found => match found.and_then(Value::as_f64) {
                Some(number) => Ok(Some(number)),
                None => Err(self.refuse("a number or NULL", found)),
            },
        }
    }

    /// Reads the next field as a date.
    ///
    /// # Errors
    /// When the field is NULL, missing or not a date.
    pub fn date(&mut self) -> Result<NaiveDate, FieldError> {
        match self.take() {
            Some(Value::Date(date)) => Ok(*date),
            other => Err(self.refuse("a date", other)),
        }
    }

    /// Reads the next field as a boolean.
    ///
    /// # Errors
    /// When the field is NULL, missing or not a boolean.
    pub fn bool(&mut self) -> Result<bool, FieldError> {
        match self.take() {
            Some(Value::Bool(truth)) => Ok(*truth),
            other => Err(self.refuse("a boolean", other)),
        }
    }

    /// Reads the next field as a timestamp or NULL.
    ///
    /// # Errors
    /// When the field is missing or has another type.
    pub fn optional_timestamp(&mut self) -> Result<Option<DateTime<Utc>>, FieldError> {
        match self.take() {
            Some(Value::Timestamp(at)) => Ok(Some(*at)),
            Some(Value::Null) => Ok(None),
            other => Err(self.refuse("a timestamp or NULL", other)),
        }
    }

    fn take(&mut self) -> Option<&'a Value> {
        let value = self.values.get(self.at);
        self.at += 1;
        value
    }

    fn refuse(&self, expected: &'static str, found: Option<&Value>) -> FieldError {
        let column = self
            .columns
            .get(self.at - 1)
            .copied()
            .unwrap_or("past the last column");
        let found = match found {
            None => "nothing".to_owned(),
            Some(Value::Null) => "NULL".to_owned(),
            Some(value) => format!("{} ({value})", value.kind()),
        };
        FieldError {
            column: column.to_owned(),
            expected,
            found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_column_and_the_value() {
        let row = vec![Value::from("BOS"), Value::Null];
        let mut fields = FieldReader::new(&["team_abbr", "points"], &row);
        assert_eq!(fields.text().unwrap(), "BOS");
        assert_eq!(
            fields.int().unwrap_err().to_string(),
            "column points contains NULL, expected an integer"
        );
        assert_eq!(
            fields.int().unwrap_err().to_string(),
            "column past the last column contains nothing, expected an integer"
        );
    }

    #[test]
    fn a_number_may_be_an_integer_or_null_but_not_text() {
        let row = vec![
            Value::from(99.5),
            Value::Null,
            Value::from(99_i64),
            Value::from("99"),
        ];
        let mut fields = FieldReader::new(&["pace", "ts_pct", "points", "line"], &row);
        assert_eq!(fields.optional_number(), Ok(Some(99.5)));
        assert_eq!(fields.optional_number(), Ok(None));
        assert_eq!(fields.optional_number(), Ok(Some(99.0)));
        assert_eq!(
            fields.optional_number().unwrap_err().to_string(),
            "column line contains a text (99), expected a number or NULL"
        );
    }

    #[test]
    fn a_count_is_never_negative() {
        let row = vec![Value::from(12_i64), Value::Null, Value::from(-3_i64)];
        let mut fields = FieldReader::new(&["points", "blocks", "steals"], &row);
        assert_eq!(fields.optional_count(), Ok(Some(12)));
        assert_eq!(fields.optional_count(), Ok(None));
        assert_eq!(
            fields.optional_count().unwrap_err().to_string(),
            "column steals contains an integer (-3), expected a count or NULL"
        );
    }
}
