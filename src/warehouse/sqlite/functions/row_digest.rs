//! A hash of the values of a row, to find out whether any of them has changed.

use rusqlite::functions::Context;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use sha2::{Digest, Sha256};

use super::scalar;

pub(super) fn register(connection: &Connection) -> Result<()> {
    scalar(connection, "gsql_row_digest", -1, row_digest)
}

/// The first 64 bits of the SHA-256 over every value, each with its type and length.
#[allow(clippy::unnecessary_wraps, reason = "the form of every function")]
fn row_digest(context: &Context<'_>) -> Result<i64> {
    let mut hash = Sha256::new();
    for at in 0..context.len() {
        let (kind, bytes) = match context.get_raw(at) {
            ValueRef::Null => (0_u8, Vec::new()),
            ValueRef::Integer(number) => (1, number.to_le_bytes().to_vec()),
            ValueRef::Real(number) => (2, number.to_bits().to_le_bytes().to_vec()),
            ValueRef::Text(text) => (3, text.to_vec()),
            ValueRef::Blob(bytes) => (4, bytes.to_vec()),
        };
        hash.update([kind]);
        hash.update(bytes.len().to_le_bytes());
        hash.update(&bytes);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let first = digest
        .iter()
        .take(8)
        .fold(0_u64, |first, byte| first << 8 | u64::from(*byte));
    Ok(first.cast_signed())
}
