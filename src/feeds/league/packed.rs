//! The embedded data files: checked, unpacked and read by column. This module only handles the format, not the meaning
//! of columns. The format is described in `assets/league/README.md`.

use ruzstd::decoding::FrameDecoder;
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"BCLEAGUE";
const VERSION: u32 = 1;
const HEADER: usize = 52;

/// A damaged or incompatible packed file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "packed file {file} {reason}; install backcourt again, or repack the file with scripts/pack_league.py"
)]
pub struct Damaged {
    /// Name of the file.
    pub file: &'static str,
    /// What is wrong with it, as the rest of a sentence.
    pub reason: String,
}

/// An unpacked file: columns of equal length.
#[derive(Debug)]
pub struct Sheet {
    file: &'static str,
    rows: usize,
    raw: Vec<u8>,
    columns: Vec<ColumnSpan>,
}

/// The position of a column in the unpacked bytes.
#[derive(Debug)]
struct ColumnSpan {
    name: String,
    texts: Option<Vec<String>>,
    start: usize,
    width: usize,
}

#[derive(Debug, Clone, Copy)]
pub struct Numbers<'a> {
    planes: &'a [u8],
    rows: usize,
}

/// A column of strings, each distinct one stored once.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'a> {
    distinct: &'a [String],
    positions: Numbers<'a>,
}

impl Sheet {
    /// Checks and unpacks a file; `file` is used in error messages.
    ///
    /// # Errors
    /// If the bytes aren't a packed file, have another version or are damaged.
    pub fn unpack(file: &'static str, bytes: &[u8]) -> Result<Self, Damaged> {
        let damaged = |reason: &str| Damaged {
            file,
            reason: reason.to_owned(),
        };
        let raw = unseal(bytes).map_err(|reason| Damaged { file, reason })?;
        let mut reader = ByteCursor { raw: &raw, at: 0 };
        let (rows, columns) = reader
            .sheet()
            .ok_or_else(|| damaged("does not contain the columns of its header"))?;
        if reader.at != raw.len() {
            return Err(damaged("has data after its last column"));
        }
        Ok(Self {
            file,
            rows,
            raw,
            columns,
        })
    }

    /// Number of rows, the same for every column.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The integer column with this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn numbers(&self, name: &str) -> Result<Numbers<'_>, Damaged> {
        match self.column(name)? {
            place if place.texts.is_none() => Ok(self.planes(place)),
            _ => Err(self.damaged(format!("has text in {name}, expected numbers"))),
        }
    }

    /// The string column with this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn texts(&self, name: &str) -> Result<Texts<'_>, Damaged> {
        let place = self.column(name)?;
        let Some(distinct) = &place.texts else {
            return Err(self.damaged(format!("has numbers in {name}, expected text")));
        };
        Ok(Texts {
            distinct,
            positions: self.planes(place),
        })
    }

    /// An error about this file.
    pub fn damaged(&self, reason: impl Into<String>) -> Damaged {
        Damaged {
            file: self.file,
            reason: reason.into(),
        }
    }

    fn column(&self, name: &str) -> Result<&ColumnSpan, Damaged> {
        let found = self.columns.iter().find(|place| place.name == name);
        found.ok_or_else(|| self.damaged(format!("has no column {name}")))
    }

    fn planes(&self, place: &ColumnSpan) -> Numbers<'_> {
        let planes = &self.raw[place.start..place.start + place.width * self.rows];
        Numbers {
            planes,
            rows: self.rows,
        }
    }
}

impl Numbers<'_> {
    /// The value in a row, if known.
    ///
    /// # Panics
    /// If the sheet has no such row.
    #[must_use]
    pub fn at(self, row: usize) -> Option<i16> {
        let (number, unknown) = match self.planes.get(self.rows + row) {
            None => (i8::from_le_bytes([self.planes[row]]).into(), i8::MIN.into()),
            Some(&high) => (i16::from_le_bytes([self.planes[row], high]), i16::MIN),
        };
        (number != unknown).then_some(number)
    }

    /// The value as an index, which is never unknown.
    fn unsigned(self, row: usize) -> usize {
        u16::from_le_bytes([self.planes[row], self.planes[self.rows + row]]).into()
    }
}

impl<'a> Texts<'a> {
    /// The distinct strings, so that each is parsed once.
    #[must_use]
    pub const fn distinct(self) -> &'a [String] {
        self.distinct
    }

    /// The index of a row's value among the distinct strings.
    ///
    /// # Panics
    /// If the sheet has no such row.
    #[must_use]
    pub fn position(self, row: usize) -> usize {
        self.positions.unsigned(row)
    }
}

fn unseal(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let (header, packed) = bytes
        .split_at_checked(HEADER)
        .ok_or("is too short for its header")?;
    let number = |at: usize| {
        let bytes = [header[at], header[at + 1], header[at + 2], header[at + 3]];
        u32::from_le_bytes(bytes)
    };
    if header[..8] != *MAGIC {
        return Err("does not start with BCLEAGUE".to_owned());
    }
    if number(8) != VERSION {
        return Err(format!(
            "has format version {}, but this program reads {VERSION}",
            number(8)
        ));
    }
    if usize::try_from(number(12)) != Ok(packed.len()) {
        return Err(format!(
            "has {} packed bytes instead of {}",
            packed.len(),
            number(12)
        ));
    }
    if Sha256::new()
        .chain_update(&header[..20])
        .chain_update(packed)
        .finalize()[..]
        != header[20..]
    {
        return Err("does not match its SHA-256 checksum".to_owned());
    }
    let length = usize::try_from(number(16)).map_err(|error| error.to_string())?;
    let mut raw = vec![0; length];
    match FrameDecoder::new().decode_all(packed, &mut raw) {
        Ok(unpacked) if unpacked == length => Ok(raw),
        Ok(unpacked) => Err(format!("unpacks to {unpacked} bytes instead of {length}")),
        Err(error) => Err(format!("does not unpack ({error})")),
    }
}

/// A cursor over the unpacked bytes. `None` means that they ended too early or are invalid.
struct ByteCursor<'a> {
    raw: &'a [u8],
    at: usize,
}

impl<'a> ByteCursor<'a> {
    fn sheet(&mut self) -> Option<(usize, Vec<ColumnSpan>)> {
        let rows = usize::try_from(u32::from_le_bytes(self.take(4)?.try_into().ok()?)).ok()?;
        let columns = self.short()?;
        let columns = (0..columns).map(|_| self.column(rows)).collect::<Option<_>>()?;
        Some((rows, columns))
    }

    fn column(&mut self, rows: usize) -> Option<ColumnSpan> {
        let name = self.text()?;
        let (texts, width) = match self.take(1)? {
            b"t" => {
                let entries = self.short()?;
                (
                    Some((0..entries).map(|_| self.text()).collect::<Option<Vec<_>>>()?),
                    2,
                )
            }
            b"1" => (None, 1),
            b"2" => (None, 2),
            _ => return None,
        };
        let start = self.at;
        let planes = self.take(rows.checked_mul(width)?)?;
        if let Some(texts) = &texts {
            let positions = Numbers { planes, rows };
            let beyond = |row| positions.unsigned(row) >= texts.len();
            if (0..rows).any(beyond) {
                return None;
            }
        }
        Some(ColumnSpan {
            name,
            texts,
            start,
            width,
        })
    }

    fn text(&mut self) -> Option<String> {
        let length = self.take(1)?[0].into();
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    fn short(&mut self) -> Option<usize> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?).into())
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.raw.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEAM_BOX: &[u8] = include_bytes!("../../../assets/league/team_box.bc.zst");

    fn refusal(bytes: &[u8]) -> String {
        Sheet::unpack("team_box.bc.zst", bytes).unwrap_err().reason
    }

    #[test]
    fn a_damaged_file_is_refused_with_its_name_and_reason() {
        assert_eq!(refusal(&TEAM_BOX[..20]), "is too short for its header");
        assert!(
            refusal(&TEAM_BOX[..TEAM_BOX.len() - 1]).starts_with("has 130256 packed bytes instead of 130257")
        );
        let change = |at: usize| {
            let mut bytes = TEAM_BOX.to_vec();
            bytes[at] ^= 0x40;
            bytes
        };
        assert_eq!(refusal(&change(0)), "does not start with BCLEAGUE");
        assert_eq!(
            refusal(&change(8)),
            "has format version 65, but this program reads 1"
        );
        assert_eq!(refusal(&change(16)), "does not match its SHA-256 checksum");
        assert_eq!(refusal(&change(5_000)), "does not match its SHA-256 checksum");
        let sentence = Sheet::unpack("team_box.bc.zst", &change(0))
            .unwrap_err()
            .to_string();
        assert!(
            sentence.starts_with("packed file team_box.bc.zst does not start"),
            "{sentence}"
        );
    }

    #[test]
    fn missing_columns_and_wrong_column_types_are_refused() {
        let sheet = Sheet::unpack("team_box.bc.zst", TEAM_BOX).unwrap();
        assert_eq!(
            sheet.numbers("points").unwrap_err().reason,
            "has no column points"
        );
        assert_eq!(
            sheet.numbers("team").unwrap_err().reason,
            "has text in team, expected numbers"
        );
        assert_eq!(
            sheet.texts("pts").unwrap_err().reason,
            "has numbers in pts, expected text"
        );
    }

    #[test]
    fn integers_keep_their_sign_and_the_minimum_decodes_to_null() {
        let column = |planes, rows| Numbers { planes, rows };
        assert_eq!(
            [0, 1].map(|row| column(&[0xFB, 0x80], 2).at(row)),
            [Some(-5), None]
        );
        assert_eq!(
            [0, 1].map(|row| column(&[0xFF, 0x00, 0xFF, 0x80], 2).at(row)),
            [Some(-1), None]
        );
        assert_eq!(column(&[0x10, 0x0E], 1).at(0), Some(3_600));
    }
}
