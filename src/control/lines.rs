//! Reads lines from a client up to a maximum length, so that no client can exhaust the run's memory.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

#[derive(Debug)]
pub(super) struct LineReader<R> {
    from: R,
    line: Vec<u8>,
    most: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum LineRead {
    /// A complete line without its line end; also the last one, if it has no line end.
    Whole(Vec<u8>),
    /// A line longer than the limit.
    TooLong,
    /// The other side has closed its end.
    End,
}

impl<R: AsyncBufRead + Unpin> LineReader<R> {
    /// Reads lines of at most `most` bytes.
    pub(super) fn new(from: R, most: usize) -> Self {
        Self {
            from,
            line: Vec::new(),
            most,
        }
    }

    /// The next line. Cancel-safe.
    pub(super) async fn next(&mut self) -> io::Result<LineRead> {
        loop {
            let piece = self.from.fill_buf().await?;
            if piece.is_empty() {
                let rest = std::mem::take(&mut self.line);
                return Ok(if rest.is_empty() {
                    LineRead::End
                } else {
                    LineRead::Whole(rest)
                });
            }
            let end = piece.iter().position(|byte| *byte == b'\n');
            let taken = end.unwrap_or(piece.len());
            if self.line.len() + taken > self.most {
                return Ok(LineRead::TooLong);
            }
            self.line.extend_from_slice(&piece[..taken]);
            self.from.consume(end.map_or(taken, |end| end + 1));
            if end.is_some() {
                return Ok(LineRead::Whole(std::mem::take(&mut self.line)));
            }
        }
    }

    pub(super) fn into_inner(self) -> R {
        self.from
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::BufReader;

    use super::*;

    #[tokio::test]
    async fn lines_are_reassembled_and_too_long_lines_are_rejected() {
        for capacity in [1, 3, 64] {
            let text: &[u8] = b"ab\n\nabcd\nlast";
            let mut lines = LineReader::new(BufReader::with_capacity(capacity, text), 4);
            for expected in ["ab", "", "abcd", "last"] {
                assert_eq!(lines.next().await.unwrap(), LineRead::Whole(expected.into()));
            }
            assert_eq!(lines.next().await.unwrap(), LineRead::End);
            let mut lines = LineReader::new(BufReader::with_capacity(capacity, &b"abcde\n"[..]), 4);
            assert_eq!(lines.next().await.unwrap(), LineRead::TooLong);
        }
    }
}
