SELECT * FROM `p-1.d.t`, p.d.t2 AS a, `p`.`d`.`t3`, d.`t$20240101`, `d.t_*` WHERE _TABLE_SUFFIX = 'x' AND 'FROM d.no' <> "JOIN d.no" -- FROM d.no
/* JOIN d.no */ # FROM d.no