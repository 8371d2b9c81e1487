//! How a feed names a game: by the canonical id, right way round or not, or by a number of its own.

use crate::nba::Refused;
use crate::nba::ids::GameId;

/// A game as a feed names it. Only the schedule knows which game of ours it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedGame {
    /// Date and two teams; which of them is at home is the feed's claim only.
    Named(GameId),
    /// The feed's own number, which says nothing; the player's team and the date must do.
    Numbered,
}

impl FeedGame {
    /// Reads a `game_id` column.
    ///
    /// # Errors
    /// When the text is neither canonical nor a number.
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
    fn an_id_is_canonical_or_a_number_or_refused() {
        let id = "20240104_DEN_GSW";
        assert_eq!(FeedGame::parse(id), Ok(FeedGame::Named(id.parse().unwrap())));
        assert_eq!(FeedGame::parse("18447218"), Ok(FeedGame::Numbered));
        for text in ["", "DEN@GSW", "20240104_DEN"] {
            assert_eq!(FeedGame::parse(text).unwrap_err().text, text);
        }
    }
}
