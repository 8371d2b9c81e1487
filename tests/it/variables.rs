//! Variables and environments of a plan: where values come from, and which mistakes are reported.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::process::Stdio;

use rstest::rstest;
use rusqlite::Connection;

use crate::planned::Planned;
use crate::program::{backcourt, ended, wait_until};

const PLAN: &str = r#"
name = "users"
title = "Users of ${country}"
from = "2026-01-01"
to = "2026-01-02"

[vars]
raw = "raw"
country = { required = true }
grain = "DAY"

[environment.dev]
raw = "dev_raw"

[environment.prod]
production = true
raw = "prod_raw"
country = "FR"

[[stage]]
name = "users"
kind = "sql"
sql = """
SELECT @date AS day, '$${raw}' AS note
FROM `${raw}.events`
WHERE day = @date AND country = '${country}'"""
table = "mart.users"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "note", type = "STRING" }]

[[check]]
name = "users"
stage = "users"
title = "Users"
severity = "blocking"
sql_file = "users.sql"
expect = [{ rows = 0 }]
"#;

fn planned(plan: &str) -> Planned {
    let planned = Planned::new(plan);
    let check = "SELECT DATE_TRUNC(day, ${grain}) FROM `mart.users` WHERE note IS NULL";
    fs::write(planned.folder.path().join("users.sql"), check).unwrap();
    planned
}

impl Planned {
    /// Creates the events of a dataset: one of each country for each date.
    fn events(&self, dataset: &str) {
        let warehouse = self.state.path().join("warehouse");
        fs::create_dir_all(&warehouse).unwrap();
        let connection = Connection::open(warehouse.join(format!("{dataset}.sqlite"))).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE events (day TEXT, country TEXT);
                 INSERT INTO events VALUES ('2026-01-01', 'DE'), ('2026-01-02', 'DE'),
                   ('2026-01-01', 'FR'), ('2026-01-02', 'FR');",
            )
            .unwrap();
    }
}

/// The SQL of the stage with these flags.
fn shown(planned: &Planned, flags: &[&str]) -> String {
    planned
        .backcourt(&[&["plan", "show", "users"], flags].concat())
        .expect(0)
        .out
}

/// The mistakes of a plan file.
fn mistakes(planned: &Planned, flags: &[&str]) -> Vec<String> {
    let refused = planned
        .backcourt(&[&["plan", "check"], flags].concat())
        .expect(2)
        .err;
    let file = planned.file().display().to_string();
    let lines = refused
        .lines()
        .map(|line| match line.split_once(&format!("plan {file}: ")) {
            Some((_, only)) => only.to_owned(),
            None => line.trim_start().to_owned(),
        });
    lines.filter(|line| !line.ends_with(" mistakes:")).collect()
}

#[test]
fn a_flag_overrides_the_process_which_overrides_the_environment_and_the_default() {
    let planned = planned(PLAN);
    let of = |flags: &[&str], process: Option<&str>| {
        let args = [&["plan", "show", "users", "--var", "country=DE"], flags].concat();
        let mut command = planned.command(&args);
        command.envs(process.map(|value| ("BACKCOURT_VAR_RAW", value)));
        let sql = ended(&mut command).expect(0).out;
        let (before, _) = sql.split_once("events").unwrap();
        let (_, dataset) = before.rsplit_once("FROM").unwrap();
        dataset.trim_matches([' ', '`', '.', '"', '\n']).to_owned()
    };
    assert_eq!(of(&[], None), "raw");
    assert_eq!(of(&["--environment", "dev"], None), "dev_raw");
    assert_eq!(of(&["--environment", "dev"], Some("of_process")), "of_process");
    let flags = ["--environment", "dev", "--var", "raw=of_flag"];
    assert_eq!(of(&flags, Some("of_process")), "of_flag");
}

#[test]
fn texts_and_sql_files_are_resolved_and_escapes_are_kept() {
    let planned = planned(PLAN);
    let sql = shown(&planned, &["--environment", "prod"]);
    assert!(sql.contains("prod_raw") && sql.contains("'FR'"), "{sql}");
    assert!(sql.contains("'${raw}'"), "{sql}");
    let mut command = planned.command(&["plan", "check"]);
    command
        .env("BACKCOURT_ENVIRONMENT", "prod")
        .env("BACKCOURT_VAR_UNKNOWN", "of another plan");
    ended(&mut command).expect(0);
    let wrong = mistakes(&planned, &["--environment", "prod", "--var", "grain=DAYS'"]);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("line 37: check 'users': "), "{wrong:?}");
}

#[test]
fn another_value_is_another_definition() {
    let planned = planned(&PLAN.replace(
        "'$${raw}' AS note\nFROM `${raw}.events`\nWHERE day = @date AND country = '${country}'",
        "'${raw} ${country}' AS note",
    ));
    planned.run(&["--var", "country=DE"]).expect(0);
    let status = |country: &str| {
        let told = planned.backcourt(&["status", "--json", "--var", country]);
        let status: serde_json::Value = serde_json::from_str(&told.out).unwrap();
        status["stages"][0]["dates"]["outdated"].as_u64().unwrap()
    };
    assert_eq!((status("country=DE"), status("country=FR")), (0, 2));
}

#[rstest]
#[case::unknown("'${country}'\"", "'${contry}'\"", &["line 26: variable 'contry' not found; did you mean 'country'?"])]
#[case::not_declared("Users of", "Users of ${HOME}", &["line 3: variable 'HOME' not found; declare it in [vars], or write $${HOME} for this text"])]
#[case::reference_in_name("\"users\"\ntitle", "\"users_${HOME}\"\ntitle", &["line 2: the name refers to variable 'HOME'; write the name itself, an environment is added to it"])]
#[case::escape_in_name("\"users\"\ntitle", "\"users_$${HOME}\"\ntitle", &["line 2: the name contains '${', which is not replaced in a name; choose another name"])]
#[case::environment_in_name("\"users\"\ntitle", "\"users [dev]\"\ntitle", &["line 2: the name ends in ' [dev]', which is the mark of an environment; choose another name"])]
#[case::unused("grain = \"DAY\"", "grain = \"DAY\"\nspare = \"x\"", &["line 11: variable 'spare' is not used; remove it"])]
#[case::not_required("{ required = true }", "{ required = false }", &["line 9: variable 'country' has no value; give one, or required = true"])]
#[case::nested("raw = \"raw\"", "raw = \"${grain}\"", &["line 8: the value of variable 'raw' refers to a variable; write the value itself"])]
#[case::letter_case("grain = \"DAY\"", "grain = \"DAY\"\nRAW = \"x\"", &["line 11: variable 'RAW' is not used; remove it", "line 8: variables 'RAW' and 'raw' differ only in letter case; rename one"])]
#[case::invalid_name("grain = \"DAY\"", "grain = \"DAY\"\n\"a-b\" = \"x\"", &["line 11: 'a-b' is not a valid name of a variable; use ASCII letters, digits and underscores, and not 'production'", "line 11: variable 'a-b' is not used; remove it"])]
#[case::wrong_type("raw = \"raw\"", "raw = 7", &["line 8: expected a text or { required = true }"])]
#[case::of_environment("raw = \"dev_raw\"", "cuontry = \"DE\"", &["line 13: variable 'cuontry' not found; did you mean 'country'?"])]
#[case::flag_of_environment("raw = \"dev_raw\"", "raw = true", &["line 13: the value of variable 'raw' must be a text, in quotes"])]
#[case::production("production = true", "production = \"yes\"", &["line 16: production is true or false"])]
#[case::sql_file("grain", "grane", &["line 37: check 'users': variable 'grain' not found; did you mean 'grane'?"])]
fn mistakes_are_listed_with_their_line(#[case] good: &str, #[case] bad: &str, #[case] expected: &[&str]) {
    let plan = PLAN.replacen(good, bad, 1);
    assert_ne!(plan, PLAN, "{good}");
    let mut found = mistakes(&planned(&plan), &["--var", "country=DE", "--environment", "prod"]);
    found.retain(|mistake| !mistake.contains("'country' has no value; give --var"));
    let mut expected: Vec<String> = expected.iter().map(|text| (*text).to_owned()).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn missing_values_and_unknown_names_of_flags_are_refused() {
    let planned = planned(PLAN);
    assert_eq!(
        mistakes(&planned, &[]),
        [
            "line 9: variable 'country' has no value; give --var country=VALUE, BACKCOURT_VAR_COUNTRY or an environment \
             that sets it"
        ]
    );
    assert_eq!(
        mistakes(
            &planned,
            &[
                "--environment",
                "prd",
                "--var",
                "contry=DE",
                "--var",
                "country=DE"
            ]
        ),
        [
            "environment 'prd' not found; did you mean 'prod'?",
            "variable 'contry' not found; did you mean 'country'?"
        ]
    );
    let refused = planned
        .backcourt(&["plan", "check", "--var", "country"])
        .expect(2)
        .err;
    assert!(refused.contains("write NAME=VALUE"), "{refused}");
    let nba = ["plan", "check", "--plan", "nba", "--environment", "dev"];
    let refused = ended(planned.state.command(&nba).args(["--var", "raw=x"]))
        .expect(2)
        .err;
    assert!(
        refused.contains("environment 'dev' not found; add [environment.dev]"),
        "{refused}"
    );
    assert!(
        refused.contains("variable 'raw' not found; declare it in [vars], or leave out --var"),
        "{refused}"
    );
}

#[test]
fn later_commands_use_the_recorded_environment_and_values() {
    let planned = planned(PLAN);
    let raw = |dataset: &str| planned.events(dataset);
    raw("dev_raw");
    raw("prod_raw");
    let run = planned
        .run(&["--environment", "dev", "--var", "country=DE"])
        .expect(0);
    assert!(!run.err.contains("as last run here"), "{}", run.err);
    let status = planned.backcourt(&["status"]).expect(0);
    assert!(
        status
            .err
            .ends_with("backcourt: plan users as last run here: environment dev, country 'DE'\n"),
        "{}",
        status.err
    );
    assert!(status.out.contains("of plan users [dev] on "), "{}", status.out);
    for command in [&["check"][..], &["rerun", "--dates", "2026-01-01"], &["run"]] {
        let done = planned
            .backcourt(&[command, &["--output", "plain"]].concat())
            .expect(0);
        assert!(done.err.contains("environment dev, country 'DE'"), "{}", done.err);
    }
    assert_eq!(planned.dates("users", "outdated"), 0);
    let without_plan = ended(&mut planned.state.command(&["status"])).expect(0);
    assert!(
        without_plan.out.contains("of plan users [dev] on "),
        "{}",
        without_plan.out
    );
}

#[test]
fn other_values_than_the_recorded_ones_are_refused_until_they_replace_them() {
    let planned = planned(PLAN);
    planned.events("raw");
    planned.run(&["--var", "country=DE"]).expect(0);
    let given = ["--var", "country=FR"];
    for command in [
        &["run"][..],
        &["check"],
        &["rerun", "--failed"],
        &["accept", "users", "--reason", "x"],
        &["report"],
    ] {
        let refused = planned.backcourt(&[command, &given].concat()).expect(2).err;
        let state = planned.state.path().display().to_string();
        assert_eq!(
            refused,
            format!(
                "backcourt: plan users was run in {state} with country 'DE', but --var gives 'FR'; leave out the new \
                 values, use another --state-dir, or replace the old ones with 'backcourt run --replace-vars'\n"
            )
        );
    }
    let mut of_process = planned.command(&["check"]);
    let refused = ended(of_process.env("BACKCOURT_VAR_RAW", "other")).expect(2).err;
    assert!(
        refused.contains("with raw 'raw', but BACKCOURT_VAR_RAW gives 'other'"),
        "{refused}"
    );
    let shown = planned.backcourt(&[&["status"], &given[..]].concat()).expect(0);
    assert!(
        shown
            .err
            .contains("was run here with country 'DE', but --var gives 'FR'"),
        "{}",
        shown.err
    );
    planned.run(&[&["--replace-vars"], &given[..]].concat()).expect(0);
    let status = planned.backcourt(&["status"]).expect(0);
    assert!(
        status.err.contains("as last run here: country 'FR'"),
        "{}",
        status.err
    );
    planned.backcourt(&["check", "--var", "country=DE"]).expect(2);
}

#[test]
fn recorded_values_that_cannot_be_read_are_not_ignored() {
    let planned = planned(PLAN);
    planned.events("raw");
    planned.run(&["--var", "country=DE"]).expect(0);
    let ledger = Connection::open(planned.state.path().join("ledger.sqlite")).unwrap();
    ledger
        .execute("UPDATE plan_variables SET given = '{'", [])
        .unwrap();
    drop(ledger);
    for command in ["status", "run"] {
        let refused = planned.backcourt(&[command, "--var", "country=FR"]).expect(2).err;
        assert!(refused.contains("ledger.sqlite: "), "{refused}");
    }
}

#[test]
fn environments_have_their_own_progress_and_one_of_several_must_be_chosen() {
    let planned = planned(
        &PLAN
            .replace("\"mart.users\"", "\"${mart}.users\"")
            .replace("[vars]\n", "[vars]\nmart = \"mart\"\n")
            .replace("production = true\n", "production = true\nmart = \"prod_mart\"\n")
            .replace("`mart.users`", "`${mart}.users`"),
    );
    planned.events("dev_raw");
    planned.events("prod_raw");
    let check = "SELECT DATE_TRUNC(day, ${grain}) FROM `${mart}.users` WHERE note IS NULL";
    fs::write(planned.folder.path().join("users.sql"), check).unwrap();
    planned
        .run(&["--environment", "dev", "--var", "country=DE"])
        .expect(0);
    let never = planned
        .backcourt(&["status", "--environment", "prod"])
        .expect(2)
        .err;
    assert!(never.contains("plan users [prod] has never run in"), "{never}");
    planned.run(&["--environment", "prod"]).expect(0);
    for command in [&["status"][..], &["run"], &["check"]] {
        let refused = planned.backcourt(command).expect(2).err;
        assert!(
            refused.contains(
                "the plan was run in environments prod, dev of this state folder; choose one with --environment"
            ),
            "{refused}"
        );
    }
    let dev = planned.backcourt(&["status", "--environment", "dev"]).expect(0);
    assert!(dev.err.contains("as last run here: country 'DE'"), "{}", dev.err);
    let prod = planned.backcourt(&["status", "--environment", "prod"]).expect(0);
    assert_eq!(prod.err, "", "production has its value from the plan file");
}

#[test]
fn an_environment_does_not_write_the_tables_of_another() {
    let planned = planned(PLAN);
    planned.events("dev_raw");
    planned.events("prod_raw");
    planned
        .run(&["--environment", "dev", "--var", "country=DE"])
        .expect(0);
    let refused = planned.run(&["--environment", "prod"]);
    assert_ne!(refused.code, Some(0));
    let text = refused.out + &refused.err;
    assert!(text.contains("users [dev]"), "{text}");
    planned.run(&["--environment", "prod", "--take-over"]).expect(0);
    let status = planned.backcourt(&["status", "--json", "--environment", "prod"]);
    let status: serde_json::Value = serde_json::from_str(&status.expect(0).out).unwrap();
    assert_eq!(status["stages"][0]["dates"]["ok"], 2);
}

#[test]
fn another_host_sees_only_the_environment_that_was_run() {
    let planned = planned(PLAN);
    planned.events("dev_raw");
    planned
        .run(&["--environment", "dev", "--var", "country=DE"])
        .expect(0);
    let warehouse = format!("sqlite:{}", planned.state.path().join("warehouse").display());
    let elsewhere = planned.folder.path().join("elsewhere").display().to_string();
    let status = |environment: &[&str]| {
        let mut command = backcourt();
        command.args([
            "status",
            "--json",
            "--warehouse",
            &warehouse,
            "--state-dir",
            &elsewhere,
        ]);
        command
            .args(["--var", "country=DE", "--plan"])
            .arg(planned.file());
        ended(command.args(environment))
    };
    let dev: serde_json::Value =
        serde_json::from_str(&status(&["--environment", "dev"]).expect(0).out).unwrap();
    assert_eq!(dev["run"]["plan"], "users [dev]");
    for environment in [&["--environment", "prod"][..], &[]] {
        let refused = status(environment).expect(2).err;
        assert!(refused.contains("has never run in"), "{refused}");
    }
    let refused = status(&[]).err;
    assert!(
        refused.contains("choose one of its environments (dev, prod) with --environment"),
        "{refused}"
    );
}

#[test]
fn a_value_cannot_change_the_structure_of_a_query() {
    let planned = planned(PLAN);
    let attack = "country=x' OR 'a' = 'a";
    assert_eq!(
        mistakes(&planned, &["--var", attack]),
        [
            "line 26: the value 'x\\' OR \\'a\\' = \\'a' of variable 'country' is not a valid part of a name in SQL, which has only \
          letters, digits and _ - . : *; for a text write @country instead of ${country}"
        ]
    );
    let of_file = mistakes(&planned, &["--var", "country=DE", "--var", "grain=DAY) --"]);
    assert_eq!(of_file.len(), 1, "{of_file:?}");
    assert!(
        of_file[0].starts_with("line 37: check 'users': the value 'DAY) --' of variable 'grain'"),
        "{of_file:?}"
    );
    let long = format!("country={}", "x".repeat(1025));
    let refused = mistakes(&planned, &["--var", &long]);
    assert_eq!(
        refused,
        ["line 9: the value of variable 'country' is longer than 1024 bytes; shorten it"]
    );
    let refused = mistakes(&planned, &["--var", "country=a\nb"]);
    assert!(
        refused
            .iter()
            .any(|mistake| mistake.contains("contains a control character")),
        "{refused:?}"
    );
}

#[rstest]
#[case("DE")]
#[case("O'Brien")]
#[case("x' OR 'a' = 'a")]
#[case(r#"\' "back" \slash\ @date ?1 `x` -- é 漢"#)]
fn a_parameter_is_a_string_in_the_warehouse(#[case] value: &str) {
    let planned = planned(
        &PLAN
            .replace("'${country}'\"", "@country\"")
            .replace("'$${raw}' AS note", "@country AS note"),
    );
    planned.events("raw");
    let raw = planned.state.path().join("warehouse/raw.sqlite");
    let raw = Connection::open(raw).unwrap();
    raw.execute("UPDATE events SET country = ?1 WHERE country = 'DE'", [value])
        .unwrap();
    drop(raw);
    planned.run(&["--var", &format!("country={value}")]).expect(0);
    let mart = Connection::open(planned.state.path().join("warehouse/mart.sqlite")).unwrap();
    let stored = "SELECT COUNT(*), MIN(note), MAX(note) FROM users";
    let stored: (u32, String, String) = mart
        .query_row(stored, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    assert_eq!(stored, (2, value.to_owned(), value.to_owned()));
}

#[test]
fn names_of_parameters_are_checked() {
    let plan = |parameter: &str| PLAN.replace("'${country}'\"", &format!("{parameter}\""));
    let planned = planned(&plan("@COUNTRY"));
    assert!(shown(&planned, &["--var", "country=DE"]).contains("'DE'"));
    planned.write(&plan("@contry"));
    let found = mistakes(&planned, &["--var", "country=DE"]);
    assert_eq!(
        found,
        ["line 23: stage 'users': parameter '@contry' not found; did you mean '@country'?"]
    );
    planned.write(&PLAN.replace("grain = \"DAY\"", "grain = \"DAY\"\ndates = \"x\""));
    let found = mistakes(&planned, &["--var", "country=DE"]);
    assert!(
        found.iter().any(|mistake| mistake
            == "line 11: variable 'dates' has the name of a date parameter of queries; rename it"),
        "{found:?}"
    );
    planned.write(&PLAN.replace("name = \"users\"\ntitle", "name = \"users_${country}\"\ntitle"));
    let found = mistakes(&planned, &["--var", "country=DE"]);
    assert_eq!(
        found,
        [
            "line 2: the name refers to variable 'country'; write the name itself, an environment is added to it"
        ]
    );
}

#[test]
fn the_environment_of_the_process_applies_only_to_plans_with_environments() {
    let planned = planned(PLAN);
    let check = |plan: &[&str], environment: &str| {
        let mut command = backcourt();
        command
            .args(["plan", "check"])
            .args(plan)
            .env("BACKCOURT_ENVIRONMENT", environment);
        ended(&mut command)
    };
    let file = planned.file().display().to_string();
    let of_file = ["--plan", &file, "--var", "country=DE"];
    check(&["--plan", "shop"], "dev").expect(0);
    check(&["--plan", "shop"], "").expect(0);
    check(&of_file, "").expect(0);
    check(&of_file, "dev").expect(0);
    let refused = check(&of_file, "prd").expect(2).err;
    assert!(
        refused.contains("BACKCOURT_ENVIRONMENT: environment 'prd' not found; did you mean 'prod'?"),
        "{refused}"
    );
}

#[cfg(unix)]
#[test]
fn values_of_the_process_that_are_not_utf8_are_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let planned = planned(PLAN);
    let invalid = OsStr::from_bytes(b"raw\xff");
    for (variable, line) in [("BACKCOURT_VAR_RAW", "line 8: "), ("BACKCOURT_ENVIRONMENT", "")] {
        let mut command = planned.command(&["plan", "check", "--var", "country=DE"]);
        let refused = ended(command.env(variable, invalid)).expect(2).err;
        assert!(
            refused.ends_with(&format!(
                ": {line}{variable} is not valid UTF-8; correct or unset it\n"
            )),
            "{refused}"
        );
    }
    let mut command = planned.command(&["plan", "check", "--var", "country=DE"]);
    ended(command.env("BACKCOURT_VAR_OTHER", invalid)).expect(0);
}

#[test]
fn every_problem_is_reported_once() {
    let planned = planned(&PLAN.replace("'${country}'\"", "'${contry}' AND x = '${rraw}'\""));
    let check =
        "SELECT DATE_TRUNC(day, ${grane}) FROM `mart.users` WHERE note = '${raww}' AND note = '${country}'";
    fs::write(planned.folder.path().join("users.sql"), check).unwrap();
    assert_eq!(
        mistakes(&planned, &["--var", "currency=EUR"]),
        [
            "variable 'currency' not found; choose one of: country, grain, raw",
            "line 9: variable 'country' has no value; give --var country=VALUE, BACKCOURT_VAR_COUNTRY or an environment \
             that sets it",
            "line 26: variable 'contry' not found; did you mean 'country'?",
            "line 26: variable 'rraw' not found; did you mean 'raw'?",
            "line 37: check 'users': variable 'grane' not found; did you mean 'grain'?",
            "line 37: check 'users': variable 'raww' not found; did you mean 'raw'?",
        ]
    );
}

#[test]
fn a_plan_without_variables_leaves_its_sql_alone() {
    let plan = PLAN
        .lines()
        .filter(|line| !line.contains("country}") || line.starts_with("WHERE"));
    let plan: Vec<&str> = plan.collect();
    let plan = plan.join("\n");
    let (before, rest) = plan.split_once("[vars]").unwrap();
    let (_, after) = rest.split_once("[[stage]]").unwrap();
    let planned = planned(
        &format!("{before}title = \"Users\"\n[[stage]]{after}")
            .replace("FROM `${raw}.events`", "FROM `raw.events`"),
    );
    let sql = shown(&planned, &[]);
    assert!(sql.contains("'$${raw}'") && sql.contains("'${country}'"), "{sql}");
}

#[test]
fn without_variables_programs_keep_their_own() {
    let plan = |title: &str| {
        format!(
            "name = \"p\"\ntitle = \"{title}\"\nfrom = \"2026-01-01\"\nto = \"2026-01-01\"\n[[stage]]\nname = \"one\"\n\
             kind = \"command\"\ncommand = [\"sh\", \"-c\", \"echo ${{HOME}} $${{X}} {{date}}\"]\n\
             environment = {{ A = \"${{B}}\" }}\n"
        )
    };
    let planned = Planned::new(&plan("One"));
    let shown = planned.backcourt(&["plan", "show"]).expect(0).out;
    assert!(
        shown.contains("echo ${HOME} $${X} 2026-01-01") && shown.contains("${B}"),
        "{shown}"
    );
    planned.write(&plan("One of ${HOME}"));
    assert_eq!(
        mistakes(&planned, &[]),
        ["line 2: variable 'HOME' not found; declare it in [vars], or write $${HOME} for this text"]
    );
}

#[test]
fn after_a_plan_has_got_environments_a_choice_is_needed() {
    let planned = planned(PLAN);
    planned.events("raw");
    planned.events("prod_raw");
    planned.run(&["--var", "country=DE"]).expect(0);
    planned.backcourt(&["status"]).expect(0);
    planned.run(&["--environment", "prod", "--take-over"]).expect(0);
    for command in [
        &["status"][..],
        &["report"],
        &["check"],
        &["run"],
        &["rerun", "--failed"],
        &["accept", "users", "--reason", "x"],
        &["waive", "users", "--reason", "x"],
        &["plan", "check"],
    ] {
        let refused = planned.backcourt(command).expect(2).err;
        assert!(
            refused.contains(
                "the plan was run in this state folder without an environment and in prod; choose one with \
                 --environment, or none with --environment ''"
            ),
            "{refused}"
        );
    }
    let none = planned.backcourt(&["status", "--environment", ""]).expect(0);
    assert!(none.out.contains("of plan users on "), "{}", none.out);
    let mut of_process = planned.command(&["status"]);
    let prod = ended(of_process.env("BACKCOURT_ENVIRONMENT", "prod")).expect(0);
    assert!(prod.out.contains("of plan users [prod] on "), "{}", prod.out);
}

#[test]
fn recorded_environments_that_the_file_no_longer_has_are_not_used_silently() {
    let planned = planned(PLAN);
    planned.events("dev_raw");
    planned.events("raw");
    planned
        .run(&["--environment", "dev", "--var", "country=DE"])
        .expect(0);
    planned.write(&PLAN.replace("[environment.dev]", "[environment.test]"));
    let refused = planned.backcourt(&["status"]).expect(2).err;
    assert!(
        refused.contains(
            "the plan was run in environment 'dev', which its file no longer has; add [environment.dev], or choose \
             another with --environment: prod, test, or '' for none"
        ),
        "{refused}"
    );
    let (before, rest) = PLAN.split_once("[environment.dev]").unwrap();
    let (_, after) = rest.split_once("[[stage]]").unwrap();
    planned.write(&format!("{before}[[stage]]{after}"));
    let given = ["--var", "country=DE"];
    let status = planned
        .backcourt(&[&["status"], &given[..]].concat())
        .expect(2)
        .err;
    assert!(
        status.contains(
            "plan users was run here in environment dev, which its file no longer has; it works without one"
        ) && status.contains("plan users has never run in"),
        "{status}"
    );
    planned.run(&[&["--take-over"], &given[..]].concat()).expect(0);
    planned.backcourt(&["status"]).expect(0);
}

#[test]
fn an_unreadable_ledger_is_not_taken_for_an_empty_one() {
    let planned = planned(PLAN);
    planned.events("raw");
    planned.run(&["--var", "country=DE"]).expect(0);
    fs::write(planned.state.path().join("ledger.sqlite"), vec![7; 9_000]).unwrap();
    let warehouse = format!("sqlite:{}", planned.state.path().join("warehouse").display());
    for command in [
        &["plan", "show"][..],
        &["plan", "check"],
        &["check", "--breakdown"],
        &["rehearse", "--from", &warehouse, "--dates", "2026-01-01"],
        &["attach", "--warehouse", &warehouse],
        &["doctor", "users"],
    ] {
        let refused = planned
            .backcourt(&[command, &["--var", "country=FR"]].concat())
            .expect(2);
        assert!(
            refused.err.contains("ledger.sqlite: is damaged"),
            "{}",
            refused.err
        );
    }
    let doctor = planned
        .backcourt(&["doctor", "--var", "country=FR"])
        .expect(1)
        .out;
    assert!(
        doctor.contains("FAIL   ledger: ") && doctor.contains("repair it first"),
        "{doctor}"
    );
    assert!(!doctor.contains("mart.users"), "{doctor}");
    let json = planned.backcourt(&["doctor", "--json"]).expect(1).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["state"], "fail");
}

#[test]
fn values_of_a_refused_run_do_not_count() {
    let planned = planned(PLAN);
    planned.events("dev_raw");
    planned.events("prod_raw");
    planned
        .run(&["--environment", "dev", "--var", "country=DE"])
        .expect(0);
    let refused = planned.run(&["--environment", "prod", "--var", "raw=dev_raw"]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    let sql = shown(&planned, &["--environment", "prod"]);
    assert!(sql.contains("prod_raw"), "{sql}");
    planned
        .run(&["--environment", "prod", "--take-over", "--var", "country=DE"])
        .expect(0);
    let refused = planned.run(&["--environment", "dev", "--replace-vars", "--var", "country=FR"]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    let status = planned.backcourt(&["status", "--environment", "dev"]).expect(0);
    assert!(
        status.err.contains("as last run here: country 'DE'"),
        "{}",
        status.err
    );
}

#[test]
fn plan_show_has_the_values_that_the_next_run_sends() {
    let planned = planned(PLAN);
    planned.events("raw");
    planned.run(&["--var", "country=DE"]).expect(0);
    let show = planned.backcourt(&["plan", "show", "users"]).expect(0);
    assert!(show.out.contains("'DE'"), "{}", show.out);
    assert_eq!(show.err, "backcourt: plan users as last run here: country 'DE'\n");
    planned.backcourt(&["plan", "check"]).expect(0);
    let other = planned
        .backcourt(&["plan", "show", "users", "--var", "country=FR"])
        .expect(0);
    assert!(
        other.out.contains("'FR'") && other.err.contains("was run here with country 'DE'"),
        "{other:?}"
    );
}

#[test]
fn a_command_for_another_environment_does_not_reach_the_active_run() {
    let planned = planned(PLAN);
    planned.events("dev_raw");
    let run = ["run", "--paused", "--output", "silent", "--environment", "dev"];
    let mut run = planned.command(&[&run[..], &["--var", "country=DE"]].concat());
    let mut run = run.stdout(Stdio::null()).spawn().unwrap();
    let ctl = |args: &[&str]| planned.state.backcourt(&[&["ctl"], args].concat());
    wait_until("the run is paused", || {
        ctl(&["status"]).out.contains("of plan users [dev] on ") && ctl(&["status"]).out.contains(": paused")
    });
    let file = planned.file().display().to_string();
    for (args, given) in [
        (
            &["ctl", "abort", "--environment", "prod"][..],
            "--environment is 'prod'",
        ),
        (&["ctl", "abort", "--environment", ""], "--environment is ''"),
        (&["ctl", "abort", "--plan", "nba"], "--plan is plan 'nba'"),
        (
            &["attach", "--plan", &file, "--environment", "prod"],
            "--environment is 'prod'",
        ),
    ] {
        let refused = planned.state.backcourt(args).expect(2).err;
        let sentence = format!("is of plan users [dev], but {given}; correct that");
        assert!(refused.contains(&sentence), "{refused}");
    }
    let mut of_process = planned.state.command(&["ctl", "abort"]);
    let refused = ended(of_process.env("BACKCOURT_ENVIRONMENT", "prod"))
        .expect(2)
        .err;
    assert!(
        refused.contains("but BACKCOURT_ENVIRONMENT is 'prod'"),
        "{refused}"
    );
    let second = planned
        .run(&["--environment", "prod", "--var", "country=DE"])
        .expect(4)
        .err;
    assert!(second.contains("(plan users [dev], process "), "{second}");
    ctl(&["abort", "--plan", &file, "--environment", "dev"]).expect(0);
    run.wait().unwrap();
}

#[test]
fn the_report_of_another_hosts_record_has_the_title_of_the_file() {
    let planned = planned(&PLAN.replace("Users of ${country}", "Users of ${country} $${x}"));
    planned.events("raw");
    planned.run(&["--var", "country=DE"]).expect(0);
    let warehouse = format!("sqlite:{}", planned.state.path().join("warehouse").display());
    let elsewhere = planned.folder.path().join("elsewhere").display().to_string();
    let mut command = backcourt();
    command.args(["report", "--format", "json", "--warehouse", &warehouse]);
    command.args(["--state-dir", &elsewhere, "--var", "country=FR", "--plan"]);
    let report = ended(command.arg(planned.file())).expect(0).out;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["title"], "Users of ${country} ${x}");
}

#[test]
fn an_empty_value_does_not_satisfy_a_required_variable() {
    let planned = planned(PLAN);
    let mut command = planned.command(&["plan", "check"]);
    let refused = ended(command.env("BACKCOURT_VAR_COUNTRY", "")).expect(2).err;
    assert!(refused.contains("variable 'country' has no value"), "{refused}");
    let refused = mistakes(&planned, &["--var", "country="]);
    let sentence =
        "line 9: the value of variable 'country' is empty, but the variable is required; give a text";
    assert!(refused.iter().any(|mistake| mistake == sentence), "{refused:?}");
}

#[test]
fn keys_of_the_author_are_not_queries() {
    let plan = "name = \"p\"\ntitle = \"P\"\nfrom = \"2026-01-01\"\nto = \"2026-01-01\"\n\
                [vars]\nwho = \"it's me\"\n[[stage]]\nname = \"one\"\nkind = \"command\"\n\
                command = [\"sh\", \"-c\", \"echo {date}\"]\nenvironment = { sql = \"${who}\", active = \"${who}\" }\n";
    let shown = Planned::new(plan).backcourt(&["plan", "show"]).expect(0).out;
    assert!(shown.contains("me"), "{shown}");
}
