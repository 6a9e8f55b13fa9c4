"""What of a query counts as its meaning: its words, in order.

Comments, layout and the letter case of words outside quotes do not count; everything else does, extra parentheses and an
`AS` too. The words are hashed, not sqlglot's tree or its printed form, where DuckDB's `x ~ 'a'` (the whole text matches)
and `regexp_matches(x, 'a')` (some part does) are one: an owner's signature would have stayed on a number that changed.
Instead a rewrite that only looks different asks for a new signature; and a new sqlglot changes no hash.
"""

from collections.abc import Iterable

from heartbeat_lib.model.dialect import Dialect, lower_ascii
from heartbeat_lib.model.lexer import Token, TokenKind

HASH_VERSION = "words 1"
"""Which rule made a canonical text; another rule, another version."""


def canonical_text(tokens: Iterable[Token], dialect: Dialect) -> str:
    """The words of a query with single spaces between them; closing semicolons are left out."""
    return " ".join(_canonical(token, dialect) for token in tokens if not token.is_sign(";"))


def _canonical(token: Token, dialect: Dialect) -> str:
    match token.kind:
        case TokenKind.WORD | TokenKind.NUMBER:
            return lower_ascii(token.text)
        case TokenKind.QUOTED:
            return _quoted(token.name(dialect), dialect)
        case TokenKind.STRING if token.text[0] == "E":
            return "e" + token.text[1:]
        case _:
            return token.text


def _quoted(name: str, dialect: Dialect) -> str:
    if dialect.quoted_names_fold and name.isidentifier() and name.isascii() and name not in dialect.keywords:
        return name  # "A", "a" and a are one name
    return '"' + name.replace('"', '""') + '"'
