//! The one table of commands an operator can give by key. The key bar, the help and the look-up read it through a
//! [`Keymap`], which knows the operator's own keys.

mod key;
mod own;

use crossterm::event::KeyCode;

pub use key::Key;
pub use own::{FIXED, Keymap, spelt};

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The Dates pane.
    Dates,
    /// The Workers pane.
    Workers,
    /// The Log pane.
    Log,
    /// The Checks pane.
    Checks,
    /// One date and its stored rows.
    Detail,
    /// Why dates of a stage are not as they should be.
    Causes,
    /// What the rows of a stage do not know.
    Gaps,
    /// What was found in the raw tables.
    Sources,
    /// The dates a check names.
    Offending,
    /// Everything about one check.
    About,
    /// The runbook.
    Runbook,
    /// Why what a check counts is not all known.
    Breakdown,
    /// The question before a rerun.
    Confirm,
    /// The question before leaving.
    Leave,
    /// The sample before the run.
    Sample,
    /// What the work costs.
    Cost,
    /// The question before the first unit.
    Question,
    /// The list of keys.
    Help,
    /// The line a search is typed in.
    Prompt,
    /// A recording that is shown, whatever page of it.
    Recording,
    /// What is read from a warehouse, whatever page of it.
    Observation,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 21] = [
        Self::Dates,
        Self::Workers,
        Self::Log,
        Self::Checks,
        Self::Detail,
        Self::Causes,
        Self::Gaps,
        Self::Sources,
        Self::Offending,
        Self::About,
        Self::Runbook,
        Self::Breakdown,
        Self::Confirm,
        Self::Leave,
        Self::Sample,
        Self::Cost,
        Self::Question,
        Self::Help,
        Self::Prompt,
        Self::Recording,
        Self::Observation,
    ];

    /// What the operator reads.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Dates => "Dates",
            Self::Workers => "Workers",
            Self::Log => "Log",
            Self::Checks => "Checks",
            Self::Detail => "one date",
            Self::Causes => "causes",
            Self::Gaps => "gaps",
            Self::Sources => "Sources",
            Self::Offending => "offending dates",
            Self::About => "one check",
            Self::Runbook => "runbook",
            Self::Breakdown => "breakdown",
            Self::Confirm => "question",
            Self::Leave => "leaving",
            Self::Sample => "sample",
            Self::Cost => "cost",
            Self::Question => "question before the run",
            Self::Help => "help",
            Self::Prompt => "search line",
            Self::Recording => "replay",
            Self::Observation => "read-only console",
        }
    }
}

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the table below says in one line what each does")]
pub enum Action {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    First,
    Last,
    NextAttention,
    PreviousAttention,
    Select,
    Open,
    Rerun,
    RerunShort,
    RerunAll,
    Refresh,
    /// Rerun what another definition made.
    RerunOutdated,
    Advance,
    Reload,
    DateLog,
    Causes,
    Gaps,
    PreviousStage,
    NextStage,
    Filter,
    Level,
    Wrap,
    CheckOne,
    CheckAll,
    About,
    Breakdown,
    Explain,
    NextView,
    PreviousView,
    Offending,
    RerunOffending,
    Waive,
    Withdraw,
    Accept,
    Back,
    Close,
    Table,
    Cancel,
    Drain,
    Abort,
    Erase,
    EraseAll,
    Search,
    Copy,
    PauseResume,
    Sample,
    Cost,
    MoreWorkers,
    FewerWorkers,
    NextPane,
    PreviousPane,
    DatesPane,
    WorkersPane,
    LogPane,
    ChecksPane,
    Runbook,
    Sources,
    Zoom,
    Mouse,
    Help,
    Redraw,
    Suspend,
    Interrupt,
    Detach,
    Helm,
    Quit,
    PlayOrHold,
    Faster,
    Slower,
    NextMark,
    PreviousMark,
    MinuteOn,
    MinuteBack,
    /// Read the progress again.
    ReadAgain,
}

impl Action {
    /// The orders it can send to the run, by the words the control socket knows them by.
    #[must_use]
    pub const fn orders(self) -> &'static [&'static str] {
        match self {
            Self::PauseResume => &["pause", "resume"],
            Self::Accept => &["answer"],
            Self::MoreWorkers | Self::FewerWorkers => &["workers"],
            Self::Rerun
            | Self::RerunShort
            | Self::RerunAll
            | Self::RerunOffending
            | Self::Refresh
            | Self::RerunOutdated => &["rerun"],
            Self::Reload => &["fetch"],
            Self::Advance => &["advance"],
            Self::CheckOne | Self::CheckAll => &["check"],
            Self::Breakdown | Self::Explain => &["explain"],
            Self::Waive => &["waive"],
            Self::Open => &["inspect", "check", "tick"],
            Self::Withdraw => &["untick"],
            Self::Cancel => &["cancel"],
            Self::Drain => &["drain"],
            Self::Abort => &["abort"],
            Self::Interrupt => &["drain", "abort"],
            _ => &[],
        }
    }
}

/// Whether this would be an order, had there been a run to take it. What is read first and may end in one is none.
#[must_use]
pub fn is_order(place: Place, action: Action) -> bool {
    match action {
        Action::Accept => place != Place::Prompt,
        Action::Open | Action::Breakdown | Action::Interrupt => false,
        Action::Helm | Action::Detach => true,
        _ => !action.orders().is_empty(),
    }
}

/// One command of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Name, unique.
    pub name: &'static str,
    /// What it asks for.
    pub action: Action,
    /// Its keys; the first is the one shown in the key bar.
    pub keys: &'static [Key],
    /// Where it works.
    pub places: &'static [Place],
    /// What the key bar calls it; none keeps it off the bar.
    pub label: Option<&'static str>,
    /// What it does, in one line.
    pub help: &'static str,
}

const fn ch(letter: char) -> Key {
    key(KeyCode::Char(letter))
}

const fn key(code: KeyCode) -> Key {
    Key::of(code)
}

const fn ctrl(letter: char) -> Key {
    Key::control(letter)
}

const UP: Key = key(KeyCode::Up);
const DOWN: Key = key(KeyCode::Down);
const LEFT: Key = key(KeyCode::Left);
const RIGHT: Key = key(KeyCode::Right);
const ENTER: Key = key(KeyCode::Enter);
const ESC: Key = key(KeyCode::Esc);
const PAGE_UP: Key = key(KeyCode::PageUp);
const PAGE_DOWN: Key = key(KeyCode::PageDown);
const HOME: Key = key(KeyCode::Home);
const END: Key = key(KeyCode::End);
const TAB: Key = key(KeyCode::Tab);
const BACK_TAB: Key = key(KeyCode::BackTab);

const PANES: &[Place] = &[Place::Dates, Place::Workers, Place::Log, Place::Checks];
/// The panes, and the pages over them on which the run is steered all the same.
const PANES_AND_PAGES: &[Place] = &[
    Place::Dates,
    Place::Workers,
    Place::Log,
    Place::Checks,
    Place::Detail,
    Place::Causes,
    Place::Gaps,
    Place::Sources,
    Place::Offending,
    Place::About,
    Place::Runbook,
    Place::Breakdown,
];
const LISTS: &[Place] = &[
    Place::Workers,
    Place::Log,
    Place::Checks,
    Place::Detail,
    Place::Causes,
    Place::Gaps,
    Place::Sources,
    Place::Offending,
    Place::About,
    Place::Runbook,
    Place::Breakdown,
    Place::Confirm,
    Place::Sample,
    Place::Cost,
    Place::Question,
    Place::Help,
];
const CHOICES: &[Place] = &[Place::Confirm, Place::Leave, Place::Question];
const OVERLAYS: &[Place] = &[
    Place::Causes,
    Place::Gaps,
    Place::Sources,
    Place::Offending,
    Place::About,
    Place::Runbook,
    Place::Breakdown,
    Place::Confirm,
    Place::Leave,
    Place::Cost,
    Place::Question,
    Place::Help,
];

macro_rules! bindings {
    ($($name:literal $action:ident [$($key:expr),+] $places:expr, $label:expr, $help:literal;)*) => {
        &[$(Binding {
            name: $name,
            action: Action::$action,
            keys: &[$($key),+],
            places: $places,
            label: $label,
            help: $help,
        }),*]
    };
}

/// Every command, in the order help shows them. The key bar keeps this order too.
#[rustfmt::skip]
pub const TABLE: &[Binding] = bindings! {
    "day-before"      Up         [UP, ch('k')]           &[Place::Dates], None, "the day before";
    "day-after"       Down       [DOWN, ch('j')]         &[Place::Dates], None, "the day after";
    "week-before"     Left       [LEFT, ch('h')]         &[Place::Dates], None, "the week before";
    "week-after"      Right      [RIGHT, ch('l')]        &[Place::Dates], None, "the week after";
    "year-before"     PageUp     [PAGE_UP]               &[Place::Dates], None, "twelve months before";
    "year-after"      PageDown   [PAGE_DOWN]             &[Place::Dates], None, "twelve months after";
    "first-date"      First      [HOME, ch('g')]         &[Place::Dates], None, "the first date";
    "last-date"       Last       [END, ch('G')]          &[Place::Dates], None, "the last date";
    "open-date"       Open       [ENTER]                 &[Place::Dates], Some("open"), "the date: its state, its reason, and what is stored for it";
    "open-stored"     Open       [ENTER]                 &[Place::Detail], Some("open"), "what is stored for the marked line: who is in it, then a row, column by column";
    "all-columns"     Table      [ch('t')]               &[Place::Detail], Some("table"), "all columns of the rows as one table, or line by line again";
    "next-trouble"    NextAttention [ch('n')]            &[Place::Dates, Place::Checks, Place::Breakdown], Some("next trouble"), "the next date that is failed, partial or empty, or that the filter shows; the next check not met; the next date not all known";
    "previous-trouble" PreviousAttention [ch('N')]       &[Place::Dates, Place::Checks, Place::Breakdown], None, "the one before in trouble";
    "select"          Select     [ch('v'), ch(' ')]      &[Place::Dates], Some("select"), "begin or end a range of dates";
    "rerun"           Rerun      [ch('r')]               &[Place::Dates, Place::Detail], Some("rerun"), "do the date or the selected range again, after a question";
    "rerun-short"     RerunShort [ch('a')]               &[Place::Dates, Place::Detail], None, "rerun the date or the selected range and let fewer rows replace those stored (asks first)";
    "rerun-failed"    RerunAll   [ch('R')]               &[Place::Dates], Some("rerun failed"), "do every failed, partial or empty date again, after a question";
    "causes"          Causes     [ch('t')]               &[Place::Dates], Some("causes"), "why dates of this stage are failed, partial or empty: a line for each cause";
    "filter"          Filter     [ch('f')]               &[Place::Dates], Some("filter"), "only the dates of one state, what needs attention first; after the last state all again";
    "rerun-cause"     Rerun      [ch('r')]               &[Place::Causes], Some("rerun these"), "do the dates of this cause again, after a question";
    "filter-cause"    Filter     [ch('f')]               &[Place::Causes], Some("only these"), "show only the dates of this cause in the Dates pane";
    "cause-dates"     Open       [ENTER]                 &[Place::Causes], Some("first date"), "show the first date of this cause in the Dates pane";
    "refresh"         Refresh    [ch('S')]               &[Place::Dates, Place::Checks], None, "do every stale date of every stage again, after a question";
    "rerun-outdated"  RerunOutdated [ch('O')]            &[Place::Dates, Place::Checks], None, "rerun every outdated date of every stage (asks first)";
    "fetch"           Reload     [ch('F')]               &[Place::Dates, Place::Detail], None, "fetch the raw rows of the date or the selected range again, after a question";
    "advance"         Advance    [ch('A')]               &[Place::Dates, Place::Checks], None, "let the stage begin that waits for your word";
    "stage-before"    PreviousStage [ch('[')]            &[Place::Dates], None, "the stage before";
    "stage-after"     NextStage  [ch(']')]               &[Place::Dates], None, "the stage after";
    "gaps"            Gaps       [ch('u')]               &[Place::Dates], Some("unknown"), "what the rows of this stage do not know: empty columns and issues, counted";

    "check"           CheckOne   [ENTER]                 &[Place::Checks], Some("ask"), "ask this check now; on a heading, fold or unfold its stage";
    "check-all"       CheckAll   [ch('a')]               &[Place::Checks], Some("ask all"), "ask every check now";
    "about"           About      [ch('i')]               &[Place::Checks], Some("history"), "everything about this check: its earlier answers, waiver, dates";
    "fold"            Left       [LEFT, ch('h')]         &[Place::Checks], None, "hide the checks of this stage";
    "unfold"          Right      [RIGHT, ch('l')]        &[Place::Checks], None, "show the checks of this stage";
    "offending"       Offending  [ch('o')]               &[Place::Checks], Some("offending"), "the dates this check names";
    "rerun-offending" RerunOffending [ch('x')]           &[Place::Checks, Place::Offending], Some("rerun offending"), "do the dates this check names again, after a question";
    "fetch-named"     Reload     [ch('F')]              &[Place::Offending], Some("fetch again"), "fetch the raw rows of the dates that are named again, after a question";

    "source-dates"    Offending  [ENTER, ch('o')]       &[Place::Sources], Some("dates"), "the dates this check of the sources names";
    "ask-sources"     CheckAll   [ch('a')]              &[Place::Sources], Some("ask all"), "ask every check of the sources now";
    "ask-source"      CheckOne   [ch(' ')]              &[Place::Sources], Some("ask"), "ask this check of the sources now";

    "waive"           Waive      [ch('W')]               &[Place::Checks], Some("waive"), "let a failed check pass, with a reason that is recorded for good";

    "item"            Open       [ENTER]                 &[Place::Runbook], Some("tick, ask, show"), "tick an item by hand, with a note; ask the checks of another, or show its dates";
    "withdraw"        Withdraw   [ch('u')]               &[Place::Runbook], Some("withdraw"), "withdraw a tick by hand, with a note";
    "next-item"       NextAttention [ch('n')]            &[Place::Runbook], Some("next"), "the next item that is not done";
    "previous-item"   PreviousAttention [ch('N')]        &[Place::Runbook], None, "the item before that is not done";
    "breakdown"       Breakdown  [ch('b')]               &[Place::Dates, Place::Workers, Place::Log, Place::Breakdown], None, "why what a check counts is not all known, by date and group; the next such check";
    "breakdown-of"    Breakdown  [ch('b')]               &[Place::Checks], Some("breakdown"), "why what this check counts is not all known, by date and group";
    "explain"         Explain    [ch('e')]               &[Place::Breakdown], Some("ask again"), "ask for the breakdown anew";
    "next-view"       NextView   [TAB]                   &[Place::Breakdown], Some("by date, group"), "the next way to look at it: by date, by each group";
    "previous-view"   PreviousView [BACK_TAB]            &[Place::Breakdown], None, "the way to look at it before";

    "hit-before"      NextAttention [ch('n')]            &[Place::Log], None, "further up among the lines that were found";
    "hit-after"       PreviousAttention [ch('N')]        &[Place::Log], None, "further down among the lines that were found";
    "level"           Level      [ch('f')]               &[Place::Log], Some("level"), "the least level shown: all, info, warnings, errors";
    "wrap"            Wrap       [ch('w')]               &[Place::Log], Some("wrap"), "wrap long lines, or cut them";
    "date-log"        DateLog    [ch('L')]               &[Place::Dates, Place::Log, Place::Detail], Some("date's log"), "only the log lines of the date under the cursor, or all again";

    "up"              Up         [UP, ch('k')]           LISTS, None, "one line up";
    "down"            Down       [DOWN, ch('j')]         LISTS, None, "one line down";
    "page-up"         PageUp     [PAGE_UP]               LISTS, None, "one page up";
    "page-down"       PageDown   [PAGE_DOWN]             LISTS, None, "one page down";
    "top"             First      [HOME, ch('g')]         LISTS, None, "the top";
    "bottom"          Last       [END, ch('G')]          LISTS, None, "the bottom; the log follows from there";
    "columns-left"    Left       [LEFT, ch('h')]         &[Place::Detail, Place::Breakdown], None, "columns further left; the week before";
    "columns-right"   Right      [RIGHT, ch('l')]        &[Place::Detail, Place::Breakdown], Some("more columns"), "columns further right; the week after";
    "go-to-date"      Open       [ENTER]                 &[Place::Offending, Place::Breakdown], Some("go to date"), "show this date in the Dates pane";

    "go-on"           PauseResume [ch('p')]              &[Place::Sample], Some("go on"), "go on with the full range";
    "leave-sample"    Quit       [ch('q')]               &[Place::Sample], Some("quit"), "leave; nothing was written";
    "close-sample"    Back       [ESC]                   &[Place::Sample], Some("close"), "look at the panes; the run keeps holding";

    "begin"           Accept     [ENTER, ch('p')]        &[Place::Cost], Some("begin"), "say yes to what the run is going to be billed: it begins";

    "choice-before"   Left       [LEFT, ch('h'), BACK_TAB] CHOICES, None, "the choice before";
    "choice-after"    Right      [RIGHT, ch('l'), TAB]   CHOICES, Some("choose"), "the next choice";
    "accept"          Accept     [ENTER]                 &[Place::Confirm, Place::Leave, Place::Question, Place::Prompt], Some("accept"), "take the marked choice, or what was typed";
    "hold"            PauseResume [ch('p')]              &[Place::Leave], Some("pause"), "let what is in flight land, then hold; or go on";
    "give-up"         Cancel     [ch('c')]               &[Place::Leave], Some("give up"), "give up what is in flight, and hold";
    "leave-running"   Detach     [ch('d')]               &[Place::Leave], Some("detach"), "leave the screen and let the run go on, as on every pane";
    "drain"           Drain      [ch('e')]               &[Place::Leave], Some("drain"), "let what is in flight land, then leave";
    "abort"           Abort      [ch('a')]               &[Place::Leave], Some("abort"), "cut off what is in flight and leave";
    "one-level-up"    Back       [ESC]                   &[Place::Detail], Some("close"), "what was opened before; at the first, close the date";
    "close-date"      Close      [ch('q')]               &[Place::Detail], None, "close the date";
    "close"           Back       [ESC, ch('q')]          OVERLAYS, Some("close"), "close it and change nothing";
    "cancel"          Back       [ESC]                   &[Place::Prompt], Some("cancel"), "leave the line and search nothing";
    "erase"           Erase      [key(KeyCode::Backspace), ctrl('h')] &[Place::Prompt], None, "the last character";
    "erase-all"       EraseAll   [ctrl('u')]             &[Place::Prompt], Some("erase"), "everything typed";

    "search"          Search     [ch('/')]               &[Place::Dates, Place::Log, Place::Help], Some("search"), "a date by its digits, log lines by their text, stage or date, keys by what they do";
    "copy"            Copy       [ch('y')]               &[Place::Dates, Place::Workers, Place::Log, Place::Checks, Place::Detail, Place::Sources, Place::Offending, Place::About, Place::Runbook, Place::Sample, Place::Cost, Place::Breakdown, Place::Causes, Place::Confirm, Place::Question], None, "send what is marked to the terminal's clipboard";
    "clear"           Back       [ESC]                   PANES, None, "drop the selection, the filter, the zoom; from the log of one date, back to where it was asked for";
    "pause"           PauseResume [ch('p')]              PANES_AND_PAGES, Some("pause"), "stop handing out work, or go on";
    "sample"          Sample     [ch('s')]               PANES, None, "the sample before the run, if one was taken";
    "cost"            Cost       [ch('c')]               PANES, None, "what the work costs, stage by stage, where the warehouse bills it";
    "more-workers"    MoreWorkers [ch('+'), ch('=')]     PANES, Some("more workers"), "one worker more";
    "fewer-workers"   FewerWorkers [ch('-')]             PANES, Some("fewer"), "one worker fewer";
    "next-pane"       NextPane   [TAB]                   PANES, None, "the next pane";
    "previous-pane"   PreviousPane [BACK_TAB]            PANES, None, "the pane before";
    "dates-pane"      DatesPane  [ch('1')]               PANES, None, "the Dates pane";
    "workers-pane"    WorkersPane [ch('2')]              PANES, None, "the Workers pane";
    "log-pane"        LogPane    [ch('3')]               PANES, None, "the Log pane";
    "checks-pane"     ChecksPane [ch('4')]               PANES, None, "the Checks pane";
    "runbook"         Runbook    [ch('6')]               PANES, Some("runbook"), "the operator's list of items, each with the fact that ticked it";
    "sources"         Sources    [ch('5')]               PANES, None, "the Sources page: what was found in the raw tables";
    "zoom"            Zoom       [ch('z')]               PANES, Some("zoom"), "this pane alone, or all of them";
    "mouse"           Mouse      [ch('m')]               PANES, None, "have wheel and clicks work here, or leave them to the terminal, which selects text with them";
    "help"            Help       [ch('?'), key(KeyCode::F(1))] &[Place::Dates, Place::Workers, Place::Log, Place::Checks, Place::Detail, Place::Sources, Place::Offending, Place::About, Place::Runbook, Place::Sample, Place::Cost, Place::Breakdown], Some("help"), "this list";
    "helm"            Helm       [ch('H')]               PANES, None, "take the helm of a run that several consoles show, after a question";
    "detach"          Detach     [ch('d')]               PANES, None, "leave the screen and let the run go on; 'backcourt attach' shows it again";
    "quit"            Quit       [ch('q')]               PANES, Some("quit"), "leave; asks first while there is work";
    "play"            PlayOrHold [ch(' ')]               &[Place::Recording], Some("hold"), "hold the recording, let it go on, or begin it again at its end";
    "faster"          Faster     [ch('+'), ch('=')]      &[Place::Recording], Some("faster"), "the next higher speed";
    "slower"          Slower     [ch('-')]               &[Place::Recording], Some("slower"), "the next lower speed";
    "next-mark"       NextMark   [ch('>'), ch('.')]      &[Place::Recording], Some("next event"), "the next failure, unmet check, gate, pause or end";
    "previous-mark"   PreviousMark [ch('<'), ch(',')]    &[Place::Recording], Some("event before"), "the one before it";
    "minute-on"       MinuteOn   [ch('}')]               &[Place::Recording], Some("minute on"), "a minute of the recording on";
    "minute-back"     MinuteBack [ch('{')]               &[Place::Recording], None, "a minute of the recording back";
    "read-again"      ReadAgain  [ch('r')]               &[Place::Observation], Some("refresh"), "read the progress from the warehouse now";
    "redraw"          Redraw     [ctrl('l')]             &Place::ALL, None, "draw the whole screen again";
    "suspend"         Suspend    [ctrl('z')]             &Place::ALL, None, "stop the program, its work included, until the shell's fg";
    "interrupt"       Interrupt  [ctrl('c')]             &Place::ALL, None, "twice within 2 s: drain and leave; twice more: abort";
};

impl Binding {
    /// Where it works, in words.
    #[must_use]
    pub fn where_it_works(&self) -> String {
        if self.places.len() == Place::ALL.len() {
            return "everywhere".to_owned();
        }
        if self.places == PANES {
            return "every pane".to_owned();
        }
        if self.places == PANES_AND_PAGES {
            return "every pane and page".to_owned();
        }
        let titles: Vec<_> = self.places.iter().map(|place| place.title()).collect();
        titles.join(", ")
    }
}

/// The commands that work at a place, in the table's order.
pub fn at(place: Place) -> impl Iterator<Item = &'static Binding> {
    TABLE
        .iter()
        .filter(move |binding| binding.places.contains(&place))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crossterm::event::{KeyEvent, KeyModifiers};
    use rstest::rstest;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn names_are_unique_and_every_command_is_described() {
        let names: HashSet<_> = TABLE.iter().map(|binding| binding.name).collect();
        assert_eq!(names.len(), TABLE.len());
        for binding in TABLE {
            assert!(
                !binding.help.is_empty() && !binding.places.is_empty(),
                "{}",
                binding.name
            );
        }
    }

    #[test]
    fn spellings_fit_the_character_set_and_take_no_ambiguous_width() {
        for key in TABLE.iter().flat_map(|binding| binding.keys) {
            assert!(key.spelt(false).is_ascii());
            let signs = key.spelt(true);
            assert_eq!(signs.width(), signs.width_cjk(), "{signs}");
        }
    }

    #[rstest]
    #[case(KeyCode::Char('R'), KeyModifiers::SHIFT, Some(Action::RerunAll))]
    #[case(KeyCode::Char('R'), KeyModifiers::NONE, Some(Action::RerunAll))]
    #[case(KeyCode::Char('r'), KeyModifiers::NONE, Some(Action::Rerun))]
    #[case(KeyCode::BackTab, KeyModifiers::SHIFT, Some(Action::PreviousPane))]
    #[case(KeyCode::Char('c'), KeyModifiers::CONTROL, Some(Action::Interrupt))]
    #[case(KeyCode::Char('c'), KeyModifiers::NONE, Some(Action::Cost))]
    #[case(KeyCode::Char('r'), KeyModifiers::ALT, None)]
    fn events_become_actions(
        #[case] code: KeyCode,
        #[case] modifiers: KeyModifiers,
        #[case] action: Option<Action>,
    ) {
        let key = Key::from_event(KeyEvent::new(code, modifiers));
        let keymap = Keymap::default();
        assert_eq!(key.and_then(|key| keymap.lookup(Place::Dates, key)), action);
    }
}
