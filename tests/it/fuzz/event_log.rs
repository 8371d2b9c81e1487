//! Event logs: a replay lists and plays what is readable, and says what isn't.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use backcourt::console::{Model, Msg, Palette, Theme, draw, update};
use backcourt::replay::{self, Deck};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::in_words;
use super::target::FuzzTarget;

const TARGET: FuzzTarget = FuzzTarget {
    name: "event_log",
    nested: &[
        ["{\"schema\":\"backcourt.event/1\",\"seq\":", "[", "]", "}\n"],
        ["", "{\"run\":", "}", "\n"],
    ],
    cases: 100,
    bound: Duration::from_secs(5),
    run,
};

fn run(input: &[u8]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    fs::write(&file, input).unwrap();
    let runs = match replay::list(&file) {
        Ok(runs) => runs,
        Err(refusal) => {
            in_words(&refusal.to_string())?;
            prop_assert!(replay::read(&file, None).is_err());
            return Ok(());
        }
    };
    // A run's name may be any text, so one of many is enough.
    for run in [None, runs.last().map(|run| run.run.as_str())] {
        let recording = replay::read(&file, run);
        prop_assert!(recording.is_ok(), "a listed run can be played: {:?}", recording);
        play(Deck::new(recording.unwrap(), 100.0));
    }
    Ok(())
}

/// Plays a recording forward and back, and draws it.
fn play(mut deck: Deck) {
    show(&deck);
    deck.advance(Duration::from_secs(1));
    deck.by_a_minute(true);
    show(&deck);
    deck.next_mark();
    deck.faster();
    deck.previous_mark();
    deck.by_a_minute(false);
    deck.advance(Duration::from_secs(10_000_000));
    show(&deck);
    deck.pause_or_resume();
    deck.by_a_minute(false);
    deck.slower();
    for _ in 0..3 {
        deck.next_mark();
    }
    show(&deck);
}

fn show(deck: &Deck) {
    let _ = deck.standing();
    let Some(snapshot) = deck.snapshot() else {
        return;
    };
    let mut model = Model::default();
    update(
        &mut model,
        Msg::Resize {
            columns: 100,
            rows: 30,
        },
    );
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    let mut buffer = Buffer::empty(Rect::new(0, 0, 100, 30));
    let theme = Theme::new(Palette::Auto, true, true);
    draw(&model, &theme, buffer.area, &mut buffer);
}

#[test]
fn event_logs() {
    TARGET.fuzz();
}
