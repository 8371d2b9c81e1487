//! A row of the play-by-play: a shot, a free throw, or an event that no rule uses.

use super::{BadRow, FeedGame, Zone};
use crate::nba::ids::{PlayerLookup, TeamCode};
use crate::table::{FieldReader, Row};

/// One event of one game.
#[derive(Debug, Clone, PartialEq)]
pub struct PlayByPlayRow<'a> {
    /// The game of this row.
    pub game: FeedGame,
    /// The team of the shooter.
    pub team: TeamCode,
    /// The shooter, if known.
    pub player: Option<PlayerLookup<'a>>,
    /// The event.
    pub event: PlayEvent<'a>,
}

/// The events that rules use.
#[derive(Debug, Clone, PartialEq)]
pub enum PlayEvent<'a> {
    /// A field goal attempt.
    ShotAttempt(ShotAttempt<'a>),
    /// A free throw.
    FreeThrow {
        /// A single free throw after a foul on a made shot.
        and_one: bool,
    },
}

/// A field goal attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct ShotAttempt<'a> {
    /// The zone of the shot.
    pub zone: Zone,
    /// Whether it was made.
    pub made: bool,
    /// The second player involved, if any.
    pub second: Option<Second<'a>>,
}

/// The second player of a shot, if the feed has one.
#[derive(Debug, Clone, PartialEq)]
pub enum Second<'a> {
    /// Assisted by a team-mate.
    Assist,
    /// Blocked by an opponent, with his key if known.
    Block(Option<PlayerLookup<'a>>),
}

impl<'a> PlayByPlayRow<'a> {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "game_date",
        "event_type",
        "event_subtype",
        "game_id",
        "player_1_team_abbr",
        "player_1_lookup",
        "shot_type",
        "shot_distance",
        "shot_made",
        "player_2_role",
        "player_2_lookup",
    ];

    /// Parses a row of [`Self::COLUMNS`]; `None` if it is neither a shot nor a free throw.
    ///
    /// # Errors
    /// If a field is invalid: an unknown team, an unreadable game id, a shot without distance or result.
    pub fn parse(row: &'a Row) -> Result<Option<Self>, BadRow> {
        let mut fields = FieldReader::new(Self::COLUMNS, row);
        fields.date()?;
        let (kind, subtype) = (
            fields.optional_text()?,
            fields.optional_text()?.unwrap_or_default(),
        );
        let is_shot = match kind {
            Some("shot") => true,
            Some("free throw") => false,
            _ => return Ok(None),
        };
        let game = FeedGame::parse(fields.text()?)?;
        let team = fields.text()?.parse()?;
        let player = lookup(fields.optional_text()?)?;
        let event = if is_shot {
            PlayEvent::ShotAttempt(ShotAttempt::read(subtype, &mut fields)?)
        } else {
            PlayEvent::FreeThrow {
                and_one: subtype == "free throw 1/1",
            }
        };
        Ok(Some(Self {
            game,
            team,
            player,
            event,
        }))
    }
}

impl<'a> ShotAttempt<'a> {
    fn read(subtype: &str, fields: &mut FieldReader<'a>) -> Result<Self, BadRow> {
        let three = fields.optional_text()? == Some("3PT") || subtype.contains("3pt");
        Ok(Self {
            zone: Zone::of(fields.number()?, three),
            made: fields.bool()?,
            second: match (fields.optional_text()?, fields.optional_text()?) {
                (Some("assist"), _) => Some(Second::Assist),
                (Some("block"), blocker) => Some(Second::Block(lookup(blocker)?)),
                _ => None,
            },
        })
    }
}

fn lookup(text: Option<&str>) -> Result<Option<PlayerLookup<'_>>, BadRow> {
    Ok(text.map(PlayerLookup::parse).transpose()?)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use rstest::rstest;

    use super::*;
    use crate::table::Value;

    fn row(values: [Value; 10]) -> Row {
        let date = NaiveDate::from_ymd_opt(2024, 11, 4).unwrap();
        [vec![date.into()], values.into()].concat()
    }

    fn shot(subtype: &str, kind: &str, feet: Value, role: Value, second: Value) -> Row {
        row([
            "shot".into(),
            subtype.to_owned().into(),
            "20241104_BOS_ATL".into(),
            "ATL".into(),
            "1630552jalenjohnson".into(),
            kind.to_owned().into(),
            feet,
            true.into(),
            role,
            second,
        ])
    }

    #[test]
    fn the_number_before_a_shooter_is_stripped() {
        let row = shot(
            "jump shot",
            "2PT",
            17.0.into(),
            "block".into(),
            "1628369jaysontatum".into(),
        );
        let read = PlayByPlayRow::parse(&row).unwrap().unwrap();
        assert_eq!(read.team.as_str(), "ATL");
        assert_eq!(read.player, PlayerLookup::parse("jalenjohnson").ok());
        let blocker = PlayerLookup::parse("jaysontatum").ok();
        assert_eq!(
            read.event,
            PlayEvent::ShotAttempt(ShotAttempt {
                zone: Zone::MidRange,
                made: true,
                second: Some(Second::Block(blocker)),
            })
        );
    }

    #[rstest]
    #[case("3pt jump shot", "2PT", 22.0)]
    #[case("jump shot", "3PT", 22.0)]
    #[case("jump shot", "", 24.0)]
    fn threes_are_detected_by_subtype_type_or_distance(
        #[case] subtype: &str,
        #[case] kind: &str,
        #[case] feet: f64,
    ) {
        let row = shot(subtype, kind, feet.into(), Value::Null, Value::Null);
        let Some(PlayByPlayRow {
            event: PlayEvent::ShotAttempt(shot),
            ..
        }) = PlayByPlayRow::parse(&row).unwrap()
        else {
            panic!("no shot")
        };
        assert_eq!((shot.zone, shot.second), (Zone::Three, None));
    }

    #[test]
    fn a_shot_without_a_distance_is_refused() {
        let row = shot("layup", "2PT", Value::Null, Value::Null, Value::Null);
        assert_eq!(
            PlayByPlayRow::parse(&row).unwrap_err().to_string(),
            "column shot_distance contains NULL, expected a number"
        );
    }

    #[rstest]
    #[case("free throw 1/1", true)]
    #[case("free throw 1/2", false)]
    fn a_single_free_throw_is_an_and_one(#[case] subtype: &str, #[case] and_one: bool) {
        let mut values = shot(subtype, "", Value::Null, Value::Null, Value::Null);
        values[1] = "free throw".into();
        let read = PlayByPlayRow::parse(&values).unwrap().unwrap();
        assert_eq!(read.event, PlayEvent::FreeThrow { and_one });
    }

    #[test]
    fn other_events_allow_nulls() {
        let mut values = row([const { Value::Null }; 10]);
        values[1] = "timeout".into();
        assert_eq!(PlayByPlayRow::parse(&values), Ok(None));
    }
}
