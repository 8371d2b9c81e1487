"""What every tool has: a folder to work in, a command, and an account of what it did. Knows no clock."""

import dataclasses
import datetime
import os
import pathlib

import process

HERE = pathlib.Path(__file__).resolve().parent
FIRST = datetime.date(2024, 1, 1)
DATES, ROWS_A_DATE = 100, 1000
ROUNDS = 5


@dataclasses.dataclass
class Did:
    """What a run did, by its own account."""

    dates: int
    commits: int
    checks: int


def day(number):
    """A date by its number, from 1 on."""
    return str(FIRST + datetime.timedelta(days=number - 1))


class Tool:
    """What all of them have. A tool that does a part of its dates in each round goes on in the same folder."""

    name = ""
    parts = 1
    checks = 0  # that a round asks
    kills = "never"

    def dates(self):
        """The dates of one round."""
        return DATES // self.parts

    def run(self, folder, last):
        """Does what is not done yet, up to a date."""
        return process.timed(self.command(last), folder, self.environment(folder))

    def killed(self, folder, last, seconds):
        process.killed(self.command(last), folder, self.environment(folder), seconds)

    def idle(self, folder, last):
        """A run that has nothing to do."""
        return self.run(folder, last)

    def environment(self, folder):
        """What a tool keeps for its user goes into the folder too, and nobody is told of the run."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLUMNS": "160",
            "DO_NOT_TRACK": "1",
        }
