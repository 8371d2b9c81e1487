//! Chains of thousands of operators overflowed the stack of the thread that translated the query, at every start.

use rstest::rstest;

use super::Planned;

fn plan(stage: &str, check: &str) -> String {
    format!(
        r#"
name = "deep"
title = "A deep query"
from = "2024-01-01"
to = "2024-01-02"
[[stage]]
name = "one"
kind = "sql"
sql = """{stage}"""
table = "d.one"
date_column = "day"
key = ["day"]
columns = [ {{ name = "day", type = "DATE" }}, {{ name = "n", type = "INT64" }} ]
[[check]]
name = "zero"
stage = "one"
title = "No row has n = 0"
severity = "advisory"
sql = """{check}"""
expect = [{{ rows = 0 }}]
"#
    )
}

const STAGE: &str = "SELECT @date AS day, 1 AS n";
const CHECK: &str = "SELECT day FROM `d.one` WHERE n = 0";

fn ors(times: usize) -> String {
    plan(STAGE, &format!("{CHECK}{}", "\nOR n = 0".repeat(times)))
}

fn unions(times: usize) -> String {
    plan(
        STAGE,
        &format!("{CHECK}{}", format!("\nUNION ALL {CHECK}").repeat(times)),
    )
}

fn sums(times: usize) -> String {
    plan(
        &format!("SELECT @date AS day, 1{} AS n", "\n+ 0".repeat(times)),
        CHECK,
    )
}

#[rstest]
#[case::ors(ors)]
#[case::unions(unions)]
#[case::sums(sums)]
fn a_deep_query_is_refused_in_words_and_never_aborts_the_process(#[case] plan: fn(usize) -> String) {
    Planned::new(&plan(200)).run(&[]).expect(0);
    // More than SQLite takes, as deep as a plan may be.
    for times in [1_500, 1_990, 3_300] {
        let ended = Planned::new(&plan(times)).run(&[]);
        assert!(matches!(ended.code, Some(0..=3)), "{times}: {:?}", ended.code);
    }
    for times in [4_100, 200_000] {
        let refused = Planned::new(&plan(times)).run(&[]).expect(2);
        assert!(
            refused
                .err
                .contains("of the query: more than 4000 operators and brackets"),
            "{}",
            refused.err
        );
    }
}
