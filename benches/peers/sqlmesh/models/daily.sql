MODEL (
  name bf.daily,
  kind INCREMENTAL_BY_TIME_RANGE (time_column ds, batch_size 1, batch_concurrency 1),
  start '2024-01-01',
  end '2024-04-09',
  audits (not_null(columns := (ds, k)))
);

SELECT
  day::DATE AS ds,
  k::BIGINT AS k,
  k * 1.5 AS v
FROM GENERATE_SERIES(@start_date::TIMESTAMP, @end_date::TIMESTAMP, INTERVAL 1 DAY) AS days(day)
CROSS JOIN RANGE(1000) AS numbers(k)
