//! Draws the header: run, progress, ETA, stages and bottleneck.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::badge::outside;
use super::pen::{BOLD, PLAIN, Pen, row};
use crate::console::model::{Leaving, Model, PendingCommand};
use crate::console::text::{count, counted, duration, sanitised, to_go, width};
use crate::console::theme::{Theme, Tone};
use crate::engine::{BreakdownState, BreakdownView, RunView, Snapshot, StageState, StageView};
use crate::ledger::{RunState, UnitState};

/// Columns beside the name of a stage: its glyph and the gap to the next.
const BESIDE_NAME: usize = 5;

/// Columns reserved for the counts of the shown stage.
const COUNTS: usize = 60;

/// Maximum width of a progress bar.
const BAR: usize = 48;

pub fn draw(model: &Model, theme: Theme, area: Rect, buf: &mut Buffer) {
    let Some(snapshot) = &model.snapshot else {
        let mut pen = Pen::on(buf, theme, area);
        pen.write("backcourt", BOLD)
            .write("  waiting for the engine", PLAIN);
        return;
    };
    let run = &snapshot.run;
    if area.height == 1 {
        let mut pen = Pen::on(buf, theme, area);
        state(model, run, theme, &mut pen);
        control(model, theme, &mut pen);
        if let Some(recording) = &model.recording {
            let time = recording.at.format("%H:%M:%S");
            let text = format!(" REPLAY {time} x{} {} ", recording.speed, recording.how());
            pen.at_the_end(&text, theme.style(Tone::Active).patch(BOLD));
        }
        if let Some((text, style)) = observed(model, theme) {
            pen.at_the_end(&format!(" {text} "), style.patch(BOLD));
        }
        progress(model, run, theme, &mut pen, 0);
        pen.write("  ", PLAIN);
        environment(run, theme, &mut pen);
        pen.write(&run.title, BOLD);
        return;
    }
    title(model, run, theme, row(area, 0), buf);
    let mut pen = Pen::on(buf, theme, row(area, 1));
    progress(model, run, theme, &mut pen, BAR);
    share(snapshot, theme, &mut pen);
    stages(model, &snapshot.stages, theme, row(area, 2), buf);
    limit(model, run, theme, row(area, 3), buf);
}

/// Marks the environment of the plan, production in the warning colour, and the slice of its tables.
fn environment(run: &RunView, theme: Theme, pen: &mut Pen<'_>) {
    if let Some(environment) = &run.environment {
        let tone = if environment.is_production {
            Tone::Warn
        } else {
            Tone::Active
        };
        pen.write(&sanitised(&environment.name), theme.style(tone).patch(BOLD))
            .write("  ", PLAIN);
    }
    if let Some(slice) = run.slice() {
        pen.write(&sanitised(slice), theme.style(Tone::Active).patch(BOLD))
            .write("  ", PLAIN);
    }
}

/// Marks a read-only view of a warehouse, with its age.
fn observed(model: &Model, theme: Theme) -> Option<(String, Style)> {
    let observation = model.observation.as_ref()?;
    let age = observation.age(model.now.unwrap_or(observation.read_at));
    let (role, then) = match &observation.failure {
        _ if observation.is_reading => (Tone::Active, ", refreshing"),
        Some(_) => (Tone::Bad, ""),
        None => (Tone::Active, ""),
    };
    Some((format!("READ-ONLY, read {age} ago{then}"), theme.style(role)))
}

/// Who is in control, if that needs to be shown.
fn control(model: &Model, theme: Theme, pen: &mut Pen<'_>) {
    if let Some(text) = model
        .control
        .text()
        .filter(|_| model.recording.is_none() && model.observation.is_none() && !model.is_over())
    {
        let style = if model.control.is_mine() {
            PLAIN
        } else {
            theme.style(Tone::Active)
        };
        pen.at_the_end(&format!(" {}", sanitised(&text)), style);
    }
}

/// The state of the run; a pending pause or resume is shown at once.
fn state(model: &Model, run: &RunView, theme: Theme, pen: &mut Pen<'_>) {
    let (word, style) = state_words(model, run, theme);
    let glyph = if ended_badly(model) {
        theme.glyphs.stage(StageState::Failed)
    } else {
        theme.glyphs.run(run.state)
    };
    pen.at_the_end(&format!(" {glyph} {word} "), style);
}

fn state_words(model: &Model, run: &RunView, theme: Theme) -> (String, Style) {
    let warn = theme.run(RunState::Paused);
    match (run.state, model.asked) {
        (RunState::Running, Some(PendingCommand::Pause)) => ("Pausing...".to_owned(), warn),
        (RunState::Running, None) if run.pausing => ("Pausing...".to_owned(), warn),
        (RunState::Running | RunState::Paused, Some(PendingCommand::Resume)) => {
            ("Resuming...".to_owned(), warn)
        }
        (state, _) if model.leaving == Some(Leaving::Abort) && !state.has_ended() => {
            ("Aborting...".to_owned(), warn)
        }
        (state, _) if ended_badly(model) => (format!("{state} with failures"), theme.style(Tone::Bad)),
        (state, _) => (state.word().to_owned(), theme.run(state)),
    }
}

/// Whether the run finished with failures: a failed date or blocking check, in this run or elsewhere in the plan.
fn ended_badly(model: &Model) -> bool {
    let Some(snapshot) = &model.snapshot else {
        return false;
    };
    let is_failed = |stage: &StageView| stage.state == StageState::Failed;
    snapshot.run.state == RunState::Finished
        && (snapshot.run.elsewhere.has_failures() || snapshot.stages.iter().any(is_failed))
}

fn title(model: &Model, run: &RunView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    state(model, run, theme, &mut pen);
    if let Some(recording) = &model.recording {
        let place = |format: &str| {
            let (run, time) = (&recording.run, recording.at.format(format));
            format!(" {run}  {time} UTC  x{} {}", recording.speed, recording.how())
        };
        let with_date = place("%Y-%m-%d %H:%M:%S");
        let fits = width(&with_date) + "REPLAY".len() < pen.left();
        let place = if fits { with_date } else { place("%H:%M:%S") };
        pen.write("REPLAY", theme.style(Tone::Active).patch(BOLD))
            .write(&place, BOLD)
            .write("  ", PLAIN);
    }
    environment(run, theme, &mut pen);
    // A read-only view starts with its warehouse, a run with its title.
    let next = if let Some((text, style)) = observed(model, theme) {
        pen.write(&text, style.patch(BOLD))
            .write("  ", PLAIN)
            .write(&run.warehouse, BOLD);
        &run.title
    } else {
        pen.write(&run.title, BOLD);
        &run.warehouse
    };
    pen.write("  ", PLAIN).write(next, PLAIN);
    let source = run.source.as_ref().map(|source| format!("source {source}"));
    for fact in source.into_iter().chain([format!("pid {}", run.pid)]) {
        // Shown only whole; the item before may be cut.
        if pen.left() < width(&fact) + 3 {
            break;
        }
        pen.write("  ", PLAIN).write(&fact, PLAIN);
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of at most 48 columns"
)]
fn progress(model: &Model, run: &RunView, theme: Theme, pen: &mut Pen<'_>, bar: usize) {
    let percent = run.preparing.as_ref().map_or_else(
        || model.percent(),
        |preparing| (100.0 * preparing.share).clamp(0.0, 99.9),
    );
    if bar > 0 {
        let columns = bar.min(pen.left() / 3);
        let done = (columns as f64 * percent / 100.0) as usize;
        let style = if ended_badly(model) {
            theme.style(Tone::Bad)
        } else {
            theme.run(run.state)
        };
        pen.fill(theme.glyphs.done, done, style)
            .fill(theme.glyphs.to_do, columns - done, PLAIN)
            .write("  ", PLAIN);
    }
    // Unfinished work must not round up to 100 %.
    let percent = if percent < 100.0 {
        percent.min(99.9)
    } else {
        percent
    };
    pen.write(&format!("{percent:.1} %"), BOLD);
    if let Some(preparing) = &run.preparing {
        pen.write("  ", PLAIN).write(&preparing.what, PLAIN);
    }
    pen.write(&format!("  {} elapsed", duration(elapsed(model, run))), PLAIN);
    if let Some(eta) = run.progress.eta.filter(|_| !run.state.has_ended()) {
        pen.write("  ETA ", PLAIN);
        let text = eta_text(eta, run.progress.unmeasured, pen.left());
        pen.write(&text, BOLD);
    }
    if let Some(rate) = run.progress.per_minute.filter(|_| model.is_active()) {
        pen.write(
            &format!("  {}/min", counted(rate.max(0.0).round() as u64, "unit")),
            PLAIN,
        );
    }
}

/// The ETA in this many columns. A truncated text could read as another duration.
fn eta_text(eta: (f64, f64), unmeasured: usize, columns: usize) -> String {
    let whole = to_go(eta, unmeasured);
    if width(&whole) <= columns {
        whole
    } else {
        format!("{} + ?", to_go(eta, 0))
    }
}

/// The share of complete values in the plan's first breakdown, with its name if it fits.
fn share(snapshot: &Snapshot, theme: Theme, pen: &mut Pen<'_>) {
    let Some(view) = snapshot.breakdowns.first() else {
        return;
    };
    let check = snapshot.checks.iter().find(|check| check.name == view.check);
    let (Some(found), Some(check)) = (&view.found, check) else {
        return;
    };
    let glyph = theme.glyphs.check(check.state);
    let share = format!("{}{}", found.total.share(), outdated_note(view));
    let texts = [
        format!(" {glyph} {} {share}", view.title),
        format!(" {glyph} {share}"),
    ];
    if let Some(text) = texts.iter().find(|text| width(text) < pen.left()) {
        pen.at_the_end(text, theme.check(check.state));
    }
}

fn elapsed(model: &Model, run: &RunView) -> f64 {
    let since = match (&model.snapshot, model.clock()) {
        (Some(snapshot), Some(now)) => (now - snapshot.at).as_seconds_f64(),
        _ => 0.0,
    };
    run.active_seconds + since
}

/// Every stage with its dates; the stage shown in the Dates pane with its counts.
fn stages(model: &Model, stages: &[StageView], theme: Theme, area: Rect, buf: &mut Buffer) {
    let shown = model.stage().map(|stage| stage.name.as_str());
    let mut pen = Pen::on(buf, theme, area);
    let passed = stages
        .iter()
        .take_while(|stage| stage.state == StageState::Passed && Some(stage.name.as_str()) != shown);
    let passed = passed.count();
    // If not all fit, passed stages are collapsed to leave room for active ones.
    let names: usize = stages.iter().map(|stage| width(&stage.name) + BESIDE_NAME).sum();
    let skipped = if names + COUNTS > usize::from(area.width) {
        passed
    } else {
        0
    };
    if skipped > 0 {
        let done = format!("{} {skipped} passed   ", theme.glyphs.stage(StageState::Passed));
        pen.write(&done, theme.stage(StageState::Passed));
    }
    for stage in &stages[skipped..] {
        let style = theme.stage(stage.state);
        pen.write(theme.glyphs.stage(stage.state), style)
            .write(" ", PLAIN)
            .write(&stage.name, style.patch(BOLD));
        if Some(stage.name.as_str()) == shown {
            counts(stage, theme, &mut pen);
        } else if stage.state == StageState::Running {
            let left = stage.counts.pending + stage.counts.running + stage.counts.unknown;
            pen.write(&format!(" {} open", count(left)), PLAIN);
        }
        pen.write("   ", PLAIN);
    }
}

fn counts(stage: &StageView, theme: Theme, pen: &mut Pen<'_>) {
    if stage.counts.total == 0 {
        pen.write(" waiting", PLAIN);
        return;
    }
    if stage.state == StageState::Checking {
        pen.write(" checking", theme.stage(stage.state));
    }
    let (dates, rows) = (counted(stage.counts.total, "date"), counted(stage.rows, "row"));
    pen.write(&format!(" {dates}, {rows}:"), PLAIN);
    for state in UnitState::BY_URGENCY {
        let number = stage.counts.of(state);
        if number > 0 {
            pen.write(&format!(" {} {state}", count(number)), theme.unit(state));
        }
    }
}

/// The bottleneck, or how the run ended.
fn limit(model: &Model, run: &RunView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    control(model, theme, &mut pen);
    let (name, text) = match &run.ending {
        Some(ending) => ("ended: ", ending),
        None if run.state == RunState::Running && run.preparing.is_none() => {
            ("bottleneck: ", &run.bottleneck)
        }
        // The reason a run is paused or preparing isn't a bottleneck.
        None => ("", &run.bottleneck),
    };
    if let Some(billed) = &run.billed {
        pen.at_the_end(&format!("  {} billed", billed.total.bytes()), PLAIN);
    }
    if let Some(outside) = outside(run).filter(|_| run.ending.is_none()) {
        pen.at_the_end(&format!("  {outside}"), theme.style(Tone::Bad));
    }
    if let Some(observation) = &model.observation {
        let lease = sanitised(&observation.lease_text()).into_owned();
        pen.write("lease: ", theme.style(Tone::Active))
            .write(&lease, PLAIN)
            .write("  ", PLAIN);
    }
    if !text.is_empty() {
        pen.write(name, theme.style(Tone::Active)).write(text, PLAIN);
    }
}

/// A note if the breakdown shown may be out of date.
const fn outdated_note(view: &BreakdownView) -> &'static str {
    match view.state {
        BreakdownState::Outdated => ", outdated",
        BreakdownState::Failed => ", rerun failed",
        BreakdownState::Running => ", running again",
        BreakdownState::Pending | BreakdownState::Current => "",
    }
}
