-- loans_per_region_max: concentration. One flood must not take a quarter of the book.

INSERT INTO heartbeat.metric_registry (metric_id, code, name, period, value_sql, description, sources)
VALUES ('loans_per_region_max', 'LREG', 'Share of the largest region', 'year', $value$
    WITH by_region AS (
        SELECT district.region, sum(loan.amount_czk) AS lent
        FROM berka.loan AS loan
        JOIN berka.account AS account USING (account_id)
        JOIN berka.district AS district USING (district_id)
        WHERE loan.granted_on <= current_date
        GROUP BY ALL
    )
    SELECT 100.0 * max(lent) / sum(lent) FROM by_region
$value$, 'Share of all that is lent which one region holds.', 'berka.loan, berka.account, berka.district');

UPDATE heartbeat.metric_registry
SET how_to_read = 'Percent.', methodology = 'Largest sum of amount_czk by region of the account''s district, over the sum of all, loans granted up to today.', unit = '%',
    notes = 'On red the risk committee stops new loans in that region. One flood there would be the loss of a quarter of the book.';

UPDATE heartbeat.metric_registry
SET norm_value = 20, alert_value = 25, threshold_basis = 'Concentration limit of the risk policy: 25 %, early warning 20 %',
    cross_check_sql = $check$
    SELECT 100.0 * max(lent) / (SELECT sum(amount_czk) FROM berka.loan WHERE granted_on <= current_date)
    FROM (
        SELECT (
            SELECT sum(amount_czk)
            FROM berka.loan
            WHERE granted_on <= current_date AND account_id IN (
                SELECT account_id FROM berka.account
                WHERE district_id IN (SELECT district_id FROM berka.district WHERE region = regions.region)
            )
        ) AS lent
        FROM (SELECT DISTINCT region FROM berka.district) AS regions
    ) AS by_region
$check$;
