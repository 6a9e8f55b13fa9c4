"""The scanner reads what the engines' own scanners read: strings, comments, names, and where each begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.marts.dialect_postgres import POSTGRES
from heartbeat_lib.model.lexer import TokenKind, scan


def words(text: str) -> list[str]:
    tokens, faults = scan(text, POSTGRES)
    assert not faults
    return [token.text for token in tokens]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a -- b\nc", ["a", "c"]),
        ("a -- b\rc", ["a", "c"]),  # a carriage return ends it, too
        ("a /* b /* c */ d */ e", ["a", "e"]),
        ("a--b", ["a"]),
        ("a //* b */ c // d ->--e", ["a", "/", "c", "//", "d", "->"]),  # no operator swallows the start of a comment
        ("a/**/b", ["a", "b"]),
        ("'a''b' 'c\\' d", ["'a''b'", "'c\\'", "d"]),
        ("E'a\\'b', e'\\\\' f", ["E'a\\'b'", ",", "e'\\\\'", "f"]),
        ("name'x'", ["name", "'x'"]),
        ("$$a'b$$ $q$ $$ $q$ a$b$c $1", ["$$a'b$$", "$q$ $$ $q$", "a$b$c", "$", "1"]),
        ('"a""b"."c d"', ['"a""b"', ".", '"c d"']),
        ("1.5e-3 .5 1.e2 1_000 5now", ["1.5e-3", ".5", "1.e2", "1_000", "5", "now"]),
        ("a<=b::c->>'d'||e", ["a", "<=", "b", "::", "c", "->>", "'d'", "||", "e"]),
        ("größe ünd_1", ["größe", "ünd_1"]),
        ("'--' \"/*\"", ["'--'", '"/*"']),
    ],
)
def test_text_falls_into_the_engine_s_words(text, expected):
    """A comment or string that ends elsewhere than in the engine could hide a clock."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a''b'", "a'b"),
        ("E'a\\'b\\n\\x41\\101''c'", "a'b\nAA'c"),
        ("$$a''b$$", "a''b"),
        ("$tag$ $$ $tag$", " $$ "),
    ],
)
def test_a_string_says_what_the_engine_reads(text, value, duck, postgres):
    """`E'n\\157w'` is 'now'."""
    (token,), _ = scan(text, POSTGRES)
    assert token.value() == value
    assert duck.execute(f"SELECT {text}").fetchone() == (value,)
    assert postgres.execute(f"SELECT {text}".encode()).fetchone() == (value,)


def test_an_escape_text_must_not_go_on_in_a_second_piece():
    """PostgreSQL reads the second piece with escapes, DuckDB without: it could hide a clock in one of them."""
    _, faults = scan("SELECT E'a'\n'\\'', now(), '", POSTGRES)
    assert [(fault.line, fault.column, fault.rule) for fault in faults] == [(2, 1, "syntax")]
    assert not scan("SELECT 'a'\n'b'", POSTGRES)[1]


def test_names_fold_as_the_engine_folds_them():
    """A-Z only, and in quotes only where the engine does."""
    tokens, _ = scan('Straße ÄB "C""D"', DUCKDB)
    assert [token.name(DUCKDB) for token in tokens] == ["straße", "Äb", 'c"d']
    assert [token.name(POSTGRES) for token in tokens] == ["straße", "Äb", 'C"D']


@given(st.text(st.sampled_from("a1 '\"$-/*\\\nEe.();"), max_size=30))
def test_tokens_lie_where_they_say_and_never_overlap(text):
    """Splicing by place depends on it; whatever is between them is space or comment."""
    tokens, faults = scan(text, DUCKDB)
    at = 0
    for token in tokens:
        assert at <= token.start < token.end
        assert text[token.start : token.end] == token.text
        gap = text[at : token.start]
        assert gap.strip() == "" or gap.lstrip().startswith(("--", "/*"))
        at = token.end
    assert faults or text[at:].strip() == "" or text[at:].lstrip().startswith(("--", "/*"))


def test_what_has_no_end_is_found_where_it_begins():
    """An editor can jump there, and nothing behind it is taken for code."""
    for text in ("x 'now()", 'x "now()', "x $a$now()", "x /* /* */ now()"):
        tokens, faults = scan(text, DUCKDB)
        assert [(fault.column, fault.rule) for fault in faults] == [(3, "syntax")]
        assert all(token.kind is not TokenKind.WORD or token.text == "x" for token in tokens)
