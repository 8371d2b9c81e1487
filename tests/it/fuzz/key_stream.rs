//! Bytes of a terminal, through the decoder and the keymap into the console, which is drawn after each of them at
//! changing sizes.
//!
//! An input is a sequence of reads of the terminal. A byte 0xFF, which no terminal sends, and the three after it are an
//! instruction of the test: columns, rows and which snapshot comes next.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use backcourt::console::{Effect, Model, Msg, Palette, Theme, draw, update};
use backcourt::engine::{Command, Reply, Snapshot};
use backcourt::term::{KeyStream, TermEvent};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::target::FuzzTarget;
use crate::pictures::fixture;

const TARGET: FuzzTarget = FuzzTarget {
    name: "key_stream",
    nested: &[["\u{1b}[200~", "\u{1b}[200~", "\u{1b}[201~", ""]],
    cases: 60,
    bound: Duration::from_secs(10),
    run,
};

const INSTRUCTION: u8 = 0xff;

/// Bytes of one read; a burst of keys and a paste arrive in pieces.
const READ: usize = 16;

/// Input beyond this is ignored, because every read draws a frame.
const MAX_BYTES: usize = 2_048;

/// A console with its terminal.
struct Terminal {
    keys: KeyStream,
    model: Model,
    theme: Theme,
    area: Rect,
    second: i64,
}

/// The snapshots that an instruction chooses from. Each is made once: that parses a plan.
static SNAPSHOTS: LazyLock<[Snapshot; 10]> = LazyLock::new(|| {
    [
        fixture::running,
        fixture::paused,
        fixture::finished,
        fixture::one_fail,
        fixture::three_stages,
        fixture::billed,
        fixture::estimated,
        fixture::asking,
        fixture::sampled,
        fixture::bad_sources,
    ]
    .map(|made: fn(u64) -> Snapshot| made(0))
});

fn run(input: &[u8]) -> Result<(), TestCaseError> {
    let mut terminal = Terminal::new();
    let mut version = 50;
    let mut rest = &input[..input.len().min(MAX_BYTES)];
    while let Some(first) = rest.first() {
        if *first == INSTRUCTION {
            let [columns, rows, which] = [1, 2, 3].map(|at| rest.get(at).copied().unwrap_or(80));
            version += 1;
            terminal.resize(columns, rows);
            let snapshot = Snapshot {
                version,
                ..SNAPSHOTS[usize::from(which) % SNAPSHOTS.len()].clone()
            };
            terminal.take(Msg::Snapshot(Arc::new(snapshot)));
            rest = rest.get(4..).unwrap_or_default();
        } else {
            let length = rest
                .iter()
                .position(|byte| *byte == INSTRUCTION)
                .unwrap_or(rest.len());
            let (read, others) = rest.split_at(length.min(READ));
            terminal.read(read);
            rest = others;
        }
        terminal.draw();
    }
    terminal.fall_silent();
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    prop_assert_eq!(terminal.keys.feed(b"\x03"), [TermEvent::Key(ctrl_c)]);
    Ok(())
}

impl Terminal {
    fn new() -> Self {
        let mut terminal = Self {
            keys: KeyStream::default(),
            model: Model::default(),
            theme: Theme::new(Palette::Auto, true, true),
            area: Rect::default(),
            second: 0,
        };
        terminal.resize(120, 40);
        let running = Snapshot {
            version: 50,
            ..SNAPSHOTS[0].clone()
        };
        for msg in fixture::history(running) {
            terminal.take(msg);
        }
        terminal.take(fixture::metrics());
        terminal.take(fixture::log());
        terminal
    }

    fn resize(&mut self, columns: u8, rows: u8) {
        let (columns, rows) = (u16::from(columns), u16::from(rows));
        self.area = Rect::new(0, 0, columns, rows);
        self.take(Msg::Resize { columns, rows });
    }

    /// The event of bytes that nothing follows.
    fn fall_silent(&mut self) -> Option<TermEvent> {
        let is_waiting = self.keys.is_waiting();
        is_waiting.then(|| self.keys.end_sequence()).flatten()
    }

    /// One read of the terminal; after a short one no byte follows for a while. Time passes.
    fn read(&mut self, bytes: &[u8]) {
        let mut events = self.keys.feed(bytes);
        if bytes.len() < READ {
            events.extend(self.fall_silent());
        }
        if bytes.len() < READ / 2 && self.keys.is_pasting() {
            events.extend(self.keys.end_paste());
        }
        self.second += 1;
        let at = "2026-01-04T09:30:00Z"
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap()
            + chrono::TimeDelta::seconds(self.second);
        for event in events {
            match event {
                TermEvent::Key(key) => self.take(Msg::Key { key, at }),
                TermEvent::Mouse(event) => self.take(Msg::Mouse(event)),
                TermEvent::Paste(text) => self.take(Msg::Paste(text)),
                TermEvent::Gone => {}
            }
        }
        self.take(Msg::Tick(at));
    }

    /// Passes a message to the console and answers its commands as a run would.
    fn take(&mut self, msg: Msg) {
        let mut pending = vec![msg];
        while let Some(msg) = pending.pop() {
            for effect in update(&mut self.model, msg) {
                if let Effect::Send(to) = effect {
                    let reply = reply(&to);
                    pending.push(Msg::Reply { to, reply });
                }
            }
        }
        self.model.take_dirty();
    }

    fn draw(&self) {
        let mut buffer = Buffer::empty(self.area);
        draw(&self.model, &self.theme, self.area, &mut buffer);
    }
}

fn reply(command: &Command) -> Reply {
    match command {
        Command::Inspect { .. } => Reply::Rows(fixture::stored_games()),
        Command::Pause => Reply::Refused("the run is paused already".to_owned()),
        _ => Reply::Accepted("done".to_owned()),
    }
}

#[test]
fn key_streams() {
    TARGET.fuzz();
}
