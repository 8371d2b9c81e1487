use chrono::TimeDelta;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[test]
fn the_backfill_has_1538_days() {
    let range = PartitionRange::new(
        Partition::parse("2021-10-19").unwrap(),
        Partition::parse("2026-01-03").unwrap(),
    )
    .unwrap();
    assert_eq!(range.partitions().count(), 1_538);
}

#[test]
fn compact_dates_round_trip() {
    let text = "2021-10-19..2021-10-21,2021-12-25,2026-01-02..2026-01-03";
    let dates = expand(text).unwrap();
    assert_eq!(dates.len(), 6);
    assert_eq!(compact(&dates), text);
    assert_eq!(expand("").unwrap(), []);
    let century = "1901-01-01..2000-12-31,";
    assert_eq!(
        PartitionRanges::parse(&century.repeat(6_900)),
        PartitionRanges::parse(century)
    );
    let two = format!("{century}2001-01-01..2100-12-31,2101-01-01..2200-12-31");
    assert_eq!(expand(&two), Err(PartitionError::TooMany(range::MAX_PARTITIONS)));
    assert!(expand("2021-10-19..").is_err());
    assert!(expand("2021-10-19..2021-10-18").is_err());
    assert_eq!(
        expand("..2021-10-19"),
        Err(PartitionError::HalfARange("..2021-10-19".to_owned()))
    );
}

#[test]
fn ranges_are_merged_and_contain_their_dates_only() {
    let text = "2021-12-25,2021-10-20..2021-10-21,2021-10-19,2021-10-19..2021-10-20";
    let ranges = PartitionRanges::parse(text).unwrap();
    assert_eq!(ranges.to_string(), "2021-10-19..2021-10-21,2021-12-25");
    assert_eq!(ranges.count(), 4);
    let october = Partition::parse("2021-10-01").unwrap();
    let contained = october
        .up_to(of("2022-01-08"))
        .filter(|day| ranges.contains(*day));
    assert_eq!(
        contained.collect::<Vec<_>>(),
        ranges.partitions().collect::<Vec<_>>()
    );
    let json = serde_json::to_string(&ranges).unwrap();
    assert_eq!(json, r#"["2021-10-19..2021-10-21","2021-12-25"]"#);
    assert_eq!(serde_json::from_str::<PartitionRanges>(&json).unwrap(), ranges);
    let dates = r#"["2021-10-20","2021-10-19","2021-10-21","2021-12-25"]"#;
    assert_eq!(serde_json::from_str::<PartitionRanges>(dates).unwrap(), ranges);
    assert!(serde_json::from_str::<PartitionRanges>(r#"["yesterday"]"#).is_err());
}

#[test]
fn malformed_dates_are_refused() {
    for text in [
        "2023-02-30",
        "2023-2-3",
        "tomorrow",
        "",
        "20231216",
        "-023-12-16",
        "2023-12-16 ",
    ] {
        assert_eq!(
            Partition::parse(text),
            Err(PartitionError::NotADate(text.to_owned())),
            "{text}"
        );
    }
    let early = Partition::parse("2021-10-19").unwrap();
    let late = Partition::parse("2021-10-20").unwrap();
    assert_eq!(
        PartitionRange::new(late, early),
        Err(PartitionError::Reversed {
            from: late,
            to: early
        })
    );
    assert_eq!(PartitionRange::new(early, early).unwrap().partitions().count(), 1);
    let never = Partition::parse("9999-12-31").unwrap();
    let refusal = PartitionRange::new(early, never).unwrap_err().to_string();
    assert_eq!(
        refusal,
        "2021-10-19 to 9999-12-31 is 2913978 dates, but a range can have at most 100000; check the years"
    );
}

fn of(text: &str) -> Partition {
    Partition::parse(text).unwrap()
}

#[rstest]
#[case("2024-03-05", "2024-03-05", "2024-03-05")]
#[case("2024-03-05T00", "2024-03-05", "2024-03-05")]
#[case("2024-03-05T23", "2024-03-05", "2024-03-05")]
#[case("2024-W10", "2024-03-04", "2024-03-10")]
#[case("2020-W53", "2020-12-28", "2021-01-03")]
#[case("2024-02", "2024-02-01", "2024-02-29")]
#[case("2023-02", "2023-02-01", "2023-02-28")]
#[case("2024", "2024-01-01", "2024-12-31")]
fn a_partition_is_written_as_it_is_read(#[case] text: &str, #[case] first: &str, #[case] last: &str) {
    let partition = of(text);
    assert_eq!(partition.to_string(), text);
    assert_eq!(partition.first_day(), parse_day(first).unwrap());
    assert_eq!(partition.last_day(), parse_day(last).unwrap());
    assert_eq!(
        serde_json::from_str::<Partition>(&format!("\"{text}\"")).unwrap(),
        partition
    );
}

#[rstest]
#[case("2024-03-05 07")]
#[case("2024-W53")]
#[case("2024-W00")]
#[case("2024-W1")]
#[case("2024-w10")]
#[case("2024-13")]
#[case("2024-00")]
#[case("2024-+1")]
#[case("24")]
#[case("0000")]
#[case("0000-01")]
#[case("-024")]
#[case("2024-3-05")]
fn a_period_that_does_not_exist_is_refused(#[case] text: &str) {
    assert_eq!(
        Partition::parse(text),
        Err(PartitionError::NotADate(text.to_owned()))
    );
}

#[test]
fn a_longer_period_selects_what_begins_in_it() {
    let march = PartitionRanges::parse("2024-03").unwrap();
    assert_eq!(
        march.at(Grain::Day).unwrap().to_string(),
        "2024-03-01..2024-03-31"
    );
    // 1 March is a Friday: its week begins in February. The week of 25 March ends on the 31st.
    assert_eq!(march.at(Grain::Week).unwrap().to_string(), "2024-W10..2024-W13");
    assert!(
        march.contains(of("2024-03-31")) && march.contains(of("2024-W10")) && march.contains(of("2024-03"))
    );
    assert!(
        !march.contains(of("2024-04-01")) && !march.contains(of("2024-W09")) && !march.contains(of("2024"))
    );
    let refused = PartitionRanges::parse("2024-03-05")
        .unwrap()
        .at(Grain::Month)
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "'2024-03-05' is a day, but a month is needed; write it as YYYY-MM"
    );
    assert!(PartitionRanges::parse("2024-03..2024-W20").is_err());
}

#[rstest]
#[case("2024-03-05T24")]
#[case("2024-03-05T7")]
#[case("2024-02-30T07")]
fn an_hour_that_does_not_exist_is_refused(#[case] text: &str) {
    assert_eq!(
        Partition::parse(text),
        Err(PartitionError::NotAnHour(text.to_owned()))
    );
}

#[test]
fn the_end_of_hours_of_a_day_may_leave_out_the_day() {
    let hours = PartitionRanges::parse("2024-03-05T14..T18").unwrap();
    assert_eq!(hours.to_string(), "2024-03-05T14..2024-03-05T18");
    assert_eq!(hours.count(), 5);
    let night = PartitionRanges::parse("2024-03-09T20..2024-03-10T07").unwrap();
    assert_eq!(night.count(), 12);
    let day = PartitionRanges::parse("2024-03-05").unwrap();
    assert_eq!(
        day.at(Grain::Hour).unwrap().to_string(),
        "2024-03-05T00..2024-03-05T23"
    );
    for refused in [
        "2024-03-05T14..T24",
        "2024-03-05T14..T08",
        "2024-03-05..T08",
        "T08",
    ] {
        assert!(PartitionRanges::parse(refused).is_err(), "{refused}");
    }
}

fn any_partition() -> impl Strategy<Value = Partition> {
    let parts = (0..40_000i64, 0..24u32, prop::sample::select(Grain::ALL.to_vec()));
    parts.prop_map(|(day, hour, grain)| {
        let first = NaiveDate::from_ymd_opt(1950, 1, 1).unwrap() + TimeDelta::days(day);
        match grain {
            Grain::Hour => Partition::of_hour(first, hour).unwrap(),
            _ => Partition::containing(first, grain),
        }
    })
}

proptest! {
    /// Walking partition by partition meets every hour once.
    #[test]
    fn partitions_of_a_length_cover_the_calendar(
        from in any_partition(),
        steps in 1..60i64,
        zone in prop::sample::select(vec!["UTC", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo"]),
    ) {
        let zone = Timezone::parse(zone).unwrap();
        let to = from.moved(steps).unwrap();
        let walked: Vec<Partition> = from.up_to(to).collect();
        for pair in walked.windows(2) {
            prop_assert_eq!(pair[0].end(zone), pair[1].start(zone));
            prop_assert_eq!(pair[0].last_instant(zone) + TimeDelta::microseconds(1), pair[1].start(zone));
        }
        prop_assert_eq!(from.distance(to), steps);
        prop_assert_eq!(to.moved(-steps), Some(from));
        prop_assert_eq!(i64::try_from(walked.len()), Ok(steps + 1));
        for instant in [from.start(zone), from.last_instant(zone)] {
            prop_assert_eq!(Partition::at(instant, from.grain(), zone), from);
        }
        prop_assert!(Partition::at(from.end(zone), from.grain(), zone) > from);
        prop_assert_eq!(from.days().next(), Some(from.first_day()));
        prop_assert_eq!(from.days().last(), Some(from.last_day()));
        prop_assert!(from.touches(from.first_day()) && from.touches(from.last_day()));
        prop_assert!(!from.touches(from.last_day().succ_opt().unwrap()));
        prop_assert_eq!(Partition::parse(&from.to_string()), Ok(from));
    }

    /// A selection of longer periods contains the same partitions before and after it is refined.
    #[test]
    fn refining_a_selection_selects_the_same(
        parts in prop::collection::vec((any_partition(), 0..3i64), 1..6),
        grain in prop::sample::select(Grain::ALL.to_vec()),
        probe in any_partition(),
    ) {
        let text: Vec<String> = (parts.iter())
            .map(|(from, more)| format!("{from}..{}", from.moved(*more).unwrap()))
            .collect();
        let ranges = PartitionRanges::parse(&text.join(",")).unwrap();
        let probe = Partition::at(probe.start(Timezone::UTC), grain, Timezone::UTC);
        match ranges.at(grain) {
            Ok(refined) => {
                prop_assert_eq!(refined.contains(probe), ranges.contains(probe));
                prop_assert_eq!(refined.partitions().any(|one| one == probe), ranges.contains(probe));
            }
            Err(_) => prop_assert!(parts.iter().any(|(from, _)| from.grain() < grain)),
        }
    }
}
