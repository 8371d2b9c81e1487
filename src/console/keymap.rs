//! The table of commands bound to keys. The key bar, the help and the lookup read it through a [`Keymap`], which adds
//! the operator's own keys.

mod key;
mod own;

use crossterm::event::KeyCode;

pub use key::Key;
pub use own::{FIXED, Keymap, spelt};

macro_rules! key_contexts {
    ($($name:ident $title:literal: $about:literal;)*) => {
        /// The place that receives a key.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum KeyContext {
            $(#[doc = $about] $name,)*
        }

        impl KeyContext {
            /// Every place, in the order of the help.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in the help.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

key_contexts! {
    Dates "Dates": "The Dates pane.";
    Workers "Workers": "The Workers pane.";
    Log "Log": "The Log pane.";
    Checks "Checks": "The Checks pane.";
    Detail "one date": "One date and its stored rows.";
    Overview "Overview": "Every stage and the whole range.";
    Causes "causes": "The causes of dates that need attention or are outdated.";
    Gaps "gaps": "NULLs and data issues in the rows of a stage.";
    Sources "Sources": "The checks of the raw tables.";
    FailingDates "failing dates": "The failing dates of a check.";
    About "one check": "Everything about one check.";
    Runbook "runbook": "The runbook.";
    Breakdown "breakdown": "The breakdown of a check.";
    Confirm "question": "The question before a rerun.";
    Leave "quit": "The question before leaving.";
    Sample "sample": "The sample before the run.";
    Cost "cost": "Estimated and billed cost.";
    Question "question before the run": "The question before the first unit.";
    Help "help": "The help page.";
    Prompt "search line": "The prompt.";
    Recording "replay": "Any page of a recording.";
    Observation "read-only console": "Any page of a read-only view of a warehouse.";
}

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
    /// Rerun the units made by another definition.
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
    RunBreakdown,
    NextView,
    PreviousView,
    FailingDates,
    RerunFailing,
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
    Overview,
    Runbook,
    Sources,
    Zoom,
    Mouse,
    Help,
    Redraw,
    Suspend,
    Interrupt,
    Detach,
    TakeControl,
    Quit,
    PlayOrPause,
    Faster,
    Slower,
    NextMark,
    PreviousMark,
    MinuteForward,
    MinuteBack,
    ReadAgain,
}

impl Action {
    /// The commands it can send to the run, by their names on the control socket.
    #[must_use]
    pub const fn orders(self) -> &'static [&'static str] {
        match self {
            Self::PauseResume => &["pause", "resume"],
            Self::Accept => &["answer"],
            Self::MoreWorkers | Self::FewerWorkers => &["workers"],
            Self::Rerun | Self::RerunShort | Self::RerunAll | Self::RerunFailing | Self::RerunOutdated => {
                &["rerun"]
            }
            Self::Refresh => &["rerun", "look"],
            Self::Reload => &["reload"],
            Self::Advance => &["advance"],
            Self::CheckOne | Self::CheckAll => &["check"],
            Self::Breakdown | Self::RunBreakdown => &["breakdown"],
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

/// Whether the action sends a command to the run. Actions that open a page first, which may send one later, don't
/// count.
#[must_use]
pub fn is_order(place: KeyContext, action: Action) -> bool {
    match action {
        Action::Accept => place != KeyContext::Prompt,
        Action::Open | Action::Breakdown | Action::Interrupt => false,
        Action::TakeControl | Action::Detach => true,
        _ => !action.orders().is_empty(),
    }
}

/// A command of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Unique name, as used in the configuration.
    pub name: &'static str,
    /// Its action.
    pub action: Action,
    /// Default keys; the key bar shows the first.
    pub keys: &'static [Key],
    /// The places it works in.
    pub places: &'static [KeyContext],
    /// Label on the key bar; `None` keeps it off the bar.
    pub label: Option<&'static str>,
    /// Description in the help, one line.
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

const PANES: &[KeyContext] = &[
    KeyContext::Dates,
    KeyContext::Workers,
    KeyContext::Log,
    KeyContext::Checks,
];
/// Pages in which the run can be controlled too.
const PAGES: &[KeyContext] = &[
    KeyContext::Overview,
    KeyContext::Causes,
    KeyContext::Gaps,
    KeyContext::Sources,
    KeyContext::FailingDates,
    KeyContext::About,
    KeyContext::Runbook,
    KeyContext::Breakdown,
];
const PANES_AND_PAGES: &[KeyContext] = &joined::<13>(PANES, &[KeyContext::Detail], PAGES);
const LISTS: &[KeyContext] = &joined::<17>(
    &[
        KeyContext::Workers,
        KeyContext::Log,
        KeyContext::Checks,
        KeyContext::Detail,
    ],
    PAGES,
    &[
        KeyContext::Confirm,
        KeyContext::Sample,
        KeyContext::Cost,
        KeyContext::Question,
        KeyContext::Help,
    ],
);
const CHOICES: &[KeyContext] = &[KeyContext::Confirm, KeyContext::Leave, KeyContext::Question];
const OVERLAYS: &[KeyContext] = &joined::<13>(
    PAGES,
    &[KeyContext::Confirm, KeyContext::Leave],
    &[KeyContext::Cost, KeyContext::Question, KeyContext::Help],
);

/// Three lists in one.
const fn joined<const N: usize>(a: &[KeyContext], b: &[KeyContext], c: &[KeyContext]) -> [KeyContext; N] {
    assert!(a.len() + b.len() + c.len() == N);
    let mut all = [KeyContext::Dates; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < a.len() {
            a[at]
        } else if at < a.len() + b.len() {
            b[at - a.len()]
        } else {
            c[at - a.len() - b.len()]
        };
        at += 1;
    }
    all
}

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

/// Every command, in the order of the help and the key bar.
#[rustfmt::skip]
pub const TABLE: &[Binding] = bindings! {
    "previous-day"    Up         [UP, ch('k')]           &[KeyContext::Dates], None, "previous day";
    "next-day"        Down       [DOWN, ch('j')]         &[KeyContext::Dates], None, "next day";
    "previous-week"   Left       [LEFT, ch('h')]         &[KeyContext::Dates], None, "previous week";
    "next-week"       Right      [RIGHT, ch('l')]        &[KeyContext::Dates], None, "next week";
    "previous-year"   PageUp     [PAGE_UP]               &[KeyContext::Dates], None, "12 months back";
    "next-year"       PageDown   [PAGE_DOWN]             &[KeyContext::Dates], None, "12 months forward";
    "first-date"      First      [HOME, ch('g')]         &[KeyContext::Dates], None, "first date";
    "last-date"       Last       [END, ch('G')]          &[KeyContext::Dates], None, "last date";
    "open-date"       Open       [ENTER]                 &[KeyContext::Dates], Some("open"), "open the date: state, reason and stored rows";
    "open-stored"     Open       [ENTER]                 &[KeyContext::Detail], Some("open"), "open the marked line: its rows, then one row column by column";
    "all-columns"     Table      [ch('t')]               &[KeyContext::Detail], Some("table"), "toggle table view with all columns";
    "next-problem"    NextAttention [ch('n')]            &[KeyContext::Dates, KeyContext::Checks, KeyContext::Breakdown, KeyContext::Overview], Some("next problem"), "next date that needs attention or matches the filter; next failing check; next incomplete date";
    "previous-problem" PreviousAttention [ch('N')]       &[KeyContext::Dates, KeyContext::Checks, KeyContext::Breakdown, KeyContext::Overview], None, "previous date or check that needs attention";
    "select"          Select     [ch('v'), ch(' ')]      &[KeyContext::Dates], Some("select"), "start or end a date range";
    "rerun"           Rerun      [ch('r')]               &[KeyContext::Dates, KeyContext::Detail], Some("rerun"), "rerun the date or selection (asks first)";
    "rerun-short"     RerunShort [ch('a')]               &[KeyContext::Dates, KeyContext::Detail], None, "rerun the date or selection and accept fewer rows than stored (asks first)";
    "rerun-failed"    RerunAll   [ch('R')]               &[KeyContext::Dates], Some("rerun failed"), "rerun all failed, partial and empty dates (asks first)";
    "causes"          Causes     [ch('t')]               &[KeyContext::Dates], Some("causes"), "failures of this stage by cause";
    "filter"          Filter     [ch('f')]               &[KeyContext::Dates], Some("filter"), "filter dates by state";
    "rerun-cause"     Rerun      [ch('r')]               &[KeyContext::Causes], Some("rerun these"), "rerun the dates of this cause (asks first)";
    "filter-cause"    Filter     [ch('f')]               &[KeyContext::Causes], Some("only these"), "show only the dates of this cause";
    "cause-dates"     Open       [ENTER]                 &[KeyContext::Causes], Some("first date"), "go to the first date of this cause";
    "rerun-stale"     Refresh    [ch('S')]               &[KeyContext::Dates, KeyContext::Checks], None, "rerun all stale dates of all stages (asks first); if there are none, look at the sources again";
    "rerun-outdated"  RerunOutdated [ch('O')]            &[KeyContext::Dates, KeyContext::Checks], None, "rerun all outdated dates of all stages (asks first)";
    "reload"          Reload     [ch('F')]               &[KeyContext::Dates, KeyContext::Detail], None, "reload the raw rows of the date or selection (asks first)";
    "advance"         Advance    [ch('A')]               &[KeyContext::Dates, KeyContext::Checks], None, "start the stage that awaits approval";
    "previous-stage"  PreviousStage [ch('[')]            &[KeyContext::Dates], None, "previous stage";
    "next-stage"      NextStage  [ch(']')]               &[KeyContext::Dates], None, "next stage";
    "gaps"            Gaps       [ch('u')]               &[KeyContext::Dates], Some("NULLs"), "NULLs and data issues of this stage";

    "previous-cell"   Left       [LEFT, ch('h')]         &[KeyContext::Overview], None, "previous cell of the stage";
    "next-cell"       Right      [RIGHT, ch('l')]        &[KeyContext::Overview], None, "next cell of the stage";
    "open-cell"       Open       [ENTER]                 &[KeyContext::Overview], Some("go to dates"), "go to the first date in the state of the cell, in the Dates pane";

    "check"           CheckOne   [ENTER]                 &[KeyContext::Checks], Some("run"), "run this check; on a heading, fold or unfold its stage";
    "check-all"       CheckAll   [ch('a')]               &[KeyContext::Checks], Some("run all"), "run all checks";
    "about"           About      [ch('i')]               &[KeyContext::Checks], Some("history"), "details and history of this check";
    "fold"            Left       [LEFT, ch('h')]         &[KeyContext::Checks], None, "fold the checks of this stage";
    "unfold"          Right      [RIGHT, ch('l')]        &[KeyContext::Checks], None, "unfold the checks of this stage";
    "failing-dates"   FailingDates [ch('o')]             &[KeyContext::Checks], Some("failing dates"), "failing dates of this check";
    "rerun-failing"   RerunFailing [ch('x')]             &[KeyContext::Checks, KeyContext::FailingDates], Some("rerun failing"), "rerun the failing dates of this check (asks first)";
    "reload-failing"  Reload     [ch('F')]               &[KeyContext::FailingDates], Some("reload"), "reload the raw rows of the failing dates (asks first)";

    "source-dates"    FailingDates [ENTER, ch('o')]      &[KeyContext::Sources], Some("dates"), "failing dates of this raw-data check";
    "run-sources"     CheckAll   [ch('a')]               &[KeyContext::Sources], Some("run all"), "run all raw-data checks";
    "run-source"      CheckOne   [ch(' ')]               &[KeyContext::Sources], Some("run"), "run this raw-data check";

    "waive"           Waive      [ch('W')]               &[KeyContext::Checks], Some("waive"), "waive a failed check, with a reason";

    "item"            Open       [ENTER]                 &[KeyContext::Runbook], Some("tick, run, show"), "tick a manual item, run the checks of an item or show its dates";
    "withdraw"        Withdraw   [ch('u')]               &[KeyContext::Runbook], Some("withdraw"), "withdraw a manual tick, with a note";
    "next-item"       NextAttention [ch('n')]            &[KeyContext::Runbook], Some("next"), "next item that is not done";
    "previous-item"   PreviousAttention [ch('N')]        &[KeyContext::Runbook], None, "previous item that is not done";
    "breakdown"       Breakdown  [ch('b')]               &[KeyContext::Dates, KeyContext::Workers, KeyContext::Log, KeyContext::Breakdown], None, "break down missing values by date and group; again for the next check";
    "breakdown-of"    Breakdown  [ch('b')]               &[KeyContext::Checks], Some("breakdown"), "break down the missing values of this check by date and group";
    "run-breakdown"   RunBreakdown [ch('e')]             &[KeyContext::Breakdown], Some("run again"), "run the breakdown again";
    "next-view"       NextView   [TAB]                   &[KeyContext::Breakdown], Some("by date, group"), "next view: by date, by group";
    "previous-view"   PreviousView [BACK_TAB]            &[KeyContext::Breakdown], None, "previous view";

    "next-match"      NextAttention [ch('n')]            &[KeyContext::Log], None, "next match";
    "previous-match"  PreviousAttention [ch('N')]        &[KeyContext::Log], None, "previous match";
    "level"           Level      [ch('f')]               &[KeyContext::Log], Some("level"), "minimum level: all, info, warnings, errors";
    "wrap"            Wrap       [ch('w')]               &[KeyContext::Log], Some("wrap"), "wrap or cut long lines";
    "date-log"        DateLog    [ch('L')]               &[KeyContext::Dates, KeyContext::Log, KeyContext::Detail], Some("date's log"), "show only the log of the date under the cursor, or all";

    "up"              Up         [UP, ch('k')]           LISTS, None, "line up";
    "down"            Down       [DOWN, ch('j')]         LISTS, None, "line down";
    "page-up"         PageUp     [PAGE_UP]               LISTS, None, "page up";
    "page-down"       PageDown   [PAGE_DOWN]             LISTS, None, "page down";
    "top"             First      [HOME, ch('g')]         LISTS, None, "top";
    "bottom"          Last       [END, ch('G')]          LISTS, None, "bottom; the log follows new lines";
    "columns-left"    Left       [LEFT, ch('h')]         &[KeyContext::Detail, KeyContext::Breakdown], None, "scroll columns left; previous week";
    "columns-right"   Right      [RIGHT, ch('l')]        &[KeyContext::Detail, KeyContext::Breakdown], Some("more columns"), "scroll columns right; next week";
    "go-to-date"      Open       [ENTER]                 &[KeyContext::FailingDates, KeyContext::Breakdown], Some("go to date"), "go to this date in the Dates pane";

    "continue-sample" PauseResume [ch('p')]              &[KeyContext::Sample], Some("continue"), "continue with the full range";
    "leave-sample"    Quit       [ch('q')]               &[KeyContext::Sample], Some("quit"), "quit; nothing was written";
    "close-sample"    Back       [ESC]                   &[KeyContext::Sample], Some("close"), "close; the run stays paused";

    "approve-cost"    Accept     [ENTER, ch('p')]        &[KeyContext::Cost], Some("start"), "approve the estimated cost and start";

    "previous-choice" Left       [LEFT, ch('h'), BACK_TAB] CHOICES, None, "previous choice";
    "next-choice"     Right      [RIGHT, ch('l'), TAB]   CHOICES, Some("choose"), "next choice";
    "accept"          Accept     [ENTER]                 &[KeyContext::Confirm, KeyContext::Leave, KeyContext::Question, KeyContext::Prompt], Some("ok"), "confirm the selection or the input";
    "pause-work"      PauseResume [ch('p')]              &[KeyContext::Leave], Some("pause"), "pause after in-flight work, or resume";
    "cancel-work"     Cancel     [ch('c')]               &[KeyContext::Leave], Some("cancel work"), "cancel in-flight work and pause";
    "leave-running"   Detach     [ch('d')]               &[KeyContext::Leave], Some("detach"), "detach; the run continues";
    "drain"           Drain      [ch('e')]               &[KeyContext::Leave], Some("drain"), "finish in-flight work, then quit";
    "abort"           Abort      [ch('a')]               &[KeyContext::Leave], Some("abort"), "abort in-flight work and quit";
    "one-level-up"    Back       [ESC]                   &[KeyContext::Detail], Some("close"), "back one level; at the top, close the date";
    "close-date"      Close      [ch('q')]               &[KeyContext::Detail], None, "close the date";
    "close"           Back       [ESC, ch('q')]          OVERLAYS, Some("close"), "close without changes";
    "cancel"          Back       [ESC]                   &[KeyContext::Prompt], Some("cancel"), "cancel the search";
    "erase"           Erase      [key(KeyCode::Backspace), ctrl('h')] &[KeyContext::Prompt], None, "delete the last character";
    "erase-all"       EraseAll   [ctrl('u')]             &[KeyContext::Prompt], Some("erase"), "delete the line";

    "search"          Search     [ch('/')]               &[KeyContext::Dates, KeyContext::Log, KeyContext::Help], Some("search"), "search dates by digits, log lines by text, keys by description";
    "copy"            Copy       [ch('y')]               &[KeyContext::Dates, KeyContext::Workers, KeyContext::Log, KeyContext::Checks, KeyContext::Detail, KeyContext::Sources, KeyContext::FailingDates, KeyContext::About, KeyContext::Runbook, KeyContext::Sample, KeyContext::Cost, KeyContext::Breakdown, KeyContext::Overview, KeyContext::Causes, KeyContext::Confirm, KeyContext::Question], None, "copy the selection to the terminal's clipboard";
    "clear"           Back       [ESC]                   PANES, None, "clear selection, filter and zoom; leave the log of one date";
    "pause"           PauseResume [ch('p')]              PANES_AND_PAGES, Some("pause"), "pause or resume the run";
    "sample"          Sample     [ch('s')]               PANES, None, "show the sample";
    "cost"            Cost       [ch('c')]               PANES, None, "cost by stage, if the warehouse bills";
    "more-workers"    MoreWorkers [ch('+'), ch('=')]     PANES, Some("more workers"), "add a worker";
    "fewer-workers"   FewerWorkers [ch('-')]             PANES, Some("fewer"), "remove a worker";
    "next-pane"       NextPane   [TAB]                   PANES, None, "next pane";
    "previous-pane"   PreviousPane [BACK_TAB]            PANES, None, "previous pane";
    "dates-pane"      DatesPane  [ch('1')]               PANES, None, "Dates pane";
    "workers-pane"    WorkersPane [ch('2')]              PANES, None, "Workers pane";
    "log-pane"        LogPane    [ch('3')]               PANES, None, "Log pane";
    "checks-pane"     ChecksPane [ch('4')]               PANES, None, "Checks pane";
    "overview"        Overview   [ch('0')]               PANES, None, "Overview: every stage and the whole range, throughput";
    "runbook"         Runbook    [ch('6')]               PANES, Some("runbook"), "runbook";
    "sources"         Sources    [ch('5')]               PANES, None, "Sources page: raw-data checks";
    "zoom"            Zoom       [ch('z')]               PANES, Some("zoom"), "zoom this pane";
    "mouse"           Mouse      [ch('m')]               PANES, None, "toggle mouse";
    "help"            Help       [ch('?'), key(KeyCode::F(1))] &[KeyContext::Dates, KeyContext::Workers, KeyContext::Log, KeyContext::Checks, KeyContext::Detail, KeyContext::Sources, KeyContext::FailingDates, KeyContext::About, KeyContext::Runbook, KeyContext::Sample, KeyContext::Cost, KeyContext::Breakdown, KeyContext::Overview], Some("help"), "this help";
    "take-control"    TakeControl [ch('H')]              PANES, None, "take control of the run from another console (asks first)";
    "detach"          Detach     [ch('d')]               PANES, None, "detach; the run continues, reattach with 'backcourt attach'";
    "quit"            Quit       [ch('q')]               PANES, Some("quit"), "quit; asks first while there is work";
    "play"            PlayOrPause [ch(' ')]               &[KeyContext::Recording], Some("pause"), "pause or continue playback; restart at the end";
    "faster"          Faster     [ch('+'), ch('=')]      &[KeyContext::Recording], Some("faster"), "faster playback";
    "slower"          Slower     [ch('-')]               &[KeyContext::Recording], Some("slower"), "slower playback";
    "next-mark"       NextMark   [ch('>'), ch('.')]      &[KeyContext::Recording], Some("next event"), "next failure, failing check, gate, pause or end";
    "previous-mark"   PreviousMark [ch('<'), ch(',')]    &[KeyContext::Recording], Some("previous event"), "previous event";
    "minute-forward"  MinuteForward   [ch('}')]               &[KeyContext::Recording], Some("+1 min"), "skip one minute forward";
    "minute-back"     MinuteBack [ch('{')]               &[KeyContext::Recording], None, "skip one minute back";
    "read-again"      ReadAgain  [ch('r')]               &[KeyContext::Observation], Some("refresh"), "read the progress from the warehouse now";
    "redraw"          Redraw     [ctrl('l')]             KeyContext::ALL, None, "redraw the screen";
    "suspend"         Suspend    [ctrl('z')]             KeyContext::ALL, None, "suspend the program and its work; resume with fg";
    "interrupt"       Interrupt  [ctrl('c')]             KeyContext::ALL, None, "twice within 2 s: drain and quit; twice more: abort";
};

impl Binding {
    /// The places it works in, as text.
    #[must_use]
    pub fn places_text(&self) -> String {
        if self.places.len() == KeyContext::ALL.len() {
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

/// The commands that work in a place, in table order.
pub fn at(place: KeyContext) -> impl Iterator<Item = &'static Binding> {
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
    fn key_labels_fit_the_character_set_and_have_unambiguous_width() {
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
    fn events_map_to_actions(
        #[case] code: KeyCode,
        #[case] modifiers: KeyModifiers,
        #[case] action: Option<Action>,
    ) {
        let key = Key::from_event(KeyEvent::new(code, modifiers));
        let keymap = Keymap::default();
        assert_eq!(key.and_then(|key| keymap.lookup(KeyContext::Dates, key)), action);
    }
}
