"""backcourt, in four ways: without a screen, with it, a program per date, a run per date."""

import contextlib
import shutil
import sqlite3

import process
from tools import DATES, HERE, Did, Tool, day


class Backcourt(Tool):
    """A plan file of ours on the embedded warehouse, the ledger beside it."""

    name = "backcourt, no screen"
    checks = 1
    kills = "each round"
    plan = "daily.toml"
    output = "silent"

    def __init__(self, program):
        self.program = program

    def place(self, folder):
        shutil.copy(HERE / "backcourt" / self.plan, folder / "plan.toml")

    def command(self, last):
        return [self.program, "run", "--plan", "./plan.toml", "--state-dir", "state", "--output", self.output]

    def stored(self, folder):
        tables = folder / "state/warehouse/bf.sqlite"
        there = "SELECT 1 FROM sqlite_master WHERE name = 'daily'"
        if tables.exists() and self._asked(tables, there):
            return self._asked(tables, "SELECT COUNT(*), COUNT(DISTINCT ds) FROM daily")
        return (0, 0)  # killed before the table was made

    def did(self, folder, output):
        ledger = folder / "state/ledger.sqlite"
        # The dates of a commit are recorded together, and so have the same moment.
        units = "SELECT COUNT(*), COUNT(DISTINCT at) FROM unit WHERE run = (SELECT MAX(id) FROM run)"
        dates, commits = self._asked(ledger, units)
        checks = "SELECT COUNT(*) FROM check_result WHERE state = 'PASS' AND run = (SELECT MAX(id) FROM run)"
        return Did(dates, commits, *self._asked(ledger, checks))

    def _asked(self, database, question):
        with contextlib.closing(sqlite3.connect(database)) as connection:
            return connection.execute(question).fetchone()


class Console(Backcourt):
    """The same with the console, on a terminal of 120×40."""

    name = "backcourt, with the console"
    kills = "never"
    output = "tui"

    def run(self, folder, last):
        events = folder / "state/events.jsonl"
        before = self._ends(events)

        def is_over():
            return self._ends(events) > before

        command = [*self.command(last), "--on-hangup", "abort"]
        return process.on_a_terminal(command, folder, self.environment(folder), is_over)

    def _ends(self, events):
        return events.read_text().count('"event":"run_finished"') if events.exists() else 0


class Program(Backcourt):
    """A program is run for every date, by one worker."""

    name = "backcourt, a program per date"
    plan = "program.toml"


class RunForEach(Backcourt):
    """A run of backcourt for every date: each in a commit of its own, with its check."""

    name = "backcourt, a run per date"
    checks = DATES
    kills = "never"

    def run(self, folder, last):
        command = self.command(last)
        commands = [[*command, "--dates", day(number)] for number in range(1, DATES + 1)]
        took = [process.timed(command, folder, self.environment(folder)) for command in commands]
        return process.Took(sum(t.seconds for t in took), max(t.megabytes for t in took))

    def idle(self, folder, last):
        return super().run(folder, last)

    def did(self, folder, output):
        ledger = folder / "state/ledger.sqlite"
        dates, commits = self._asked(ledger, "SELECT COUNT(*), COUNT(DISTINCT at) FROM unit")
        # What passed is outdated as soon as the next date lands.
        checks = "SELECT COUNT(*) FROM check_result WHERE state IN ('PASS', 'OUTDATED')"
        return Did(dates, commits, *self._asked(ledger, checks))


ALL = [Backcourt, Console, Program, RunForEach]
