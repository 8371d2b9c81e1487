//! Everything downstream of a change is stale, counted, and refreshed by one command; nothing else is changed.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::time::Duration;

use crate::toy::{Live, Toy, day};
use backcourt::engine::{Command, Event, Fact, Reply, Selection, Work};
use backcourt::ledger::{RunState, UnitState};
use backcourt::partition::Partition;
use proptest::prelude::*;

const ALL: &[&str] = &["toy", "beside", "after"];

fn rerun(live: &Live, selection: Selection, stage: Option<&str>, source: Option<&str>) -> Reply {
    live.order(Command::Rerun {
        selection,
        stage: stage.map(ToOwned::to_owned),
        source: source.map(ToOwned::to_owned),
        accept_short: false,
    })
}

fn invalidated(facts: &[Fact]) -> Vec<(&str, &[Partition])> {
    let told = facts.iter().filter_map(|fact| match &fact.event {
        Event::UnitsInvalidated { stage, dates, .. } => Some((stage.as_str(), dates.as_slice())),
        _ => None,
    });
    told.collect()
}

/// The content of table `after` per date.
fn after(toy: &Toy) -> BTreeMap<Partition, String> {
    let stored = toy.stored("after").into_iter();
    stored
        .map(|(date, rows)| (date, rows[0][2].to_string()))
        .collect()
}

/// The expected content, with `toy` and `after` made from `main` except for these dates.
fn must_say(toy: &[(u32, &'static str)], after: &[(u32, &'static str)]) -> BTreeMap<Partition, String> {
    let source = |of: &[(u32, &'static str)], number: u32| {
        let changed = of.iter().rev().find(|(changed, _)| *changed == number);
        changed.map_or("main", |(_, source)| source).to_owned()
    };
    let days = (0..20).filter(|number| number % 7 != 6);
    days.map(|number| {
        let week_so_far =
            (number - number % 7..number).flat_map(|before| [source(toy, before), source(toy, before)]);
        let words: Vec<String> = week_so_far.collect();
        let own = source(after, number);
        let text = if words.is_empty() {
            own
        } else {
            format!("{own} after {}", words.join(" "))
        };
        (day(number), text)
    })
    .collect()
}

#[test]
fn only_dates_that_look_back_on_a_changed_date_become_stale() {
    let toy = Toy::new(20).with_stages(ALL);
    let mut live = toy.start(|options| options.stay = true);
    live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    let changed = Selection::Dates([day(9)].into_iter().collect());
    rerun(&live, changed, Some("toy"), Some("other"));
    // Its week is day 7 to day 13, which is off.
    let picture = live
        .wait_for(|snapshot| snapshot.run.state == RunState::Finished && snapshot.stages[2].counts.stale > 0);
    let rests = [day(10), day(11), day(12)];
    assert_eq!(toy.dates_of("after", UnitState::Stale), rests);
    assert_eq!(
        (picture.stages[0].counts.stale, picture.stages[1].counts.stale),
        (0, 0)
    );
    assert_eq!(picture.stages[2].counts.stale, 3);
    let unit = picture.stages[2]
        .units
        .iter()
        .find(|unit| unit.date == day(11))
        .unwrap();
    assert_eq!(
        unit.reason.as_deref(),
        Some("2021-10-28 of toy.toy changed after it was computed")
    );
    assert_eq!(after(&toy), must_say(&[], &[]), "nothing is done unasked");
    assert_eq!(
        rerun(&live, Selection::Stale, None, None),
        Reply::Accepted("3 dates queued".to_owned())
    );
    live.wait_for(|snapshot| {
        snapshot.run.state == RunState::Finished && snapshot.stages[2].counts.stale == 0
    });
    live.order(Command::Drain);
    let (ending, facts) = live.end();
    assert_eq!(ending.exit_code, 0);
    assert_eq!(invalidated(&facts), [("after", &rests[..])]);
    assert_eq!(after(&toy), must_say(&[(9, "other")], &[]));
}

#[test]
fn identical_rows_make_nothing_stale() {
    let toy = Toy::new(20).with_stages(ALL);
    toy.run();
    let (_, facts) =
        toy.run_with(|options| options.work = Work::Only(Selection::Dates([day(9)].into_iter().collect())));
    assert_eq!(invalidated(&facts), []);
    assert_eq!(toy.dates_of("after", UnitState::Stale), []);
}

#[test]
fn stages_outside_the_run_become_stale_and_are_refreshed_later() {
    let mut toy = Toy::new(20).with_stages(ALL);
    toy.run();
    toy.stages = &["toy"];
    toy.run_with(|options| {
        options.dates = vec![day(9)];
        options.work = Work::Only(Selection::Dates([day(9)].into_iter().collect()));
        "other".clone_into(&mut options.source);
        options.source_is_explicit = true;
    });
    assert_eq!(
        toy.dates_of("after", UnitState::Stale),
        [day(10), day(11), day(12)]
    );
    toy.stages = ALL;
    let (ending, facts) = toy.run();
    assert_eq!(ending.exit_code, 0);
    let done: Vec<_> = facts.iter().filter_map(crate::toy::ended_date).collect();
    assert_eq!(done.len(), 3, "{done:?}");
    assert_eq!(after(&toy), must_say(&[(9, "other")], &[]));
}

#[test]
fn changes_made_between_runs_are_detected_at_the_next_start() {
    let toy = Toy::new(20).with_stages(ALL);
    toy.run();
    // As after a process that was killed before it recorded the invalidation.
    rusqlite::Connection::open(toy.ledger_path())
        .unwrap()
        .execute(
            "UPDATE digest SET output = output + 1 WHERE stage = 'toy' AND date = ?1",
            [day(9)],
        )
        .unwrap();
    let (_, facts) = toy.run();
    let done: Vec<_> = facts.iter().filter_map(crate::toy::ended_date).collect();
    assert_eq!(done, [day(10), day(11), day(12)]);
}

#[test]
fn dates_in_flight_when_their_input_changes_finish_stale() {
    let toy = Toy::new(20).with_stages(ALL).slow(Duration::from_millis(50));
    let mut live = toy.start(|options| {
        options.stay = true;
        options.workers = 2;
        options.largest_batch = 1;
    });
    let reading = |units: &[backcourt::engine::UnitView]| {
        units
            .iter()
            .any(|unit| (day(7)..day(13)).contains(&unit.date) && unit.state == UnitState::Running)
    };
    live.wait_for(|snapshot| reading(&snapshot.stages[2].units));
    rerun(
        &live,
        Selection::Dates([day(7)].into_iter().collect()),
        Some("toy"),
        Some("other"),
    );
    live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    // Dates that hadn't started read the new rows; those that had read the old ones are stale.
    rerun(&live, Selection::Stale, None, None);
    live.wait_for(|snapshot| {
        snapshot.run.state == RunState::Finished
            && snapshot.stages[2].counts.stale == 0
            && snapshot.stages[0].counts.ok == 18
    });
    live.order(Command::Drain);
    live.end();
    assert_eq!(after(&toy), must_say(&[(7, "other")], &[]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_refresh_after_any_changes_equals_a_fresh_run(
        changes in prop::collection::vec((0..20_u32, prop::sample::select(vec!["main", "other", "third"])), 1..6)
    ) {
        let changes: Vec<_> = changes.into_iter().filter(|(number, _)| number % 7 != 6).collect();
        let toy = Toy::new(20).with_stages(ALL);
        toy.run();
        for (number, source) in &changes {
            toy.run_with(|options| {
                options.work = Work::Only(Selection::Dates([day(*number)].into_iter().collect()));
                (*source).clone_into(&mut options.source);
                options.source_is_explicit = true;
            });
        }
        let (ending, _) = toy.run_with(|options| options.work = Work::Only(Selection::Stale));
        prop_assert_eq!(ending.exit_code, 0);
        for stage in ALL {
            prop_assert_eq!(toy.dates_of(stage, UnitState::Stale), Vec::<Partition>::new());
        }
        prop_assert_eq!(after(&toy), must_say(&changes, &changes));
    }
}
