-- Whether a text is one plain mail address, as the registry sees it: one row with one truth value.
SELECT heartbeat.is_address(%(address)s)
