{{ config(
    materialized='incremental', incremental_strategy='microbatch',
    event_time='ds', batch_size='day', begin='2024-01-01'
) }}

SELECT
  day::DATE AS ds,
  k::BIGINT AS k,
  k * 1.5 AS v
FROM (SELECT '{{ model.batch.event_time_start }}'::TIMESTAMP) AS days(day)
CROSS JOIN RANGE(1000) AS numbers(k)
