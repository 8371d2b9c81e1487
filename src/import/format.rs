//! The formats of a file of rows.

use std::path::Path;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Comma-separated values; the first line has the column names.
    Csv,
    /// One JSON object per line; its keys are column names.
    JsonLines,
}

impl FileFormat {
    /// The format of a file with this name; `None` if its extension doesn't say.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_names_the_format() {
        for (name, format) in [
            ("events.csv", Some(FileFormat::Csv)),
            ("events.2026.CSV", Some(FileFormat::Csv)),
            ("events.jsonl", Some(FileFormat::JsonLines)),
            ("events.ndjson", Some(FileFormat::JsonLines)),
            ("events.json", None),
            ("csv", None),
        ] {
            assert_eq!(FileFormat::of(Path::new(name)), format, "{name}");
        }
    }
}
