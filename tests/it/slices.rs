//! Slices of a table: plans that fill the rows of one country each, in one table of one warehouse, with the real program.
//! Whatever one of them does, the rows, results and counts of the others stay as they are.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rstest::rstest;
use rusqlite::Connection;
use serde_json::Value;

use crate::program::{Ended, backcourt, ended, wait_until};

/// One has a quote, one the characters that the text of a slice encodes.
const COUNTRIES: [&str; 5] = ["DE", "FR", "O'Brien", "a, [b]=50%", "São Tomé"];

/// The second stage reads the table of the first, and its check both.
const PLAN: &str = r#"
name = "dau"
title = "Users of ${country}"
from = "2024-01-01"
to = "2024-01-03"
[vars]
country = { required = true }
[[stage]]
name = "users"
kind = "sql"
sql = "SELECT day, country, user, n FROM `raw.events` WHERE day = @date AND country = @country"
table = "mart.users"
date_column = "day"
key = ["day", "country", "user"]
slice = { country = "${country}" }
expect_rows = "SELECT COUNT(*) AS n FROM `raw.expected` WHERE day = @date AND country = @country"
columns = [
  { name = "day", type = "DATE" },
  { name = "country", type = "STRING" },
  { name = "user", type = "INT64" },
  { name = "n", type = "INT64" },
]
[[stage]]
name = "sums"
kind = "sql"
needs = ["users"]
reads = [{ table = "mart.users" }]
sql = "SELECT u.day, MIN(u.country) AS country, COUNT(*) AS users, SUM(n) AS n FROM `mart.users` AS u WHERE u.day = @date GROUP BY u.day"
table = "mart.sums"
date_column = "day"
key = ["day", "country"]
slice = { country = "${country}" }
columns = [
  { name = "day", type = "DATE" },
  { name = "country", type = "STRING" },
  { name = "users", type = "INT64" },
  { name = "n", type = "INT64" },
]
[[check]]
name = "only_own"
stage = "sums"
title = "No row of another country"
severity = "blocking"
sql = "SELECT day FROM `mart.users` WHERE country != @country UNION ALL SELECT day FROM mart.sums JOIN mart.users AS u USING (day) WHERE u.country != @country"
expect = [{ rows = 0 }]
"#;

/// A warehouse that several plans fill, each from a state folder of its own.
struct Place(tempfile::TempDir);

impl Place {
    /// With the events of every country: two a day, and none of the last country on the last day.
    fn new() -> Self {
        let place = Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
        fs::create_dir(place.warehouse()).unwrap();
        let mut sql = String::from(
            "CREATE TABLE events (day TEXT, country TEXT, user INTEGER, n INTEGER);
             CREATE TABLE expected (day TEXT, country TEXT);",
        );
        for (at, country) in COUNTRIES.iter().enumerate() {
            for day in 1..=3 {
                for user in 1..=2 {
                    let number = 100 * at + 10 * day + user;
                    let country = country.replace('\'', "''");
                    let _ = write!(
                        sql,
                        "INSERT INTO events VALUES ('2024-01-0{day}', '{country}', {user}, {number});
                         INSERT INTO expected VALUES ('2024-01-0{day}', '{country}');"
                    );
                }
            }
        }
        place.sql("raw", &sql);
        place
    }

    fn warehouse(&self) -> PathBuf {
        self.0.path().join("warehouse")
    }

    fn open(&self, dataset: &str) -> Connection {
        Connection::open(self.warehouse().join(format!("{dataset}.sqlite"))).unwrap()
    }

    fn sql(&self, dataset: &str, sql: &str) {
        self.open(dataset).execute_batch(sql).unwrap();
    }

    /// The rows of a query as texts.
    fn rows(&self, dataset: &str, sql: &str) -> Vec<String> {
        let connection = self.open(dataset);
        let mut query = connection.prepare(sql).unwrap();
        let columns = query.column_count();
        let line = |row: &rusqlite::Row<'_>| {
            let cell = |at| {
                row.get::<_, rusqlite::types::Value>(at).map(|cell| match cell {
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    other => format!("{other:?}"),
                })
            };
            let cells = (0..columns).map(cell).collect::<Result<Vec<_>, _>>()?;
            Ok(cells.join("|"))
        };
        let rows = query.query_map([], line).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// Everything stored in both tables, by country.
    fn stored(&self) -> BTreeMap<String, Vec<String>> {
        let mut stored: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let users = "SELECT country, 'users', day, user, n FROM users ORDER BY day, user";
        let sums = "SELECT country, 'sums', day, users, n FROM sums ORDER BY day";
        for row in [users, sums].into_iter().flat_map(|sql| self.rows("mart", sql)) {
            let (country, rest) = row.split_once('|').unwrap();
            stored
                .entry(country.to_owned())
                .or_default()
                .push(rest.to_owned());
        }
        stored
    }

    /// The program with a plan, from the state folder of this name.
    fn of_plan(&self, args: &[&str], plan: &str, state: &str) -> Command {
        let name = plan.split('"').nth(1).unwrap();
        let file = self.0.path().join(format!("{name}.{state}.toml"));
        fs::write(&file, plan).unwrap();
        let mut command = backcourt();
        command.args(args);
        command
            .arg("--state-dir")
            .arg(self.0.path().join("states").join(state));
        command.arg("--plan").arg(file);
        command
            .arg("--warehouse")
            .arg(format!("sqlite:{}", self.warehouse().display()));
        command
    }

    /// The program for a country, from a state folder of its own.
    fn command(&self, args: &[&str], country: &str) -> Command {
        let at = COUNTRIES.iter().position(|known| *known == country).unwrap();
        let mut command = self.of_plan(args, PLAN, &at.to_string());
        command.arg("--var").arg(format!("country={country}"));
        command
    }

    fn ask(&self, args: &[&str], country: &str) -> Ended {
        ended(&mut self.command(args, country))
    }

    fn run(&self, country: &str) -> Ended {
        self.ask(&["run", "--output", "plain"], country)
    }

    fn run_all(&self) {
        for country in COUNTRIES {
            self.run(country).expect(0);
        }
    }

    /// The number of dates of a stage in each state.
    fn dates(&self, country: &str, stage: &str) -> BTreeMap<String, u64> {
        let status = self.ask(&["status", "--json"], country);
        let status: Value = serde_json::from_str(&status.out).unwrap();
        let stages = status["stages"].as_array().unwrap();
        let stage = stages.iter().find(|known| known["name"] == stage).unwrap();
        let dates = stage["dates"].as_object().unwrap().iter();
        dates
            .filter_map(|(state, count)| Some((state.clone(), count.as_u64()?)))
            .filter(|(state, count)| *count > 0 && state != "total")
            .collect()
    }
}

/// What each country has after a run of its own, computed by hand.
fn expected() -> BTreeMap<String, Vec<String>> {
    let of_country = |(at, country): (usize, &&str)| {
        let mut rows = Vec::new();
        for day in 1..=3 {
            for user in 1..=2 {
                rows.push(format!(
                    "users|2024-01-0{day}|{user}|{}",
                    100 * at + 10 * day + user
                ));
            }
        }
        for day in 1..=3 {
            rows.push(format!("sums|2024-01-0{day}|2|{}", 200 * at + 20 * day + 3));
        }
        ((*country).to_owned(), rows)
    };
    COUNTRIES.iter().enumerate().map(of_country).collect()
}

#[test]
fn five_countries_fill_one_table_one_after_another() {
    let place = Place::new();
    place.run_all();
    assert_eq!(place.stored(), expected());
    for country in COUNTRIES {
        let again = place.run(country).expect(0).out;
        assert!(again.contains("nothing to do"), "{again}");
        assert_eq!(place.dates(country, "users"), [("ok".to_owned(), 3)].into());
        let status = place.ask(&["status"], country).expect(0).out;
        assert!(status.contains("plan dau ["), "{status}");
    }
    let owners = place.rows(
        "backcourt",
        "SELECT path, plan FROM owner WHERE path LIKE '%sums%' ORDER BY path",
    );
    assert_eq!(
        owners,
        [
            "mart.sums [country=DE]|dau [country=DE]",
            "mart.sums [country=FR]|dau [country=FR]",
            "mart.sums [country=O'Brien]|dau [country=O'Brien]",
            "mart.sums [country=São Tomé]|dau [country=São Tomé]",
            "mart.sums [country=a%2C %5Bb%5D%3D50%25]|dau [country=a%2C %5Bb%5D%3D50%25]",
        ]
    );
}

/// Five processes on one folder wait for each other.
#[test]
fn five_countries_fill_one_table_side_by_side() {
    let place = Place::new();
    let runs = COUNTRIES.map(|country| {
        let mut command = place.command(&["run", "--output", "plain"], country);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        (country, command.spawn().unwrap())
    });
    for (country, run) in runs {
        let output = run.wait_with_output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{country}: {out}");
    }
    assert_eq!(place.stored(), expected());
    for country in COUNTRIES {
        assert_eq!(place.dates(country, "sums"), [("ok".to_owned(), 3)].into());
    }
}

#[test]
fn a_rerun_replaces_and_deletes_only_its_own_rows() {
    let place = Place::new();
    place.run_all();
    let others = |mut stored: BTreeMap<String, Vec<String>>| {
        stored.remove("FR");
        stored
    };
    place.sql(
        "raw",
        "UPDATE events SET n = n + 5000 WHERE country = 'FR' AND day = '2024-01-02';
         DELETE FROM events WHERE country = 'FR' AND day = '2024-01-03' AND user = 2;
         DELETE FROM expected WHERE rowid = (SELECT MAX(rowid) FROM expected WHERE country = 'FR')",
    );
    place
        .ask(
            &["rerun", "--dates", "2024-01-01..2024-01-03", "--output", "plain"],
            "FR",
        )
        .expect(0);
    let stored = place.stored();
    assert_eq!(
        stored["FR"],
        [
            "users|2024-01-01|1|111",
            "users|2024-01-01|2|112",
            "users|2024-01-02|1|5121",
            "users|2024-01-02|2|5122",
            "users|2024-01-03|1|131",
            "sums|2024-01-01|2|223",
            "sums|2024-01-02|2|10243",
            "sums|2024-01-03|1|131",
        ]
    );
    assert_eq!(others(stored), others(expected()));
    // The others have nothing to do: neither stale nor short.
    for country in COUNTRIES.into_iter().filter(|country| *country != "FR") {
        assert_eq!(place.dates(country, "sums"), [("ok".to_owned(), 3)].into());
        assert!(place.run(country).expect(0).out.contains("nothing to do"));
    }
}

/// The rows of the other countries are not those that an answer is compared with.
#[test]
fn stored_rows_of_the_slice_are_kept_if_an_answer_is_short() {
    let place = Place::new();
    place.run_all();
    place.sql(
        "raw",
        "DELETE FROM events WHERE country = 'DE' AND day = '2024-01-02'",
    );
    let short = place
        .ask(&["rerun", "--dates", "2024-01-02", "--output", "plain"], "DE")
        .expect(1);
    assert!(
        short
            .out
            .contains("expected 2 rows, got 0; kept the 2 rows stored before"),
        "{}",
        short.out
    );
    assert_eq!(place.stored(), expected());
    place
        .ask(
            &[
                "rerun",
                "--dates",
                "2024-01-02",
                "--accept-short",
                "--output",
                "plain",
            ],
            "DE",
        )
        .expect(1);
    let rows = place.rows(
        "mart",
        "SELECT country, COUNT(*) FROM users WHERE day = '2024-01-02' GROUP BY 1",
    );
    assert_eq!(rows, ["FR|2", "O'Brien|2", "São Tomé|2", "a, [b]=50%|2"]);
}

/// Rows that vanish from the table are noticed by their own plan alone.
#[test]
fn a_lost_row_is_missed_by_its_own_plan_alone() {
    let place = Place::new();
    place.run_all();
    place.sql(
        "mart",
        "DELETE FROM users WHERE country = 'FR' AND day = '2024-01-02'",
    );
    assert!(place.run("DE").expect(0).out.contains("nothing to do"));
    let mended = place.run("FR").expect(0).out;
    assert!(
        mended.contains("1 to do") || mended.contains("2024-01-02"),
        "{mended}"
    );
    assert_eq!(place.stored(), expected());
}

#[rstest]
#[case::one_by_one("day = @date")]
#[case::many_at_once("day IN UNNEST(@dates)")]
fn rows_of_another_slice_are_quarantined_and_never_stored(#[case] condition: &str) {
    let place = Place::new();
    place.run("FR").expect(0);
    let before = place.stored();
    let all = PLAN
        .replacen("day = @date AND country = @country", condition, 1)
        .replace("expect_rows", "# expect_rows");
    let mut command = place.of_plan(&["run", "--output", "plain", "--var", "country=DE"], &all, "all");
    let run = ended(&mut command).expect(1);
    assert!(
        run.out
            .contains("column country: 'FR' is not 'DE', the slice of the plan"),
        "{}",
        run.out
    );
    let rows = place.rows("mart", "SELECT country, COUNT(*) FROM users GROUP BY 1");
    assert_eq!(rows, ["DE|6", "FR|6"]);
    assert_eq!(place.stored()["FR"], before["FR"]);
}

#[test]
fn slices_and_whole_tables_have_one_owner() {
    let place = Place::new();
    place.run("DE").expect(0);
    let whole = PLAN
        .replace("name = \"dau\"", "name = \"whole\"")
        .replace("slice = { country = \"${country}\" }", "");
    let by_user = PLAN
        .replace("name = \"dau\"", "name = \"by_user\"")
        .replacen("slice = { country = \"${country}\" }", "slice = { user = 1 }", 1)
        .replacen(
            "AND country = @country\"",
            "AND country = @country AND user = 1\"",
            1,
        )
        .replacen("expect_rows", "# expect_rows", 1);
    let run = |plan: &str, flags: &[&str], state: &str| {
        let args = [&["run", "--output", "plain", "--var", "country=FR"], flags].concat();
        ended(&mut place.of_plan(&args, plan, state))
    };
    let refused = run(&whole, &[], "whole").expect(2).out;
    assert!(
        refused.contains(
            "stage users: slice country=DE of table mart.users belongs to plan dau [country=DE] (taken by "
        ) && refused
            .contains("and may have the same rows as table mart.users; fill another table, or take it over"),
        "{refused}"
    );
    let refused = run(&by_user, &[], "by_user").expect(2).out;
    assert!(
        refused.contains("slice country=DE of table mart.users belongs to plan dau [country=DE]")
            && refused.contains("and may have the same rows as slice user=1 of table mart.users"),
        "{refused}"
    );
    // Another plan of the same slice, and one of another.
    let same = PLAN.replace("name = \"dau\"", "name = \"same\"");
    let refused = place.of_plan(
        &["run", "--output", "plain", "--var", "country=DE"],
        &same,
        "same",
    );
    let refused = ended(&mut { refused }).expect(2).out;
    assert!(
        refused
            .contains("stage users: slice country=DE of table mart.users belongs to plan dau [country=DE]"),
        "{refused}"
    );
    run(&same, &[], "same").expect(0);
    // The whole table is taken over from both, and a slice from it again.
    run(&whole, &["--take-over"], "whole").expect(0);
    let owners = "SELECT path, plan FROM owner WHERE path LIKE 'mart.users%' ORDER BY path";
    assert_eq!(place.rows("backcourt", owners), ["mart.users|whole"]);
    let refused = place.run("DE").expect(2).out;
    assert!(
        refused.contains("stage users: table mart.users belongs to plan whole (taken by ")
            && refused.contains("and may have the same rows as slice country=DE of table mart.users"),
        "{refused}"
    );
    place
        .ask(&["run", "--take-over", "--output", "plain"], "DE")
        .expect(0);
    assert_eq!(
        place.rows("backcourt", owners),
        ["mart.users [country=DE]|dau [country=DE]"]
    );
    assert_eq!(
        place.rows("mart", "SELECT COUNT(*) FROM users WHERE country = 'DE'"),
        ["6"]
    );
}

/// Another plan replaced the rows, as many as before, and gave the table back: no slice counts them as its own.
#[test]
fn rows_that_another_plan_replaced_are_not_taken_for_own() {
    let place = Place::new();
    for country in ["DE", "FR"] {
        place.run(country).expect(0);
    }
    let sums = "SELECT country, SUM(n) FROM users WHERE country IN ('DE', 'FR') GROUP BY 1 ORDER BY 1";
    let before = place.rows("mart", sums);
    let (users, _) = PLAN.split_once("[[stage]]\nname = \"sums\"").unwrap();
    let whole = users
        .replace("name = \"dau\"", "name = \"whole\"")
        .replace("Users of ${country}", "All users")
        .replace("[vars]\ncountry = { required = true }\n", "")
        .replace("slice = { country = \"${country}\" }\n", "")
        .replace(", n FROM", ", n + 1000 AS n FROM")
        .replace(" AND country = @country", "");
    ended(&mut place.of_plan(&["run", "--output", "plain", "--take-over"], &whole, "whole")).expect(0);
    assert_ne!(place.rows("mart", sums), before);
    let preview = place
        .ask(&["run", "--take-over", "--dry-run"], "DE")
        .expect(0)
        .out;
    assert!(
        preview.contains("3 dates of users would become stale: its table was not this plan's own"),
        "{preview}"
    );
    place
        .ask(&["run", "--take-over", "--output", "plain"], "DE")
        .expect(0);
    place.run("FR").expect(0);
    assert_eq!(place.rows("mart", sums), before);
    // From then on they are its own again.
    let again = place.run("FR").expect(0).out;
    assert!(again.contains("nothing to do"), "{again}");
}

/// Another program's column takes `DE` and `de` for the same: each slice still has only its own rows.
#[test]
fn slices_that_differ_in_case_do_not_share_rows() {
    let place = Place::new();
    place.sql(
        "mart",
        "CREATE TABLE t (day TEXT NOT NULL, country TEXT COLLATE NOCASE NOT NULL, n INTEGER)",
    );
    let plan = r#"
name = "cased"
title = "One row a day"
from = "2024-01-01"
to = "2024-01-03"
[vars]
country = { required = true }
[[stage]]
name = "one"
kind = "sql"
sql = "SELECT @date AS day, @country AS country, 1 AS n"
table = "mart.t"
date_column = "day"
slice = { country = "${country}" }
columns = [{ name = "day", type = "DATE" }, { name = "country", type = "STRING" }, { name = "n", type = "INT64" }]
"#;
    for country in ["DE", "de", "De"] {
        let variable = format!("country={country}");
        let args = [
            "run",
            "--output",
            "plain",
            "--replace-existing",
            "--var",
            &variable,
        ];
        ended(&mut place.of_plan(&args, plan, country)).expect(0);
    }
    assert_eq!(
        place.rows(
            "mart",
            "SELECT country, COUNT(*) FROM t GROUP BY country COLLATE BINARY ORDER BY 1 COLLATE BINARY"
        ),
        ["DE|3", "De|3", "de|3"]
    );
}

/// Rows of the slice that no plan owns are asked about; those of other slices are not counted.
#[test]
fn only_rows_of_the_slice_are_foreign() {
    let place = Place::new();
    place.run("DE").expect(0);
    place.sql(
        "mart",
        "INSERT INTO users SELECT day, 'FR', user, 7 FROM users WHERE day = '2024-01-01' AND user = 1",
    );
    let refused = place.run("FR").expect(2).out;
    assert!(
        refused.contains("slice country=FR of table mart.users")
            && refused.contains("contains 1 row in 1 partition"),
        "{refused}"
    );
    place.run("O'Brien").expect(0);
    place
        .ask(&["run", "--replace-existing", "--output", "plain"], "FR")
        .expect(0);
    let expected = expected();
    for country in ["DE", "FR", "O'Brien"] {
        assert_eq!(place.stored()[country], expected[country]);
    }
}

/// One state folder has several slices, as it has several environments.
#[test]
fn a_command_uses_the_only_slice_of_a_state_folder_or_asks_which() {
    let place = Place::new();
    let ask = |args: &[&str]| ended(&mut place.of_plan(args, PLAN, "shared"));
    ask(&["run", "--output", "plain", "--var", "country=DE"]).expect(0);
    let status = ask(&["status"]).expect(0);
    assert!(
        status.err.contains("plan dau as last run here: country 'DE'"),
        "{}",
        status.err
    );
    assert!(status.out.contains("dau [country=DE]"), "{}", status.out);
    ask(&["run", "--output", "plain", "--var", "country=FR"]).expect(0);
    let refused = ask(&["status"]).expect(2).err;
    assert!(
        refused.contains(
            "the plan was run in this state folder for slices country=FR and country=DE; choose one with --var \
             country=VALUE"
        ),
        "{refused}"
    );
    for country in ["DE", "FR"] {
        let var = format!("country={country}");
        let status = ask(&["status", "--var", &var]).expect(0).out;
        assert!(status.contains(&format!("dau [country={country}]")), "{status}");
        let again = ask(&["run", "--output", "plain", "--var", &var]).expect(0).out;
        assert!(again.contains("nothing to do"), "{again}");
    }
    let expected = expected();
    assert_eq!(
        place.stored(),
        ["DE", "FR"]
            .map(|one| (one.to_owned(), expected[one].clone()))
            .into()
    );
}

#[test]
fn plan_show_report_and_doctor_show_the_slice() {
    let place = Place::new();
    place.run("O'Brien").expect(0);
    let show = |more: &[&str]| {
        let args = [&["plan", "show", "sums"], more].concat();
        let mut command = place.of_plan(&args, PLAN, "show");
        command.args(["--var", "country=O'Brien"]);
        command
    };
    let shown = ended(&mut show(&[])).expect(0).out;
    assert!(shown.contains("'O''Brien'"), "{shown}");
    let mut google = backcourt();
    google.args([
        "plan",
        "show",
        "sums",
        "--warehouse",
        "bigquery:acme-prod",
        "--var",
        "country=O'Brien",
    ]);
    google.arg("--plan").arg(place.0.path().join("dau.show.toml"));
    google.arg("--state-dir").arg(place.0.path().join("states/show"));
    let shown = ended(&mut google).expect(0).out;
    for said in [
        r"FROM (SELECT * FROM `mart.users` WHERE `country` = 'O\'Brien') AS u WHERE u.day =",
        r"AND `country` = 'O\'Brien'",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let doctor = place.ask(&["doctor"], "O'Brien");
    assert!(doctor.out.contains("dau [country=O'Brien]"), "{}", doctor.out);
    let report = place.ask(&["report"], "O'Brien").expect(0);
    let report = format!("{}{}", report.out, report.err);
    assert!(report.contains("country=O'Brien"), "{report}");
}

/// Whoever made the table, nothing is written if its rows can't be told apart.
#[test]
fn a_table_without_the_column_is_refused() {
    let place = Place::new();
    place.sql(
        "mart",
        "CREATE TABLE users (day DATE NOT NULL, user INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (day, user))",
    );
    for flags in [
        &["run", "--output", "plain"][..],
        &["run", "--migrate", "--output", "plain"],
    ] {
        let refused = place.ask(flags, "DE").expect(2).out;
        assert!(refused.contains("has no column 'country' STRING"), "{refused}");
    }
    assert_eq!(place.rows("mart", "SELECT COUNT(*) FROM users"), ["0"]);
}

fn of_program(keys: &str) -> String {
    format!(
        r#"
name = "calls"
title = "Rows of a program"
from = "2024-01-01"
to = "2024-01-02"
[vars]
country = {{ required = true }}
[[stage]]
name = "calls"
kind = "command"
table = "mart.calls"
date_column = "day"
slice = {{ country = "${{country}}" }}
{keys}
"#
    )
}

#[test]
fn printed_rows_of_another_slice_are_quarantined() {
    let place = Place::new();
    let plan = of_program(
        r#"
command = ["sh", "-c", "printf 'day,country,n\n%s,DE,1\n%s,FR,2\n' $DAY $DAY"]
environment = { DAY = "{date}" }
key = ["day", "country"]
columns = [{ name = "day", type = "DATE" }, { name = "country", type = "STRING" }, { name = "n", type = "INT64" }]"#,
    );
    for (country, other, stored) in [("DE", "FR", &["DE|1|2"][..]), ("FR", "DE", &["DE|1|2", "FR|2|2"])] {
        let args = ["run", "--output", "plain", "--var", &format!("country={country}")];
        let run = ended(&mut place.of_plan(&args, &plan, country)).expect(1);
        let said = format!("'{other}' is not '{country}', the slice of the plan");
        assert!(run.out.contains(&said), "{}", run.out);
        let rows = place.rows(
            "mart",
            "SELECT country, MIN(n), COUNT(*) FROM calls GROUP BY country",
        );
        assert_eq!(rows, stored);
    }
}

/// Rows that a program writes by itself are counted in its slice alone.
#[test]
fn rows_that_a_program_writes_are_counted_in_the_slice() {
    let place = Place::new();
    place.sql(
        "mart",
        "CREATE TABLE calls (day TEXT, country TEXT); INSERT INTO calls VALUES
           ('2024-01-01', 'DE'), ('2024-01-01', 'FR'), ('2024-01-02', 'FR'), ('2024-01-02', 'FR');
         CREATE TABLE others (day TEXT)",
    );
    let plan = of_program("command = [\"true\", \"{date}\"]\nexpect_rows = 1");
    let run = |plan: &str, country: &str| {
        let var = format!("country={country}");
        let args = ["run", "--replace-existing", "--output", "plain", "--var", &var];
        ended(&mut place.of_plan(&args, plan, &format!("{country}{}", plan.len())))
    };
    let run_of_de = run(&plan, "DE").expect(1).out;
    assert!(run_of_de.contains("EMPTY: 0 of 1 row,"), "{run_of_de}");
    let run_of_fr = run(&plan, "FR").expect(1).out;
    assert!(run_of_fr.contains("2 of 1 row,"), "{run_of_fr}");
    let others = plan
        .replace("mart.calls", "mart.others")
        .replace("\"calls\"", "\"others\"");
    let refused = run(&others, "DE").expect(2).out;
    assert!(
        refused.contains("table mart.others has no column 'country', by which the plan divides it"),
        "{refused}"
    );
}

/// Without declared columns, they follow from a query that sees the slice.
#[test]
fn the_columns_of_a_slice_follow_from_its_query() {
    let place = Place::new();
    let (before, after) = PLAN
        .split_once("columns = [\n  { name = \"day\", type = \"DATE\" },")
        .unwrap();
    let (_, check) = after.rsplit_once("[[check]]").unwrap();
    let (users, sums) = after.split_once("[[stage]]").unwrap();
    let (sums, _) = sums.split_once("columns = [").unwrap();
    let columns = "columns = [\n  { name = \"day\", type = \"DATE\" },";
    let plan = format!("{before}{columns}{users}[[stage]]{sums}[[check]]{check}");
    for country in COUNTRIES {
        let args = ["run", "--output", "plain", "--var", &format!("country={country}")];
        ended(&mut place.of_plan(&args, &plan, &country.len().to_string())).expect(0);
    }
    assert_eq!(place.stored(), expected());
}

/// A command for the active run of a folder doesn't reach another slice than it names.
#[test]
fn a_command_does_not_reach_the_run_of_another_slice() {
    let place = Place::new();
    let slow = of_program(
        r#"
command = ["sh", "-c", "sleep 60", "{date}"]
key = ["day", "country"]
columns = [{ name = "day", type = "DATE" }, { name = "country", type = "STRING" }]"#,
    );
    let ask = |args: &[&str]| place.of_plan(args, &slow, "slow");
    let mut run = ask(&["run", "--output", "plain", "--var", "country=DE"]);
    let mut run = run
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the run listens", || {
        ended(&mut ask(&["ctl", "pause", "--var", "country=DE"])).code == Some(0)
    });
    let refused = ended(&mut ask(&["ctl", "resume", "--var", "country=FR"]))
        .expect(2)
        .err;
    assert!(
        refused.contains("calls [country=DE]") && refused.contains("--var selects plan calls [country=FR]"),
        "{refused}"
    );
    // A value that can't be checked selects nothing.
    for other in ["countri=FR", "country= FR", "country="] {
        ended(&mut ask(&["ctl", "drain", "--var", other])).expect(2);
    }
    ended(&mut ask(&["ctl", "abort", "--var", "country=DE"])).expect(0);
    run.wait().unwrap();
}

/// The own table is read in its slice.
#[test]
fn a_stage_that_depends_on_its_past_sees_its_slice() {
    let place = Place::new();
    let plan = r#"
name = "running"
title = "A running total without declared columns"
from = "2024-01-01"
to = "2024-01-03"
[vars]
country = { required = true }
[[stage]]
name = "totals"
kind = "sql"
depends_on_past = true
seed = "SELECT @date AS day, @country AS country, SUM(n) AS total FROM `raw.events` WHERE day = @date AND country = @country"
sql = """
SELECT @date AS day, @country AS country, (SELECT SUM(total) FROM mart.totals WHERE day < @date) + SUM(e.n) AS total
FROM `raw.events` AS e WHERE e.day = @date AND e.country = @country"""
table = "mart.totals"
date_column = "day"
key = ["day", "country"]
slice = { country = "${country}" }
columns = [{ name = "day", type = "DATE" }, { name = "country", type = "STRING" }, { name = "total", type = "INT64" }]
"#;
    for country in ["DE", "FR"] {
        let args = ["run", "--output", "plain", "--var", &format!("country={country}")];
        ended(&mut place.of_plan(&args, plan, country)).expect(0);
    }
    let rows = place.rows("mart", "SELECT country, total FROM totals ORDER BY country, day");
    assert_eq!(rows, ["DE|23", "DE|66", "DE|152", "FR|223", "FR|466", "FR|952"]);
}
