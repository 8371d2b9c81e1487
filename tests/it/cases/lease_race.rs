//! Runs that start at the same moment: one replaced the lease file that another had just created, and both worked. Losers
//! ended with errors of files instead of the name of the winner.

use std::process::{Child, Stdio};

use super::{Planned, SMALL};
use crate::program::{Ended, State};
use crate::pty::wait_until;

/// Starts a paused run of the plan in a state folder, on a warehouse that all share.
fn start(plan: &Planned, state: &State) -> Child {
    let warehouse = plan.folder.path().join("warehouse");
    let mut command = state.command(&["run", "--paused", "--output", "silent"]);
    command
        .arg("--plan")
        .arg(plan.file())
        .arg("--warehouse")
        .arg(format!("sqlite:{}", warehouse.display()));
    command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until all runs but one have ended, each with the name of that one. Returns what they said.
fn losers(mut runs: Vec<Child>) -> Vec<String> {
    let mut ended = Vec::new();
    wait_until("all runs but one end", || {
        let is_over = |run: &mut Child| run.try_wait().unwrap().is_some();
        let over: Vec<Child> = runs.extract_if(.., is_over).collect();
        ended.extend(over.into_iter().map(|run| {
            let output = run.wait_with_output().unwrap();
            Ended {
                code: output.status.code(),
                out: String::new(),
                err: String::from_utf8(output.stderr).unwrap(),
            }
        }));
        runs.len() <= 1
    });
    let mut winner = runs.pop().expect("one run works");
    winner.kill().unwrap();
    winner.wait().unwrap();
    let named = |loser: Ended| {
        let said = loser.expect(4).err;
        assert!(said.contains(&format!("process {}", winner.id())), "{said}");
        said
    };
    ended.into_iter().map(named).collect()
}

/// How many runs race; `BACKCOURT_TEST_RACERS` for more.
fn racers() -> usize {
    std::env::var("BACKCOURT_TEST_RACERS").map_or(12, |text| text.parse().unwrap())
}

#[test]
fn of_racing_first_starts_on_one_warehouse_one_wins() {
    let plan = Planned::new(SMALL);
    let folders: Vec<State> = (0..racers()).map(|_| State::none()).collect();
    let said = losers(folders.iter().map(|state| start(&plan, state)).collect());
    assert!(
        said.iter().all(|said| said.contains("plan small on sqlite:")),
        "{said:#?}"
    );
}

#[test]
fn of_racing_first_starts_in_one_folder_one_wins() {
    let plan = Planned::new(SMALL);
    let said = losers((0..racers()).map(|_| start(&plan, &plan.state)).collect());
    assert!(
        said.iter().all(|said| said.contains("a run is already using")),
        "{said:#?}"
    );
}
