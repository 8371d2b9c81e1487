#!/usr/bin/env python3
"""Pack the league's box scores from Parquet into the files that are compiled into the program.

    scripts/pack_league.py INPUT OUTPUT

INPUT is a folder with player_box.parquet, team_box.parquet and shots.parquet; OUTPUT receives player_box.bc.zst,
team_box.bc.zst and shots.bc.zst. assets/league/README.md describes the format and the columns.
The same input always gives the same bytes. Unexpected input is an error; no value is adjusted to fit.

Needs pandas, pyarrow and zstandard (0.25 made the files in the repository).
"""

import argparse
import hashlib
import struct
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import zstandard

MAGIC = b"BCLEAGUE"
VERSION = 1
LEVEL = 19

STATS = "fgm fga fg3m fg3a ftm fta oreb dreb reb ast stl blk tov pf pts plus_minus".split()
PLAYER_ORDER = ["game_date", "game_id", "is_home", "idle", "bench", "player_id"]
TEAM_ORDER = ["game_date", "game_id", "is_home"]
SHOT_ORDER = ["game_date", "game_id", "event_id"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("input", type=Path, help="folder with the three Parquet files")
    arguments.add_argument("output", type=Path, help="folder that receives the three packed files")
    chosen = arguments.parse_args()
    packers = {"player_box": player_box, "team_box": team_box, "shots": shots}
    for name, pack in packers.items():
        frame = pd.read_parquet(chosen.input / f"{name}.parquet")
        packed = seal(sheet(pack(frame), len(frame)))
        target = chosen.output / f"{name}.bc.zst"
        target.write_bytes(packed)
        print(f"{target}: {len(frame):,} rows, {len(packed):,} bytes")


def player_box(frame: pd.DataFrame) -> dict:
    """Players of a game: road team first, those who played before the others, starters before the bench."""
    frame = frame.assign(idle=~frame.played, bench=frame.starter.ne(True)).sort_values(PLAYER_ORDER, kind="stable")
    # Stored with two decimals, so 26 s are 0.43 minutes: rounding restores the second.
    seconds = (frame.minutes.astype(float) * 60).round()
    return {
        "game_id": text(frame.game_id),
        "game_date": text(frame.game_date.map(str)),
        "team": text(frame.team),
        "is_home": whole(frame.is_home, 1),
        "player_id": text(frame.player_id.map(str)),
        "player_name": text(frame.player_name),
        "played": whole(frame.played, 1),
        "starter": whole(frame.starter, 1),
        "status": text(frame.status),
        "seconds": whole(seconds, 2),
        **{name: whole(frame[name], 1) for name in STATS},
    }


def team_box(frame: pd.DataFrame) -> dict:
    """Teams of a game: road team first."""
    frame = frame.sort_values(TEAM_ORDER, kind="stable")
    return {
        "game_id": text(frame.game_id),
        "game_date": text(frame.game_date.map(str)),
        "team": text(frame.team),
        "is_home": whole(frame.is_home, 1),
        "minutes": whole(frame.minutes, 2),
        **{name: whole(frame[name], 2) for name in STATS},
    }


def shots(frame: pd.DataFrame) -> dict:
    """Shots of a game in the order of their event numbers, which are thereby told."""
    frame = frame.sort_values(SHOT_ORDER, kind="stable")
    return {
        "game_id": text(frame.game_id),
        "player_id": text(frame.player_id.map(str)),
        "team": text(frame.team),
        "event_id": whole(frame.event_id, 2),
        "period": whole(frame.period, 1),
        "seconds_left": whole(frame.seconds_left, 2),
        "shot_value": whole(frame.shot_value, 1),
        "made": whole(frame.made, 1),
        "action_type": text(frame.action_type),
        "zone_basic": text(frame.zone_basic),
        "distance_ft": whole(frame.distance_ft, 1),
        "loc_x": whole(frame.loc_x, 2),
        "loc_y": whole(frame.loc_y, 2),
    }


def text(values: pd.Series) -> bytes:
    """A text column: its distinct values in order of first use, then one two-byte position per row."""
    if values.isna().any():
        sys.exit(f"{values.name}: an unknown text, which the format does not know")
    positions, distinct = pd.factorize(values)
    if len(distinct) > 0x7FFF:
        sys.exit(f"{values.name}: {len(distinct)} distinct texts, more than two bytes can number")
    entries = b"".join(bytes([len(entry.encode())]) + entry.encode() for entry in distinct)
    return b"t" + struct.pack("<H", len(distinct)) + entries + planes(positions.astype("<i2"))


def whole(values: pd.Series, width: int) -> bytes:
    """A column of whole numbers, `width` bytes each; unknown is the smallest number of that width."""
    unknown = -(1 << (8 * width - 1))
    numbers = values.astype("float64")
    if (numbers.dropna() % 1).any() or (numbers.dropna() <= unknown).any() or (numbers.dropna() >= -unknown).any():
        sys.exit(f"{values.name}: a value that is not a whole number of {width} bytes")
    return str(width).encode() + planes(numbers.fillna(unknown).astype(f"<i{width}").to_numpy())


def planes(numbers: np.ndarray) -> bytes:
    """All lowest bytes first, then all second bytes: alike stands beside alike and packs better."""
    return np.ascontiguousarray(numbers.view(np.uint8).reshape(len(numbers), numbers.itemsize).T).tobytes()


def sheet(columns: dict, rows: int) -> bytes:
    body = [struct.pack("<IH", rows, len(columns))]
    for name, column in columns.items():
        body += [bytes([len(name)]), name.encode(), column]
    return b"".join(body)


def seal(raw: bytes) -> bytes:
    packed = zstandard.ZstdCompressor(level=LEVEL).compress(raw)
    head = MAGIC + struct.pack("<III", VERSION, len(packed), len(raw))
    return head + hashlib.sha256(head + packed).digest() + packed


if __name__ == "__main__":
    main()
