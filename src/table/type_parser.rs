//! Parses the name of a `BigQuery` type, nested ones included: `ARRAY<STRUCT<id INT64, tags ARRAY<STRING>>>`.

use super::carried_type::{CarriedType, RangeOf, StructField};
use super::column::{ColumnType, Decimals};
use crate::escape::quoted;

/// How deep types may be nested; `BigQuery` allows 15 levels of STRUCT.
const MAX_DEPTH: usize = 15;

/// Maximum length of a type's text. A name is bounded in a plan, and a type has bounded fields.
const MAX_LENGTH: usize = 20_000;

/// Why a text is not a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeError {
    /// There is no type of this name.
    Unknown(String),
    /// What is wrong with it, to follow its text in a sentence.
    Malformed(String),
}

/// Parses a whole text as a type.
pub(super) fn parse(text: &str) -> Result<ColumnType, TypeError> {
    if text.len() > MAX_LENGTH {
        return Err(malformed(format!("is longer than {MAX_LENGTH} characters")));
    }
    let mut parser = TypeParser { rest: text.trim() };
    let kind = parser.kind(0)?;
    match parser.rest.trim_start() {
        "" => Ok(kind),
        rest => Err(malformed(format!("has {} after its end", shown(rest)))),
    }
}

fn malformed(what: impl Into<String>) -> TypeError {
    TypeError::Malformed(what.into())
}

fn shown(text: &str) -> String {
    const MAX_SHOWN: usize = 20;
    if text.is_empty() {
        return "nothing".to_owned();
    }
    quoted(&text.chars().take(MAX_SHOWN).collect::<String>())
}

struct TypeParser<'t> {
    rest: &'t str,
}

impl<'t> TypeParser<'t> {
    fn kind(&mut self, depth: usize) -> Result<ColumnType, TypeError> {
        if depth > MAX_DEPTH {
            return Err(malformed(format!("is nested more than {MAX_DEPTH} levels deep")));
        }
        let word = self.word();
        Ok(match word {
            "" => {
                return Err(malformed(format!(
                    "has {} where a type is expected",
                    shown(self.rest)
                )));
            }
            "NUMERIC" => match self.decimals("NUMERIC", 29, 9)? {
                Some(Decimals { precision, scale }) => ColumnType::Numeric { precision, scale },
                None => ColumnType::Numeric {
                    precision: 38,
                    scale: 9,
                },
            },
            "BIGNUMERIC" => carried(CarriedType::BigNumeric(self.decimals("BIGNUMERIC", 38, 38)?)),
            "STRING" => match self.length("STRING")? {
                None => ColumnType::String,
                Some(length) => carried(CarriedType::ShortString(length)),
            },
            "BYTES" => match self.length("BYTES")? {
                None => ColumnType::Bytes,
                Some(length) => carried(CarriedType::ShortBytes(length)),
            },
            "GEOGRAPHY" => carried(CarriedType::Geography),
            "INTERVAL" => carried(CarriedType::Interval),
            "RANGE" => carried(CarriedType::Range(self.range()?)),
            "ARRAY" => self.array(depth)?,
            "STRUCT" => carried(CarriedType::Struct(self.fields(depth)?)),
            word => scalar(word).ok_or_else(|| TypeError::Unknown(word.to_owned()))?,
        })
    }

    fn range(&mut self) -> Result<RangeOf, TypeError> {
        self.expect('<', "RANGE")?;
        let word = self.word();
        let of = RangeOf::from_word(word).ok_or_else(|| {
            malformed(format!(
                "has {} in RANGE; a range is of DATE, DATETIME or TIMESTAMP",
                shown(word)
            ))
        })?;
        self.expect('>', "RANGE")?;
        Ok(of)
    }

    fn array(&mut self, depth: usize) -> Result<ColumnType, TypeError> {
        self.expect('<', "ARRAY")?;
        let element = self.kind(depth + 1)?;
        self.expect('>', "ARRAY")?;
        ColumnType::array_of(element).ok_or_else(|| {
            malformed(
                "has an ARRAY directly in an ARRAY, which BigQuery can't store; put a STRUCT between them",
            )
        })
    }

    fn fields(&mut self, depth: usize) -> Result<Vec<StructField>, TypeError> {
        self.expect('<', "STRUCT")?;
        let mut fields: Vec<StructField> = Vec::new();
        loop {
            let name = self.field_name()?;
            if fields.iter().any(|field| field.name.eq_ignore_ascii_case(&name)) {
                return Err(malformed(format!("has the field '{name}' twice")));
            }
            if matches!(self.rest.trim_start().chars().next(), Some('>' | ',' | '<' | '(')) {
                return Err(malformed(format!(
                    "has {} in STRUCT without a name; write STRUCT<name TYPE>",
                    shown(&name)
                )));
            }
            let kind = self.kind(depth + 1)?;
            fields.push(StructField { name, kind });
            if !self.take(',') {
                break;
            }
        }
        self.expect('>', "STRUCT")?;
        Ok(fields)
    }

    fn field_name(&mut self) -> Result<String, TypeError> {
        if self.take('`')
            && let Some((name, rest)) = self.rest.split_once('`')
            && !name.is_empty()
        {
            self.rest = rest;
            return Ok(name.to_owned());
        }
        match self.word() {
            "" => Err(malformed(format!(
                "has {} where the name of a field is expected",
                shown(self.rest)
            ))),
            name if name.starts_with(|letter: char| letter.is_ascii_digit()) => Err(malformed(format!(
                "has a field '{name}' that starts with a digit"
            ))),
            name => Ok(name.to_owned()),
        }
    }

    /// The digits in parentheses, if there are any: at most `whole` before the point and `most` after it.
    fn decimals(&mut self, of: &str, whole: u8, most: u8) -> Result<Option<Decimals>, TypeError> {
        if !self.take('(') {
            return Ok(None);
        }
        let range = || {
            malformed(format!(
                "has digits that {of} can't have: {of}(p,s) has s up to {most} and p from s, at least 1, to s + {whole}"
            ))
        };
        let precision: u8 = self.word().parse().map_err(|_| range())?;
        let scale: u8 = if self.take(',') {
            self.word().parse().map_err(|_| range())?
        } else {
            0
        };
        self.expect(')', of)?;
        let fits = scale <= most && (scale.max(1)..=whole + scale).contains(&precision);
        fits.then_some(Some(Decimals { precision, scale }))
            .ok_or_else(range)
    }

    fn length(&mut self, of: &str) -> Result<Option<u64>, TypeError> {
        if !self.take('(') {
            return Ok(None);
        }
        let word = self.word();
        let length: Option<u64> = word.parse().ok().filter(|length| *length > 0);
        let length = length.ok_or_else(|| malformed(format!("has {} as the length of {of}", shown(word))))?;
        self.expect(')', of)?;
        Ok(Some(length))
    }

    fn word(&mut self) -> &'t str {
        let text = self.rest.trim_start();
        let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.rest = rest;
        word
    }

    fn take(&mut self, letter: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(letter);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, letter: char, of: &str) -> Result<(), TypeError> {
        if self.take(letter) {
            return Ok(());
        }
        let rest = self.rest.trim_start();
        Err(malformed(format!(
            "has {} where {of} needs '{letter}'",
            shown(rest)
        )))
    }
}

const fn carried(kind: CarriedType) -> ColumnType {
    ColumnType::Carried(kind)
}

fn scalar(word: &str) -> Option<ColumnType> {
    Some(match word {
        "INT64" => ColumnType::Int64,
        "FLOAT64" => ColumnType::Float64,
        "BOOL" => ColumnType::Bool,
        "DATE" => ColumnType::Date,
        "TIMESTAMP" => ColumnType::Timestamp,
        "DATETIME" => ColumnType::Datetime,
        "TIME" => ColumnType::Time,
        "JSON" => ColumnType::Json,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("INT64", "INT64")]
    #[case(" NUMERIC ( 6 , 2 ) ", "NUMERIC(6,2)")]
    #[case("NUMERIC", "NUMERIC(38,9)")]
    #[case("NUMERIC(5)", "NUMERIC(5,0)")]
    #[case("BIGNUMERIC", "BIGNUMERIC")]
    #[case("BIGNUMERIC(76,38)", "BIGNUMERIC(76,38)")]
    #[case("STRING(12)", "STRING(12)")]
    #[case("BYTES", "BYTES")]
    #[case("BYTES(3)", "BYTES(3)")]
    #[case("DATETIME", "DATETIME")]
    #[case("TIME", "TIME")]
    #[case("GEOGRAPHY", "GEOGRAPHY")]
    #[case("INTERVAL", "INTERVAL")]
    #[case("RANGE<DATE>", "RANGE<DATE>")]
    #[case("ARRAY<STRING>", "ARRAY<STRING>")]
    #[case("ARRAY< DATE >", "ARRAY<DATE>")]
    #[case(
        "ARRAY<STRUCT<id INT64, name STRING(5)>>",
        "ARRAY<STRUCT<id INT64, name STRING(5)>>"
    )]
    #[case("STRUCT<a STRUCT<b ARRAY<FLOAT64>>>", "STRUCT<a STRUCT<b ARRAY<FLOAT64>>>")]
    #[case("STRUCT<`a b` INT64>", "STRUCT<`a b` INT64>")]
    fn types_are_read_and_written_alike(#[case] text: &str, #[case] written: &str) {
        let kind = ColumnType::parse(text).unwrap();
        assert_eq!(kind.to_string(), written);
        assert_eq!(ColumnType::parse(written), Ok(kind));
    }

    #[rstest]
    #[case("ARRAY<STRCT<a INT64>>", Err("STRCT"))]
    #[case("STRUCT<a INT>", Err("INT"))]
    #[case("int64", Err("int64"))]
    #[case("", Ok("has nothing where a type is expected"))]
    #[case("ARRAY", Ok("has nothing where ARRAY needs '<'"))]
    #[case("ARRAY<INT64", Ok("has nothing where ARRAY needs '>'"))]
    #[case("INT64>", Ok("has '>' after its end"))]
    #[case("ARRAY<ARRAY<INT64>>", Ok("has an ARRAY directly in an ARRAY"))]
    #[case("STRUCT<INT64>", Ok("has 'INT64' in STRUCT without a name"))]
    #[case("STRUCT<>", Ok("has '>' where the name of a field is expected"))]
    #[case("STRUCT<a INT64, A STRING>", Ok("has the field 'A' twice"))]
    #[case("STRUCT<1a INT64>", Ok("has a field '1a' that starts with a digit"))]
    #[case("STRING(0)", Ok("has '0' as the length of STRING"))]
    #[case("STRING(x)", Ok("has 'x' as the length of STRING"))]
    #[case("NUMERIC(1,2)", Ok("has digits that NUMERIC can't have"))]
    #[case("NUMERIC(39,9)", Ok("has digits that NUMERIC can't have"))]
    #[case("NUMERIC(6,10)", Ok("has digits that NUMERIC can't have"))]
    #[case("NUMERIC()", Ok("has digits that NUMERIC can't have"))]
    #[case("BIGNUMERIC(77,38)", Ok("has digits that BIGNUMERIC can't have"))]
    #[case("RANGE<TIME>", Ok("has 'TIME' in RANGE"))]
    fn faulty_types_are_refused_with_a_reason(#[case] text: &str, #[case] reason: Result<&str, &str>) {
        match (ColumnType::parse(text), reason) {
            (Err(TypeError::Unknown(word)), Err(unknown)) => assert_eq!(word, unknown),
            (Err(TypeError::Malformed(what)), Ok(begins)) => {
                assert!(what.starts_with(begins), "{text}: {what}");
            }
            (other, _) => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{}INT64{}", "STRUCT<a ".repeat(depth), ">".repeat(depth));
        assert!(ColumnType::parse(&nested(MAX_DEPTH)).is_ok());
        assert!(ColumnType::parse(&nested(MAX_DEPTH + 1)).is_err());
        assert!(ColumnType::parse(&nested(100_000)).is_err());
    }

    #[test]
    fn field_names_are_quoted_in_sql() {
        let kind = ColumnType::parse("ARRAY<STRUCT<order INT64, x NUMERIC>>").unwrap();
        assert_eq!(kind.sql(), "ARRAY<STRUCT<`order` INT64, `x` NUMERIC(38,9)>>");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[A-Z<>(), a-z0-9`]{0,60}") {
            if let Ok(kind) = ColumnType::parse(&text) {
                proptest::prop_assert_eq!(ColumnType::parse(&kind.to_string()), Ok(kind));
            }
        }
    }
}
