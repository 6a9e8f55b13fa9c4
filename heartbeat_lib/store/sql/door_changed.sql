-- Functions that run with their owner's rights: the doors stand, each belongs to the guard, pins its path with pg_temp last, and
-- is for its one role alone; there is no other. A function without any setting has NULL there, which is no match and not unknown:
-- coalesce. One row per function.
SELECT coalesce(door.oid::regprocedure::text, wanted.name) AS subject,
       CASE
           WHEN door.oid IS NULL THEN 'is gone'
           WHEN owner.rolname <> 'heartbeat_guard' THEN 'belongs to ' || owner.rolname
           WHEN wanted.name IS NULL THEN 'is no door that Heartbeat made'
           WHEN NOT door.prosecdef THEN 'does not run as the guard any more'
           WHEN NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (door.proconfig), false) THEN 'does not pin its search_path'
           ELSE 'may be called by ' || coalesce(strangers.names, 'everybody')
       END AS detail
FROM (VALUES
    ('apply_registry', '(jsonb, bigint, text, text, text, boolean, integer, boolean)', 'heartbeat_deploy'),
    ('patch_verification', '(text, jsonb, bigint, text, boolean, text, text, boolean)', 'heartbeat_operator'),
    ('review_metric', '(text, text, text, jsonb, bigint, text, boolean, text, boolean)', 'heartbeat_operator'),
    ('count_by_hand', '(text, text, timestamptz, numeric, text, text, boolean, text)', 'heartbeat_operator')
) AS wanted (name, arguments, role)
FULL JOIN (
    SELECT p.*
    FROM pg_catalog.pg_proc AS p
    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = p.proowner
    WHERE p.pronamespace = to_regnamespace('heartbeat')
      AND (p.prosecdef OR r.rolname = 'heartbeat_guard'
           OR p.proname IN ('apply_registry', 'patch_verification', 'review_metric', 'count_by_hand'))
) AS door ON door.oid = to_regprocedure('heartbeat.' || wanted.name || wanted.arguments)
LEFT JOIN pg_catalog.pg_roles AS owner ON owner.oid = door.proowner
LEFT JOIN LATERAL (
    SELECT string_agg(coalesce(grantee.rolname, 'everybody'), ', ' ORDER BY grantee.rolname) AS names
    FROM aclexplode(door.proacl) AS right_
    LEFT JOIN pg_catalog.pg_roles AS grantee ON grantee.oid = right_.grantee
    WHERE right_.grantee <> door.proowner AND grantee.rolname IS DISTINCT FROM wanted.role
) AS strangers ON true
WHERE door.oid IS NULL
   OR wanted.name IS NULL
   OR owner.rolname <> 'heartbeat_guard'
   OR NOT door.prosecdef
   OR NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (door.proconfig), false)
   OR door.proacl IS NULL
   OR strangers.names IS NOT NULL
ORDER BY subject
