//! Variables and environments of a plan: where values come from, and which mistakes are reported.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;

use rstest::rstest;

use crate::planned::Planned;
use crate::program::ended;

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
#[case::not_declared("\"users\"\ntitle", "\"users_${HOME}\"\ntitle", &["line 2: variable 'HOME' not found; declare it in [vars], or write $${HOME} for this text"])]
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
