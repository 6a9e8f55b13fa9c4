-- Which schemas know when they were loaded. One row per schema with a complete _dlt_loads.
SELECT schema_name
FROM duckdb_columns()
WHERE database_name = current_database() AND table_name = '_dlt_loads' AND column_name IN ('status', 'inserted_at')
GROUP BY schema_name
HAVING count(*) = 2
ORDER BY schema_name
