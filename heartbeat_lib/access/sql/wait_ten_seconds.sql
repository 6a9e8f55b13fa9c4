-- How long this transaction waits for a token that somebody holds; an operator's login can hold one.
SELECT set_config('lock_timeout', '10s', true)
