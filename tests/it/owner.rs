//! Checks of a plan against the warehouse before anything is created or written: queries, existing tables and their
//! owners. With the real program on the embedded warehouse.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use crate::program::{Ended, backcourt, ended, wait_until};
use rusqlite::Connection;

/// A warehouse shared by several plans, each with its own state folder.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A warehouse with three days of events.
    fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
        };
        fs::create_dir(place.warehouse()).unwrap();
        place.sql(
            "raw",
            "CREATE TABLE events (event_date TEXT, country TEXT);
             INSERT INTO events VALUES ('2024-01-01', 'DE'), ('2024-01-01', 'FR'), ('2024-01-02', 'DE'),
                                       ('2024-01-02', 'FR'), ('2024-01-03', 'DE'), ('2024-01-03', 'FR')",
        );
        place
    }

    fn warehouse(&self) -> PathBuf {
        self.folder.path().join("warehouse")
    }

    fn has(&self, dataset: &str) -> bool {
        self.warehouse().join(format!("{dataset}.sqlite")).exists()
    }

    fn open(&self, dataset: &str) -> Connection {
        Connection::open(self.warehouse().join(format!("{dataset}.sqlite"))).unwrap()
    }

    fn sql(&self, dataset: &str, sql: &str) {
        self.open(dataset).execute_batch(sql).unwrap();
    }

    fn number(&self, dataset: &str, sql: &str) -> i64 {
        self.open(dataset).query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn owner(&self, table: &str) -> Option<String> {
        let sql = "SELECT plan FROM owner WHERE path = ?1";
        self.open("backcourt")
            .query_row(sql, [table], |row| row.get(0))
            .ok()
    }

    /// The program with a plan. The state folder is named after the plan.
    fn command(&self, args: &[&str], plan: &str) -> std::process::Command {
        let name = plan.split('"').nth(1).unwrap();
        let file = self.folder.path().join(format!("{name}.toml"));
        fs::write(&file, plan).unwrap();
        let mut command = backcourt();
        command.args(args);
        command.arg("--state-dir").arg(self.folder.path().join(name));
        command.arg("--plan").arg(file);
        command
            .arg("--warehouse")
            .arg(format!("sqlite:{}", self.warehouse().display()));
        command
    }

    fn ask(&self, args: &[&str], plan: &str) -> Ended {
        ended(&mut self.command(args, plan))
    }

    fn run(&self, plan: &str) -> Ended {
        self.ask(&["run", "--output", "plain"], plan)
    }
}

/// A plan with one query over three days.
fn plan(name: &str, table: &str, sql: &str, columns: &str) -> String {
    format!(
        "name = \"{name}\"\ntitle = \"A test\"\nfrom = \"2024-01-01\"\nto = \"2024-01-03\"\n[[stage]]\nname = \"s\"\n\
         kind = \"sql\"\nsql = \"{sql}\"\ntable = \"{table}\"\ndate_column = \"day\"\nkey = [\"day\"]\n\
         columns = [{{ name = \"day\", type = \"DATE\" }}, {columns}]\n"
    )
}

fn of_country(country: &str) -> String {
    let sql = format!(
        "SELECT event_date AS day, COUNT(*) AS n FROM `raw.events` WHERE event_date = @date AND country = '{country}' \
         GROUP BY 1"
    );
    plan(
        &format!("tenants_{country}"),
        "mart.tenants",
        &sql,
        "{ name = \"n\", type = \"INT64\" }",
    )
}

const N: &str = "{ name = \"n\", type = \"INT64\" }";

#[test]
fn typo_leaves_table() {
    let place = Place::new();
    let sql = "SELECT @date AS day, COUNT(*) AS n FROM `raw.events` WHERE event_date = @date";
    let typo = plan("typo", "mart.typo", sql, "{ name = \"nn\", type = \"INT64\" }");
    let refused = place.run(&typo).expect(2);
    for said in [
        "stage s: the query returns column 'n', which mart.typo doesn't have; leave it out of the query, or add the \
         column to 'columns'",
        "stage s: the query returns no column 'nn', which mart.typo has",
        "nothing was created or written",
    ] {
        assert!(refused.out.contains(said), "{}", refused.out);
    }
    assert!(!place.has("mart"), "not even the dataset was made");
    assert_eq!(place.owner("mart.typo"), None);
    place.run(&plan("typo", "mart.typo", sql, N)).expect(0);
    assert_eq!(place.number("mart", "SELECT SUM(n) FROM typo"), 6);
    assert_eq!(place.owner("mart.typo").as_deref(), Some("typo"));
}

#[test]
fn migrate_recreates_an_empty_table() {
    let place = Place::new();
    place.sql(
        "mart",
        "CREATE TABLE typo (day TEXT NOT NULL, nn INTEGER NOT NULL, PRIMARY KEY (day))",
    );
    let fixed = plan("typo", "mart.typo", "SELECT @date AS day, 1 AS n", N);
    let refused = place.run(&fixed).expect(2);
    assert!(
        refused.out.contains("the table is empty and will be recreated"),
        "{}",
        refused.out
    );
    place
        .ask(&["run", "--migrate", "--output", "plain"], &fixed)
        .expect(0);
    assert_eq!(place.number("mart", "SELECT COUNT(*) FROM typo WHERE n = 1"), 3);
}

#[test]
fn column_type_changed() {
    let place = Place::new();
    let before = plan("changed", "d.one", "SELECT @date AS day, 1 AS n", N);
    place.run(&before).expect(0);
    let text = "{ name = \"n\", type = \"STRING\" }, { name = \"note\", type = \"STRING\", nullable = true }";
    let after = plan(
        "changed",
        "d.one",
        "SELECT @date AS day, 'abc' AS n, 'x' AS note",
        text,
    );
    for permit in [
        &["run", "--no-resume", "--output", "plain"][..],
        &["run", "--no-resume", "--migrate", "--output", "plain"],
    ] {
        let refused = place.ask(permit, &after).expect(2);
        let said = "table d.one has 'n' as INT64 but the plan needs STRING; run ALTER TABLE `d`.`one` DROP COLUMN `n`";
        assert!(refused.out.contains(said), "{}", refused.out);
        assert!(
            refused.out.contains("has no column 'note' STRING"),
            "{}",
            refused.out
        );
        assert_eq!(
            place.number(
                "d",
                "SELECT COUNT(*) FROM one WHERE typeof(n) = 'integer' AND n = 1"
            ),
            3
        );
    }
    let said = place.ask(&["run", "--dry-run"], &after).expect(2);
    assert!(
        said.out.contains("has 'n' as INT64 but the plan needs STRING"),
        "{}",
        said.out
    );
    let doctor = place.ask(&["doctor"], &after).expect(1);
    assert!(
        doctor.out.contains("has 'n' as INT64 but the plan needs STRING"),
        "{}",
        doctor.out
    );
    assert!(
        !doctor.out.contains("away"),
        "nobody is told to move a file: {}",
        doctor.out
    );
}

#[test]
fn migrate_applies_additive_changes() {
    let place = Place::new();
    place
        .run(&plan("changed", "d.one", "SELECT @date AS day, 1 AS n", N))
        .expect(0);
    let both = "{ name = \"note\", type = \"STRING\", nullable = true }, { name = \"n\", type = \"INT64\", nullable = true }";
    let after = plan(
        "changed",
        "d.one",
        "SELECT @date AS day, CAST(NULL AS INT64) AS n, 'x' AS note",
        both,
    );
    let refused = place
        .ask(&["run", "--no-resume", "--output", "plain"], &after)
        .expect(2);
    assert!(
        refused
            .out
            .contains("ALTER TABLE `d`.`one` ADD COLUMN `note` TEXT STRING"),
        "{}",
        refused.out
    );
    assert!(
        refused.out.contains("has 'n' NOT NULL but the plan allows NULL"),
        "{}",
        refused.out
    );
    let altered = place
        .ask(&["run", "--no-resume", "--migrate", "--output", "plain"], &after)
        .expect(0);
    assert!(
        altered.out.contains("d.one altered: ALTER TABLE"),
        "{}",
        altered.out
    );
    assert_eq!(
        place.number("d", "SELECT COUNT(*) FROM one WHERE n IS NULL AND note = 'x'"),
        3
    );
    // The column order is different now, which isn't a difference, so there is nothing to alter.
    place.run(&after).expect(0);
}

#[test]
fn undeclared_columns_keep_their_values() {
    let place = Place::new();
    let both = format!("{N}, {{ name = \"more\", type = \"INT64\", nullable = true }}");
    place
        .run(&plan(
            "changed",
            "d.one",
            "SELECT @date AS day, 1 AS n, 7 AS more",
            &both,
        ))
        .expect(0);
    let refused = place
        .ask(
            &["run", "--no-resume", "--output", "plain"],
            &plan("changed", "d.one", "SELECT @date AS day, 1 AS n", N),
        )
        .expect(2);
    assert!(
        refused
            .out
            .contains("has a column 'more' INT64 that the plan doesn't fill"),
        "{}",
        refused.out
    );
    assert_eq!(place.number("d", "SELECT COUNT(*) FROM one WHERE more = 7"), 3);
}

#[test]
fn all_stage_errors_are_reported_before_the_first_stage() {
    let place = Place::new();
    let mut two = plan("two", "mart.a", "SELECT @date AS day, 1 AS n", N);
    for (table, reads) in [("b", "nn"), ("c", "n")] {
        let stage = format!(
            "[[stage]]\nname = \"{table}\"\nkind = \"sql\"\nneeds = [\"s\"]\nreads = [{{ table = \"mart.a\" }}]\n\
             sql = \"SELECT day, {reads} AS n, 1 + 1 FROM `mart.a` WHERE day IN UNNEST(@dates)\"\ntable = \"mart.{table}\"\n\
             date_column = \"day\"\nkey = [\"day\"]\ncolumns = [{{ name = \"day\", type = \"DATE\" }}, {N}]\n"
        );
        two.push_str(&stage);
    }
    let refused = place.run(&two).expect(2);
    assert!(
        refused
            .out
            .contains("stage b: the query fails: no such column: nn"),
        "{}",
        refused.out
    );
    assert!(
        refused.out.contains("stage c: the query returns column 'f0_'"),
        "{}",
        refused.out
    );
    assert!(!place.has("mart"));
    place
        .run(&two.replace(", 1 + 1", "").replace("nn AS n", "n AS n"))
        .expect(0);
}

#[test]
fn no_parameters() {
    let place = Place::new();
    let (german, french) = (of_country("DE"), of_country("FR"));
    place.run(&german).expect(0);
    for verb in [
        &["run", "--output", "plain"][..],
        &["rerun", "--dates", "2024-01-01", "--output", "plain"],
    ] {
        let refused = place.ask(verb, &french).expect(2);
        let said = "stage s: table mart.tenants belongs to plan tenants_DE (taken by ";
        assert!(refused.out.contains(said), "{}", refused.out);
        assert!(refused.out.contains("--take-over"), "{}", refused.out);
    }
    let dry = place.ask(&["run", "--dry-run"], &french).expect(2);
    assert!(dry.out.contains("belongs to plan tenants_DE"), "{}", dry.out);
    let doctor = place.ask(&["doctor"], &french).expect(1);
    assert!(
        doctor.out.contains("belongs to plan tenants_DE"),
        "{}",
        doctor.out
    );
    assert_eq!(place.owner("mart.tenants").as_deref(), Some("tenants_DE"));

    let over = place
        .ask(&["run", "--take-over", "--output", "plain"], &french)
        .expect(0);
    assert!(
        over.out.contains("took over mart.tenants from plan tenants_DE"),
        "{}",
        over.out
    );
    let events = fs::read_to_string(place.folder.path().join("tenants_FR/events.jsonl")).unwrap();
    assert!(
        events.contains("\"event\":\"table_taken_over\""),
        "it is recorded"
    );
    assert_eq!(place.owner("mart.tenants").as_deref(), Some("tenants_FR"));
    let refused = place.run(&german).expect(2);
    assert!(
        refused.out.contains("belongs to plan tenants_FR"),
        "{}",
        refused.out
    );
}

/// A program that slowly makes a row per day.
fn slow(name: &str, number: u8) -> String {
    format!(
        "name = \"{name}\"\ntitle = \"slow\"\nfrom = \"2024-03-01\"\nto = \"2024-03-31\"\nworkers = 1\n[[stage]]\n\
         name = \"calls\"\nkind = \"command\"\ncommand = [\"sh\", \"-c\", \"sleep 0.05; printf 'day,n\\\\n{{date}},{number}\\\\n'\"]\n\
         table = \"shop.calls\"\ndate_column = \"day\"\nkey = [\"day\"]\n\
         columns = [{{ name = \"day\", type = \"DATE\" }}, {N}]\n"
    )
}

#[test]
fn two_plans_one_table() {
    let place = Place::new();
    let mut first = place.command(&["run", "--output", "plain"], &slow("slow", 1));
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the first plan writes", || {
        place.has("shop")
            && place
                .open("shop")
                .query_row("SELECT 1 FROM calls", [], |_| Ok(()))
                .is_ok()
    });
    let second = slow("slow_b", 2);
    let refused = place.run(&second).expect(2);
    assert!(refused.out.contains("belongs to plan slow "), "{}", refused.out);
    // A table isn't taken from an active run either.
    let at_work = place
        .ask(&["run", "--take-over", "--output", "plain"], &second)
        .expect(4);
    assert!(at_work.out.contains("plan slow on"), "{}", at_work.out);
    assert_eq!(first.wait().unwrap().code(), Some(0));
    assert_eq!(place.number("shop", "SELECT COUNT(*) FROM calls WHERE n = 1"), 31);
}

#[test]
fn of_two_concurrent_first_starts_one_wins() {
    let place = Place::new();
    let plans = [slow("one", 1), slow("two", 2)];
    let mut runs: Vec<_> = (plans.iter())
        .map(|plan| {
            let mut command = place.command(&["run", "--output", "plain"], plan);
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut codes: Vec<_> = runs.iter_mut().map(|run| run.wait().unwrap().code()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(2)]);
    assert_eq!(place.number("shop", "SELECT COUNT(DISTINCT n) FROM calls"), 1);
    assert_eq!(place.number("shop", "SELECT COUNT(*) FROM calls"), 31);
}

const EXISTING: &str = "CREATE TABLE tenants (day TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (day));
                        INSERT INTO tenants VALUES ('2024-01-01', 70), ('2024-01-02', 80), ('2023-12-31', 90)";

#[test]
fn rows_without_an_owner_are_not_replaced_silently() {
    let place = Place::new();
    place.sql("mart", EXISTING);
    let german = of_country("DE");
    let refused = place.run(&german).expect(2);
    let said = "table mart.tenants of stage s contains 3 rows in 3 partitions, and no plan owns it";
    assert!(refused.out.contains(said), "{}", refused.out);
    assert!(refused.out.contains("--replace-existing"), "{}", refused.out);
    assert!(
        place
            .ask(&["run", "--dry-run"], &german)
            .expect(2)
            .out
            .contains(said)
    );
    assert_eq!(place.number("mart", "SELECT SUM(n) FROM tenants"), 240);
    place
        .ask(&["run", "--replace-existing", "--output", "plain"], &german)
        .expect(0);
    assert_eq!(place.number("mart", "SELECT SUM(n) FROM tenants"), 93);
    // From then on it belongs to the plan.
    place
        .ask(&["run", "--no-resume", "--output", "plain"], &german)
        .expect(0);
}

#[test]
fn a_table_filled_by_an_older_version_belongs_to_the_plan() {
    let place = Place::new();
    let german = of_country("DE");
    place.run(&german).expect(0);
    place.sql("backcourt", "DROP TABLE owner");
    place
        .ask(&["run", "--no-resume", "--output", "plain"], &german)
        .expect(0);
    assert_eq!(place.owner("mart.tenants").as_deref(), Some("tenants_DE"));
}

#[test]
fn a_table_that_was_given_back_is_filled_again() {
    let place = Place::new();
    let plans = [1, 2].map(|n| {
        plan(
            &format!("w{n}"),
            "mart.t",
            &format!("SELECT @date AS day, {n} AS n"),
            N,
        )
    });
    let take = |plan: &str| {
        place
            .ask(&["run", "--take-over", "--output", "plain"], plan)
            .expect(0)
    };
    for number in [0, 1, 0, 1] {
        take(&plans[number]);
        let wanted = i64::try_from(3 * (number + 1)).unwrap();
        assert_eq!(place.number("mart", "SELECT SUM(n) FROM t"), wanted);
    }
}

/// The embedded warehouse doesn't distinguish upper and lower case in names of tables.
#[test]
fn a_table_has_one_owner_in_every_spelling() {
    let place = Place::new();
    let of = |name: &str, table: &str| plan(name, table, "SELECT @date AS day, 1 AS n", N);
    place.run(&of("lower", "mart.t")).expect(0);
    let refused = place.ask(
        &["run", "--replace-existing", "--output", "plain"],
        &of("upper", "mart.T"),
    );
    let refused = refused.expect(2).out;
    assert!(refused.contains("belongs to plan lower"), "{refused}");
}

#[test]
fn a_command_that_fills_its_own_table_owns_it() {
    let place = Place::new();
    place.sql("mart", EXISTING);
    let program = |name: &str| {
        format!(
            "name = \"{name}\"\ntitle = \"A test\"\nfrom = \"2024-01-01\"\nto = \"2024-01-02\"\n[[stage]]\nname = \"s\"\n\
             kind = \"command\"\ncommand = [\"true\", \"{{date}}\"]\ntable = \"mart.tenants\"\ndate_column = \"day\"\n"
        )
    };
    let refused = place.run(&program("first")).expect(2);
    assert!(
        refused.out.contains("contains 3 rows in 3 partitions"),
        "{}",
        refused.out
    );
    place
        .ask(
            &["run", "--replace-existing", "--output", "plain"],
            &program("first"),
        )
        .expect(0);
    let refused = place.run(&program("second")).expect(2);
    assert!(refused.out.contains("belongs to plan first"), "{}", refused.out);
}

#[test]
fn running_checks_creates_and_claims_no_table() {
    let place = Place::new();
    let german = of_country("DE");
    place.run(&german).expect(0);
    let asked = format!(
        "{}[[check]]\nname = \"some\"\nstage = \"s\"\ntitle = \"Some\"\nseverity = \"blocking\"\n\
         sql = \"SELECT COUNT(*) AS n FROM `mart.tenants`\"\nexpect = [{{ value = \"n\", min = 1 }}]\n",
        of_country("FR")
    );
    let _ = place.ask(&["check", "--output", "plain"], &asked);
    assert_eq!(place.owner("mart.tenants").as_deref(), Some("tenants_DE"));
    assert_eq!(place.number("mart", "SELECT COUNT(*) FROM tenants"), 3);
}
