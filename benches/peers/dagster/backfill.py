"""The days that are not materialized yet, up to the one named: one materialize() each, with a blocking check.

Usage: backfill.py YYYY-MM-DD
"""

import sys

import dagster
import duckdb

DAYS = dagster.DailyPartitionsDefinition(start_date="2024-01-01", end_date="2024-04-10")
QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
WAREHOUSE = duckdb.connect("warehouse.duckdb")


@dagster.asset(partitions_def=DAYS)
def daily(context) -> None:
    day = [context.partition_key]
    WAREHOUSE.begin()
    WAREHOUSE.execute("DELETE FROM daily WHERE ds = $1", day)
    WAREHOUSE.execute("INSERT INTO daily SELECT $1::DATE, k, k * 1.5 FROM RANGE(1000) AS numbers(k)", day)
    WAREHOUSE.commit()


@dagster.asset_check(asset=daily, blocking=True, partitions_def=DAYS)
def not_null(context):
    wrong = "SELECT COUNT(*) FROM daily WHERE ds = $1 AND (ds IS NULL OR k IS NULL)"
    (count,) = WAREHOUSE.execute(wrong, [context.partition_key]).fetchone()
    return dagster.AssetCheckResult(passed=count == 0)


WAREHOUSE.execute("CREATE TABLE IF NOT EXISTS daily (ds DATE, k BIGINT, v DOUBLE)")
with dagster.DagsterInstance.get() as instance:
    done = instance.get_materialized_partitions(daily.key)
    for day in DAYS.get_partition_keys():
        if day <= sys.argv[1] and day not in done:
            result = dagster.materialize([daily, not_null], instance=instance, partition_key=day, run_config=QUIET)
            passed = [check.passed for check in result.get_asset_check_evaluations()]
            print("materialized", day, "check passed" if passed == [True] else "check failed", flush=True)
