-- Functions that run with their owner's rights: each belongs to the guard, pins its path with pg_temp last, and is for the named
-- roles alone. A function without any setting has NULL there, which is no match and not unknown: coalesce.
SELECT coalesce(door.oid::regprocedure::text, wanted.name) AS subject,
       CASE
           WHEN door.oid IS NULL THEN 'is gone'
           WHEN owner.rolname <> 'heartbeat_guard' THEN 'belongs to ' || owner.rolname
           WHEN NOT door.prosecdef THEN 'does not run as the guard any more'
           WHEN NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (door.proconfig), false) THEN 'does not pin its search_path'
           ELSE 'may be called by everybody'
       END AS detail
FROM (VALUES ('apply_registry'), ('patch_verification')) AS wanted (name)
FULL JOIN (
    SELECT p.*
    FROM pg_catalog.pg_proc AS p
    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = p.proowner
    WHERE p.pronamespace = to_regnamespace('heartbeat') AND (p.prosecdef OR r.rolname = 'heartbeat_guard' OR p.proname IN ('apply_registry', 'patch_verification'))
) AS door ON door.proname = wanted.name
LEFT JOIN pg_catalog.pg_roles AS owner ON owner.oid = door.proowner
WHERE door.oid IS NULL
   OR owner.rolname <> 'heartbeat_guard'
   OR NOT door.prosecdef
   OR NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (door.proconfig), false)
   OR door.proacl IS NULL
   OR EXISTS (SELECT FROM aclexplode(door.proacl) AS right_ WHERE right_.grantee = 0)
ORDER BY subject
