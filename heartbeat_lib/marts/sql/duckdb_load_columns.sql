-- Where the loader keeps its books: the columns of each schema's _dlt_loads, and every table whose rows say which load brought
-- them. One row per such column, by schema and table.
SELECT schema_name, table_name, column_name
FROM duckdb_columns()
WHERE database_name = current_database()
    AND NOT internal
    AND (table_name = '_dlt_loads' AND column_name IN ('load_id', 'status', 'inserted_at')
        OR column_name = '_dlt_load_id' AND NOT starts_with(table_name, '_dlt_'))
ORDER BY schema_name, table_name, column_name
