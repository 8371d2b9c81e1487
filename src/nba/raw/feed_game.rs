//! Game ids in feeds: the canonical id, possibly with home and away swapped, or the feed's own number.

use crate::nba::Refused;
use crate::nba::ids::GameId;

/// A game id from a feed. Only the schedule can resolve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedGame {
    /// Date and two teams. Which of them is at home is only the feed's claim.
    Named(GameId),
    /// The feed's own number, which can't be resolved; the player's team and the date identify the game.
    Numbered,
}

impl FeedGame {
    /// Parses a `game_id` column.
    ///
    /// # Errors
    /// If the text is neither a canonical id nor a number.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Numbered);
        }
        text.parse().map(Self::Named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_canonical_or_numeric() {
        let id = "20240104_DEN_GSW";
        assert_eq!(FeedGame::parse(id), Ok(FeedGame::Named(id.parse().unwrap())));
        assert_eq!(FeedGame::parse("18447218"), Ok(FeedGame::Numbered));
        for text in ["", "DEN@GSW", "20240104_DEN"] {
            assert_eq!(FeedGame::parse(text).unwrap_err().text, text);
        }
    }
}
