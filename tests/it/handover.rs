//! A plan started from one state folder is resumed from another, using the progress recorded in the warehouse: nothing
//! is recomputed, and checks, waivers and definitions still apply.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

use std::fs;

use crate::moved::PLAN;
use crate::planned::Planned;
use crate::pty::Pty;
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::warehouse::{Holder, Warehouse};
use rusqlite::Connection;
use tempfile::TempDir;

/// A warehouse folder for several state folders, and the flags for it.
fn shared() -> (TempDir, [String; 2]) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let named = format!("sqlite:{}", folder.path().display());
    (folder, ["--warehouse".to_owned(), named])
}

#[test]
fn another_state_folder_resumes_without_recomputing() {
    let (folder, flags) = shared();
    crate::moved::another_state_folder_continues(&flags, || {
        let db = Connection::open(folder.path().join("backcourt.sqlite")).unwrap();
        let sql = "SELECT COUNT(*) FROM ledger WHERE kind = 'commit'";
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    });
}

#[test]
fn an_edited_plan_outdates_dates_on_both_hosts() {
    let (_folder, flags) = shared();
    let [first, second] = [(); 2].map(|()| Planned::on(PLAN, &flags));
    first.run(&[]).expect(1);
    second.write(&PLAN.replace("@date AS day, 1 AS n", "@date AS day, 2 AS n"));
    let run = second.run(&[]).expect(1);
    let said = format!("{}{}", run.out, run.err);
    assert!(
        said.contains("6 dates of one were computed by another definition"),
        "{said}"
    );
    assert_eq!(second.dates("one", "outdated"), 5);
    second.run(&["--no-resume"]).expect(1);
    assert_eq!(second.dates("one", "ok"), 5);
}

/// A process that dies before it writes its commit to the ledger has recorded it in the warehouse.
#[test]
fn commits_missing_from_the_ledger_are_recovered_at_the_next_start() {
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

/// A read error keeps the last snapshot on the screen, with the reason. A command explains where it can be used.
#[test]
fn a_read_only_console_shows_the_lease_and_survives_read_errors() {
    let (folder, flags) = shared();
    let [first, elsewhere] = [(); 2].map(|()| Planned::on(PLAN, &flags));
    first.run(&["--to", "2024-01-04"]).expect(1);
    let warehouse = folder.path();
    let holder = Holder {
        host: "bastion-2".to_owned(),
        machine: None,
        pid: 4711,
        started: None,
        since: "2024-02-01T09:30:00Z".parse().unwrap(),
        folder: "/srv/state".to_owned(),
        jobs_in: Vec::new(),
    };
    let taken = SqliteWarehouse::open(warehouse).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let leases = taken.leases().unwrap();
        let seen = leases.look("moved").await.unwrap();
        assert!(leases.take("moved", seen.as_ref(), &holder).await.unwrap());
    });
    drop(taken);
    let command = elsewhere.command(&["attach"]);
    let args: Vec<_> = command.get_args().map(|arg| arg.to_str().unwrap()).collect();
    let mut console = Pty::backcourt(&args, &[], (120, 40));
    console.wait_for("lease: bastion-2 (pid 4711) since 2024-02-01 09:30 UTC");
    console.wait_for("66.7 %");
    console.send("R");
    console.wait_for("control the run with 'backcourt attach --state-dir /srv/state' on bastion-2");

    let recorded = warehouse.join("backcourt.sqlite");
    let aside = warehouse.join("aside");
    fs::rename(&recorded, &aside).unwrap();
    fs::write(&recorded, "no database".repeat(100)).unwrap();
    console.send("r");
    console.wait_for("Refresh failed 0 s ago (");
    assert!(console.screen().contents().contains("66.7 %"));
    fs::rename(&aside, &recorded).unwrap();
    console.send("r");
    console.wait_for("Read-only, refreshed every 30 s: r refreshes now, q quits.");
    console.send("q");
    assert_eq!(console.wait_exit().exit_code(), 0);
    assert!(!elsewhere.state.path().exists());
}
