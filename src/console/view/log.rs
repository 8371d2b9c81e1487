//! Draws the log upwards from the lowest line in view, so that wrapped lines need not be counted in advance.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pen::{PLAIN, Pen, row};
use crate::console::model::Model;
use crate::console::model::log::about;
use crate::console::model::observation::Observation;
use crate::console::text::{sanitised, width, wrapped};
use crate::console::theme::Theme;
use crate::telemetry::LogLine;

const TIME: usize = 9;
const LEVEL: usize = 6;

pub fn draw(model: &Model, theme: Theme, area: Rect, buf: &mut Buffer) {
    if let Some(recording) = &model.recording {
        let known = "The log is not recorded; see logs/ in the state folder.";
        let texts = [known]
            .into_iter()
            .chain(recording.remarks.iter().map(String::as_str));
        for (at, text) in texts.enumerate() {
            Pen::on(buf, theme, row(area, at)).write(text, PLAIN);
        }
        return;
    }
    if let Some(observation) = &model.observation {
        for (at, piece) in wrapped(&sanitised(&where_it_is(observation)), usize::from(area.width))
            .iter()
            .enumerate()
        {
            Pen::on(buf, theme, row(area, at)).write(piece, PLAIN);
        }
        return;
    }
    if model.log.len() == 0 {
        let text = if model.log.is_filtered() {
            "No line in memory matches the filter; see logs/ in the state folder."
        } else {
            "No log lines yet."
        };
        Pen::on(buf, theme, row(area, 0)).write(text, PLAIN);
        return;
    }
    for (at, line) in rows(model, area).into_iter().enumerate() {
        let mut pen = Pen::on(buf, theme, row(area, at));
        let style = theme.level(line.of.level);
        if line.is_first {
            pen.column(TIME, &line.of.time.format("%H:%M:%S").to_string(), PLAIN)
                .column(LEVEL, line.of.level.as_str(), style);
            pen.write(&line.about, PLAIN);
        } else {
            pen.skip(indent(&line.about));
        }
        pen.write(&line.text, style);
    }
}

fn where_it_is(observation: &Observation) -> String {
    match &observation.lease {
        Some(holder) => format!("The log is on {}, in logs/ of {}.", holder.host, holder.folder),
        None => format!(
            "The log is on {}, in logs/ of its state folder.",
            observation.host
        ),
    }
}

/// A row of the pane: a line, or a piece of a wrapped one.
struct LogRow<'a> {
    of: &'a LogLine,
    about: String,
    is_first: bool,
    text: String,
}

/// The rows of the pane, top down; if they don't fill it, they start at the top.
fn rows(model: &Model, area: Rect) -> Vec<LogRow<'_>> {
    let height = usize::from(area.height);
    let several = model.has_several_stages();
    let mut rows = Vec::new();
    for line in model.log.upwards(height) {
        let message = sanitised(&line.message);
        let about = sanitised(&about(line, several)).into_owned();
        let columns = usize::from(area.width).saturating_sub(indent(&about));
        let pieces = if model.log.wrap {
            wrapped(&message, columns)
        } else {
            vec![&*message]
        };
        let pieces = pieces.into_iter().enumerate().rev();
        rows.extend(pieces.map(|(number, piece)| LogRow {
            of: line,
            about: about.clone(),
            is_first: number == 0,
            text: piece.to_owned(),
        }));
        if rows.len() >= height {
            break;
        }
    }
    rows.truncate(height);
    rows.reverse();
    rows
}

fn indent(about: &str) -> usize {
    TIME + LEVEL + width(about)
}
