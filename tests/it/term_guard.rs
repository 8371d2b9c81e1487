//! The terminal module on a real terminal. Each test runs this test binary again inside a pseudo-terminal, where it
//! plays only [`scene`]: a small screen that is controlled by keys.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail where it stands"
)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::pty::{Pty, wait_until};
use backcourt::telemetry;
use backcourt::term::{Screen, Signal, Signals, TermEvent, TermInput, panic_hook};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::text::Text;
use rstest::rstest;
use rustix::process;
use tempfile::TempDir;
use tokio::sync::mpsc;
use vt100::MouseProtocolMode;

/// The variable with the file in which the scene notes the loss of its terminal; its log is beside it.
const NOTE: &str = "BACKCOURT_SCENE_NOTE";

const SIZE: (u16, u16) = (40, 10);

/// Starts the scene and waits for its first frame. The folder contains its note and its log.
fn play() -> (Pty, TempDir) {
    play_in("exec \"$0\" \"$@\"")
}

/// Starts the scene from a shell command.
fn play_in(shell: &str) -> (Pty, TempDir) {
    let folder = TempDir::new().unwrap();
    let note = folder.path().join("note");
    let program = std::env::current_exe().unwrap();
    let program = program.to_str().unwrap();
    let args = [
        "-c",
        shell,
        program,
        "term_guard::scene",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    let pty = Pty::start("/bin/sh", &args, &[(NOTE, note.to_str().unwrap())], SIZE);
    pty.wait_for("keys 0.");
    (pty, folder)
}

#[test]
#[ignore = "played by the other tests inside a pseudo-terminal"]
fn scene() {
    let note = std::env::var(NOTE).expect("a scene is started by a test of this file");
    let note = Path::new(&note);
    let (_, log) = telemetry::start(note.parent().unwrap(), |_| ()).unwrap();
    let (panics, errors) = color_eyre::config::HookBuilder::default().into_hooks();
    errors.install().unwrap();
    panic_hook::install(move |info| panics.panic_report(info).to_string());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let code = runtime.block_on(perform(note));
    // Not println, which panics if the terminal is gone.
    drop(writeln!(std::io::stdout(), "goodbye"));
    drop(log);
    std::process::exit(code);
}

async fn perform(note: &Path) -> i32 {
    let mut screen = Screen::enter().unwrap();
    let (sender, mut events) = mpsc::unbounded_channel();
    let input = TermInput::start(sender).unwrap();
    let mut signals = Signals::for_screen().unwrap();
    let ctrl_z = KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL);
    let (mut keys, mut said, mut suspended) = (0, String::new(), false);
    loop {
        if !suspended {
            let render = |frame: &mut Frame<'_>| {
                let area = frame.area();
                let text = format!("keys {keys}.\nsize {}x{}.\n{said}", area.width, area.height);
                frame.render_widget(Text::raw(text), area);
            };
            // A lost terminal gives an error here too, but the scene must learn of it from its input.
            drop(screen.draw(render));
        }
        tokio::select! {
            event = events.recv() => match event.unwrap() {
                TermEvent::Key(key) if key == ctrl_z => suspended = true,
                TermEvent::Key(key) => {
                    keys += 1;
                    match key.code {
                        KeyCode::Char('q') => return 0,
                        KeyCode::Char('p') => screen.draw(|_| panic!("the view is broken")).unwrap(),
                        KeyCode::Char('m') => screen.take_mouse(true).unwrap(),
                        KeyCode::Char('o') => screen.take_mouse(false).unwrap(),
                        KeyCode::Char('e') => said = format!("worker died {}", lose_a_worker()),
                        _ => {}
                    }
                }
                TermEvent::Mouse(mouse) => said = format!("mouse {:?} {}", mouse.kind, mouse.column),
                TermEvent::Paste(text) => said = format!("pasted {text}"),
                TermEvent::Gone => {
                    // The frame is written in the background.
                    drop(screen.draw(|_| {}));
                    assert!(screen.drain().is_err(), "a lost terminal cannot be drawn on");
                    drop(screen);
                    assert!(lose_a_worker(), "and the panic report, which has nowhere to go, does no harm");
                    fs::write(note, "gone").unwrap();
                    while signals.next().await != Signal::Terminate {}
                    return 143;
                }
            },
            signal = signals.next() => match signal {
                Signal::Terminate => return 143,
                // The scene must notice a lost terminal by itself.
                Signal::HangUp | Signal::Interrupt => {}
                Signal::Resize => screen.clear().unwrap(),
                Signal::Suspend => suspended = true,
                Signal::Continue => {
                    // Fails if it arrives together with a hang-up.
                    drop(screen.resume());
                    input.resume();
                    said = "welcome back".into();
                    suspended = false;
                }
            },
        }
        if suspended {
            input.pause();
            screen.suspend().unwrap();
        }
    }
}

fn lose_a_worker() -> bool {
    let worker = std::thread::Builder::new().name("engine-1".into());
    worker.spawn(|| panic!("bad date")).unwrap().join().is_err()
}

/// Asserts that the terminal is usable for a shell.
fn assert_restored(pty: &Pty) {
    let screen = pty.screen();
    assert!(!screen.alternate_screen(), "still on the alternate screen");
    assert!(!screen.hide_cursor(), "the cursor is still hidden");
    assert!(!screen.bracketed_paste(), "bracketed paste is still on");
    assert!(!has_mouse(pty), "the mouse is still taken");
    assert!(pty.modes_restored(), "the terminal is still raw");
}

#[test]
fn the_alternate_screen_is_entered_and_left() {
    let (mut pty, _folder) = play();
    let screen = pty.screen();
    assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
    assert!(!pty.modes_restored(), "keys would be echoed");
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_restored(&pty);
    assert!(pty.screen().contents().contains("goodbye"));
}

fn has_mouse(pty: &Pty) -> bool {
    pty.screen().mouse_protocol_mode() != MouseProtocolMode::None
}

#[rstest]
#[case::quit("q", 0)]
#[case::panic("p", 101)]
fn mouse_capture_ends_on_exit(#[case] end: &str, #[case] code: u32) {
    let (mut pty, _folder) = play();
    assert!(!has_mouse(&pty), "it is the terminal's at first");
    pty.send("m");
    wait_until("the mouse is taken", || has_mouse(&pty));
    pty.send("\x1b[<64;7;3M");
    pty.wait_for("mouse ScrollUp 6");
    pty.send("o");
    wait_until("the mouse is given back", || !has_mouse(&pty));
    pty.send("m");
    wait_until("the mouse is taken again", || has_mouse(&pty));
    pty.send(end);
    assert_eq!(pty.wait_exit().exit_code(), code);
    assert_restored(&pty);
}

#[test]
fn a_suspend_releases_the_mouse_and_a_resume_captures_it() {
    let (mut pty, _folder) = play();
    pty.send("m");
    wait_until("the mouse is taken", || has_mouse(&pty));
    pty.send("\x1a");
    wait_until("the program is stopped", || pty.process_state() == 'T');
    pty.wait_until("the screen is left", |screen| !screen.alternate_screen());
    assert_restored(&pty);
    pty.signal(process::Signal::CONT);
    pty.wait_for("welcome back");
    assert!(has_mouse(&pty), "as before the stop");
    pty.signal(process::Signal::TERM);
    assert_eq!(pty.wait_exit().exit_code(), 143);
    assert_restored(&pty);
}

#[test]
fn every_frame_is_a_synchronized_update() {
    let (mut pty, _folder) = play();
    pty.send("a");
    pty.wait_for("keys 1.");
    pty.send("q");
    pty.wait_exit();
    let bytes = String::from_utf8(pty.bytes()).unwrap();
    let (_, frames) = bytes.split_once("\x1b[?2004h").unwrap();
    let (frames, _) = frames.split_once("\x1b[?1049l").unwrap();
    let frames: Vec<&str> = frames.split("\x1b[?2026h").collect();
    assert_eq!(
        frames.len(),
        3,
        "nothing before the first of two frames: {frames:?}"
    );
    assert_eq!(frames[0], "");
    assert!(frames[1].ends_with("\x1b[?2026l") && frames[1].contains("keys"));
    assert!(frames[2].contains("\x1b[?2026l") && frames[2].contains('1'));
}

#[test]
fn a_panic_of_the_screen_thread_restores_the_terminal_first() {
    let (mut pty, folder) = play();
    pty.send("p");
    assert_eq!(pty.wait_exit().exit_code(), 101);
    assert_restored(&pty);
    let bytes = String::from_utf8(pty.bytes()).unwrap();
    let (_, after) = bytes.split_once("\x1b[?1049l").unwrap();
    assert!(after.contains("the view is broken"), "no report: {after:?}");
    assert!(
        !after.contains("2026h"),
        "a frame was drawn over the report: {after:?}"
    );
    assert_logged(&folder, "the view is broken");
}

#[test]
fn a_worker_panic_keeps_the_screen_intact() {
    let (mut pty, folder) = play();
    pty.send("e");
    pty.wait_for("worker died true");
    let screen = pty.screen();
    assert!(screen.alternate_screen() && screen.hide_cursor());
    assert_eq!(
        screen.contents().trim_end(),
        "keys 1.\nsize 40x10.\nworker died true"
    );
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_logged(&folder, "engine-1");
    assert_logged(&folder, "bad date");
    assert_logged(&folder, "tests/it/term_guard.rs");
}

fn assert_logged(folder: &TempDir, text: &str) {
    let log: String = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some())
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert!(log.contains(text), "{text:?} is missing in the log:\n{log}");
}

#[test]
fn sigterm_restores_the_terminal() {
    let (mut pty, _folder) = play();
    pty.signal(process::Signal::TERM);
    assert_eq!(pty.wait_exit().exit_code(), 143);
    assert_restored(&pty);
}

#[test]
fn a_resize_redraws_at_the_new_size() {
    let (mut pty, _folder) = play();
    for size in [(60, 20), (20, 5), (100, 30)] {
        pty.resize(size);
    }
    pty.wait_for("size 100x30.");
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
}

#[test]
fn key_bursts_and_pastes_are_received_completely() {
    let (mut pty, _folder) = play();
    pty.send(&"x".repeat(3000));
    pty.wait_for("keys 3000.");
    pty.send("\x1b[200~rm -rf q\x1b[201~");
    pty.wait_for("pasted rm -rf q");
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
}

#[test]
fn ctrl_z_releases_the_terminal_until_continued() {
    stop_and_continue(|pty| pty.send("\x1a"));
}

#[test]
fn sigtstp_acts_like_ctrl_z() {
    stop_and_continue(|pty| pty.signal(process::Signal::TSTP));
}

fn stop_and_continue(stop: impl Fn(&mut Pty)) {
    let (mut pty, _folder) = play();
    for _ in 0..2 {
        stop(&mut pty);
        wait_until("the program is stopped", || pty.process_state() == 'T');
        pty.wait_until("the screen is left", |screen| !screen.alternate_screen());
        assert_restored(&pty);
        pty.signal(process::Signal::CONT);
        pty.wait_until("the screen is back", |screen| {
            screen.alternate_screen() && screen.contents().contains("welcome back")
        });
        assert!(pty.screen().contents().starts_with("keys 0"), "drawn whole");
    }
    pty.send("aq");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_restored(&pty);
}

#[test]
fn an_external_sigstop_is_recovered_from() {
    let (mut pty, _folder) = play();
    pty.signal(process::Signal::STOP);
    wait_until("the program is stopped", || pty.process_state() == 'T');
    pty.signal(process::Signal::CONT);
    pty.wait_for("welcome back");
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_restored(&pty);
}

#[test]
fn a_lost_terminal_is_detected_even_if_sighup_is_ignored() {
    let (mut pty, folder) = play_in("trap '' HUP; exec \"$0\" \"$@\"");
    let start = Instant::now();
    pty.hang_up();
    wait_until("the loss is noticed", || folder.path().join("note").exists());
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "noticed after {:?}",
        start.elapsed()
    );
    let (start, cpu) = (Instant::now(), pty.cpu());
    std::thread::sleep(Duration::from_secs(1));
    let share = pty.cpu().abs_diff(cpu).as_secs_f64() / start.elapsed().as_secs_f64();
    assert!(
        share < 0.05,
        "a lost terminal costs {:.0} % of a core",
        share * 100.0
    );
    pty.signal(process::Signal::TERM);
    assert_eq!(pty.wait_exit().exit_code(), 143);
    assert_logged(&folder, "bad date");
}

#[test]
fn without_a_terminal_the_screen_is_refused() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "term_guard::scene",
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(NOTE, TempDir::new().unwrap().path().join("note"))
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && text.contains("the console needs a terminal"),
        "{text}"
    );
    assert!(!output.stdout.contains(&0x1b), "no escape sequence in a pipe");
}
