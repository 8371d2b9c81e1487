//! Where the quotes of a CSV file are ambiguous. Follows the bytes of a whole file beside the reader, which takes every
//! file for valid: text after a closing quote would become part of the value, with all rows up to the next quote.

/// Follows quotes and line ends, piece by piece.
#[derive(Debug)]
pub(super) struct QuoteScan {
    at: At,
    /// How many bytes have been followed.
    bytes: u64,
    /// The first byte after a closing quote that is neither a comma nor a line end.
    pub(super) stray: Option<u64>,
    /// The first line without a byte.
    pub(super) blank: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    LineStart,
    /// After the first byte of a line end of two.
    LineEnd,
    FieldStart,
    Bare,
    Quoted,
    QuoteInQuoted,
}

impl QuoteScan {
    pub(super) const fn new() -> Self {
        Self {
            at: At::LineStart,
            bytes: 0,
            stray: None,
            blank: None,
        }
    }

    /// Counts bytes that are no part of the text.
    pub(super) const fn skip(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    pub(super) fn follow(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.at = match (self.at, byte) {
                (At::Quoted, b'"') => At::QuoteInQuoted,
                (At::LineStart | At::LineEnd | At::FieldStart | At::QuoteInQuoted, b'"')
                | (At::Quoted, _) => At::Quoted,
                (At::LineEnd, b'\n') => At::LineStart,
                (at, b'\n' | b'\r') => {
                    if matches!(at, At::LineStart | At::LineEnd) {
                        self.blank.get_or_insert(self.bytes);
                    }
                    if *byte == b'\r' {
                        At::LineEnd
                    } else {
                        At::LineStart
                    }
                }
                (_, b',') => At::FieldStart,
                (At::QuoteInQuoted, _) => {
                    self.stray.get_or_insert(self.bytes);
                    At::Bare
                }
                _ => At::Bare,
            };
            self.bytes += 1;
        }
    }

    /// Whether the bytes so far end within a quoted field.
    pub(super) fn is_open(&self) -> bool {
        self.at == At::Quoted
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a,b\n", false, None, None)]
    #[case("a,\"b\"", false, None, None)]
    #[case("a,\"b\"\"", true, None, None)]
    #[case("a,\"b\"\"\"\r\n1,2\r\n", false, None, None)]
    #[case("a,\"b\n1,2\n", true, None, None)]
    #[case("a,5\" pipe\n", false, None, None)]
    #[case("1,\"6 inch\n2,ok\n3,\"fine\"\n", false, Some(18), None)]
    #[case("1,\"5\" pipe\"\n", false, Some(5), None)]
    #[case("\"say \\\"hi\\\"\"\n", false, Some(7), None)]
    #[case("a\n\nb\n", false, None, Some(2))]
    #[case("a\r\n\r\nb", false, None, Some(3))]
    #[case("a\n\"\"\nb\n", false, None, None)]
    fn ambiguous_quotes_and_blank_lines_are_found(
        #[case] text: &str,
        #[case] is_open: bool,
        #[case] stray: Option<u64>,
        #[case] blank: Option<u64>,
    ) {
        for size in [1, 2, 100] {
            let mut scan = QuoteScan::new();
            text.as_bytes().chunks(size).for_each(|piece| scan.follow(piece));
            assert_eq!((scan.is_open(), scan.stray, scan.blank), (is_open, stray, blank));
        }
    }
}
