-- loans_good: how many loans earn their interest. The credit committee looks at it before the budget.

INSERT INTO heartbeat.metric_registry (metric_id, code, name, period, value_sql, description, sources)
VALUES ('loans_good', 'LGOD', 'Good loans', 'quarter', $value$
    SELECT count(*)
    FROM berka.loan
    WHERE status IN ('A', 'C') AND granted_on <= current_date
$value$, 'Loans granted so far that are paid or run fine.', 'berka.loan');

UPDATE heartbeat.metric_registry
SET how_to_read = 'Counts up; 606 of 682 in the end.', methodology = 'Rows of berka.loan with status A (finished and paid) or C (running, fine) granted up to today. The bank kept one status a loan, that of the end of 1998: for earlier days it says how the loans granted by then turned out.', unit = 'loans';
