//! CSV feeds: players, teams and shots, three files in one input, separated by lines of `%%`.

use std::fs;
use std::time::Duration;

use backcourt::feeds::league::CsvFiles;
use proptest::prelude::*;

use super::in_words;
use super::target::FuzzTarget;

const TARGET: FuzzTarget = FuzzTarget {
    name: "feeds",
    nested: &[["", "\"", "", ""]],
    cases: 300,
    bound: Duration::from_secs(5),
    run,
};

const SEPARATOR: &[u8] = b"\n%%\n";

fn run(input: &[u8]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let mut rest = input;
    let mut files = ["players.csv", "teams.csv", "shots.csv"].map(|name| {
        let at = rest.windows(SEPARATOR.len()).position(|part| part == SEPARATOR);
        let text = &rest[..at.map_or(rest.len(), |at| at + 1)];
        rest = at.map_or(&[], |at| &rest[at + SEPARATOR.len()..]);
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        Some(file)
    });
    let files = CsvFiles {
        player_box: files[0].take(),
        team_box: files[1].take(),
        shots: files[2].take(),
    };
    match files.read() {
        Ok(league) => {
            for (_, game) in league.schedule() {
                prop_assert!(game.home() != game.away());
            }
        }
        Err(refused) => {
            prop_assert!(!refused.rejected.is_empty());
            for rejected in &refused.rejected {
                in_words(&rejected.to_string())?;
            }
        }
    }
    Ok(())
}

#[test]
fn csv_feeds() {
    TARGET.fuzz();
}
