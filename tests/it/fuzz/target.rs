//! Runs a fuzz target: on the inputs of its folder, then on mutations of them, for a number of cases or of minutes.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it says how many cases it ran, and which one hangs"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use rustix::process::getpid;

use super::mutation::mutated;
use crate::pty::cpu_of;

/// Depths of nested inputs; the deepest would overflow the stack of a recursive parser.
const LEVELS: [usize; 3] = [50, 2_000, 10_000];

/// A parser of external input.
pub struct FuzzTarget {
    /// The name of its folder in `corpus/`.
    pub name: &'static str,
    /// Inputs that are nested deeply: a head, an opening and a closing part that are repeated, and a tail.
    pub nested: &'static [[&'static str; 4]],
    /// Cases in a normal test run; one or two seconds.
    pub cases: u32,
    /// The longest that an input may take, in time of a processor. An input that hangs for sixty times as long ends the
    /// process.
    pub bound: Duration,
    pub run: fn(&[u8]) -> Result<(), TestCaseError>,
}

impl FuzzTarget {
    /// Runs the corpus, then random inputs.
    pub fn fuzz(&self) {
        let watchdog = Watchdog::start(self);
        let samples: Vec<Vec<u8>> = self.corpus().iter().map(|file| fs::read(file).unwrap()).collect();
        for (file, sample) in self.corpus().iter().zip(&samples) {
            let checked = self.checked(sample, &watchdog);
            assert!(checked.is_ok(), "{}: {checked:?}", file.display());
        }
        for parts in self.nested {
            for levels in LEVELS {
                let checked = self.checked(nested(parts, levels).as_bytes(), &watchdog);
                assert!(checked.is_ok(), "{levels} levels of {parts:?}: {checked:?}");
            }
        }
        let inputs = mutated(samples);
        let began = Instant::now();
        let mut cases: u64 = 0;
        while cases == 0 || began.elapsed() < minutes() {
            let mut runner = TestRunner::new(ProptestConfig {
                cases: self.cases(),
                failure_persistence: None,
                max_shrink_iters: 2_000,
                ..ProptestConfig::default()
            });
            let result = runner.run(&inputs, |input| self.checked(&input, &watchdog));
            if let Err(TestError::Fail(reason, input)) = &result {
                let kept = self.keep(input);
                panic!(
                    "{reason}\nadd {} to tests/it/fuzz/corpus/{}",
                    kept.display(),
                    self.name
                );
            }
            result.unwrap();
            cases += u64::from(self.cases());
        }
        fs::remove_file(self.last_input()).ok();
        println!(
            "{}: {cases} cases in {:.1} min",
            self.name,
            began.elapsed().as_secs_f64() / 60.0
        );
    }

    /// Runs one input, and again if it took too long: other tests of the process may have been busy.
    fn checked(&self, input: &[u8], watchdog: &Watchdog) -> Result<(), TestCaseError> {
        // If the process is aborted, this file is what did it.
        fs::write(self.last_input(), input).unwrap();
        let mut took = Duration::MAX;
        for _ in 0..2 {
            watchdog.set(Some(Instant::now()));
            let began = processor_time();
            let result = (self.run)(input);
            took = took.min(processor_time().saturating_sub(began));
            watchdog.set(None);
            result?;
            if took <= self.bound {
                return Ok(());
            }
        }
        Err(TestCaseError::fail(format!("it took {took:?}")))
    }

    fn cases(&self) -> u32 {
        let given = std::env::var("PROPTEST_CASES").ok();
        given.and_then(|cases| cases.parse().ok()).unwrap_or(self.cases)
    }

    fn corpus(&self) -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/it/fuzz/corpus")
            .join(self.name);
        let files = fs::read_dir(folder).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    }

    fn last_input(&self) -> PathBuf {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}-{}", self.name, std::process::id()))
    }

    /// Stores a failing input under a name of its own.
    fn keep(&self, input: &[u8]) -> PathBuf {
        let file = self.last_input().with_extension("failed");
        fs::write(&file, input).unwrap();
        file
    }
}

fn nested([head, open, close, tail]: &[&str; 4], levels: usize) -> String {
    format!("{head}{}1{}{tail}", open.repeat(levels), close.repeat(levels))
}

/// How long to run; without `BACKCOURT_FUZZ_MINUTES` only one round of cases.
fn minutes() -> Duration {
    let given = std::env::var("BACKCOURT_FUZZ_MINUTES").ok();
    let minutes: u64 = given.map_or(0, |minutes| minutes.parse().expect("a number of minutes"));
    Duration::from_secs(60 * minutes)
}

/// The processor time of this process so far, which doesn't depend on what else the machine does.
fn processor_time() -> Duration {
    cpu_of(getpid())
}

/// Ends the process if an input hangs: a test can't be interrupted otherwise.
struct Watchdog(Arc<Mutex<Option<Instant>>>);

impl Watchdog {
    fn start(target: &FuzzTarget) -> Self {
        let began = Arc::new(Mutex::new(None));
        let watched = Arc::downgrade(&began);
        let (limit, file) = (60 * target.bound, target.last_input());
        std::thread::spawn(move || {
            while let Some(began) = watched.upgrade() {
                let began: Option<Instant> = *began.lock().unwrap();
                if began.is_some_and(|began| began.elapsed() > limit) {
                    eprintln!("the input in {} takes more than {limit:?}", file.display());
                    std::process::abort();
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        Self(began)
    }

    fn set(&self, began: Option<Instant>) {
        *self.0.lock().unwrap() = began;
    }
}
