//! Digests of rows: equal for equal values in the same order, on any machine and in any version.

use sha2::{Digest, Sha256};

use super::{Row, Value};

/// The first 64 bits of the SHA-256 over every value, each prefixed with its kind and delimited by its length.
#[must_use]
pub fn digest(rows: &[Row]) -> u64 {
    let mut bytes = Vec::with_capacity(4096);
    let mut hasher = Sha256::new();
    for row in rows {
        bytes.clear();
        bytes.extend(row.len().to_le_bytes());
        for value in row {
            put(&mut bytes, value);
        }
        hasher.update(&bytes);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    digest
        .iter()
        .take(8)
        .fold(0, |digest, &byte| digest << 8 | u64::from(byte))
}

fn put(bytes: &mut Vec<u8>, value: &Value) {
    let mut put = |kind: u8, value: &[u8]| {
        bytes.push(kind);
        bytes.extend(value);
        bytes.extend(value.len().to_le_bytes());
    };
    match value {
        Value::Null => put(0, &[]),
        Value::Int(number) => put(1, &number.to_le_bytes()),
        Value::Float(number) => put(2, &number.to_bits().to_le_bytes()),
        Value::Bool(truth) => put(3, &[u8::from(*truth)]),
        Value::Text(text) => put(4, text.as_bytes()),
        Value::Date(date) => put(5, date.to_string().as_bytes()),
        Value::Timestamp(at) => put(6, &at.timestamp_micros().to_le_bytes()),
        Value::Datetime(at) => put(11, &at.and_utc().timestamp_micros().to_le_bytes()),
        Value::Time(at) => put(12, at.format("%T%.6f").to_string().as_bytes()),
        Value::Bytes(value) => put(13, value),
        Value::List(items) => {
            put(7, &items.len().to_le_bytes());
            for item in items {
                put(8, item.as_bytes());
            }
        }
        Value::Numbers(numbers) => {
            put(9, &numbers.len().to_le_bytes());
            for number in numbers {
                put(10, &number.to_bits().to_le_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_depends_on_value_type_and_order() {
        let text = |text: &str| Value::from(text.to_owned());
        let list = |items: &[&str]| Value::from(items.iter().map(ToString::to_string).collect::<Vec<_>>());
        let rows = [
            vec![],
            vec![vec![]],
            vec![vec![Value::Null]],
            vec![vec![Value::Null, Value::Null]],
            vec![vec![Value::Null], vec![Value::Null]],
            vec![vec![Value::Int(1)]],
            vec![vec![Value::Float(1.0)]],
            vec![vec![text("1")]],
            vec![vec![text("ab"), text("c")]],
            vec![vec![text("a"), text("bc")]],
            vec![vec![text("bc"), text("a")]],
            vec![vec![list(&["a", "b"])]],
            vec![vec![list(&["a"]), text("b")]],
            vec![vec![Value::Numbers(vec![1.0, 2.0])]],
            vec![vec![Value::Numbers(vec![2.0, 1.0])]],
        ];
        let mut digests: Vec<u64> = rows.iter().map(|rows| digest(rows)).collect();
        let count = digests.len();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), count);
    }

    // First bytes of the SHA-256 of empty input; ledgers of other versions store the same.
    #[test]
    fn no_rows_have_the_sha256_of_empty_input() {
        assert_eq!(digest(&[]), 0xe3b0_c442_98fc_1c14);
    }
}
