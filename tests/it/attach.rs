//! Consoles attached to a run of another process, in real terminals: observing and controlling it until it ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::process::{Child, Stdio};
use std::sync::Arc;

use crate::program::State;
use crate::pty::Pty;
use crate::toy::Toy;
use backcourt::control::SnapshotUpdate;
use backcourt::engine::{Command, Snapshot};
use backcourt::ledger::RunState;

const SIZE: (u16, u16) = (120, 40);

fn on_screen(state: &State, user: &str, arguments: &[&str]) -> Pty {
    let flags = state.flags();
    let flags = flags.iter().map(String::as_str);
    let arguments: Vec<&str> = arguments.iter().copied().chain(flags).collect();
    Pty::backcourt(&arguments, &[("USER", user), ("SUDO_USER", user)], SIZE)
}

fn run_in(state: &State) -> Pty {
    on_screen(state, "ann", &["run", "--stop-after", "team_offense", "--paused"])
}

fn attach(state: &State, user: &str, more: &[&str]) -> Pty {
    on_screen(state, user, &[&["attach"], more].concat())
}

/// A paused run without a screen; killed when dropped.
struct Held(Child);

impl Held {
    fn start(state: &State) -> Self {
        let arguments = [
            "run",
            "--stop-after",
            "team_offense",
            "--paused",
            "--output",
            "silent",
        ];
        let child = state.command(&arguments).stdout(Stdio::null()).spawn().unwrap();
        crate::program::wait_until("the run holds", || {
            state.backcourt(&["ctl", "status"]).out.contains(" skipped")
        });
        Self(child)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn shows(pty: &Pty, what: &str, parts: &[&str]) {
    pty.wait_until(what, |screen| {
        let text = screen.contents();
        parts.iter().all(|part| text.contains(part))
    });
}

/// Waits until the header shows the end of the run. The log shows it a moment earlier, while the console still shows
/// the run as active.
fn shows_the_end(pty: &Pty) {
    pty.wait_until("the end", |screen| {
        let text = screen.contents();
        text.contains("916 ok") && text.lines().next().unwrap_or_default().contains("finished")
    });
}

#[test]
fn several_consoles_observe_and_one_has_control() {
    let state = State::loaded().without_checks();
    let mut ann = run_in(&state);
    shows(&ann, "the run holds", &["paused", "916 pending", "622 skipped"]);
    let mut bob = attach(&state, "bob", &[]);
    shows(
        &bob,
        "the same picture",
        &["paused", "916 pending", "622 skipped", "control: ann@pts/"],
    );
    assert!(
        !bob.screen().contents().contains("took control"),
        "no console lost control"
    );
    shows(
        &bob,
        "the log from before it came",
        &["paused", "attached over the socket"],
    );
    shows(&ann, "the observer", &["control: you, 1 observer"]);
    let mut eve = attach(&state, "eve", &["--read-only"]);
    shows(&ann, "that another came", &["control: you, 2 observers"]);

    bob.send("p");
    shows(
        &bob,
        "no command without control",
        &["refused: ann@pts/", "has control; H takes it"],
    );
    eve.send("p");
    shows(&eve, "no order at all", &["refused: this console is read-only"]);

    bob.send("H");
    shows(
        &bob,
        "a question first",
        &["Take control from ann@pts/", "[ Cancel ]"],
    );
    bob.send("\u{1b}[C\r");
    shows(&bob, "that it is his now", &["control: you, 2 observers"]);
    shows(&ann, "who took it", &["bob@pts/", "took control"]);
    shows(&eve, "who has it", &["control: bob@pts/"]);
    ann.send("p");
    shows(&ann, "that she only watches now", &["refused: bob@pts/"]);

    bob.send("p");
    for pty in [&ann, &bob, &eve] {
        shows_the_end(pty);
    }
    bob.send("q");
    assert_eq!(bob.wait_exit().exit_code(), 0);
    assert!(
        bob.screen().contents().contains("finished: "),
        "what is left to say"
    );
    shows(&ann, "that no console has control", &["control: none"]);
    ann.send("H");
    shows(&ann, "that it is hers again", &["control: you, 1 observer"]);
    ann.send("q");
    ann.wait_exit();
    eve.send("3");
    shows(
        &eve,
        "a last picture that stays and can be read",
        &["finished", "916 ok"],
    );
    eve.send("q");
    assert_eq!(eve.wait_exit().exit_code(), 0);
    assert!(!eve.screen().alternate_screen() && eve.modes_restored());
}

#[test]
fn detaching_keeps_the_run_and_a_killed_run_is_reported() {
    let state = State::loaded().without_checks();
    let mut run = Held::start(&state);
    let mut first = attach(&state, "ann", &[]);
    shows(
        &first,
        "no console in control",
        &["paused", "916 pending", "control: none"],
    );
    first.send("q");
    assert_eq!(first.wait_exit().exit_code(), 0);
    let said = format!("detached; the run continues as process {}", run.0.id());
    assert!(
        first.screen().contents().contains(&said),
        "{}",
        first.screen().contents()
    );
    let mut gone = attach(&state, "ann", &[]);
    shows(&gone, "the run", &["916 pending"]);
    gone.hang_up();
    gone.wait_exit();

    let mut second = attach(&state, "ann", &[]);
    shows(&second, "the run", &["916 pending", "control: none"]);
    second.send("H");
    shows(&second, "control without a question", &["control: you"]);
    second.send("+");
    shows(&second, "an order taken", &["16 workers"]);
    run.0.kill().unwrap();
    run.0.wait().unwrap();
    shows(
        &second,
        "that the run is gone",
        &["interrupted", "the process of the run is gone", "916 pending"],
    );
    second.send("p");
    shows(
        &second,
        "an order refused",
        &["the run has ended; start it again with 'backcourt run'"],
    );
    second.send("q");
    assert_eq!(second.wait_exit().exit_code(), 0);

    let refused = state.backcourt(&["attach"]).expect(2).err;
    assert!(refused.contains("no run is active"), "{refused}");
}

#[test]
fn a_console_in_control_ends_the_run_after_confirmation() {
    let state = State::loaded().without_checks();
    let mut run = Held::start(&state);
    let mut pty = attach(&state, "ann", &[]);
    shows(&pty, "the run", &["916 pending", "control: none"]);
    pty.send("H");
    shows(&pty, "control", &["control: you"]);
    pty.send("q");
    shows(
        &pty,
        "every way to leave",
        &["[ Stay ]", "Detach", "Drain and quit", "Abort"],
    );
    pty.send("e");
    let mut code = None;
    crate::program::wait_until("the run has ended", || {
        code = run.0.try_wait().unwrap().map(|status| status.code());
        code.is_some()
    });
    assert_eq!(code, Some(Some(3)));
    pty.wait_exit();
    assert!(
        pty.screen().contents().contains("916 units still to do"),
        "{}",
        pty.screen().contents()
    );
}

/// A console that applies the updates has the same snapshots as the run itself.
#[test]
fn updates_of_a_snapshot_reproduce_it_and_contain_what_changed() {
    let toy = Toy::new(200);
    let mut live = toy.start(|options| options.paused = true);
    let mut sent: Option<Arc<Snapshot>> = None;
    let mut seen: Option<Snapshot> = None;
    let mut units = Vec::new();
    live.wait_for(|snapshot| snapshot.run.state == RunState::Paused);
    live.order(Command::Resume);
    live.wait_for(|snapshot| {
        if sent.as_ref().is_some_and(|sent| sent.version == snapshot.version) {
            return false;
        }
        let update = SnapshotUpdate::since(sent.as_deref(), snapshot);
        let changed = update.delta.stages.iter().flat_map(|stage| &stage.units);
        units.push(changed.map(|group| group.dates.len()).sum::<usize>());
        let line = serde_json::to_string(&update).unwrap();
        let update: SnapshotUpdate = serde_json::from_str(&line).unwrap();
        seen = Some(update.onto(seen.take()));
        assert_eq!(seen.as_ref(), Some(snapshot));
        sent = Some(Arc::new(snapshot.clone()));
        snapshot.run.state == RunState::Finished
    });
    assert_eq!(units[0], 200);
    assert!(units.len() > 1);
    let same = sent.as_deref().unwrap();
    assert_eq!(SnapshotUpdate::since(Some(same), same).delta.stages, []);
    live.end();
}
