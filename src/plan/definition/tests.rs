use rstest::rstest;

use super::super::load::parse;
use super::super::queries::QuerySource;
use super::*;

/// The fingerprint of a query.
fn of_query(sql: &str) -> Fingerprint {
    let mut definition = DefinitionHash::new("query");
    definition.query("sql", sql);
    definition.end()
}

#[rstest]
#[case::white_space("SELECT a, b FROM d.t", "SELECT\n\ta ,b\r\n  FROM   d.t\n")]
#[case::a_line_comment("SELECT a FROM d.t", "SELECT a -- why\nFROM d.t -- and from where")]
#[case::a_hash_comment("SELECT a FROM d.t", "# why\nSELECT a FROM d.t")]
#[case::a_block_comment("SELECT a FROM d.t", "/* why */ SELECT /* what */ a FROM d.t")]
#[case::a_comment_in_a_comment("SELECT a FROM d.t", "SELECT a /* why /* not */ FROM d.t")]
#[case::a_hint_for_another_engine("SELECT a FROM d.t", "SELECT /*+ FULL(t) */ a FROM d.t")]
#[case::the_case_of_keywords(
    "SELECT a FROM d.t WHERE a IS NOT NULL",
    "select a from d.t where a is not null"
)]
#[case::the_case_of_types("SELECT CAST(a AS INT64) FROM d.t", "SELECT cast(a AS int64) FROM d.t")]
#[case::the_case_of_date_parts(
    "SELECT EXTRACT(YEAR FROM a) FROM d.t",
    "SELECT extract(year FROM a) FROM d.t"
)]
#[case::the_case_of_truth("SELECT TRUE, NULL", "SELECT true, null")]
#[case::the_case_of_function_names(
    "SELECT COUNT(*), Round(a) FROM d.t",
    "SELECT count(*), ROUND(a) FROM d.t"
)]
#[case::one_semicolon("SELECT a FROM d.t", "SELECT a FROM d.t;")]
#[case::many_semicolons("SELECT a FROM d.t", "SELECT a FROM d.t ; ;\n")]
#[case::a_word_that_may_be_left_out("SELECT a AS b FROM d.t", "SELECT a b FROM d.t")]
#[case::a_trailing_comma("SELECT a, b FROM d.t", "SELECT a, b, FROM d.t")]
#[case::another_sign_for_unlike("SELECT a FROM d.t WHERE a <> 1", "SELECT a FROM d.t WHERE a != 1")]
#[case::what_no_parser_reads("SELECT 1 -> -> 2", "select  1 ->\n-> 2 -- so")]
fn reformatting_a_query_keeps_its_fingerprint(#[case] one: &str, #[case] other: &str) {
    assert_eq!(
        of_query(one),
        of_query(other),
        "{:?} {:?}",
        NormalForm::of(one),
        NormalForm::of(other)
    );
}

#[rstest]
#[case::a_number("SELECT a FROM d.t WHERE n < 1", "SELECT a FROM d.t WHERE n < 10")]
#[case::a_number_written_otherwise("SELECT 1.0", "SELECT 1.00")]
#[case::an_operator("SELECT a FROM d.t WHERE n < 1", "SELECT a FROM d.t WHERE n <= 1")]
#[case::the_case_of_a_text("SELECT 'a'", "SELECT 'A'")]
#[case::white_space_in_a_text("SELECT 'a b'", "SELECT 'a  b'")]
#[case::a_text_that_looks_like_a_comment("SELECT '--a' FROM d.t", "SELECT '--b' FROM d.t")]
#[case::a_text_that_looks_like_a_block("SELECT '/* a */' FROM d.t", "SELECT '/* b */' FROM d.t")]
#[case::a_text_with_a_hash("SELECT '#a' FROM d.t", "SELECT '#b' FROM d.t")]
#[case::a_raw_text("SELECT r'\\n'", "SELECT '\\n'")]
#[case::what_a_raw_text_says("SELECT r'a\\d'", "SELECT r'a\\D'")]
#[case::a_text_of_three_quotes("SELECT '''a -- b'''", "SELECT '''a -- c'''")]
#[case::an_escape("SELECT 'a\\nb'", "SELECT 'a\\\\nb'")]
#[case::the_case_of_a_column("SELECT day FROM d.t", "SELECT Day FROM d.t")]
#[case::the_case_of_a_table("SELECT a FROM d.t", "SELECT a FROM d.T")]
#[case::a_name_that_looks_like_a_comment("SELECT `a--b` FROM d.t", "SELECT `a--c` FROM d.t")]
#[case::the_case_of_a_function_of_ones_own("SELECT d.f(a) FROM d.t", "SELECT d.F(a) FROM d.t")]
#[case::a_column_less("SELECT a, b FROM d.t", "SELECT a FROM d.t")]
#[case::columns_the_other_way_round("SELECT a, b FROM d.t", "SELECT b, a FROM d.t")]
#[case::distinct("SELECT a FROM d.t", "SELECT DISTINCT a FROM d.t")]
#[case::another_join(
    "SELECT 1 FROM d.t JOIN d.u USING (a)",
    "SELECT 1 FROM d.t LEFT JOIN d.u USING (a)"
)]
#[case::brackets("SELECT a OR b AND c FROM d.t", "SELECT (a OR b) AND c FROM d.t")]
#[case::a_condition_that_became_a_comment("SELECT a FROM d.t WHERE b", "SELECT a FROM d.t -- WHERE b")]
#[case::a_hint_of_this_engine("SELECT a FROM d.t", "SELECT a FROM d.t @{force_index=i}")]
#[case::all_of_a_union("SELECT 1 UNION ALL SELECT 2", "SELECT 1 UNION DISTINCT SELECT 2")]
#[case::the_order("SELECT a FROM d.t ORDER BY a", "SELECT a FROM d.t ORDER BY a DESC")]
#[case::a_parameter("SELECT a FROM d.t WHERE b = @date", "SELECT a FROM d.t WHERE c = @date")]
#[case::a_statement_more("SELECT 1", "SELECT 1; SELECT 1")]
#[case::a_text_without_an_end("SELECT 'a", "SELECT 'b")]
#[case::words_run_together("SELECT a b FROM d.t", "SELECT ab FROM d.t")]
fn different_queries_have_different_fingerprints(#[case] one: &str, #[case] other: &str) {
    assert_ne!(of_query(one), of_query(other), "{:?}", NormalForm::of(one));
}

#[test]
fn deeply_nested_queries_are_normalised() {
    let long = |joint: &str| format!("select {}", vec!["a"; 20_000].join(joint));
    let deep = |open: &str, close: &str| format!("select {}1{}", open.repeat(20_000), close.repeat(20_000));
    let unions = vec!["select 1"; 20_000].join(" union all ");
    for sql in [
        long(" or "),
        long(" + "),
        long(" || "),
        deep("(", ")"),
        deep("- ", ""),
        deep("[", "]"),
        unions,
    ] {
        assert!(matches!(NormalForm::of(&sql), NormalForm::Words(_)));
        assert_eq!(
            of_query(&sql),
            of_query(
                &sql.replace("select", "SELECT\n")
                    .replace(" or ", " OR ")
                    .replace("union all", "UNION\nALL")
            )
        );
        assert_ne!(of_query(&sql), of_query(&sql.replacen("select", "select 1 +", 1)));
    }
    let wide = format!("select {} from d.t", vec!["a + b * c"; 5_000].join(", "));
    assert!(
        matches!(NormalForm::of(&wide), NormalForm::Tree(_)),
        "wide is not deep"
    );
    let chain = format!("select {}", vec!["a"; DEEP_ENOUGH].join(" + "));
    assert!(matches!(NormalForm::of(&chain), NormalForm::Tree(_)));
}

/// Terms of a chain that the parser still reads as a tree.
const DEEP_ENOUGH: usize = 380;

const PLAN: &str = r#"
name = "p"
title = "P"
from = "2024-01-01"
to = "2024-01-03"
workers = 4
[[stage]]
name = "one"
kind = "sql"
sql = "SELECT @date AS day, 1 AS n FROM `raw.events`"
reads = [{ table = "raw.events", days_back = 2 }]
active = ["mon", "tue"]
table = "d.one"
date_column = "day"
key = ["day", "n"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" }, { name = "m", type = "STRING", nullable = true } ]
expect_rows = 3
[[stage]]
name = "two"
kind = "command"
command = ["program", "{date}"]
environment = { COUNTRY = "DE" }
timeout_seconds = 10
needs = ["one"]
[[check]]
name = "c"
stage = "one"
title = "C"
severity = "blocking"
sql = "SELECT day FROM `d.one` WHERE n < 1"
expect = [{ rows = 0 }]
"#;

fn of_plan(text: &str) -> [Fingerprint; 3] {
    let plan = parse(text, &QuerySource::Builtin).unwrap();
    [
        plan.stages[0].fingerprint,
        plan.stages[1].fingerprint,
        plan.checks[0].fingerprint,
    ]
}

#[rstest]
#[case::its_name("name = \"p\"", "name = \"q\"")]
#[case::its_dates("to = \"2024-01-03\"", "to = \"2025-01-03\"")]
#[case::workers("workers = 4", "workers = 5")]
#[case::a_timeout("timeout_seconds = 10", "timeout_seconds = 20")]
#[case::exit_codes("timeout_seconds = 10", "skip_exit_code = 9\nretry_exit_code = 8")]
#[case::a_column_doc("type = \"INT64\" }", "type = \"INT64\", doc = \"N\" }")]
#[case::what_a_date_is_opened_by("type = \"INT64\" }", "type = \"INT64\", part = \"summary\" }")]
#[case::the_order_of_columns(
    "{ name = \"day\", type = \"DATE\" }, { name = \"n\", type = \"INT64\" }",
    "{ name = \"n\", type = \"INT64\" }, { name = \"day\", type = \"DATE\" }"
)]
#[case::the_order_of_the_key("[\"day\", \"n\"]", "[\"n\", \"day\"]")]
#[case::the_order_of_days("[\"mon\", \"tue\"]", "[\"tue\", \"mon\"]")]
#[case::what_it_waits_for("needs = [\"one\"]", "needs = [\"one\"]\nadvance = \"ask\"")]
#[case::the_title_of_a_check("title = \"C\"", "title = \"D\"")]
#[case::what_a_check_said_before("title = \"C\"", "title = \"C\"\nbefore = \"7\"")]
fn settings_that_do_not_affect_rows_are_ignored(#[case] part: &str, #[case] other: &str) {
    let edited = PLAN.replacen(part, other, 1);
    assert_ne!(edited, PLAN);
    assert_eq!(of_plan(&edited), of_plan(PLAN));
}

#[rstest]
#[case::the_query(0, "1 AS n", "2 AS n")]
#[case::a_column_type(0, "name = \"m\", type = \"STRING\"", "name = \"m\", type = \"JSON\"")]
#[case::a_column_that_may_be_null(0, ", nullable = true", "")]
#[case::a_column_name(0, "name = \"m\"", "name = \"k\"")]
#[case::columns_left_to_the_query(
    0,
    "columns = [ { name = \"day\", type = \"DATE\" }, { name = \"n\", type = \"INT64\" }, { name = \"m\", type = \"STRING\", \
     nullable = true } ]\n",
    ""
)]
#[case::the_key(0, "[\"day\", \"n\"]", "[\"day\"]")]
#[case::the_rows_it_owes(0, "expect_rows = 3", "expect_rows = 4")]
#[case::no_rows_it_owes(0, "expect_rows = 3", "")]
#[case::rows_a_query_owes(0, "expect_rows = 3", "expect_rows = \"SELECT 3 WHERE @date IS NOT NULL\"")]
#[case::the_days_it_works(0, "[\"mon\", \"tue\"]", "[\"mon\"]")]
#[case::every_day(0, "active = [\"mon\", \"tue\"]", "")]
#[case::how_far_it_reads(0, "days_back = 2", "days_back = 3")]
#[case::what_it_reads(
    0,
    "{ table = \"raw.events\", days_back = 2 }",
    "{ table = \"raw.other\", days_back = 2 }"
)]
#[case::a_word_of_the_command(1, "\"program\", \"{date}\"", "\"program\", \"x\", \"{date}\"")]
#[case::a_word_of_the_command_in_two(1, "\"program\", \"{date}\"", "\"pro\", \"gram\", \"{date}\"")]
#[case::a_batch(
    1,
    "\"program\", \"{date}\"]",
    "\"program\", \"{start}\", \"{end}\"]\nbatch = 2"
)]
#[case::a_variable(1, "COUNTRY = \"DE\"", "COUNTRY = \"FR\"")]
#[case::a_variable_more(1, "COUNTRY = \"DE\"", "COUNTRY = \"DE\", A = \"b\"")]
#[case::the_query_of_a_check(2, "n < 1", "n < 10")]
#[case::an_expectation(2, "rows = 0", "rows = 1")]
#[case::another_expectation(2, "{ rows = 0 }", "{ column = \"n\", equals = 0.0 }")]
#[case::a_bound(2, "{ rows = 0 }", "{ column = \"n\", at_least = 0.0 }")]
#[case::a_severity(2, "blocking", "advisory")]
#[case::the_dates_of_a_check(2, "title = \"C\"", "title = \"C\"\ndates = [\"2024-01-02\"]")]
fn settings_that_affect_rows_or_results_change_the_fingerprint(
    #[case] at: usize,
    #[case] part: &str,
    #[case] other: &str,
) {
    let edited = PLAN.replacen(part, other, 1);
    assert_ne!(edited, PLAN);
    let (before, after) = (of_plan(PLAN), of_plan(&edited));
    for (place, (before, after)) in before.iter().zip(&after).enumerate() {
        assert_eq!(before != after, place == at, "definition {place}");
    }
}

#[test]
fn part_boundaries_change_the_fingerprint() {
    let of = |parts: &[(&str, &str)]| {
        let mut definition = DefinitionHash::new("t");
        for (name, value) in parts {
            definition.text(name, value);
        }
        definition.end()
    };
    let alike = [
        of(&[("a", "bc")]),
        of(&[("ab", "c")]),
        of(&[("a", "b"), ("", "c")]),
        of(&[("a", "b"), ("c", "")]),
        of(&[("a", "b\u{0}c")]),
    ];
    for (at, one) in alike.iter().enumerate() {
        assert!(alike[at + 1..].iter().all(|other| other != one), "{at}");
    }
    assert_ne!(
        DefinitionHash::new("stage").end(),
        DefinitionHash::new("check").end(),
        "a check is no stage"
    );
}

#[test]
fn fingerprints_round_trip_as_hexadecimal() {
    let one = of_query("SELECT 1");
    assert_eq!(one.to_string().parse(), Ok(one));
    assert_eq!(
        serde_json::from_str::<Fingerprint>(&serde_json::to_string(&one).unwrap()).unwrap(),
        one
    );
    assert_eq!(one.short().len(), 8);
    for bad in ["", "0", "zz", &"g".repeat(32), &"é".repeat(16), &"0".repeat(33)] {
        assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
    }
}

/// Ledgers store fingerprints: if they changed, every stored row would become outdated. If this fails, the
/// serialization changed or the parser prints a query differently: restore the old output.
#[test]
fn fingerprints_are_stable_across_versions() {
    let made: Vec<String> = of_plan(PLAN).iter().map(ToString::to_string).collect();
    assert_eq!(
        made,
        [
            "eb684e2e339b0e4eff7cb02ddc555fda",
            "c1a83518d2c8826be433714be33664e1",
            "c59da52dd97165ccb9a64b3e84414aac"
        ]
    );
}
