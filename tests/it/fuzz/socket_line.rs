//! Lines of the control socket: a line is a request, or refused in one readable line. Requests round-trip.

use std::time::Duration;

use backcourt::control::words::TABLE;
use backcourt::control::{Request, RequestMessage, parse, words};
use backcourt::engine::{Checks, Command, Selection};
use backcourt::partition::{Partition, PartitionRanges};
use proptest::prelude::*;
use proptest::sample::select;

use super::in_words;
use super::target::FuzzTarget;

const TARGET: FuzzTarget = FuzzTarget {
    name: "socket_line",
    nested: &[
        ["", "{\"a\":", "}", ""],
        ["{\"schema\":\"backcourt.control/1\",\"request\":", "[", "]", "}"],
        ["rerun ", "2024-01-01,", "", ""],
    ],
    cases: 1_000,
    bound: Duration::from_secs(5),
    run,
};

fn run(input: &[u8]) -> Result<(), TestCaseError> {
    for line in input.split(|byte| *byte == b'\n') {
        match parse(line) {
            Ok(asked) => {
                let again = serde_json::to_string(&asked).unwrap();
                prop_assert!(!again.contains('\n'), "one line: {:?}", again);
                prop_assert_eq!(parse(again.as_bytes()), Ok(asked));
            }
            Err(refusal) => in_words(&refusal)?,
        }
    }
    Ok(())
}

#[test]
fn socket_lines() {
    TARGET.fuzz();
}

fn a_date() -> impl Strategy<Value = Partition> {
    let first = Partition::day(crate::rows::day("1990-01-01"));
    (0_i64..20_000).prop_map(move |days| first.moved(days).unwrap())
}

fn a_command() -> impl Strategy<Value = Command> {
    let word = "[a-z_]{1,12}";
    let dates = || prop::collection::vec(a_date(), 1..5).prop_map(PartitionRanges::from_iter);
    let text = ".{0,40}";
    let selection = prop_oneof![
        dates().prop_map(Selection::Dates),
        Just(Selection::Failed),
        Just(Selection::Stale),
        Just(Selection::Outdated),
        word.prop_map(Selection::FailingDates),
    ];
    let checks = prop_oneof![
        Just(Checks::All),
        prop::collection::vec(word, 1..4).prop_map(Checks::Named),
    ];
    prop_oneof![
        select(vec![
            Command::Pause,
            Command::Resume,
            Command::Cancel,
            Command::Drain,
            Command::Abort
        ]),
        any::<usize>().prop_map(Command::Workers),
        (selection, prop::option::of(word), prop::option::of(word)).prop_map(|(selection, stage, source)| {
            Command::Rerun {
                selection,
                stage,
                source,
                accept_short: false,
            }
        }),
        checks.prop_map(Command::Check),
        text.prop_map(|check| Command::Breakdown { check }),
        (word, text).prop_map(|(check, reason)| Command::Waive { check, reason }),
        (word, any::<bool>(), text).prop_map(|(item, done, note)| Command::Tick { item, done, note }),
        (word, a_date()).prop_map(|(stage, date)| Command::Inspect { stage, date }),
        dates().prop_map(|dates| Command::Reload { dates }),
        prop::option::of(word).prop_map(|stage| Command::Advance { stage }),
    ]
}

/// A line of command words, dates and noise.
fn a_line() -> impl Strategy<Value = String> {
    let names: Vec<String> = TABLE.iter().map(|word| word.name.to_owned()).collect();
    let examples: Vec<String> = TABLE
        .iter()
        .flat_map(|word| word.example.split(' ').map(str::to_owned))
        .collect();
    let piece = prop_oneof![
        select(names),
        select(examples),
        a_date().prop_map(|date| date.to_string()),
        "[ -~]{0,10}",
    ];
    prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn socket_commands_round_trip(command in a_command(), id in any::<Option<u64>>(), by in any::<Option<String>>()) {
        let asked = RequestMessage { id, by, ..RequestMessage::new(Request::Command(command)) };
        let line = serde_json::to_string(&asked).unwrap();
        prop_assert!(!line.contains('\n'), "one line: {line:?}");
        prop_assert_eq!(serde_json::from_str::<RequestMessage>(&line).unwrap(), asked);
    }

    #[test]
    fn socket_command_lines(line in a_line()) {
        if let Err(refusal) = words::parse(&line) {
            in_words(&refusal)?;
            prop_assert_eq!(refusal.lines().count(), 1, "{:?}", refusal);
        }
    }
}
