"""The peers: SQLMesh, dbt and Dagster, each on DuckDB and in a Python environment of its own."""

import datetime
import json
import pathlib
import re
import shutil
import subprocess
import sys

import process
from tools import DATES, HERE, ROUNDS, Did, Tool, day


class Peer(Tool):
    """A program of Python's world, with the packages of its requirements.txt."""

    folder = ""
    environments = pathlib.Path()

    def bin(self, name):
        return str(self.environments / self.folder / "bin" / name)

    def place(self, folder):
        shutil.copytree(HERE / self.folder, folder, dirs_exist_ok=True)

    def install(self):
        """Makes the environment, unless it has just these packages already."""
        wanted, got = HERE / self.folder / "requirements.txt", self.environments / self.folder / "requirements.txt"
        if got.exists() and got.read_text() == wanted.read_text():
            return
        subprocess.run([sys.executable, "-m", "venv", "--clear", self.environments / self.folder], check=True)
        subprocess.run([self.bin("python"), "-m", "pip", "install", "--quiet", "--requirement", wanted], check=True)
        shutil.copy(wanted, got)

    def stored(self, folder):
        """Rows and dates of the table, also where no view leads to it yet."""
        asking = """if True:
            import duckdb, json
            db = duckdb.connect("warehouse.duckdb")
            table = "SELECT schema_name, table_name FROM duckdb_tables() WHERE regexp_full_match(table_name, $1)"
            found = db.execute(table, [r"daily|bf__daily__\\d+"]).fetchall() or [None]
            (table,) = found
            count = "SELECT COUNT(*), COUNT(DISTINCT ds) FROM "
            print(json.dumps(db.execute(count + ".".join(table)).fetchone() if table else (0, 0)))
        """
        answer = subprocess.run([self.bin("python"), "-c", asking], cwd=folder, check=True, capture_output=True)
        return tuple(json.loads(answer.stdout))


class SqlMesh(Peer):
    name = "SQLMesh, 1 date per batch"
    folder = "sqlmesh"
    checks = DATES
    kills = "each round"

    def command(self, last):
        return [self.bin("sqlmesh"), "plan", "--auto-apply", "--no-prompts"]

    def did(self, folder, output):
        batches = re.findall(r"\[insert (\S+) - (\S+), audits passed (\d+)\]", output)
        spans = [datetime.date.fromisoformat(to) - datetime.date.fromisoformat(since) for since, to, _ in batches]
        return Did(sum(span.days + 1 for span in spans), len(batches), sum(int(passed) for *_, passed in batches))


class SqlMeshGrouped(SqlMesh):
    name = "SQLMesh, 16 dates per batch"
    checks = 7
    kills = "never"

    def place(self, folder):
        super().place(folder)
        model = folder / "models/daily.sql"
        model.write_text(model.read_text().replace("batch_size 1,", "batch_size 16,"))


class Dbt(Peer):
    name = "dbt microbatch, then its tests"
    folder = "dbt"
    checks = 2
    kills = "once"

    def command(self, last):
        times = ["--event-time-start", day(1), "--event-time-end", day(DATES + 1)]
        return [self.bin("dbt"), "--no-use-colors", "build", *times]

    def idle(self, folder, last):
        """It has no ledger, so that nothing but to select nothing leaves it without work."""
        command = [*self.command(last), "--select", "nothing"]
        return process.timed(command, folder, self.environment(folder))

    def did(self, folder, output):
        batches = len(re.findall(r"Batch \d+ of \d+ OK created batch", output))
        return Did(batches, batches, len(re.findall(r"PASS not_null", output)))


class Dagster(Peer):
    """A hundred dates would take it a minute and more: each round does its share of them, on from the last."""

    name = "Dagster, in process"
    folder = "dagster"
    parts = ROUNDS
    checks = DATES // parts
    kills = "once"

    def command(self, last):
        return [self.bin("python"), "backfill.py", last]

    def environment(self, folder):
        return {**super().environment(folder), "DAGSTER_HOME": str(folder)}

    def did(self, folder, output):
        dates = re.findall(r"^materialized \S+ check (\w+)", output, re.MULTILINE)
        return Did(len(dates), len(dates), dates.count("passed"))


ALL = [SqlMesh, SqlMeshGrouped, Dbt, Dagster]
