-- Roles with SET or INHERIT on the guard. Before PostgreSQL 16 every membership has both, and the columns do not exist.
-- A mere ADMIN membership, which a creator without superuser keeps for ever, is not among them.
SELECT member.rolname AS subject, 'granted by ' || coalesce(grantor.rolname, 'a role that is gone') AS detail
FROM pg_catalog.pg_auth_members AS membership
JOIN pg_catalog.pg_roles AS guard ON guard.oid = membership.roleid AND guard.rolname = 'heartbeat_guard'
JOIN pg_catalog.pg_roles AS member ON member.oid = membership.member
LEFT JOIN pg_catalog.pg_roles AS grantor ON grantor.oid = membership.grantor
WHERE coalesce((to_jsonb(membership) ->> 'set_option')::boolean, true)
   OR coalesce((to_jsonb(membership) ->> 'inherit_option')::boolean, true)
UNION ALL
SELECT rolname, 'it may log in itself' FROM pg_catalog.pg_roles WHERE rolname = 'heartbeat_guard' AND (rolcanlogin OR rolsuper)
ORDER BY subject
