"""DuckDB 2.0 as the core sees it: which names are clocks, what no metric may call, what may stand after FROM.

Tried on the engine; a test compares these tables with the engine's own catalogue, so a function of a later DuckDB that
is not the same at every call is named there before it is used. The surprises: `ago(x)` is a macro around the clock, and a
clock's bare name is a column first, so `"current_date"` in quotes is the clock too where no column has that name.
"""

from heartbeat_lib.model.dialect import ClockKind, Dialect

_RANDOM = "is another number at every call; take all rows, or pick them by a hash of their key"
_ENVIRONMENT = "depends on who asks and where, not on the data; write the value itself"
_CATALOG = "reads the engine's catalogue, which is no source of numbers; read a schema.table"
_FILE = "reads files or the network; load it into the marts (heartbeat load) and read the schema.table"
_HIDDEN = "runs SQL that nobody can see here; write the query itself"
_SIDE_EFFECT = "does something instead of computing a number; leave it out"
_NO_SUCH = "is no function of DuckDB; write now(), or current_date for the day"

_REFUSED = {
    "clock-not-pinnable": {
        "ago": "reads the clock inside; write now() - INTERVAL 1 DAY, with the interval you mean",
        "clock_timestamp": _NO_SUCH,
        "statement_timestamp": _NO_SUCH,
        "timeofday": _NO_SUCH,
        "getdate": _NO_SUCH,
        "sysdate": _NO_SUCH,
        "pg_conf_load_time": "is the clock under another name; write now()",
        "pg_postmaster_start_time": "is the clock under another name; write now()",
    },
    "random": dict.fromkeys(
        ("random", "rand", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "setseed", "reservoir_quantile"), _RANDOM
    ),
    "environment": dict.fromkeys(
        (
            *("current_setting", "getvariable", "getenv", "version", "current_query", "current_query_id"),
            *("current_connection_id", "current_transaction_id", "txid_current", "current_database", "current_catalog"),
            *("current_schema", "current_schemas", "in_search_path", "current_user", "current_role", "session_user"),
            *("user", "stats", "vector_type", "get_block_size", "icu_calendar_names", "pg_timezone_names"),
        ),
        _ENVIRONMENT,
    ),
    "side-effect": dict.fromkeys(
        ("nextval", "currval", "setval", "sleep_ms", "pg_sleep", "write_log", "checkpoint", "force_checkpoint"),
        _SIDE_EFFECT,
    ),
    "reads-a-file": dict.fromkeys(
        (
            *("read_*", "parquet_*", "glob", "sniff_csv", "postgres_scan*", "postgres_query", "sqlite_scan", "sqlite_query"),
            *("mysql_scan", "mysql_query", "delta_scan", "iceberg_*", "st_read*", "arrow_scan*", "pandas_scan"),
            *("python_*", "seq_scan", "http_*", "which_secret"),
        ),
        _FILE,
    ),
    "runs-hidden-sql": dict.fromkeys(("query", "query_table", "json_execute_serialized_sql"), _HIDDEN),
    "reads-the-catalog": dict.fromkeys(
        ("duckdb_*", "pragma_*", "pg_get_*", "format_type", "obj_description", "col_description", "shobj_description"),
        _CATALOG,
    ),
}

_KEYWORDS = """
    all analyse analyze and anti any array as asc asof asymmetric at authorization between bigint binary bit boolean
    both by case cast char character check coalesce collate collation column columns concurrently constraint create
    cross dec decimal default deferrable desc describe distinct do else end except exists extract false fetch float
    for foreign freeze from full generated glob group grouping grouping_id having ilike in initially inner inout int
    integer intersect interval into is isnull join lambda lateral leading left like limit map national natural nchar
    none not notnull null nullif numeric offset on only or order out outer overlaps overlay pivot pivot_longer
    pivot_wider placing position positional precision primary qualify real references returning right row select
    semi setof show similar smallint some struct substring summarize symmetric table tablesample then time timestamp
    to trailing treat trim true try_cast tuple union unique unpack unpivot using values varchar variadic verbose
    when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi
    xmlroot xmlserialize xmltable
"""

DUCKDB = Dialect(
    name="duckdb",
    clocks={
        "current_date": ClockKind.DAY,
        "today": ClockKind.DAY,
        "now": ClockKind.INSTANT,
        "current_timestamp": ClockKind.INSTANT,
        "get_current_timestamp": ClockKind.INSTANT,
        "transaction_timestamp": ClockKind.INSTANT,
        "localtimestamp": ClockKind.LOCAL,
        "current_localtimestamp": ClockKind.LOCAL,
        "localtime": ClockKind.LOCAL_TIME,
        "current_localtime": ClockKind.LOCAL_TIME,
        "current_time": ClockKind.ZONED_TIME,
        "get_current_time": ClockKind.ZONED_TIME,
    },
    bare=frozenset({"current_date", "current_timestamp", "localtimestamp", "localtime", "current_time"}),
    called=frozenset(
        {
            *("current_date", "today", "now", "get_current_timestamp", "transaction_timestamp", "current_localtimestamp"),
            *("current_localtime", "get_current_time"),
        }
    ),
    types={
        ClockKind.DAY: "DATE",
        ClockKind.INSTANT: "TIMESTAMPTZ",
        ClockKind.LOCAL: "TIMESTAMP",
        ClockKind.LOCAL_TIME: "TIME",
        ClockKind.ZONED_TIME: "TIMETZ",
    },
    refused={name: why for names in _REFUSED.values() for name, why in names.items()},
    rules={name: rule for rule, names in _REFUSED.items() for name in names},
    reads_clock_alone={"age": "age with one argument measures from the clock; write age(current_date, x)"},
    table_functions=frozenset(
        {"range", "generate_series", "unnest", "json_each", "json_tree", "repeat", "repeat_row", "generate_subscripts"}
    ),
    keywords=frozenset(_KEYWORDS.split()),
    column_before_clock=True,
    quoted_names_fold=True,
    texts_are_clocks=False,
    unicode_escapes=False,
    recursive_looks_ahead=False,
    names_may_be_files=True,
)
"""The default marts engine."""
