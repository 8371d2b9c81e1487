//! The shots of one date from the play-by-play, counted per team and player of the charted games. Not every game is
//! charted, and not every chart has assists and blocks; missing values are unknown, not zero.

use std::collections::HashMap;

use super::ids::{PlayerLookup, TeamCode};
use super::raw::{Feed, Feeds, PlayByPlayRow, PlayEvent, Second, ShotAttempt, Zone};
use super::{Notes, Slate};

/// The charted games of a date. No team plays twice on a date.
#[derive(Debug)]
pub struct ShotChart<'a> {
    teams: [TeamShots<'a>; TeamCode::COUNT],
}

#[derive(Debug, Default)]
struct TeamShots<'a> {
    kinds: ChartedKinds,
    own: ShotTally,
    players: HashMap<PlayerLookup<'a>, ShotTally>,
}

/// Which kinds of data the chart of a game has.
#[derive(Debug, Clone, Copy, Default)]
struct ChartedKinds {
    shots: bool,
    second_players: bool,
    free_throws: bool,
}

/// The counts of one player or team.
#[derive(Debug, Clone, Copy, Default)]
struct ShotTally {
    attempts: [u32; Zone::COUNT],
    makes: [u32; Zone::COUNT],
    blocks: [u32; Zone::COUNT],
    assisted: u32,
    unassisted: u32,
    and_ones: u32,
}

/// The charted data of one player or team.
#[derive(Debug, Clone, Copy)]
pub struct Charted {
    kinds: ChartedKinds,
    tally: ShotTally,
}

impl<'a> ShotChart<'a> {
    /// Counts the play-by-play events of the slate's games.
    #[must_use]
    pub fn read(slate: &Slate<'_>, feeds: &'a Feeds, notes: &mut Notes) -> Self {
        let label = Feed::PlayByPlay.label();
        let mut chart = Self {
            teams: std::array::from_fn(|_| TeamShots::default()),
        };
        for row in feeds.on(Feed::PlayByPlay, slate.date()) {
            let entered = PlayByPlayRow::parse(row)
                .map_err(|bad| bad.to_string())
                .and_then(|row| row.map_or(Ok(()), |row| chart.enter(slate, row)));
            if let Err(reason) = entered {
                notes.add(format!("{label}: {reason}"));
            }
        }
        let games = slate.games();
        let charted = games.iter().filter(|game| chart.team(game.id.home()).is_some());
        let charted = charted.count();
        if charted < games.len() {
            notes.add(format!("{label}: shots of {charted} of {} games", games.len()));
        }
        chart
    }

    fn enter(&mut self, slate: &Slate<'_>, row: PlayByPlayRow<'a>) -> Result<(), String> {
        let at = slate.locate(row.game, row.team)?;
        let opponent = slate.games()[at].id.opponent(row.team);
        for team in [row.team, opponent] {
            let kinds = &mut self.teams[team.index()].kinds;
            match &row.event {
                PlayEvent::ShotAttempt(shot) => {
                    kinds.shots = true;
                    kinds.second_players |= shot.second.is_some();
                }
                PlayEvent::FreeThrow { .. } => kinds.free_throws = true,
            }
        }
        let own = &mut self.teams[row.team.index()];
        match &row.event {
            PlayEvent::ShotAttempt(shot) => own.credit(row.player, |tally| tally.shoot(shot)),
            PlayEvent::FreeThrow { and_one } => {
                own.credit(row.player, |tally| tally.and_ones += u32::from(*and_one));
            }
        }
        if let PlayEvent::ShotAttempt(ShotAttempt {
            zone,
            second: Some(Second::Block(blocker)),
            ..
        }) = row.event
        {
            self.teams[opponent.index()].credit(blocker, |tally| tally.blocks[zone as usize] += 1);
        }
        Ok(())
    }

    /// The data of a team; `None` if its game isn't charted.
    #[must_use]
    pub fn team(&self, team: TeamCode) -> Option<Charted> {
        let TeamShots { kinds, own, .. } = &self.teams[team.index()];
        kinds.shots.then_some(Charted {
            kinds: *kinds,
            tally: *own,
        })
    }

    /// The data of a player of this team, possibly without shots; `None` if the game isn't charted.
    #[must_use]
    pub fn player(&self, team: TeamCode, player: &PlayerLookup<'_>) -> Option<Charted> {
        let TeamShots { kinds, players, .. } = &self.teams[team.index()];
        kinds.shots.then(|| Charted {
            kinds: *kinds,
            tally: players.get(player).copied().unwrap_or_default(),
        })
    }
}

impl<'a> TeamShots<'a> {
    fn credit(&mut self, player: Option<PlayerLookup<'a>>, credit: impl Fn(&mut ShotTally)) {
        credit(&mut self.own);
        if let Some(player) = player {
            credit(self.players.entry(player).or_default());
        }
    }
}

impl ShotTally {
    fn shoot(&mut self, shot: &ShotAttempt<'_>) {
        let zone = shot.zone as usize;
        self.attempts[zone] += 1;
        if shot.made {
            self.makes[zone] += 1;
            match shot.second {
                Some(Second::Assist) => self.assisted += 1,
                None => self.unassisted += 1,
                Some(Second::Block(_)) => {}
            }
        }
    }
}

impl Charted {
    /// Attempts from a zone.
    #[must_use]
    pub const fn attempts(&self, zone: Zone) -> u32 {
        self.tally.attempts[zone as usize]
    }

    /// Makes from a zone.
    #[must_use]
    pub const fn makes(&self, zone: Zone) -> u32 {
        self.tally.makes[zone as usize]
    }

    /// Blocked shots of the opponent from a zone, if the chart has second players.
    #[must_use]
    pub fn blocks(&self, zone: Zone) -> Option<u32> {
        self.kinds
            .second_players
            .then_some(self.tally.blocks[zone as usize])
    }

    /// Assisted makes, if the chart has second players.
    #[must_use]
    pub fn assisted(&self) -> Option<u32> {
        self.kinds.second_players.then_some(self.tally.assisted)
    }

    /// Unassisted makes, if the chart has second players.
    #[must_use]
    pub fn unassisted(&self) -> Option<u32> {
        self.kinds.second_players.then_some(self.tally.unassisted)
    }

    /// Free throws after a foul on a made shot, if the chart has free throws.
    #[must_use]
    pub fn and_ones(&self) -> Option<u32> {
        self.kinds.free_throws.then_some(self.tally.and_ones)
    }
}
