//! A state folder and a plan file, with the real program run on both.
#![allow(dead_code, reason = "each test target compiles all of this and uses a part")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;

use super::program::{Ended, State, ended};

/// A state folder and a plan file, both removed when dropped.
pub struct Planned {
    pub state: State,
    pub folder: tempfile::TempDir,
    /// The flags for the warehouse; empty for the state folder's own.
    warehouse: Vec<String>,
}

impl Planned {
    pub fn new(plan: &str) -> Self {
        Self::on(plan, &[])
    }

    /// With the tables in the warehouse given by these flags.
    pub fn on(plan: &str, warehouse: &[String]) -> Self {
        let planned = Self {
            state: State::none(),
            folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
            warehouse: warehouse.to_vec(),
        };
        planned.write(plan);
        planned
    }

    /// Writes the plan for the following commands.
    pub fn write(&self, plan: &str) {
        fs::write(self.file(), plan).unwrap();
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("plan.toml")
    }

    /// The program with the plan; more arguments can be added.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.state.command(args);
        command.arg("--plan").arg(self.file()).args(&self.warehouse);
        command
    }

    pub fn backcourt(&self, args: &[&str]) -> Ended {
        ended(&mut self.command(args))
    }

    /// A run with plain output.
    pub fn run(&self, args: &[&str]) -> Ended {
        self.backcourt(&[&["run", "--output", "plain"], args].concat())
    }

    pub fn status(&self) -> Value {
        serde_json::from_str(&self.backcourt(&["status", "--json"]).expect(0).out).unwrap()
    }

    /// A stage in the status output.
    pub fn stage(&self, name: &str) -> Value {
        let status = self.status();
        let stages = status["stages"].as_array().unwrap();
        stages.iter().find(|stage| stage["name"] == name).unwrap().clone()
    }

    /// Number of dates of a stage in a state.
    pub fn dates(&self, stage: &str, state: &str) -> u64 {
        self.stage(stage)["dates"][state].as_u64().unwrap()
    }

    /// The column `n` of a table in dataset `d`, ordered by date.
    pub fn numbers(&self, table: &str) -> Vec<i64> {
        let warehouse = Connection::open(self.state.path().join("warehouse/d.sqlite")).unwrap();
        let mut query = warehouse
            .prepare(&format!("SELECT n FROM {table} ORDER BY day"))
            .unwrap();
        let numbers = query.query_map([], |row| row.get(0)).unwrap();
        numbers.collect::<Result<_, _>>().unwrap()
    }
}
