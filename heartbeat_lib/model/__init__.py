"""Nouns without I/O: periods, the meaning of a value_sql, statuses, errors."""
