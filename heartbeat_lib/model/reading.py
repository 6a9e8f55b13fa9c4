"""What a query reads and what it is made of: its tables, and every construct that no metric may hold.

Constructs are allowed by class: what is not known to belong into a SELECT is refused, so that a parser which learns a new
statement opens no door. Tables are found with the scopes of the CTEs: in `WITH t AS (SELECT .. FROM t) SELECT .. FROM t`
the inner `t` is the table, the outer one the CTE.
"""

import re
from collections.abc import Iterator, Sequence

from sqlglot import exp, parse

from heartbeat_lib.model.dialect import Dialect, lower_ascii
from heartbeat_lib.model.faults import Fault, Places
from heartbeat_lib.model.lexer import Token, TokenKind

_ALLOWED: tuple[type[exp.Expr], ...] = (
    # Everything that computes a value, and queries.
    *(exp.Condition, exp.Query, exp.UDTF),
    # The clauses of a query.
    *(exp.With, exp.CTE, exp.RecursiveWithSearch, exp.From, exp.Join, exp.Lateral, exp.Table, exp.TableAlias, exp.Values),
    *(exp.Where, exp.Group, exp.Cube, exp.Rollup, exp.GroupingSets, exp.Having, exp.Qualify, exp.Order, exp.Ordered),
    *(exp.Limit, exp.LimitOptions, exp.Offset, exp.Fetch, exp.Distinct, exp.Pivot, exp.PivotAlias, exp.PivotAny),
    *(exp.UnpivotColumns, exp.WindowSpec, exp.TableFromRows),
    # What stands inside expressions without being one.
    *(exp.Identifier, exp.Star, exp.Alias, exp.Aliases, exp.Var, exp.Tuple, exp.DataType, exp.DataTypeParam),
    *(exp.PseudoType, exp.ObjectIdentifier, exp.ColumnDef, exp.Interval, exp.IntervalSpan, exp.AtTimeZone, exp.Filter),
    *(exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls, exp.HavingMax, exp.Slice, exp.Lambda, exp.Comprehension),
    *(exp.ForIn, exp.PositionalColumn, exp.Variadic, exp.National, exp.JSONPath, exp.JSONPathPart, exp.JSONKeyValue),
    *(exp.JSONColumnDef, exp.JSONSchema, exp.FormatJson, exp.XMLNamespace, exp.XMLKeyValueOption, exp.OnCondition),
)
_PARAMETERS = (exp.Parameter, exp.SessionParameter, exp.Placeholder)
_PARAMETER_SIGNS = ("$", "?", "@", ":", "%")
_READABLE = (exp.Select, exp.SetOperation, exp.Subquery)  # what may stand where a query stands
_INNER = (*_READABLE, exp.Values)

_NOT_A_SELECT = "a metric is one SELECT that only reads; this is {what}"
_WORDS_OF = {"lock": ("for",), "tablesample": ("tablesample", "sample"), "into": ("into",), "returning": ("returning",)}
_PLAIN_NAME = re.compile(r"[\w $-]+")
_CATALOG_SCHEMAS = ("information_schema", "pg_catalog", "pg_toast")
_CATALOG_TABLES = re.compile(r"(?:pg|duckdb|sqlite|pragma)_")


def statements(text: str, dialect: Dialect) -> list[exp.Expr]:
    """The statements of a text, as trees; an empty one between semicolons is none. Raises what sqlglot raises."""
    trees = parse(text, read=dialect.name)
    return [tree for tree in trees if isinstance(tree, exp.Expr) and not isinstance(tree, exp.Semicolon)]


def foreign_parts(tree: exp.Expr, tokens: Sequence[Token], text: str) -> Iterator[Fault]:
    """Faults for every construct that has no place in a metric: rules `not-one-select`, `parameter`, `random`."""
    places = Places(text)
    if not isinstance(tree, _READABLE):
        yield places.fault(tokens[0].start, "not-one-select", _NOT_A_SELECT.format(what=tree.key.upper()))
        return
    for node in tree.walk():
        if isinstance(node, _PARAMETERS):
            signs = [token for token in tokens if token.kind is TokenKind.SIGN and token.text in _PARAMETER_SIGNS]
            for token in signs or tokens[:1]:
                remedy = "write abs(x)" if token.text == "@" else "write the value itself"
                message = f"{token.text} is read as a parameter, and a metric has none; {remedy}"
                yield places.fault(token.start, "parameter", message)
        elif isinstance(node, exp.TableSample):
            at = _place_of(node, tokens)
            yield places.fault(at, "random", "a sample is another number at every call; read all rows")
        elif not isinstance(node, _ALLOWED):
            what = node.key.upper()
            yield places.fault(_place_of(node, tokens), "not-one-select", _NOT_A_SELECT.format(what=what))
        elif isinstance(node, exp.CTE | exp.Subquery) and not isinstance(node.this, (*_INNER, exp.Table, exp.Join)):
            what = node.this.key.upper() if isinstance(node.this, exp.Expr) else "something else"
            if isinstance(node.this, _ALLOWED):  # the others are reported as themselves
                yield places.fault(_place_of(node.this, tokens), "not-one-select", _NOT_A_SELECT.format(what=what))


def tables_read(tree: exp.Expr, tokens: Sequence[Token], text: str, dialect: Dialect) -> tuple[tuple[str, ...], list[Fault]]:
    """The tables a query reads, and every source that is none.

    Returns
    -------
    tables
        Sorted, each once, as the engine compares names (unquoted ones in lower case). Two parts are schema and table; of
        three the first, the database, is left out, since the marts are one database; a bare name stays bare.
    faults
        Rules `reads-a-file`, `reads-the-catalog`, `table-function`.
    """
    places, names, faults = Places(text), set[str](), list[Fault]()
    for table in tree.find_all(exp.Table):
        at = _start(table.this, tokens)
        if table.args.get("rows_from"):
            continue  # its functions are tables of their own
        if not isinstance(table.this, exp.Identifier):
            if (fault := _table_function(table.this, at, places, dialect)) is not None:
                faults.append(fault)
            continue
        parts = [_folded(part, dialect) for part in table.parts if isinstance(part, exp.Identifier)]
        if len(parts) == 1 and _is_cte(table, parts[0], dialect):
            continue
        if dialect.names_may_be_files and not all(_PLAIN_NAME.fullmatch(part) for part in parts):
            message = "a path is no table; load the file into the marts (heartbeat load) and read the schema.table"
            faults.append(places.fault(at, "reads-a-file", message))
        elif parts[-2] in _CATALOG_SCHEMAS if len(parts) > 1 else _CATALOG_TABLES.match(parts[0]):
            message = f"{'.'.join(parts)} is the engine's catalogue, which is no source of numbers; read a schema.table"
            faults.append(places.fault(at, "reads-the-catalog", message))
        else:
            names.add(".".join(_spelled(part) for part in parts[-2:]))
    return tuple(sorted(names)), faults


def alias_places(tree: exp.Expr) -> frozenset[int]:
    """Where CTEs and tables are given their names: what looks like a call there, `WITH stats(n) AS`, is none."""
    aliases = (alias.this for alias in tree.find_all(exp.TableAlias))
    return frozenset(name.meta["start"] for name in aliases if isinstance(name, exp.Identifier) and "start" in name.meta)


def _is_cte(table: exp.Table, name: str, dialect: Dialect) -> bool:
    """Whether a bare name means a CTE where it stands."""
    path: list[exp.Expr] = [table]  # from the table up to the statement
    while (parent := path[-1].parent) is not None:
        path.append(parent)
    looked_at = None
    for at, node in enumerate(path):
        if isinstance(node, exp.With):
            looked_at = node  # its query follows next, and would show all of it
            cte = path[at - 1]
            visible = _visible_inside(node, cte, path[:at], dialect)
        else:
            owned = node.args.get("with_")
            visible = owned.expressions if isinstance(owned, exp.With) and owned is not looked_at else []
        if any(_folded(cte.args["alias"].this, dialect) == name for cte in visible):
            return True
    return False


def _visible_inside(with_: exp.With, cte: exp.Expr, path: Sequence[exp.Expr], dialect: Dialect) -> list[exp.Expr]:
    """The CTEs that a definition of this WITH may read: those before it, itself, in some engines those behind it."""
    # A recursive definition sees itself in the second half of its UNION; in the first half the name means a table.
    union = cte.this.unnest() if isinstance(cte.this, exp.Subquery) else cte.this
    recurs = bool(with_.recursive) and isinstance(union, exp.SetOperation) and any(n is union.expression for n in path)
    at = next(i for i, other in enumerate(with_.expressions) if other is cte)
    behind = with_.expressions[at + 1 :] if with_.recursive and dialect.recursive_looks_ahead else []
    return [*with_.expressions[:at], *([cte] if recurs else []), *behind]


def _table_function(this: object, at: int, places: Places, dialect: Dialect) -> Fault | None:
    written = ""
    if isinstance(this, exp.Expr):
        written = places.text[this.meta["start"] : this.meta["end"] + 1] if "start" in this.meta else this.key
    name = lower_ascii(written.strip('"'))
    if name in dialect.table_functions or dialect.refusal(name) is not None:  # the latter has its own fault already
        return None
    known = ", ".join(sorted(dialect.table_functions))
    message = f"{name or 'this'} after FROM may read anything; only these may stand there: {known}"
    return places.fault(at, "table-function", message)


def _folded(name: exp.Identifier, dialect: Dialect) -> str:
    return name.this if name.args.get("quoted") and not dialect.quoted_names_fold else lower_ascii(name.this)


def _spelled(part: str) -> str:
    return part if "." not in part and '"' not in part else '"' + part.replace('"', '""') + '"'


def _start(node: object, tokens: Sequence[Token]) -> int:
    return node.meta.get("start", tokens[0].start) if isinstance(node, exp.Expr) else tokens[0].start


def _place_of(node: exp.Expr, tokens: Sequence[Token]) -> int:
    words = _WORDS_OF.get(node.key, (node.key,))
    return next((token.start for token in tokens if token.is_word(*words)), tokens[0].start)
