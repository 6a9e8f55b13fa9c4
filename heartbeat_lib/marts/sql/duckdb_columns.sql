-- Every column that a metric may read, in the order that people see. One row per column of a table or view.
-- What the loader keeps for itself (_dlt_*, _heartbeat_*) and dlt's staging schemas stay out.
SELECT c.schema_name, c.table_name, c.column_name, c.data_type, v.view_name IS NOT NULL AS is_view
FROM duckdb_columns() AS c
LEFT JOIN duckdb_views() AS v
    ON v.database_oid = c.database_oid AND v.schema_name = c.schema_name AND v.view_name = c.table_name
WHERE c.database_name = current_database()
    AND NOT c.internal
    AND NOT starts_with(c.table_name, '_dlt_')
    AND NOT starts_with(c.table_name, '_heartbeat_')
    AND NOT ends_with(c.schema_name, '_staging')
ORDER BY c.schema_name, c.table_name, c.column_index
