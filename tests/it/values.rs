//! Values have the declared type of their column, whether printed by a program or returned by a query. Invalid ones are
//! rejected and shown in the message. Other output of a program stays off the screen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::path::PathBuf;

use crate::program::{Ended, State, ended};
use crate::pty::Pty;
use rusqlite::Connection;
use rusqlite::types::Value;

/// A plan with custom stages for these dates, in a folder with their programs.
struct Plan {
    state: State,
    folder: tempfile::TempDir,
}

impl Plan {
    fn new(from: &str, to: &str, stages: &str) -> Self {
        let plan = Self {
            state: State::none(),
            folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
        };
        let head =
            format!("name = \"p\"\ntitle = \"Values\"\nfrom = \"{from}\"\nto = \"{to}\"\nworkers = 2\n");
        fs::write(plan.file(), head + stages).unwrap();
        plan
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("p.toml")
    }

    /// Adds a program beside the plan.
    fn with(self, name: &str, script: &[u8]) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let file = self.folder.path().join(name);
        fs::write(&file, [b"#!/bin/sh\n", script].concat()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn ask(&self, args: &[&str]) -> Ended {
        ended(self.state.command(args).arg("--plan").arg(self.file()))
    }

    fn run(&self) -> Ended {
        self.ask(&["run", "--output", "plain"])
    }

    /// State and reason of a unit.
    fn unit(&self, stage: &str, date: &str) -> (String, String) {
        let sql = "SELECT state, COALESCE(reason, '') FROM unit WHERE stage = ?1 AND date = ?2";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        self.state.ledger().query_row(sql, [stage, date], read).unwrap()
    }

    /// The rows of a query on dataset `d`, as values separated by spaces.
    fn stored(&self, sql: &str) -> Vec<String> {
        let file = self.state.path().join("warehouse/d.sqlite");
        let dataset = Connection::open(file).unwrap();
        let mut query = dataset.prepare(sql).unwrap();
        let columns = query.column_count();
        let line = |row: &rusqlite::Row<'_>| {
            let cells = (0..columns).map(|at| row.get::<_, Value>(at).map(shown));
            Ok(cells.collect::<Result<Vec<_>, _>>()?.join(" "))
        };
        let rows = query.query_map([], line).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    fn log(&self) -> String {
        let logs = fs::read_dir(self.state.path().join("logs")).unwrap();
        logs.map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
            .collect()
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => format!("{bytes:?}"),
    }
}

#[test]
fn numeric_csv() {
    let columns = r#"date_column = "day"
key = ["day", "m"]
columns = [{ name = "day", type = "DATE" }, { name = "m", type = "NUMERIC(10,2)" }]
"#;
    let stages = format!(
        r#"
[[stage]]
name = "printed"
kind = "command"
command = ["sh", "-c", "echo day,m; for m in 0.129 0.135 1.005 -2.675 7; do echo $1,$m; done", "sh", "{{date}}"]
table = "d.printed"
{columns}
[[stage]]
name = "asked"
kind = "sql"
sql = "SELECT @date AS day, 0.129 AS m UNION ALL SELECT @date, 0.125 + 0.01 UNION ALL SELECT @date, 1.005 UNION ALL SELECT @date, -2.675 UNION ALL SELECT @date, 7"
table = "d.asked"
{columns}"#
    );
    let plan = Plan::new("2024-01-01", "2024-01-01", &stages);
    plan.run().expect(0);
    for table in ["printed", "asked"] {
        let stored = plan.stored(&format!("SELECT m FROM {table} ORDER BY m"));
        assert_eq!(stored, ["-2.68", "0.13", "0.14", "1.01", "7"], "{table}");
    }
}

#[test]
fn json_csv() {
    let stages = r#"
[[stage]]
name = "s"
kind = "command"
command = ["./rows", "{date}"]
table = "d.j"
date_column = "day"
key = ["day", "n"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }, { name = "j", type = "JSON" }]
"#;
    let rows = br#"printf 'day,n,j\n%s,1,"{""a"": [1, 2.50, null]}"\n%s,2,{a: 1\n' $1 $1"#;
    let plan = Plan::new("2024-01-01", "2024-01-01", stages).with("rows", rows);
    plan.run().expect(1);
    assert_eq!(plan.stored("SELECT n, j FROM j"), ["1 {\"a\": [1, 2.50, null]}"]);
    let (state, reason) = plan.unit("s", "2024-01-01");
    assert_eq!(state, "partial");
    assert_eq!(
        reason,
        "1 row quarantined (1 type), first: column j, line 3: '{a: 1' is not valid JSON; key must be a string at \
         line 1 column 2"
    );
}

/// Ways to write a value: its column, the text, and the stored value or the reason for its rejection.
const WAYS: [(&str, &str, &str); 28] = [
    ("t", "2024-01-08T02:30:00-05:00", "2024-01-08T07:30:00.000000Z"),
    ("t", "2024-01-08 02:30:00", "2024-01-08T02:30:00.000000Z"),
    ("t", "2024-01-08 02:30:00 UTC", "2024-01-08T02:30:00.000000Z"),
    ("t", "2024-01-08T02:30:00Z", "2024-01-08T02:30:00.000000Z"),
    ("t", "2024-01-08 02:30:00+00:00", "2024-01-08T02:30:00.000000Z"),
    (
        "t",
        "2024-01-08 02:30:00.123456 UTC",
        "2024-01-08T02:30:00.123456Z",
    ),
    ("t", "2024-01-08T02:30:00", "2024-01-08T02:30:00.000000Z"),
    ("t", "1704681000", "'1704681000' is not a TIMESTAMP"),
    (
        "t",
        "2024-01-08 02:30:00 America/New_York",
        "'2024-01-08 02:30:00 America/New_York' is not a TIMESTAMP; write an offset such as -05:00 instead of a time \
         zone name",
    ),
    ("m", "1.005", "1.01"),
    ("m", "2.675", "2.68"),
    ("m", "\"1,234.50\"", "'1,234.50' is not a NUMERIC(10,2)"),
    ("m", "1e3", "1000"),
    ("m", "123456789.00", "'123456789.00' does not fit NUMERIC(10,2)"),
    ("m", "0.30000000000000004", "0.3"),
    ("b", "TRUE", "1"),
    ("b", "1", "1"),
    ("b", "t", "1"),
    ("b", "False", "0"),
    ("i", "1.0", "'1.0' is not an INT64"),
    ("i", "+1", "1"),
    ("i", "007", "7"),
    ("d", "2024-1-8", "'2024-1-8' is not a DATE"),
    ("d", "20240108", "'20240108' is not a DATE"),
    ("d", "2024-02-30", "'2024-02-30' is not a DATE"),
    ("f", ".5", "0.5"),
    (
        "j",
        "\"{\"\"a\"\": [1, 2.50, null]}\"",
        "{\"a\": [1, 2.50, null]}",
    ),
    (
        "j",
        "{a: 1}",
        "'{a: 1}' is not valid JSON; key must be a string at line 1 column 2",
    ),
];

#[test]
fn csv_values() {
    let stages = r#"
[[stage]]
name = "rows"
kind = "command"
command = ["./one", "{date}"]
table = "d.v"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "t", type = "TIMESTAMP", nullable = true }, { name = "m", type = "NUMERIC(10,2)", nullable = true }, { name = "b", type = "BOOL", nullable = true }, { name = "i", type = "INT64", nullable = true }, { name = "d", type = "DATE", nullable = true }, { name = "f", type = "FLOAT64", nullable = true }, { name = "j", type = "JSON", nullable = true }]
"#;
    let columns = ["t", "m", "b", "i", "d", "f", "j"];
    let case = |(at, (column, text, _)): (usize, &(&str, &str, &str))| {
        let cells = columns.map(|known| if known == *column { *text } else { "" });
        format!("*-{:02}) echo \"$1\",'{}';;\n", at + 1, cells.join(","))
    };
    let cases: String = WAYS.iter().enumerate().map(case).collect();
    let script = format!("echo day,t,m,b,i,d,f,j\ncase $1 in\n{cases}esac\n");
    let plan = Plan::new("2024-01-01", "2024-01-28", stages).with("one", script.as_bytes());
    plan.run().expect(1);
    for (at, (column, text, wanted)) in WAYS.iter().enumerate() {
        let date = format!("2024-01-{:02}", at + 1);
        let found = plan.stored(&format!("SELECT {column} FROM v WHERE day = '{date}'"));
        if found.is_empty() {
            let (_, reason) = plan.unit("rows", &date);
            let kind = if wanted.contains("does not fit") {
                "range"
            } else {
                "type"
            };
            let refused = format!("1 row quarantined (1 {kind}), first: column {column}, line 2: {wanted}");
            assert_eq!(reason, refused, "{text}");
        } else {
            assert_eq!(found, [*wanted], "{text}");
        }
    }
    let kinds = "SELECT kind || ' ' || COUNT(*) FROM quarantined GROUP BY kind ORDER BY kind";
    let ledger = plan.state.ledger();
    let mut query = ledger.prepare(kinds).unwrap();
    let kinds: Vec<String> = query
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(kinds, ["range 1", "type 8"]);
    let report = plan.ask(&["report"]).out;
    assert!(
        report.contains("type: column d, line 2: … is not a DATE"),
        "{report}"
    );
}

#[test]
fn non_utf8() {
    let stages = r#"
[[stage]]
name = "talk"
kind = "command"
command = ["./talk", "{date}"]
[[stage]]
name = "rows"
kind = "command"
command = ["./rows", "{date}"]
table = "d.rows"
date_column = "day"
key = ["day", "s"]
columns = [{ name = "day", type = "DATE" }, { name = "s", type = "STRING" }]
"#;
    let talk = br"printf 'caf\351 \262 out %s\n' $1
printf 'caf\351 err\n' >&2
case $1 in *-03) printf '\377\376\000bad\n' >&2; exit 1;; esac
";
    let rows = br"printf 'day,s\n%s,good\n' $1
case $1 in *-02) printf '%s,caf\351\n' $1;; *-04) printf '%s,a\000b\n' $1;; *) printf '%s,caf\303\251\n' $1;; esac
";
    let plan = Plan::new("2024-01-01", "2024-01-04", stages)
        .with("talk", talk)
        .with("rows", rows);
    plan.run().expect(1);
    for (date, state, reason) in [
        ("2024-01-01", "ok", ""),
        (
            "2024-01-02",
            "partial",
            r"1 row quarantined (1 encoding), first: column s, line 3: 'caf\xe9' is not UTF-8",
        ),
        ("2024-01-03", "ok", ""),
        (
            "2024-01-04",
            "partial",
            r"1 row quarantined (1 encoding), first: column s, line 3: 'a\0b' has a NUL byte",
        ),
    ] {
        let unit = plan.unit("rows", date);
        assert_eq!((unit.0.as_str(), unit.1.as_str()), (state, reason), "{date}");
    }
    let stored = plan.stored("SELECT day, s FROM rows ORDER BY day, s");
    assert_eq!(
        stored,
        [
            "2024-01-01 café",
            "2024-01-01 good",
            "2024-01-02 good",
            "2024-01-03 café",
            "2024-01-03 good",
            "2024-01-04 good"
        ]
    );
    let (state, reason) = plan.unit("talk", "2024-01-03");
    assert_eq!(state, "failed");
    assert_eq!(reason, "exit code 1: caf\\xe9 err | \\xff\\xfe\0bad");
    assert!(plan.log().contains(r"caf\xe9 \xb2 out 2024-01-01"));
}

#[test]
fn progress_bar() {
    let bar = br"i=0; while [ $i -le 3000 ]; do printf '\rloading %d of 3000' $i >&2; i=$((i+1)); done
printf '\nno space left\n' >&2; exit 1
";
    let stages = "[[stage]]\nname = \"bar\"\nkind = \"command\"\ncommand = [\"./bar\", \"{date}\"]\n\
                  [[stage]]\nname = \"long\"\nkind = \"command\"\ncommand = [\"./long\", \"{date}\"]\n";
    let plan = Plan::new("2024-01-01", "2024-01-01", stages)
        .with("bar", bar)
        .with(
            "long",
            b"head -c 9000 /dev/zero | tr '\\0' a >&2; echo end >&2; exit 1\n",
        );
    let told = plan.run();
    told.expect(1);
    assert_eq!(
        plan.unit("bar", "2024-01-01").1,
        "exit code 1: loading 2997 of 3000 | loading 2998 of 3000 | loading 2999 of 3000 | loading 3000 of 3000 | \
         no space left"
    );
    let long = plan.unit("long", "2024-01-01").1;
    assert_eq!((long.chars().count(), long.ends_with('…')), (500, true), "{long}");
    let letters = "a".repeat(9000);
    assert!(plan.log().contains(&letters), "the rest stands in the log");
    for page in ["status", "report"] {
        let page = plan.ask(&[page]).out;
        assert!(page.lines().all(|line| line.len() < 800), "{page}");
    }
}

#[test]
fn tty_writer() {
    let stages = "[[stage]]\nname = \"speaks\"\nkind = \"command\"\n\
                  command = [\"sh\", \"-c\", \"printf 'Password: ' >/dev/tty\", \"{date}\"]\n\
                  [[stage]]\nname = \"asks\"\nkind = \"command\"\n\
                  command = [\"sh\", \"-c\", \"read x </dev/tty && echo got $x\", \"{date}\"]\ntimeout_seconds = 30\n";
    let plan = Plan::new("2024-01-01", "2024-01-01", stages);
    let (file, state) = (plan.file(), plan.state.path());
    let arguments = [
        "run",
        "--plan",
        file.to_str().unwrap(),
        "--state-dir",
        state.to_str().unwrap(),
    ];
    let mut pty = Pty::backcourt(&arguments, &[], (120, 36));
    // Checks the header, because a finished stage shows "finished", too; quitting before the run ends would ask a
    // question.
    pty.wait_until("the run has finished", |screen| {
        let header = screen.contents().lines().next().unwrap_or_default().to_owned();
        header.contains("finished")
    });
    let screen = pty.screen().contents();
    assert!(!screen.contains("Password: "), "{screen}");
    pty.send("q");
    pty.wait_exit();
    for stage in ["speaks", "asks"] {
        let (state, reason) = plan.unit(stage, "2024-01-01");
        assert_eq!(state, "failed", "{stage}");
        assert!(reason.contains("/dev/tty"), "{stage}: {reason}");
    }
}
