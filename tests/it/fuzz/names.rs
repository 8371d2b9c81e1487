//! Ids, minutes, names and dates: what parses round-trips.

use backcourt::feeds::league::NbaGameId;
use backcourt::nba::Minutes;
use backcourt::nba::ids::{GameId, PlayerLookup, TeamCode};
use backcourt::partition::Partition;
use proptest::prelude::*;

use super::in_words;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn minutes(text in prop_oneof!["[0-9:.]{0,8}", ".{0,8}", "[0-9]{1,4}:[0-9]{2}"]) {
        match text.parse::<Minutes>() {
            Ok(minutes) => {
                prop_assert!(minutes.seconds() <= 10_000 * 60);
                prop_assert_eq!(minutes.to_string().parse::<Minutes>().unwrap(), minutes);
            }
            Err(refusal) => in_words(&refusal.to_string())?,
        }
    }

    #[test]
    fn game_ids(text in prop_oneof!["[0-9]{8}_[A-Z]{3}_[A-Z]{3}", "[0-9]{8}_(BOS|LAL|DEN)_(BOS|LAL|DEN)", ".{0,20}"]) {
        match text.parse::<GameId>() {
            Ok(game) => prop_assert_eq!(game.to_string(), text),
            Err(refusal) => in_words(&refusal.to_string())?,
        }
    }

    #[test]
    fn nba_game_ids(text in prop_oneof!["[0-9]{0,12}", "00[0-9]{8}", ".{0,12}"]) {
        if let Ok(id) = text.parse::<NbaGameId>() {
            prop_assert_eq!(id.to_string().parse::<NbaGameId>().unwrap(), id);
        }
    }

    #[test]
    fn team_codes(text in prop_oneof!["[A-Z]{3}", ".{0,4}"]) {
        match text.parse::<TeamCode>() {
            Ok(team) => prop_assert_eq!(team.to_string().parse::<TeamCode>().unwrap(), team),
            Err(refusal) => in_words(&refusal.to_string())?,
        }
    }

    #[test]
    fn players(text in prop_oneof!["[ 0-9]{0,3}[A-Za-z .'éčİ-]{0,12}", ".{0,12}"]) {
        match PlayerLookup::parse(&text) {
            Ok(player) => {
                prop_assert!(player.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
                let again = PlayerLookup::parse(player.as_str()).unwrap();
                prop_assert_eq!(again.as_str(), player.as_str());
            }
            Err(refusal) => in_words(&refusal.to_string())?,
        }
    }

    #[test]
    fn dates(text in prop_oneof!["[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{4}-W[0-9]{2}", "[0-9]{4}-[0-9]{2}", ".{0,12}"]) {
        match Partition::parse(&text) {
            Ok(date) => prop_assert_eq!(date.to_string(), text),
            Err(refusal) => in_words(&refusal.to_string())?,
        }
    }
}
