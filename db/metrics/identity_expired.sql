-- identity_expired: customers whose identity document has run out and was not renewed.
--
-- Whose job it is:   the compliance officer; the money-laundering law wants customer data kept up to date.
-- What red costs:    the last audit fined a neighbour 1,200 EUR for each such customer found in the sample.
-- Who acts on red:   the onboarding team writes to them, and limits the account of whoever does not answer.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('identity_expired', 'Customers with expired identity papers', 'day', $value$
    SELECT CASE WHEN count(*) > 0 THEN count(*) FILTER (
        WHERE identity_expires_on < current_date AND (identity_renewed_at IS NULL OR identity_renewed_at > now())
    ) END
    FROM webbank.customers
    WHERE joined_on <= current_date
$value$, 'Customers whose identity document has expired without a renewal.', ARRAY['webbank.customers']);

UPDATE heartbeat.metric_registry SET code = 'KYCX' WHERE metric_id = 'identity_expired';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'It creeps upwards by one or two a week, because some customers never answer. Red means more than one letter run can mend before the yearly audit.',
    methodology = 'Counts rows of webbank.customers with identity_expires_on before today and no identity_renewed_at up to now. identity_expires_on is the date of the document from the opening of the account; a renewal leaves it and fills identity_renewed_at.',
    notes = 'On red the onboarding team writes to these customers, and limits the account of whoever does not answer. The last audit of a neighbour ended with a fine of 1,200 EUR for each such customer in the sample.'
WHERE metric_id = 'identity_expired';

UPDATE heartbeat.metric_registry SET
    norm_value = 250, alert_value = 400, unit = 'customers',
    threshold_basis = 'Capacity: one letter run handles 250 customers. Audit finding of last year: from 400 on the auditor calls it a deficiency.',
    cross_check_sql = $check$
        SELECT count(*) - count(*) FILTER (WHERE identity_expires_on >= current_date)
            - count(*) FILTER (WHERE identity_expires_on < current_date AND identity_renewed_at <= now())
            - count(*) FILTER (WHERE identity_expires_on IS NULL)
        FROM webbank.customers
    $check$
WHERE metric_id = 'identity_expired';
