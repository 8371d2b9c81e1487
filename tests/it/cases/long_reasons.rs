//! A typed reason of any length was recorded, and shown whole wherever it was listed.

use rstest::rstest;

use crate::program::State;

#[rstest]
#[case::waiver(&["waive", "rows_per_date", "--reason"], "the reason")]
#[case::acceptance(&["accept", "team_offense", "--reason"], "the reason")]
#[case::tick(&["tick", "24", "--note"], "the note")]
fn a_typed_reason_that_is_too_long_is_refused(#[case] args: &[&str], #[case] what: &str) {
    let state = State::none();
    let long = "é".repeat(501);
    let refused = state.backcourt(&[args, &[long.as_str()]].concat()).expect(2);
    let told = format!("{what} has 501 characters; shorten it to 500");
    assert!(refused.err.contains(&told), "{}", refused.err);
}
