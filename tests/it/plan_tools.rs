//! The tools for the author of a plan: every mistake at once, what a run sends, the JSON Schema, and the plan that the
//! environment selects. docs/plan.schema.json is generated: `UPDATE_DOCS=1 cargo test --test it docs_`.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use backcourt::plan;
use jsonschema::Validator;
use serde_json::Value;

use crate::planned::Planned;
use crate::program::{State, backcourt, ended};

const PLAN: &str = r#"
name = "port"
title = "A port"
from = "2024-03-01"
to = "2024-03-03"
[[stage]]
name = "calls"
kind = "command"
command = ["./calls", "{date}", "two words", "--since={date}T00"]
environment = { DAY = "{date}" }
[[stage]]
name = "tons"
kind = "sql"
sql = "SELECT day, SUM(tons) AS tons FROM `raw.calls` WHERE day = @date GROUP BY day"
table = "port.tons"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "tons", type = "INT64" }]
expect_rows = "SELECT day, 1 FROM `raw.days` WHERE day IN UNNEST(@dates)"
active = "SELECT day FROM `raw.days`"
"#;

#[test]
fn every_mistake_of_a_plan_is_listed_with_its_line() {
    let wrong = PLAN
        .replace("title =", "titel =")
        .replace("2024-03-03", "2024-02-03")
        .replace("kind = \"sql\"", "kind = \"sql\"\nneeds = [\"call\"]")
        .replace(
            "name = \"tons\", type = \"INT64\"",
            "name = \"tons\", type = \"INT46\"",
        );
    let planned = Planned::new(&wrong);
    let refused = planned.backcourt(&["plan", "check"]).expect(2);
    let file = planned.file();
    let expected = format!(
        "backcourt: plan {} has 4 mistakes:
  line 3: unknown field `titel`; did you mean 'title'?
  line 5: the range ends on 2024-02-03, before its start 2024-03-01; swap the two dates
  line 14: stage 'tons': stage 'call' not found; did you mean 'calls'?
  line 19: stage 'tons': column 'tons': type 'INT46' not found; did you mean 'INT64'?
",
        file.display()
    );
    assert_eq!(refused.err, expected);
    assert_eq!(planned.run(&[]).expect(2).err, expected, "a run refuses the same");
    assert!(!planned.state.path().exists());
}

#[test]
fn queries_that_the_warehouse_cannot_run_are_mistakes_too() {
    let foreign = PLAN.replace("SUM(tons)", "ML.PREDICT(tons)").replace(
        "SELECT day FROM `raw.days`",
        "SELECT ML.PREDICT(day) FROM `raw.days`",
    );
    let refused = Planned::new(&foreign).backcourt(&["plan", "check"]).expect(2);
    let lines: Vec<&str> = refused.err.lines().collect();
    assert_eq!(lines[0], "backcourt: plan port has 2 mistakes:");
    for line in &lines[1..] {
        assert!(
            line.starts_with("  stage 'tons': the embedded warehouse does not support"),
            "{line}"
        );
    }
    let planned = Planned::on(
        &foreign,
        &["--warehouse".to_owned(), "bigquery:my-project".to_owned()],
    );
    planned.backcourt(&["plan", "check"]).expect(0);
}

#[test]
fn a_valid_plan_is_summarised() {
    let checked = Planned::new(PLAN).backcourt(&["plan", "check"]).expect(0);
    assert_eq!(
        checked.out,
        "plan port is valid: 2 stages, 0 checks, 2024-03-01 to 2024-03-03\n"
    );
}

#[test]
fn a_command_is_shown_as_a_shell_runs_it() {
    let planned = Planned::new(PLAN);
    let shown = planned
        .backcourt(&["plan", "show", "calls", "--date", "2024-03-02"])
        .expect(0);
    let folder = fs::canonicalize(planned.folder.path()).unwrap();
    assert_eq!(
        shown.out,
        format!(
            "# calls: 2024-03-02\ncd {} && env DAY=2024-03-02 ./calls 2024-03-02 'two words' --since=2024-03-02T00\n",
            folder.display()
        )
    );
}

#[test]
fn queries_are_shown_as_the_warehouse_gets_them() {
    let planned = Planned::new(PLAN);
    let embedded = planned.backcourt(&["plan", "show", "tons"]).expect(0).out;
    for part in [
        "-- tons: active\n",
        "-- tons: expect_rows for 2024-03-01\n-- :dates = '[\"2024-03-01\"]'\n",
        "-- tons: 2024-03-01\n-- :date = '2024-03-01'\nSELECT",
        "FROM `raw`.`calls`",
    ] {
        assert!(embedded.contains(part), "{part} in {embedded}");
    }
    let flags = ["--warehouse", "bigquery:my-project", "--dataset-prefix", "try_"];
    let bigquery = Planned::on(PLAN, &flags.map(str::to_owned));
    let sent = bigquery
        .backcourt(&["plan", "show", "--date", "2024-03-02"])
        .expect(0)
        .out;
    for part in [
        "./calls 2024-03-02",
        "SELECT day FROM `raw.days`\n",
        "SELECT day, 1 FROM `raw.days` WHERE day IN UNNEST([DATE '2024-03-02'])\n",
        "BEGIN TRANSACTION;\n",
        "SELECT day, SUM(tons) AS tons FROM `raw.calls` WHERE day = DATE '2024-03-02' GROUP BY day\n",
        "DELETE FROM `try_port.tons` WHERE `day` IN (DATE '2024-03-02')",
        "COMMIT TRANSACTION;\n",
    ] {
        assert!(sent.contains(part), "{part} in {sent}");
    }
    assert!(!sent.contains("try_raw"), "the plan only reads it: {sent}");
    let refused = planned.backcourt(&["plan", "show", "tonz"]).expect(2);
    assert_eq!(
        refused.err,
        "backcourt: stage 'tonz' not found; did you mean 'tons'?\n"
    );
    assert!(!planned.state.path().exists() && !bigquery.state.path().exists());
}

#[test]
fn a_dataset_prefix_moves_only_tables_that_the_plan_fills() {
    let flags = ["--warehouse", "bigquery:my-project", "--dataset-prefix", "try_"].map(str::to_owned);
    let shares = r#"
[[stage]]
name = "shares"
kind = "sql"
needs = ["tons"]
reads = [{ table = "port.tons" }]
sql = "SELECT day, t.tons FROM `port.tons` AS t JOIN my-project.port.tons USING (day), `my-project.raw.calls` WHERE day = @date"
table = "port.shares"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "tons", type = "INT64" }]
"#;
    let planned = Planned::on(&format!("{PLAN}{shares}"), &flags);
    let sent = planned.backcourt(&["plan", "show", "shares"]).expect(0).out;
    let query = "SELECT day, t.tons FROM `try_port.tons` AS t JOIN `try_port.tons` USING (day), `raw.calls` \
                 WHERE day = DATE '2024-03-01'\n";
    assert!(sent.contains(query), "{sent}");
    assert!(sent.contains("DELETE FROM `try_port.shares`"), "{sent}");

    for (from, to, problem) in [
        (
            "`my-project.raw.calls`",
            "try_port.tons",
            "the plan reads try_port.tons, which --dataset-prefix try_ makes a table that it fills; choose another prefix",
        ),
        (
            "my-project.port.tons",
            "port.tons",
            "stage 'shares': a query uses port.tons without backticks around the whole name",
        ),
        (
            "@date\"\ntable = \"port.shares\"",
            "@date |> INSERT INTO raw.calls\"\ntable = \"port.shares\"",
            "stage 'shares': a query contains INSERT, which could write; with --dataset-prefix queries may only read",
        ),
        (
            "@date\"\ntable = \"port.shares\"",
            "@date; DROP TABLE raw.calls\"\ntable = \"port.shares\"",
            "stage 'shares': sql: only DECLARE and CREATE TEMP FUNCTION may precede the query, not 'SELECT'; write one SELECT",
        ),
    ] {
        planned.write(&format!("{PLAN}{}", shares.replace(from, to)));
        let refused = planned.backcourt(&["plan", "check"]).expect(2).err;
        assert!(refused.contains(problem), "{problem} in {refused}");
    }
}

#[test]
fn the_environment_selects_the_plan() {
    let planned = Planned::new(PLAN);
    let state = State::none();
    let mut status = state.command(&["plan", "check"]);
    let checked = ended(status.env("BACKCOURT_PLAN", planned.file())).expect(0);
    assert!(checked.out.starts_with("plan port is valid"), "{}", checked.out);
    let mut status = state.command(&["status"]);
    let missing = ended(status.env("BACKCOURT_PLAN", planned.file()));
    assert!(
        missing.out.contains("port") || missing.err.contains("port"),
        "{missing:?}"
    );
    let mut flag = state.command(&["plan", "check", "--plan", "shop"]);
    let checked = ended(flag.env("BACKCOURT_PLAN", planned.file())).expect(0);
    assert!(
        checked.out.starts_with("plan shop is valid"),
        "the flag comes first: {}",
        checked.out
    );
}

#[test]
fn the_environment_brings_no_second_plan_into_a_folder() {
    let planned = Planned::new(PLAN);
    let shop = State::none();
    shop.backcourt(&[
        "run",
        "--plan",
        "shop",
        "--dates",
        "2024-03-01",
        "--output",
        "silent",
    ]);
    let with_variable = |arguments: &[&str], value: &std::ffi::OsStr| {
        ended(shop.command(arguments).env("BACKCOURT_PLAN", value))
    };
    let file = planned.file();
    for arguments in [&["run", "--output", "silent"][..], &["status"]] {
        let refused = with_variable(arguments, file.as_os_str()).expect(2);
        let sentence = "BACKCOURT_PLAN selects plan 'port', but plan shop was run in";
        assert!(refused.err.contains(sentence), "{}", refused.err);
    }
    let checked = with_variable(&["plan", "check"], file.as_os_str()).expect(0);
    assert!(checked.out.starts_with("plan port is valid"), "{}", checked.out);
    for own in ["shop", ""] {
        let status = with_variable(&["status"], own.as_ref());
        assert!(status.out.contains("shop"), "{status:?}");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Validator {
    jsonschema::validator_for(&serde_json::to_value(plan::schema()).unwrap()).unwrap()
}

#[test]
fn docs_have_the_schema_that_the_program_prints() {
    let printed = ended(backcourt().args(["plan", "schema"]));
    let path = root().join("docs/plan.schema.json");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &printed.expect(0).out).unwrap();
        return;
    }
    assert_eq!(fs::read_to_string(path).unwrap(), printed.expect(0).out);
}

/// Every file of the source tree that may contain a plan.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path
            .extension()
            .is_some_and(|kind| kind == "rs" || kind == "md" || kind == "toml")
        {
            into.push(path);
        }
    }
}

/// The plans of a file: the whole of it, its TOML blocks, or its raw string literals.
fn plans(path: &Path) -> Vec<String> {
    // An input of a fuzz target may be anything.
    let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let between = |begin: &str, end: &str| -> Vec<String> {
        let parts = text.split(begin).skip(1).filter_map(|part| part.split_once(end));
        parts.map(|(plan, _)| plan.to_owned()).collect()
    };
    match path.extension().and_then(|kind| kind.to_str()) {
        Some("toml") => vec![text],
        Some("md") => between("```toml\n", "\n```"),
        _ => between("r#\"", "\"#"),
    }
}

/// The text as JSON, if it looks like a complete plan.
fn as_plan(text: &str) -> Option<Value> {
    let plan = toml::from_str::<toml::Table>(text).ok()?;
    let is_plan = ["name", "title", "from", "to", "stage"]
        .iter()
        .all(|key| plan.contains_key(*key));
    is_plan.then(|| serde_json::to_value(plan).unwrap())
}

#[test]
fn every_plan_of_the_assets_docs_and_tests_matches_the_schema() {
    let mut files = vec![root().join("README.md")];
    for folder in ["assets", "docs", "src", "tests", "benches"] {
        sources(&root().join(folder), &mut files);
    }
    let schema = schema();
    let mut found = 0;
    for file in files {
        for text in plans(&file) {
            let Some(plan) = as_plan(&text) else { continue };
            found += 1;
            let faults: Vec<String> = schema.iter_errors(&plan).map(|fault| fault.to_string()).collect();
            assert_eq!(faults, [] as [String; 0], "{}:\n{text}", file.display());
        }
    }
    assert!(found >= 20, "only {found} plans found");
}

#[test]
fn the_schema_refuses_what_the_program_refuses() {
    let schema = schema();
    assert!(schema.is_valid(&as_plan(PLAN).unwrap()));
    for (good, bad) in [
        ("kind = \"sql\"", "kind = \"sqll\""),
        ("title = ", "colour = 1\ntitle = "),
        ("kind = \"sql\"\n", ""),
        ("to = \"2024-03-03\"", "to = \"2024-03-03\"\nworkers = 0"),
        (
            "to = \"2024-03-03\"",
            "to = \"2024-03-03\"\nfirst_month = \"May\"",
        ),
        ("type = \"INT64\"", "type = \"INT64\", part = \"gruop\""),
    ] {
        let text = PLAN.replacen(good, bad, 1);
        assert!(!schema.is_valid(&as_plan(&text).unwrap()), "{bad}");
        Planned::new(&text).backcourt(&["plan", "check"]).expect(2);
    }
}
