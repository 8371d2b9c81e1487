//! Random mutations of sample inputs. Knows nothing of what they mean.

use proptest::prelude::*;
use proptest::sample::Index;

/// Tokens that are special to some parser, or to none.
const TOKENS: [&[u8]; 40] = [
    b"",
    b"0",
    b"-1",
    b"99999999999999999999",
    b"1e309",
    b"NaN",
    b"\"",
    b"'",
    b"`",
    b"\\",
    b"\n",
    b"\r\n",
    b"\t",
    b"\0",
    b"\x1b[2J",
    b"\x1b",
    b"\xff",
    b"\xc3",
    "é".as_bytes(),
    "İ".as_bytes(),
    "\u{202e}".as_bytes(),
    "👩‍👩‍👧".as_bytes(),
    b",",
    b";",
    b"=",
    b".",
    b"[",
    b"]",
    b"(",
    b")",
    b"{",
    b"}",
    b"--",
    b"/*",
    b"*",
    b"9999-12-31",
    b"0000-00-00",
    b"+262142-12-31T23:59:59Z",
    b"null",
    b"-9223372036854775808",
];

/// The longest input.
const MAX_BYTES: usize = 64 * 1024;

#[derive(Debug, Clone, Copy)]
enum Change {
    Insert,
    Replace,
    Delete,
    Flip,
    Repeat,
    Splice,
    Cut,
}

/// One edit: what, where, how many bytes, how many times, and which token or sample.
#[derive(Debug, Clone)]
struct Edit {
    change: Change,
    at: Index,
    length: usize,
    times: usize,
    which: Index,
}

fn edit() -> impl Strategy<Value = Edit> {
    let change = prop_oneof![
        4 => Just(Change::Insert),
        4 => Just(Change::Replace),
        4 => Just(Change::Delete),
        3 => Just(Change::Flip),
        3 => Just(Change::Repeat),
        2 => Just(Change::Splice),
        1 => Just(Change::Cut),
    ];
    let length = prop_oneof![6 => 0_usize..8, 2 => 8_usize..80, 1 => 80_usize..2000];
    let times = prop_oneof![6 => 1_usize..4, 1 => 20_usize..200, 1 => Just(5_000_usize)];
    (change, any::<Index>(), length, times, any::<Index>()).prop_map(|(change, at, length, times, which)| {
        Edit {
            change,
            at,
            length,
            times,
            which,
        }
    })
}

/// One of the samples with up to six edits.
pub fn mutated(samples: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (any::<Index>(), prop::collection::vec(edit(), 0..=6)).prop_map(move |(sample, edits)| {
        let sample = samples[sample.index(samples.len())].clone();
        edits
            .iter()
            .fold(sample, |bytes, edit| edit.apply(bytes, &samples))
    })
}

impl Edit {
    fn apply(&self, mut bytes: Vec<u8>, samples: &[Vec<u8>]) -> Vec<u8> {
        let from = self.at.index(bytes.len() + 1);
        let to = (from + self.length).min(bytes.len());
        let token = TOKENS[self.which.index(TOKENS.len())];
        match self.change {
            Change::Insert => drop(bytes.splice(from..from, token.repeat(self.times))),
            Change::Replace => drop(bytes.splice(from..to, token.iter().copied())),
            Change::Delete => drop(bytes.drain(from..to)),
            Change::Flip => bytes[from..to]
                .iter_mut()
                .for_each(|byte| *byte ^= 1 << (self.times % 8)),
            Change::Repeat => {
                let part = bytes[from..to].repeat(self.times.min(MAX_BYTES / self.length.max(1)));
                bytes.splice(to..to, part);
            }
            Change::Splice => {
                let other = &samples[self.which.index(samples.len())];
                let begin = self.at.index(other.len() + 1);
                let end = (begin + self.length).min(other.len());
                bytes.splice(from..from, other[begin..end].iter().copied());
            }
            Change::Cut => bytes.truncate(from),
        }
        bytes.truncate(MAX_BYTES);
        bytes
    }
}
