//! Draws the breakdown of a check: the share of complete values and the causes of missing ones, by date or group.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::calendar::titled;
use crate::console::keymap::{Action, KeyContext};
use crate::console::model::Model;
use crate::console::model::breakdown_page::{BreakdownPage, Extent, tally_of};
use crate::console::text::{count, sanitised, width};
use crate::console::theme::{SELECTED, Theme, Tone};
use crate::console::view::badge::Badge;
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::heat::{DateCell, Heat};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::{Breakdown, BreakdownState, BreakdownView, CheckView, Dimension, Tally};
use crate::partition::Partition;

/// Columns of a group's name, its share and each of its counts.
const NAME: usize = 12;
const SHARE: usize = 11;
const COUNT: usize = 10;

/// Height from which the additional counts and the legend get their own rows.
const MIN_FULL_HEIGHT: u16 = 14;

pub fn draw(model: &Model, page: &BreakdownPage, theme: Theme, body: Rect, buf: &mut Buffer) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let Some(view) = page.shown(snapshot) else {
        return;
    };
    let title = format!("{}: {}", view.title, view.check);
    let area = page_frame(buf, theme, body, &title, &[state_badge(model, view, theme)]);
    let Some(found) = &view.found else {
        let sentence = sanitised(
            view.problem
                .as_deref()
                .unwrap_or("runs when the stage has finished"),
        );
        Pen::on(buf, theme, row(area, 0)).write(&sentence, PLAIN);
        return;
    };
    let check = snapshot.checks.iter().find(|check| check.name == view.check);
    draw_total(found, check, theme, row(area, 0), buf);
    causes("", &found.causes, &found.total.missing, theme, row(area, 1), buf);
    let roomy = area.height >= MIN_FULL_HEIGHT;
    let tabs_at = if roomy {
        let named = "not counted:";
        causes(
            named,
            &found.not_counted,
            &found.total.not_counted,
            theme,
            row(area, 2),
            buf,
        );
        3
    } else {
        2
    };
    tabs(page, found, theme, row(area, tabs_at), buf);
    let below = rows(area, tabs_at + 1, 0);
    if let Some(by) = page.dimension(found) {
        groups(page, found, by, theme, below, buf);
    } else {
        let first_month = snapshot.run.first_month;
        dates(page, found, first_month, roomy, theme, below, buf);
    }
}

/// An area without its first and last rows.
fn rows(area: Rect, above: usize, under: usize) -> Rect {
    let above = u16::try_from(above).unwrap_or(u16::MAX).min(area.height);
    let under = u16::try_from(under).unwrap_or(u16::MAX).min(area.height - above);
    Rect {
        y: area.y + above,
        height: area.height - above - under,
        ..area
    }
}

fn state_badge(model: &Model, view: &BreakdownView, theme: Theme) -> Badge {
    let again = model.key_of(KeyContext::Breakdown, Action::RunBreakdown, theme.glyphs.utf8);
    let when = view.run_at.map(|at| at.format("%H:%M:%S").to_string());
    let when = when.unwrap_or_default();
    let (role, text) = match view.state {
        BreakdownState::Pending => (Tone::Plain, "not run yet".to_owned()),
        BreakdownState::Running => (Tone::Active, "running".to_owned()),
        BreakdownState::Current => (Tone::Good, format!("ran {when}")),
        BreakdownState::Outdated => (Tone::Warn, format!("outdated: ran {when}, {again} runs it again")),
        BreakdownState::Failed => (Tone::Bad, format!("failed to run, {again} retries")),
    };
    Badge { text, role }
}

fn draw_total(found: &Breakdown, check: Option<&CheckView>, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    let tally = &found.total;
    let style = check.map_or(PLAIN, |check| theme.check(check.state));
    if let Some(check) = check {
        let state = format!("{} {} ", theme.glyphs.check(check.state), check.state);
        pen.write(&state, style);
    }
    pen.write(&tally.share(), style.patch(BOLD));
    let (known, counted) = (count(tally.known), count(tally.counted()));
    pen.write(&format!("  {known} of {counted} {}", found.unit), PLAIN);
    if let Some(check) = check {
        pen.write(&format!("  target {}", check.target), PLAIN);
        if let Some(before) = &check.before {
            pen.write(&format!("  before {before}"), PLAIN);
        }
    }
}

fn causes(named: &str, causes: &[String], numbers: &[u64], theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    if !named.is_empty() && !causes.is_empty() {
        pen.write(named, PLAIN).write(" ", PLAIN);
    }
    for (cause, number) in causes.iter().zip(numbers) {
        let style = if *number > 0 {
            theme.style(Tone::Warn)
        } else {
            PLAIN
        };
        pen.write(&format!("{cause} "), PLAIN)
            .write(&count(*number), style.patch(BOLD))
            .write("  ", PLAIN);
    }
}

fn tabs(page: &BreakdownPage, found: &Breakdown, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    pen.write("by", PLAIN);
    let names = std::iter::once("date").chain(found.by.iter().map(|by| by.name.as_str()));
    for (at, name) in names.enumerate() {
        let style = if at == page.view {
            BOLD.add_modifier(SELECTED)
        } else {
            PLAIN
        };
        pen.write(" ", PLAIN).write(&format!(" {name} "), style);
    }
}

fn dates(
    page: &BreakdownPage,
    found: &Breakdown,
    first_month: u32,
    legend: bool,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let (Some((first, _)), Some((last, _))) = (found.dates.first(), found.dates.last()) else {
        Pen::on(buf, theme, row(area, 0)).write("nothing to count", PLAIN);
        return;
    };
    let Some(cursor) = page.cursor(found) else {
        return;
    };
    let days = first.up_to(*last);
    let cell = |date| {
        let extent = tally_of(found, date).map_or(Extent::Nothing, Extent::of);
        DateCell {
            date,
            sign: theme.glyphs.extent(extent),
            style: theme.extent(extent),
            weight: extent as usize,
        }
    };
    let cells: Vec<DateCell> = days.map(cell).collect();
    let under = if legend { 2 } else { 1 };
    let heat = Heat {
        cells: &cells,
        first_month,
        cursor,
        selected: None,
    };
    heat.draw(theme, rows(area, 0, under), buf);
    let foot = usize::from(area.height);
    if legend {
        explain(found, theme, row(area, foot.saturating_sub(2)), buf);
    }
    draw_date(found, cursor, theme, row(area, foot.saturating_sub(1)), buf);
}

/// The legend: each glyph with its meaning and number of dates.
fn explain(found: &Breakdown, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    for extent in Extent::ALL {
        let is_at = |(_, tally): &&(Partition, Tally)| Extent::of(tally) == extent;
        let number = found.dates.iter().filter(is_at).count();
        let sign = theme.glyphs.extent(extent);
        let text = if extent == Extent::Nothing {
            format!("{sign} {}", extent.label())
        } else {
            format!("{sign} {} {}", extent.label(), count(number as u64))
        };
        if width(&text) > pen.left() {
            break;
        }
        pen.write(&text, theme.extent(extent)).write("  ", PLAIN);
    }
}

/// The date under the cursor: its share of complete values, and every cause.
fn draw_date(found: &Breakdown, date: Partition, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    pen.write(&format!("{} ", titled(date)), BOLD.add_modifier(SELECTED))
        .write(" ", PLAIN);
    let Some(tally) = tally_of(found, date) else {
        pen.write("nothing to count on this date", PLAIN);
        return;
    };
    let extent = Extent::of(tally);
    let share = format!("{} {}", theme.glyphs.extent(extent), tally.share());
    pen.write(&share, theme.extent(extent)).write(
        &format!(" {} of {}", count(tally.known), count(tally.counted())),
        PLAIN,
    );
    let named = found.causes.iter().chain(&found.not_counted);
    let numbers = tally.missing.iter().chain(&tally.not_counted);
    for (cause, number) in named.zip(numbers).filter(|(_, number)| **number > 0) {
        pen.write(&format!("  {cause} {}", count(*number)), PLAIN);
    }
}

fn groups(
    page: &BreakdownPage,
    found: &Breakdown,
    by: &Dimension,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let causes: Vec<&str> = (found.causes.iter().chain(&found.not_counted))
        .map(String::as_str)
        .skip(page.left)
        .collect();
    let mut pen = Pen::on(buf, theme, row(area, 0));
    pen.column(NAME, &by.name, BOLD)
        .number(SHARE, "known", BOLD)
        .number(COUNT, "of", BOLD);
    for cause in &causes {
        pen.number(columns(cause), cause, BOLD);
    }
    let room = usize::from(area.height.saturating_sub(1));
    thumb(buf, theme, rows(area, 1, 0), page.top, room, by.groups.len());
    for (at, (name, tally)) in by.groups.iter().skip(page.top).take(room).enumerate() {
        let extent = Extent::of(tally);
        let share = format!("{} {}", theme.glyphs.extent(extent), tally.share());
        let mut pen = Pen::on(buf, theme, row(area, 1 + at));
        pen.column(NAME, &sanitised(name), PLAIN)
            .number(SHARE, &share, theme.extent(extent))
            .number(COUNT, &count(tally.counted()), PLAIN);
        let numbers = tally.missing.iter().chain(&tally.not_counted).skip(page.left);
        for (cause, number) in causes.iter().zip(numbers) {
            let style = if *number > 0 {
                theme.style(Tone::Warn)
            } else {
                PLAIN
            };
            pen.number(columns(cause), &count(*number), style);
        }
    }
}

/// Columns of a cause's counts, wide enough for its name above them.
fn columns(cause: &str) -> usize {
    (width(cause) + 2).max(COUNT)
}
