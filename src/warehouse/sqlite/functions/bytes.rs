//! Functions on `BYTES`, which are blobs.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rusqlite::functions::Context;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use sha2::{Digest, Sha256};

use super::calendar::optional;
use super::{refuse, scalar, shown, text};
use crate::figures::hex;

pub(super) fn register(connection: &Connection) -> Result<()> {
    scalar(connection, "gsql_to_base64", 1, |c| {
        optional(c, |c| Ok(BASE64_STANDARD.encode(bytes(c, 0)?)))
    })?;
    scalar(connection, "gsql_from_base64", 1, |c| {
        optional(c, |c| {
            let text = text(c, 0)?;
            BASE64_STANDARD
                .decode(text)
                .map_err(|_| refuse(format!("{text:?} is not base64")))
        })
    })?;
    scalar(connection, "gsql_to_hex", 1, |c| {
        optional(c, |c| Ok(hex(bytes(c, 0)?)))
    })?;
    scalar(connection, "gsql_byte_length", 1, |c| {
        optional(c, |c| {
            let length = either(c, 0)?.len();
            i64::try_from(length).map_err(|_| refuse("the value is too long"))
        })
    })?;
    scalar(connection, "gsql_sha256", 1, |c| {
        optional(c, |c| Ok(Sha256::digest(either(c, 0)?).to_vec()))
    })
}

/// A `BYTES` argument.
fn bytes<'c>(context: &'c Context<'_>, at: usize) -> Result<&'c [u8]> {
    match context.get_raw(at) {
        ValueRef::Blob(bytes) => Ok(bytes),
        other => Err(refuse(format!("{} is not BYTES", shown(other)))),
    }
}

/// A `BYTES` or `STRING` argument, as bytes.
fn either<'c>(context: &'c Context<'_>, at: usize) -> Result<&'c [u8]> {
    match context.get_raw(at) {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Ok(bytes),
        other => Err(refuse(format!("{} is neither STRING nor BYTES", shown(other)))),
    }
}
