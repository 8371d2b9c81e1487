"""What was measured, as Markdown. Runs nothing but `--version`."""

import os
import pathlib
import platform
import re
import statistics
import subprocess

import tools

SHOWN = ["sqlmesh", "dbt-core", "dbt-duckdb", "dagster", "duckdb"]


class Figure:
    """All rounds of one tool."""

    def __init__(self, tool):
        self.tool = tool
        self.seconds, self.starts, self.megabytes, self.dids, self.kills = [], [], [], [], []

    def add(self, took, did, idle):
        """A round. Where a tool did a part of its dates, the whole is as many parts and one start."""
        work = took.seconds - idle.seconds
        self.seconds.append(idle.seconds + work * self.tool.parts)
        self.starts.append(idle.seconds)
        self.megabytes.append(took.megabytes)
        self.dids.append(did)

    def add_kill(self, before, after):
        """How many dates stood when the tool had been killed, and how many the next run did."""
        self.kills.append((before, before + after - self.tool.dates()))

    def moment(self, share):
        """When so much of the newest round's work was done, in seconds from the start."""
        return self.starts[-1] + (self.seconds[-1] - self.starts[-1]) / self.tool.parts * share

    def median(self):
        return statistics.median(self.seconds)

    def a_date(self):
        """Milliseconds a date, the start not counted."""
        work = [whole - start for whole, start in zip(self.seconds, self.starts)]
        return statistics.median(work) / tools.DATES * 1000


def machine(load_before):
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = " to ".join(f"{average[0]:.2f}" for average in (load_before, os.getloadavg()))
    return (
        f"{os.cpu_count()} cores of {cpu[1] if cpu else platform.machine()}, {memory:.0f} GB,"
        f" {platform.system()} {platform.release()}, Python {platform.python_version()}; load average {load}."
    )


def versions(program, peers):
    pinned = "\n".join((tools.HERE / peer.folder / "requirements.txt").read_text() for peer in peers)
    found = dict(re.findall(r"^(\S+)==(\S+)$", pinned, re.MULTILINE))
    ours = subprocess.check_output([program, "--version"], text=True).strip()
    return ", ".join([ours, *(f"{name} {found[name]}" for name in SHOWN)]) + ".\n"


def speed(figures):
    ours = figures[0].median()
    lines = [
        f"| {tools.DATES} dates of {tools.ROWS_A_DATE:,} rows | seconds | range | × backcourt"
        " | per date, without start | start | peak memory | commits | checks run |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for figure in figures:
        parts = figure.tool.parts
        commits = _span([did.commits * parts for did in figure.dids])
        checks = _span([did.checks * parts for did in figure.dids])
        lines.append(
            f"| {figure.tool.name} | {figure.median():.2f} | {min(figure.seconds):.2f} to {max(figure.seconds):.2f}"
            f" | {figure.median() / ours:.1f} | {figure.a_date():.1f} ms | {statistics.median(figure.starts):.2f} s"
            f" | {statistics.median(figure.megabytes):.0f} MB | {commits} | {checks} |"
        )
    return "\n".join(lines) + "\n"


def kills(figures):
    lines = ["| killed midway | times | dates stored then | done twice by the next run |", "|---|---|---|---|"]
    for figure in figures:
        if figure.kills:
            before, twice = zip(*figure.kills)
            stood = ", ".join(map(str, before)) + f" of {figure.tool.dates()}"
            lines.append(f"| {figure.tool.name} | {len(before)} | {stood} | {', '.join(map(str, twice))} |")
    return "\n".join(lines)


def _span(counts):
    least, most = min(counts), max(counts)
    return f"{least}" if least == most else f"{least} to {most}"
