//! Raw tables filled by other programs: neither a load nor a reload of dates overwrites them.

use backcourt::feeds::Feed;

use super::emulator::Emulator;
use super::faults::block_on;
use super::month::copy;
use super::program::State;
use backcourt::warehouse::Warehouse;

const DAY: &str = "2021-10-19";

#[test]
fn existing_raw_tables_are_left_unchanged() {
    let Some(emulator) = Emulator::start() else { return };
    let source = State::loaded();
    copy(&source, &emulator, [DAY, DAY], Feed::ALL.map(Feed::table));
    let warehouse = emulator.open();
    let table = Feed::Gamebook.table().path();
    let emptied = format!("DELETE FROM `{table}` WHERE game_date = '{DAY}' AND player_status = 'inactive'");
    block_on(warehouse.query(&emptied)).unwrap();
    let count = || {
        let sql = format!("SELECT COUNT(*) AS n FROM `{table}` WHERE game_date = '{DAY}'");
        block_on(warehouse.query(&sql)).unwrap().rows[0][0].to_string()
    };
    let before = count();
    assert_ne!(before, "0");
    let operator = State::none();
    let flags = emulator.flags();
    let [_, there, ..] = &flags;
    for asked in [&["load"][..], &["load", "--dates", DAY]] {
        let flags = flags.iter().map(String::as_str);
        let arguments: Vec<&str> = asked.iter().copied().chain(flags).collect();
        let told = operator.backcourt(&arguments).expect(2).err;
        assert!(
            told.contains(&format!(
                "in {there} as rehearsal_* contains rows that backcourt did not load; "
            )),
            "{told}"
        );
        assert_eq!(count(), before, "{asked:?}");
    }
}
