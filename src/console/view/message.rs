//! Draws the row above the key bar: the prompt, else the newest notice, else a hint. A long text takes up to three rows
//! and covers the panes; if an overlay is open, it covers the key bar instead.

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::badge::outside;
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::{Layout, Pane};
use crate::console::model::checklist::unmet_sources;
use crate::console::model::dates::needing_attention;
use crate::console::model::observation::{Observation, ReadFailure, age};
use crate::console::model::orders::CommandDenied;
use crate::console::model::recording::ReplayStatus;
use crate::console::model::{Leaving, Model, PromptPurpose, open_of, open_units};
use crate::console::text::{count, counted, sanitised, wrapped};
use crate::console::theme::{SELECTED, Theme, Tone};
use crate::engine::{RunView, Snapshot, StageState, StageView, Topic};
use crate::ledger::RunState;
use crate::runbook::ItemState;

/// Maximum number of rows of a text.
const MAX_ROWS: u16 = 3;

pub fn draw(model: &Model, theme: Theme, layout: &Layout, buf: &mut Buffer) {
    let area = layout.message;
    if let Some(prompt) = &model.prompt {
        let what = match prompt.purpose {
            PromptPurpose::Date => "date /",
            PromptPurpose::Log => "log /",
            PromptPurpose::Help => "keys /",
            PromptPurpose::Waive => "reason to waive: ",
            PromptPurpose::Tick => "note for the tick: ",
            PromptPurpose::Withdraw => "note for the withdrawal: ",
        };
        Pen::on(buf, theme, area)
            .write(what, BOLD)
            .write(&prompt.text, PLAIN)
            .write(" ", Style::new().add_modifier(SELECTED));
        return;
    }
    let (text, style) = sentence(model, theme);
    let pieces = wrapped(&text, usize::from(area.width));
    // An open overlay must stay readable to its last line: a hint takes one row, and a notice covers only the frame of
    // the overlay and the key bar.
    let over_page = model.overlay.is_some();
    let most = if over_page && model.notices.is_empty() {
        1
    } else {
        MAX_ROWS
    };
    let more = u16::try_from(pieces.len()).map_or(most, |rows| rows.clamp(1, most)) - 1;
    let above = if over_page { more.min(1) } else { more };
    let area = Rect {
        y: area.y.saturating_sub(above),
        height: area.height + more,
        ..area
    };
    clear(buf, area);
    let last = usize::from(area.height).saturating_sub(1);
    for (at, piece) in pieces.iter().take(last).enumerate() {
        Pen::on(buf, theme, row(area, at)).write(piece, style);
    }
    let rest = pieces.get(last..).unwrap_or_default().concat();
    Pen::on(buf, theme, row(area, last)).write(&rest, style);
}

/// What to do now that the run has ended.
fn ended(snapshot: &Snapshot, key: &dyn Fn(KeyContext, Action) -> String) -> (String, Style) {
    let quit = key(KeyContext::Dates, Action::Quit);
    let stages = || snapshot.stages.iter();
    let waits = stages().any(|stage| stage.state == StageState::Waiting);
    let shut = stages()
        .find(|stage| stage.state == StageState::Failed)
        .filter(|_| waits);
    let stale: u64 = stages().map(|stage| stage.counts.stale).sum();
    let outdated: u64 = stages().map(|stage| stage.counts.outdated).sum();
    let sentence = if let Some(stage) = shut {
        closed_gate(stage, key)
    } else if let Some(outside) = failed_outside(&snapshot.run) {
        format!("Run ended; {outside}: run 'backcourt rerun --failed'; {quit} quits.")
    } else if waits {
        format!(
            "A stage awaits approval: {} starts it, {quit} quits.",
            key(KeyContext::Dates, Action::Advance)
        )
    } else if stale > 0 {
        let refresh = key(KeyContext::Dates, Action::Refresh);
        format!(
            "Run ended with {}: {refresh} refreshes them, {quit} quits.",
            counted(stale, "stale unit")
        )
    } else if outdated > 0 {
        let rerun = key(KeyContext::Dates, Action::RerunOutdated);
        format!(
            "Run ended with {}: {rerun} reruns them, {quit} quits.",
            counted(outdated, "outdated unit")
        )
    } else if snapshot.runbook.iter().any(|item| item.state != ItemState::Done) {
        let runbook = key(KeyContext::Dates, Action::Runbook);
        format!("Run ended: {runbook} shows the runbook, {quit} quits.")
    } else {
        format!("Run ended: {quit} quits.")
    };
    (sentence, BOLD)
}

fn closed_gate(stage: &StageView, key: &dyn Fn(KeyContext, Action) -> String) -> String {
    let (checks, waive, quit) = (
        key(KeyContext::Dates, Action::ChecksPane),
        key(KeyContext::Checks, Action::Waive),
        key(KeyContext::Dates, Action::Quit),
    );
    let rerun = match needing_attention(stage).len() {
        0 => String::new(),
        _ => format!(" {} reruns,", key(KeyContext::Dates, Action::RerunAll)),
    };
    // Short, so that the date under the cursor stays visible.
    format!(
        "Gate after {} closed:{rerun} {checks} checks, {waive} waives, {quit} quits.",
        stage.name
    )
}

/// Failures outside this run, which its console can't rerun.
fn failed_outside(run: &RunView) -> Option<String> {
    (run.elsewhere.has_failures()).then(|| outside(run)).flatten()
}

/// How to resume a paused run.
fn paused_hint(model: &Model, run: &RunView, key: &dyn Fn(KeyContext, Action) -> String) -> Option<String> {
    let go_on = key(KeyContext::Dates, Action::PauseResume);
    let quit = key(KeyContext::Dates, Action::Quit);
    let by_key = |does: &str| match model.denied() {
        Some(CommandDenied::NoControl(_)) => {
            let control = key(KeyContext::Dates, Action::TakeControl);
            format!("{control} takes control, then {go_on} {does}")
        }
        Some(_) => "this console is read-only".to_owned(),
        None => format!("{go_on} {does}"),
    };
    if run.waits_for(Topic::Cost) {
        let (begins, show) = (by_key("starts"), key(KeyContext::Dates, Action::Cost));
        return Some(format!(
            "Not started yet: {begins}, {show} shows the cost, {quit} quits."
        ));
    }
    if let Some(question) = run
        .question
        .as_ref()
        .filter(|question| !question.topic.has_own_page())
    {
        return Some(format!(
            "{} {} the choices, {quit} quits.",
            sanitised(&question.title),
            by_key("shows")
        ));
    }
    if run.waits_for(Topic::Sample) {
        let (goes_on, show) = (
            by_key("continues with the full range"),
            key(KeyContext::Dates, Action::Sample),
        );
        return Some(format!(
            "Nothing written yet: {goes_on}, {show} shows the sample, {quit} quits."
        ));
    }
    let is_paused = run.state == RunState::Paused;
    is_paused.then(|| match model.denied() {
        None => format!("Paused: {go_on} resumes."),
        Some(_) => format!("Paused: {}.", by_key("resumes")),
    })
}

/// Whether another run would do nothing without a rerun: failed dates are all that is left, or close the gate.
fn waits_for_a_rerun(snapshot: &Snapshot) -> bool {
    let is_open = |stage: &StageView| stage.state != StageState::Waiting && open_of(stage) > 0;
    let stages = &snapshot.stages;
    stages.iter().any(|stage| !needing_attention(stage).is_empty()) && !stages.iter().any(is_open)
}

/// What to do after the end of a run that can't be controlled from here.
fn ended_elsewhere(
    model: &Model,
    snapshot: &Snapshot,
    key: &dyn Fn(KeyContext, Action) -> String,
) -> Option<String> {
    let quit = key(KeyContext::Dates, Action::Quit);
    let is_left = open_units(snapshot) > 0
        || snapshot.stages.iter().any(|stage| {
            stage.counts.stale > 0 || matches!(stage.state, StageState::Waiting | StageState::Failed)
        });
    Some(match model.denied()? {
        CommandDenied::Over if waits_for_a_rerun(snapshot) => {
            format!("Run ended: continue with 'backcourt rerun --failed'; {quit} quits.")
        }
        CommandDenied::Over if is_left => {
            // Short, so that the date under the cursor stays visible.
            format!("Run ended: continue with 'backcourt run'; {quit} quits.")
        }
        CommandDenied::ReadOnly if is_left => format!("Run ended: {quit} quits."),
        CommandDenied::NoControl(_) if is_left => {
            let control = key(KeyContext::Dates, Action::TakeControl);
            format!("Run ended, work is left: {control} takes control, {quit} quits.")
        }
        _ => return None,
    })
}

/// What to do about dates that need attention.
fn attention_hint(model: &Model, may_order: bool, key: &dyn Fn(Action) -> String) -> String {
    // The page shows every date, whatever the pane's filter, and reruns none.
    if model.place() == KeyContext::Overview {
        return format!("{} for the next", key(Action::NextAttention));
    }
    match (model.focus, &model.dates.filter) {
        (Pane::Dates, None) => {
            let (next, rerun) = (key(Action::NextAttention), key(Action::RerunAll));
            if may_order {
                format!("{next} for the next, {rerun} to rerun all")
            } else {
                format!("{next} for the next")
            }
        }
        (Pane::Dates, Some(_)) => {
            let (rerun, back) = (key(Action::RerunAll), key(Action::Back));
            let shown = |stage: &StageView| {
                needing_attention(stage)
                    .iter()
                    .any(|unit| model.dates.shows(unit))
            };
            if model.stage().is_some_and(shown) && may_order {
                format!("{rerun} to rerun those shown, {back} to show all")
            } else if model.stage().is_some_and(shown) {
                format!("{back} to show all")
            } else {
                format!("hidden by the filter, {back} to show all")
            }
        }
        _ => format!("{} to show them", key(Action::DatesPane)),
    }
}

/// The message in a read-only view of a warehouse.
fn observed(model: &Model, observation: &Observation, theme: Theme) -> (String, Style) {
    let key = |place, action| model.key_of(place, action, theme.glyphs.utf8);
    let (again, quit) = (
        key(KeyContext::Observation, Action::ReadAgain),
        key(KeyContext::Dates, Action::Quit),
    );
    let Some(ReadFailure { at, why }) = &observation.failure else {
        let text = format!("Read-only, refreshed every 30 s: {again} refreshes now, {quit} quits.");
        return (text, PLAIN);
    };
    let ago = age(model.now.map_or(TimeDelta::zero(), |now| now - *at));
    let text = format!("Refresh failed {ago} ago ({}); {again} retries.", sanitised(why));
    (text, theme.style(Tone::Bad))
}

/// The text and its style: the newest notice, else a hint.
fn sentence(model: &Model, theme: Theme) -> (String, Style) {
    newest_notice(model, theme)
        .or_else(|| hint(model, theme))
        .unwrap_or((String::new(), PLAIN))
}

fn newest_notice(model: &Model, theme: Theme) -> Option<(String, Style)> {
    let notice = model.notices.last()?;
    let more = match model.notices.len() - 1 {
        0 => String::new(),
        more => format!("  (any key: {more} more)"),
    };
    let role = if notice.bad { Tone::Bad } else { Tone::Active };
    let style = theme.style(role).add_modifier(Modifier::BOLD);
    Some((format!("{}{more}", notice.text), style))
}

/// What to do next, the most urgent first.
fn hint(model: &Model, theme: Theme) -> Option<(String, Style)> {
    let snapshot = model.snapshot.as_deref()?;
    let key = |place, action| model.key_of(place, action, theme.glyphs.utf8);
    if let Some(recording) = &model.recording {
        return Some((recorded(recording, &key), PLAIN));
    }
    if let Some(observation) = &model.observation {
        return Some(observed(model, observation, theme));
    }
    let run = &snapshot.run;
    if !run.missing.is_empty() && !run.state.has_ended() {
        let text = format!("Incomplete: {}", sanitised(&run.missing.join("; ")));
        return Some((text, theme.style(Tone::Bad)));
    }
    if run.state.has_ended() || model.is_over() {
        let elsewhere = ended_elsewhere(model, snapshot, &key).map(|text| (text, BOLD));
        return Some(elsewhere.unwrap_or_else(|| ended(snapshot, &key)));
    }
    if let Some(text) = leaving(model, run).or_else(|| paused_hint(model, run, &key)) {
        return Some((text, BOLD));
    }
    let outside = || {
        let outside = failed_outside(run)?;
        Some(format!(
            "{outside}: run 'backcourt rerun --failed' when this run has ended."
        ))
    };
    if let Some(text) = needing_attention_here(model, &key).or_else(outside) {
        return Some((text, theme.style(Tone::Bad)));
    }
    let text = stale(model, snapshot, &key).or_else(|| failing_sources(model, snapshot, &key))?;
    Some((text, theme.style(Tone::Warn)))
}

fn recorded(recording: &ReplayStatus, key: &dyn Fn(KeyContext, Action) -> String) -> String {
    if let Some(remark) = recording.remarks.first() {
        return format!("Recorded: {remark}.");
    }
    let (hold, next, quit) = (
        key(KeyContext::Recording, Action::PlayOrPause),
        key(KeyContext::Recording, Action::NextMark),
        key(KeyContext::Dates, Action::Quit),
    );
    format!("Recording: {hold} pauses, {next} skips to the next event, {quit} quits.")
}

fn leaving(model: &Model, run: &RunView) -> Option<String> {
    if model.leaving == Some(Leaving::Abort) {
        return Some("Aborting; the screen closes when the run ends.".to_owned());
    }
    let drains = run.state == RunState::Draining || model.leaving.is_some();
    drains.then(|| "Draining: finishing in-flight work, nothing new starts.".to_owned())
}

fn needing_attention_here(model: &Model, key: &dyn Fn(KeyContext, Action) -> String) -> Option<String> {
    let attention = needing_attention(model.stage()?).len();
    if attention == 0 {
        return None;
    }
    let dates = if attention == 1 {
        "date needs"
    } else {
        "dates need"
    };
    let may_order = model.denied().is_none();
    let then = attention_hint(model, may_order, &|action| key(KeyContext::Dates, action));
    Some(format!("{} {dates} attention: {then}.", count(attention as u64)))
}

fn stale(model: &Model, snapshot: &Snapshot, key: &dyn Fn(KeyContext, Action) -> String) -> Option<String> {
    let stale: u64 = snapshot.stages.iter().map(|stage| stage.counts.stale).sum();
    if stale == 0 {
        return None;
    }
    let units = if stale == 1 { "stale unit" } else { "stale units" };
    let then = if model.denied().is_none() {
        format!(": {} to refresh all", key(KeyContext::Dates, Action::Refresh))
    } else {
        String::new()
    };
    Some(format!("{} {units}{then}.", count(stale)))
}

fn failing_sources(
    model: &Model,
    snapshot: &Snapshot,
    key: &dyn Fn(KeyContext, Action) -> String,
) -> Option<String> {
    let unmet = unmet_sources(snapshot);
    if unmet == 0 || model.sources_seen {
        return None;
    }
    let shows = key(KeyContext::Dates, Action::Sources);
    let checks = counted(unmet, "raw-data check");
    Some(format!("{checks} failing ({shows} for details)."))
}
