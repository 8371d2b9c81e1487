//! A plan that one state folder began is continued from another one, from what the warehouse has recorded of it: nothing is
//! computed again, and checks, waivers and definitions count as before.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/moved.rs"]
mod moved;
#[path = "support/planned.rs"]
mod planned;
#[path = "support/program.rs"]
mod program;

use moved::PLAN;
use planned::Planned;
use rusqlite::Connection;
use tempfile::TempDir;

/// A folder that several state folders have their tables in, with the flags that name it.
fn shared() -> (TempDir, [String; 2]) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let named = format!("sqlite:{}", folder.path().display());
    (folder, ["--warehouse".to_owned(), named])
}

#[test]
fn another_state_folder_continues_and_computes_nothing_again() {
    let (folder, flags) = shared();
    moved::another_state_folder_continues(&flags, || {
        let db = Connection::open(folder.path().join("backcourt.sqlite")).unwrap();
        let sql = "SELECT COUNT(*) FROM ledger WHERE kind = 'commit'";
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    });
}

#[test]
fn an_edited_plan_is_outdated_on_the_second_host_as_on_the_first() {
    let (_folder, flags) = shared();
    let [first, second] = [(); 2].map(|()| Planned::on(PLAN, &flags));
    first.run(&[]).expect(1);
    second.write(&PLAN.replace("@date AS day, 1 AS n", "@date AS day, 2 AS n"));
    let run = second.run(&[]).expect(1);
    let said = format!("{}{}", run.out, run.err);
    assert!(
        said.contains("6 dates of one were made by another definition"),
        "{said}"
    );
    assert_eq!(second.dates("one", "outdated"), 5);
    second.run(&["--no-resume"]).expect(1);
    assert_eq!(second.dates("one", "ok"), 5);
}

/// A process that dies before it could write down what it committed has recorded it all the same.
#[test]
fn what_was_committed_and_not_written_down_is_known_at_the_next_start() {
    let first = Planned::new(PLAN);
    first.run(&[]).expect(1);
    let ledger = Connection::open(first.state.path().join("ledger.sqlite")).unwrap();
    ledger
        .execute_batch(
            "DELETE FROM unit WHERE date = '2024-01-03'; UPDATE target SET known = 0;
             INSERT INTO intent (target, stage, dates, run, at) SELECT target, 'one', '2024-01-03', id, started_at FROM run;",
        )
        .unwrap();
    drop(ledger);
    let run = first.run(&[]).expect(1);
    assert!(run.out.contains("one: 6 dates, 0 to do"), "{run:#?}");
    assert!(!run.out.contains("continuing"), "it is its own run: {run:#?}");
    assert_eq!(first.dates("one", "ok"), 5);
}
