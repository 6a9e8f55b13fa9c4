"""PostgreSQL (15 and up) as the core sees it: which names are clocks, what no metric may call, what may stand after FROM.

Tried on 15 and 18; a test compares these tables with `pg_proc`, so that a built-in function which is not the same at every
call is named here. The surprise: a text is a clock. `created_at > 'yesterday'` moves with the day without any cast, since an
untyped 'now', 'today', 'tomorrow' or 'yesterday' is read by whatever date or timestamp it meets.
"""

from heartbeat_lib.model.dialect import ClockKind, Dialect

_RANDOM = "is another number at every call; take all rows, or pick them by a hash of their key"
_ENVIRONMENT = "depends on who asks and where, not on the data; write the value itself"
_SERVER = "asks or moves the server, not the data; read a schema.table"
_FILE = "reads files, large objects or another database; load it into the marts and read the schema.table"
_HIDDEN = "runs SQL that nobody can see here; write the query itself"
_SIDE_EFFECT = "does something instead of computing a number; leave it out"
_MOVES = "is another moment at every call; write now()"
_NO_SUCH = "is no function of PostgreSQL; write current_date for the day, now() for the moment"
_PRIVILEGES = (
    *("any_column", "column", "database", "foreign_data_wrapper", "function", "language", "largeobject", "parameter"),
    *("schema", "sequence", "server", "table", "tablespace", "type"),
)

_REFUSED = {
    "clock-not-pinnable": {
        "clock_timestamp": _MOVES,
        "timeofday": _MOVES,
        "today": _NO_SUCH,
        "get_current_timestamp": _NO_SUCH,
        "getdate": _NO_SUCH,
        "sysdate": _NO_SUCH,
        "pg_conf_load_time": "asks the server's clock; write now()",
        "pg_postmaster_start_time": "asks the server's clock; write now()",
        "mxid_age": "counts from the server's present state; read a schema.table",
    },
    "random": dict.fromkeys(
        (
            *("random", "random_normal", "setseed", "gen_random_uuid", "gen_random_bytes", "uuidv4", "uuidv7"),
            *("uuid_generate_*", "array_shuffle", "array_sample"),
        ),
        _RANDOM,
    ),
    "environment": dict.fromkeys(
        (
            *("current_setting", "version", "current_query", "current_database", "current_schemas", "current_catalog"),
            *("current_schema", "current_user", "current_role", "session_user", "system_user", "getpgusername", "txid_*"),
            *("inet_client_addr", "inet_client_port", "inet_server_addr", "inet_server_port", "row_security_active"),
            *("user", "getdatabaseencoding", "get_current_ts_config", "icu_unicode_version", "unicode_version"),
            *(f"has_{what}_privilege" for what in _PRIVILEGES),
        ),
        _ENVIRONMENT,
    ),
    "side-effect": dict.fromkeys(
        (
            *("nextval", "currval", "lastval", "setval", "set_config", "pg_sleep*", "pg_notify", "pg_advisory*"),
            "pg_try_advisory*",
        ),
        _SIDE_EFFECT,
    ),
    "reads-a-file": dict.fromkeys(
        (
            *("loread", "lowrite", "dblink*", "pg_read_*", "pg_ls_*", "pg_stat_file", "postgres_fdw*"),
            *("lo_close", "lo_creat", "lo_create", "lo_export", "lo_from_bytea", "lo_get", "lo_import", "lo_lseek*"),
            *("lo_open", "lo_put", "lo_tell*", "lo_truncate*", "lo_unlink"),
        ),
        _FILE,
    ),
    "runs-hidden-sql": dict.fromkeys(
        (
            *("query_to_xml*", "cursor_to_xml*", "table_to_xml*", "schema_to_xml*", "database_to_xml*", "ts_stat"),
            *("ts_rewrite", "crosstab*", "connectby"),
        ),
        _HIDDEN,
    ),
    "reads-the-catalog": dict.fromkeys(
        (
            *("pg_*", "binary_upgrade_*", "brin_desummarize_range", "brin_summarize_new_values", "brin_summarize_range"),
            *("gin_clean_pending_list", "plpgsql_*", "currtid2", "amvalidate", "format_type"),
            *("obj_description", "col_description", "shobj_description"),
        ),
        _SERVER,
    ),
}

POSTGRES = Dialect(
    name="postgres",
    clocks={
        "current_date": ClockKind.DAY,
        "current_timestamp": ClockKind.INSTANT,
        "now": ClockKind.INSTANT,
        "transaction_timestamp": ClockKind.INSTANT,
        "statement_timestamp": ClockKind.INSTANT,
        "localtimestamp": ClockKind.LOCAL,
        "localtime": ClockKind.LOCAL_TIME,
        "current_time": ClockKind.ZONED_TIME,
    },
    bare=frozenset({"current_date", "current_timestamp", "localtimestamp", "localtime", "current_time"}),
    called=frozenset({"now", "transaction_timestamp", "statement_timestamp"}),
    types={
        ClockKind.DAY: "DATE",
        ClockKind.INSTANT: "TIMESTAMPTZ",
        ClockKind.LOCAL: "TIMESTAMP",
        ClockKind.LOCAL_TIME: "TIME",
        ClockKind.ZONED_TIME: "TIMETZ",
    },
    refused={name: why for names in _REFUSED.values() for name, why in names.items()},
    rules={name: rule for rule, names in _REFUSED.items() for name in names},
    harmless=frozenset({"pg_typeof", "pg_column_size", "pg_size_pretty", "pg_size_bytes", "pg_input_is_valid"}),
    bare_refused=frozenset(
        {"current_catalog", "current_role", "current_schema", "current_user", "session_user", "system_user", "user"}
    ),
    reads_clock_alone={"age": "age with one argument measures from the clock; write age(current_date, x)"},
    table_functions=frozenset(
        {
            *("generate_series", "generate_subscripts", "unnest", "regexp_matches", "regexp_split_to_table"),
            *("string_to_table", "json_array_elements", "json_array_elements_text", "json_each", "json_each_text"),
            *("json_object_keys", "json_populate_record", "json_populate_recordset", "json_to_record"),
            *("json_to_recordset", "jsonb_array_elements", "jsonb_array_elements_text", "jsonb_each", "jsonb_each_text"),
            *("jsonb_object_keys", "jsonb_path_query", "jsonb_path_query_tz", "jsonb_populate_record"),
            *("jsonb_populate_recordset", "jsonb_to_record", "jsonb_to_recordset", "json_table", "xmltable"),
        }
    ),
    column_before_clock=False,
    quoted_names_fold=False,
    texts_are_clocks=True,
    unicode_escapes=True,
    recursive_looks_ahead=True,
    names_may_be_files=False,
)
"""Marts on a PostgreSQL server: checked like any other; opening them comes later."""
