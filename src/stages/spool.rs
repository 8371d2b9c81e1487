//! What a program prints until it ends, up to a limit: its beginning in memory, the rest in a file without a name. Must
//! not know what is printed.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use crate::own_file;

/// Bytes kept in memory. More needs a file, which most programs never do.
const IN_MEMORY: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Spool {
    most: usize,
    length: usize,
    /// The beginning, or everything if there is no file.
    memory: Vec<u8>,
    file: Option<File>,
    /// Why the file lacks something.
    failure: Option<io::Error>,
}

impl Spool {
    /// An empty spool for at most this many bytes.
    pub(super) const fn new(most: usize) -> Self {
        Self {
            most,
            length: 0,
            memory: Vec::new(),
            file: None,
            failure: None,
        }
    }

    /// Whether more was printed than fits.
    pub(super) const fn is_exceeded(&self) -> bool {
        self.length > self.most
    }

    /// Keeps some bytes. Once they don't fit or can't be written, none are kept: the rows so far are useless.
    pub(super) fn keep(&mut self, printed: &[u8]) {
        if self.is_exceeded() || self.failure.is_some() {
            return;
        }
        self.length += printed.len();
        if self.is_exceeded() {
            (self.memory, self.file) = (Vec::new(), None);
        } else if let Err(error) = self.write(printed) {
            (self.memory, self.file) = (Vec::new(), None);
            self.failure = Some(error);
        }
    }

    fn write(&mut self, printed: &[u8]) -> io::Result<()> {
        if self.file.is_none() && self.length <= IN_MEMORY {
            self.memory.extend_from_slice(printed);
            return Ok(());
        }
        if self.file.is_none() {
            let mut file = own_file::unnamed(&std::env::temp_dir())?;
            file.write_all(&std::mem::take(&mut self.memory))?;
            self.file = Some(file);
        }
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(printed))
    }

    /// Reads it from the beginning.
    ///
    /// # Errors
    /// If something couldn't be kept.
    pub(super) fn read(&mut self) -> Result<Box<dyn Read + '_>, String> {
        let failed = |error: &io::Error| {
            let folder = std::env::temp_dir();
            format!(
                "cannot keep the rows it printed in a file in {} ({error}); free some space there or set TMPDIR",
                folder.display()
            )
        };
        if let Some(error) = &self.failure {
            return Err(failed(error));
        }
        match &mut self.file {
            None => Ok(Box::new(self.memory.as_slice())),
            Some(file) => {
                file.rewind().map_err(|error| failed(&error))?;
                Ok(Box::new(file))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(spool: &mut Spool) -> Vec<u8> {
        let mut bytes = Vec::new();
        spool.read().unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn all_of_it_is_read_again_from_memory_or_a_file() {
        let mut spool = Spool::new(3 * IN_MEMORY);
        let (first, second) = (vec![b'a'; IN_MEMORY], vec![b'b'; IN_MEMORY]);
        spool.keep(&first);
        assert!(spool.file.is_none());
        assert_eq!(kept(&mut spool), first);
        spool.keep(&second);
        assert!(spool.file.is_some() && spool.memory.is_empty());
        for _ in 0..2 {
            assert_eq!(kept(&mut spool), [first.clone(), second.clone()].concat());
        }
    }

    #[test]
    fn nothing_is_kept_beyond_the_limit() {
        let mut spool = Spool::new(4);
        spool.keep(b"1234");
        assert!(!spool.is_exceeded());
        spool.keep(b"5");
        spool.keep(b"6");
        assert!(spool.is_exceeded());
        assert_eq!((spool.length, kept(&mut spool)), (5, Vec::new()));
    }
}
