//! The raw-data checks on the built-in box scores: each finds exactly the dates affected by the fault profile, and
//! nothing else.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::AtomicUsize;

use backcourt::checks::{Measured, ask};
use backcourt::feeds::faults::Profile;
use backcourt::feeds::league::shipped;
use backcourt::feeds::{self, BoxScores};
use backcourt::partition::Grain;
use backcourt::plan::{self, BUILTIN};
use backcourt::warehouse::Warehouse;
use backcourt::warehouse::sqlite::SqliteWarehouse;
use chrono::NaiveDate;
use rstest::rstest;

/// The results of every raw-data check on the built-in box scores with this fault profile.
async fn findings(faults: &str) -> BTreeMap<String, Measured> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let warehouse = SqliteWarehouse::open(folder.path()).unwrap();
    let profile = Profile::open(faults).unwrap();
    feeds::load(
        &warehouse,
        BoxScores::Shipped.read().unwrap(),
        profile,
        &AtomicUsize::new(0),
    )
    .await
    .unwrap();
    let mut found = BTreeMap::new();
    for check in &plan::load(BUILTIN).unwrap().sources {
        let measured = ask(check, Grain::Day, &warehouse as &dyn Warehouse)
            .await
            .unwrap();
        found.insert(check.name.clone(), measured);
    }
    found
}

/// The dates on which each check must find something, according to the profile.
fn planted(faults: &str) -> BTreeMap<&'static str, BTreeSet<NaiveDate>> {
    let profile = Profile::open(faults).unwrap();
    let league = shipped().unwrap();
    let with_totals: HashSet<_> = league.teams.iter().map(|line| line.game).collect();
    let mut planted: BTreeMap<_, BTreeSet<NaiveDate>> = BTreeMap::new();
    for (nba_id, game) in league.schedule() {
        let lost = [game.home(), game.away()]
            .map(|team| !with_totals.contains(&nba_id) || profile.loses_team_row(nba_id, game, team));
        // A game without any row has no wrong flag.
        let inverted = profile.inverts_home_flag(nba_id, game) && lost.contains(&false);
        for (check, affected) in [
            ("team_box_missing", lost.contains(&true)),
            ("team_box_home_flags", inverted),
            ("reversed_ids", inverted),
            ("gamebook_missing", profile.loses_gamebook(nba_id, game)),
            ("bdl_foreign_ids", profile.numbers_bdl(game.date())),
            ("bdl_repeated", profile.repeats_bdl(game.date())),
        ] {
            if affected {
                planted.entry(check).or_default().insert(game.date());
            }
        }
    }
    planted
}

#[rstest]
#[case::clean("none", 1)]
#[case::default_faults("january-2026", 6)]
#[tokio::test]
async fn source_checks_report_exactly_the_faulty_dates(#[case] faults: &str, #[case] unmet: usize) {
    let planted = planted(faults);
    assert_eq!(planted.len(), unmet);
    for (check, measured) in findings(faults).await {
        let dates = planted.get(check.as_str()).cloned().unwrap_or_default();
        let named: BTreeSet<NaiveDate> = measured
            .failing_dates
            .iter()
            .map(|date| date.first_day())
            .collect();
        assert_eq!((measured.met, &named), (dates.is_empty(), &dates), "{check}");
    }
}

/// Three games on neutral ground have no official totals in any profile; see assets/league/README.md.
#[test]
fn the_shipped_team_box_lacks_three_games() {
    let lacking: Vec<String> = planted("none")["team_box_missing"]
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(lacking, ["2025-11-01", "2025-12-13"]);
}
