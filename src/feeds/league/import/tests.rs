//! CSV files that are imported, and every reason for a rejection.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::feeds::league::{Participation, Stat};
use tempfile::TempDir;

const PLAYERS: &str = "game_id,game_date,team,is_home,player_name,played";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The rejections of these files as lines, without the folder name.
    fn rejections(&self, files: &CsvFiles) -> Vec<String> {
        let folder = format!("{}/", self.0.path().display());
        files
            .read()
            .unwrap_err()
            .rejected
            .iter()
            .map(|row| row.to_string().replace(&folder, ""))
            .collect()
    }
}

fn player_rejections(rows: &str) -> Vec<String> {
    let folder = Folder::new();
    let player_box = Some(folder.file("p.csv", rows));
    folder.rejections(&CsvFiles {
        player_box,
        ..CsvFiles::default()
    })
}

#[test]
fn three_files_import_as_one_league() {
    let folder = Folder::new();
    let files = CsvFiles {
        player_box: Some(folder.file(
            "p.csv",
            "game_id,game_date,team,is_home,player_id,player_name,played,status,minutes,fgm,fga,pts,plus_minus\n\
             0022500002,2026-01-02,LAL,True,2544,LeBron James,True,ACTIVE,35.43,10.0,20,25,-4.0\n\
             0022500002,2026-01-02,BOS,False,1628369,Jayson Tatum,True,,34:05,,,,\n\
             0022500002,2026-01-02,BOS,0,1629011,Mitchell Robinson,False,INACTIVE,0.0,,,,\n",
        )),
        team_box: Some(folder.file(
            "t.csv",
            "game_id,game_date,team,opponent,is_home,minutes,pts\n0022500001,2026-01-01,GSW,MIA,false,265,130\n",
        )),
        shots: Some(folder.file(
            "s.csv",
            "game_id,event_id,player_id,team,shot_value,made,action_type\n\
             0022500002,9,2544,LAL,3,False,Jump Shot\n\
             0022500002,7,99,BOS,2,True,Dunk Shot\n",
        )),
    };
    let league = files.read().unwrap();
    let games: Vec<String> = league
        .schedule()
        .iter()
        .map(|(_, game)| game.to_string())
        .collect();
    assert_eq!(games, ["20260101_GSW_MIA", "20260102_BOS_LAL"]);
    let james = league.players[0];
    assert_eq!(league.people[james.person as usize].lookup, "lebronjames");
    assert_eq!(james.minutes.unwrap().to_string(), "35:26");
    assert_eq!(
        [Stat::Fgm, Stat::Pts, Stat::Oreb].map(|stat| james.counts.get(stat)),
        [Some(10), Some(25), None]
    );
    assert_eq!(james.plus_minus, Some(-4));
    assert_eq!(league.players[1].minutes.unwrap().to_string(), "34:05");
    assert_eq!(
        (league.players[2].appearance, league.players[2].minutes),
        (Participation::Inactive, None)
    );
    assert_eq!(league.teams[0].minutes.unwrap().seconds(), 265 * 60);
    let kinds: Vec<&str> = league
        .shots
        .iter()
        .map(|shot| league.actions[usize::from(shot.action.unwrap())].as_str())
        .collect();
    assert_eq!(kinds, ["Dunk Shot", "Jump Shot"]);
    assert_eq!(
        league.shots.iter().map(|shot| shot.shooter).collect::<Vec<_>>(),
        [None, Some(0)]
    );
}

#[test]
fn every_bad_row_is_listed_with_its_line_and_reason() {
    let rejections = player_rejections(
        "game_id,game_date,team,opponent,is_home,player_name,played,status,minutes,fgm,fga,pts\n\
         0022500001,2026-01-01,BOS,LAL,True,Jayson Tatum,True,ACTIVE,35,8,20,25\n\
         22500001,2026-01-01,BOS,LAL,True,A B,True,ACTIVE,35,8,20,25\n\
         0022500001,01/01/2026,BOS,LAL,True,C D,True,ACTIVE,35,8,20,25\n\
         0022500001,2026-01-01,NYX,LAL,True,E F,True,ACTIVE,35,8,20,25\n\
         0022500001,2026-01-01,BOS,LAL,yes,G H,True,ACTIVE,35,8,20,25\n\
         0022500001,2026-01-01,BOS,LAL,True,I J,True,ACTIVE,long,8,20,25\n\
         0022500001,2026-01-01,BOS,LAL,True,K L,True,ACTIVE,35,8.5,20,25\n\
         0022500001,2026-01-01,BOS,LAL,True,M N,True,ACTIVE,35,8,20,-1\n\
         0022500001,2026-01-01,BOS,LAL,True,O P,True,ACTIVE,35,21,20,25\n\
         0022500001,2026-01-01,BOS,LAL,True,Jayson Tatum,True,ACTIVE,35,8,20,25\n\
         0022500001,2026-01-01,BOS,LAL,True\n\
         0022500001,2026-01-01,BOS,LAL,True,,True,ACTIVE,35,8,20,25\n\
         0022500001,2026-01-01,BOS,LAL,True,Q R,True,INACTIVE,35,8,20,25\n\
         0022500001,2026-01-02,BOS,LAL,True,S T,True,ACTIVE,35,8,20,25\n",
    );
    let expected = [
        "p.csv line 3: game_id \"22500001\" has lost its leading zeros; it is written 0022500001",
        "p.csv line 4: game_date \"01/01/2026\" is not a valid date; write it like 2026-01-03",
        "p.csv line 5: team \"NYX\" is not one of the 30 NBA codes",
        "p.csv line 6: is_home \"yes\" is neither true nor false",
        "p.csv line 7: minutes \"long\" do not begin with up to four digits",
        "p.csv line 8: fgm \"8.5\" is not a whole number in the valid range",
        "p.csv line 9: pts \"-1\" is not a whole number in the valid range",
        "p.csv line 10: fgm 21 is more than fga 20",
        "p.csv line 11: jaysontatum is duplicated in game 0022500001",
        "p.csv line 12: has 5 fields, expected 12",
        "p.csv line 13: player_name is empty",
        "p.csv line 14: played although status is INACTIVE",
        "p.csv line 15: game 0022500001 is on 2026-01-02 here and on 2026-01-01 before",
    ];
    assert_eq!(rejections, expected);
}

#[test]
fn an_unknown_column_is_refused_with_the_nearest_known_one() {
    let typo = player_rejections(&format!("{PLAYERS},pionts\n"));
    assert_eq!(typo, ["p.csv line 1: unknown column \"pionts\""]);
    let typo = player_rejections(&format!("{PLAYERS},oppponent\n"));
    assert_eq!(
        typo,
        ["p.csv line 1: unknown column \"oppponent\"; did you mean opponent?"]
    );
    let twice = player_rejections(&format!("{PLAYERS},pts,pts\n"));
    assert_eq!(twice, ["p.csv line 1: column pts is duplicated"]);
    assert_eq!(player_rejections(&format!("{PLAYERS}\n")), ["p.csv: has no rows"]);
    let missing = player_rejections("game_id,game_date,team,player_name,played\n");
    assert_eq!(missing, ["p.csv line 1: required column is_home is missing"]);
}

#[test]
fn a_game_without_a_second_team_reports_its_first_line() {
    let rejections = player_rejections(&format!(
        "{PLAYERS}\n0022500001,2026-01-01,BOS,True,Jayson Tatum,True\n"
    ));
    assert_eq!(
        rejections,
        ["p.csv line 2: no line names the second team of game 0022500001"]
    );
}

#[test]
fn shots_must_belong_to_an_imported_game() {
    let folder = Folder::new();
    let shots = Some(folder.file(
        "s.csv",
        "game_id,game_date,event_id,team,shot_value\n\
         0022500001,2026-01-01,1,BOS,2\n\
         0022500001,2026-01-01,1,BOS,2\n\
         0022500002,2026-01-01,1,BOS,2\n\
         0022500001,2026-01-01,2,UTA,2\n\
         0022500001,2026-01-05,3,LAL,2\n\
         0022500001,2026-01-01,4,LAL,1\n",
    ));
    let team_box = Some(folder.file(
        "t.csv",
        "game_id,game_date,team,opponent,is_home\n0022500001,2026-01-01,BOS,LAL,False\n",
    ));
    let files = CsvFiles {
        team_box,
        shots,
        ..CsvFiles::default()
    };
    assert_eq!(
        folder.rejections(&files),
        [
            "s.csv line 3: event 1 is duplicated in game 0022500001",
            "s.csv line 4: game 0022500002 is not in any box score file, so home and away are unknown",
            "s.csv line 5: UTA does not play in game 0022500001 (BOS@LAL)",
            "s.csv line 6: game 0022500001 is on 2026-01-05 here and on 2026-01-01 in the box score",
            "s.csv line 7: shot_value is neither 2 nor 3",
        ]
    );
    let alone = CsvFiles {
        team_box: None,
        ..files
    };
    assert_eq!(
        folder.rejections(&alone),
        ["s.csv: --shots needs --player-box or --team-box too, to know the home team"]
    );
}

#[test]
fn a_missing_file_is_refused_by_name() {
    let player_box = Some(PathBuf::from("/nowhere/p.csv"));
    let refusal = CsvFiles {
        player_box,
        ..CsvFiles::default()
    }
    .read()
    .unwrap_err()
    .to_string();
    assert!(
        refusal.starts_with("nothing was loaded; correct this"),
        "{refusal}"
    );
    assert!(
        refusal.contains("\n  /nowhere/p.csv: cannot be read: "),
        "{refusal}"
    );
}
