//! Renders a screen as SVG: text as text, and characters that fonts draw with gaps as paths. Independent of the
//! console.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 18.0;
const MARGIN: f64 = 14.0;
const BASELINE: f64 = 13.5;

const GROUND: &str = "#161b22";
const INK: &str = "#d0d7de";

const FONTS: &str = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/// The screen on a dark background.
pub fn picture(screen: &Buffer) -> String {
    let (columns, rows) = (f64::from(screen.area.width), f64::from(screen.area.height));
    let (width, height) = (columns * WIDTH + 2.0 * MARGIN, rows * HEIGHT + 2.0 * MARGIN);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" font-size=\"14\" xml:space=\"preserve\" font-family=\"{FONTS}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n"
    );
    let (mut grounds, mut shapes, mut letters) = (Paths::default(), Paths::default(), String::new());
    let mut y = MARGIN;
    for row in screen.content.chunks(usize::from(screen.area.width)) {
        let mut x = MARGIN;
        for cell in row {
            let (ink, ground) = colours(cell);
            if ground != GROUND {
                grounds.add(ground, &block(x, y, x + WIDTH, y + HEIGHT));
            }
            if let Some(path) = shape(cell.symbol(), x, y) {
                shapes.add(ink, &path);
            }
            x += WIDTH;
        }
        letters.push_str(&words(row, y));
        y += HEIGHT;
    }
    for (ink, path) in grounds.0.iter().chain(&shapes.0) {
        let _ = writeln!(text, "<path fill=\"{ink}\" d=\"{path}\"/>");
    }
    text + &letters + "</svg>\n"
}

/// One path per colour, in the order of first use.
#[derive(Default)]
struct Paths(Vec<(&'static str, String)>);

impl Paths {
    fn add(&mut self, ink: &'static str, path: &str) {
        match self.0.iter_mut().find(|(colour, _)| *colour == ink) {
            Some((_, whole)) => whole.push_str(path),
            None => self.0.push((ink, path.to_owned())),
        }
    }
}

/// Foreground and background colour of a cell.
fn colours(cell: &Cell) -> (&'static str, &'static str) {
    let (ink, ground) = (colour(cell.fg, INK), colour(cell.bg, GROUND));
    if cell.modifier.contains(Modifier::REVERSED) {
        (ground, ink)
    } else {
        (ink, ground)
    }
}

/// One of the sixteen terminal colours, in a dark palette.
fn colour(colour: Color, usual: &'static str) -> &'static str {
    match colour {
        Color::Black => "#484f58",
        Color::Red => "#f47067",
        Color::Green => "#6bc46d",
        Color::Yellow => "#daaa3f",
        Color::Blue => "#539bf5",
        Color::Magenta => "#c58fd9",
        Color::Cyan => "#56b6c2",
        Color::Gray => "#d0d7de",
        Color::DarkGray => "#6e7681",
        Color::LightRed => "#ff938a",
        Color::LightGreen => "#8ddb8c",
        Color::LightYellow => "#eac55f",
        Color::LightBlue => "#6cb6ff",
        Color::LightMagenta => "#dcbdfb",
        Color::LightCyan => "#76d9e6",
        Color::White => "#f0f6fc",
        _ => usual,
    }
}

/// The text of a row, in runs of one style. Non-ASCII characters are placed individually, because their width depends
/// on the font.
fn words(row: &[Cell], y: f64) -> String {
    let is_word = |cell: &Cell| cell.symbol() != " " && shape(cell.symbol(), 0.0, 0.0).is_none();
    let style = |cell: &Cell| (colours(cell), cell.modifier.contains(Modifier::BOLD));
    let goes_on = |a: &Cell, b: &Cell| {
        is_word(a) && is_word(b) && a.symbol().is_ascii() && b.symbol().is_ascii() && style(a) == style(b)
    };
    let mut text = String::new();
    let mut x = MARGIN;
    for run in row.chunk_by(goes_on) {
        let width: f64 = run.iter().map(|_| WIDTH).sum();
        if is_word(&run[0]) {
            let ((ink, _), is_bold) = style(&run[0]);
            let weight = if is_bold { " font-weight=\"bold\"" } else { "" };
            let word: String = run.iter().map(|cell| escaped(cell.symbol())).collect();
            let _ = writeln!(
                text,
                "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{ink}\"{weight} textLength=\"{width:.1}\">{word}</text>",
                y + BASELINE
            );
        }
        x += width;
    }
    text
}

fn escaped(symbol: &str) -> &str {
    match symbol {
        "&" => "&amp;",
        "<" => "&lt;",
        ">" => "&gt;",
        other => other,
    }
}

/// The path of a line or block character; `None` for text.
fn shape(symbol: &str, x: f64, y: f64) -> Option<String> {
    let (right, bottom) = (x + WIDTH, y + HEIGHT);
    let (middle, centre) = (x + WIDTH / 2.0, y + HEIGHT / 2.0);
    // Lines consist of segments that meet in the middle of the cell: up, right, down, left; upper case means heavy.
    let ends = match symbol {
        "─" => "rl",
        "│" => "ud",
        "┌" => "rd",
        "┐" => "dl",
        "└" => "ur",
        "┘" => "ul",
        "━" => "RL",
        "┃" => "UD",
        "▮" => return Some(block(x + 1.5, y + 3.0, right - 1.5, bottom - 3.0)),
        "▯" => {
            let hole = block(right - 2.5, y + 4.0, x + 2.5, bottom - 4.0);
            return Some(block(x + 1.5, y + 3.0, right - 1.5, bottom - 3.0) + &hole);
        }
        "⋅" => return Some(block(middle - 0.9, centre - 0.9, middle + 0.9, centre + 0.9)),
        height => {
            let eighths = "▁▂▃▄▅▆▇█".chars().position(|sign| height.starts_with(sign))?;
            let part = HEIGHT / 8.0 * f64::from(u8::try_from(eighths + 1).ok()?);
            return Some(block(x, bottom - part, right, bottom));
        }
    };
    let stroke = |end: char| {
        let half = if end.is_uppercase() { 1.3 } else { 0.55 };
        match end.to_ascii_lowercase() {
            'u' => block(middle - half, y, middle + half, centre + half),
            'd' => block(middle - half, centre - half, middle + half, bottom),
            'l' => block(x, centre - half, middle + half, centre + half),
            _ => block(middle - half, centre - half, right, centre + half),
        }
    };
    Some(ends.chars().map(stroke).collect())
}

/// A rectangle. Drawn from right to left, it cuts a hole into a surrounding one.
fn block(left: f64, top: f64, right: f64, bottom: f64) -> String {
    let (width, height) = (right - left, bottom - top);
    format!("M{left:.1} {top:.1}h{width:.1}v{height:.1}h{:.1}z", -width)
}
