"""The words of a query with their places, read the way the engine's own scanner reads them.

DuckDB and PostgreSQL share one lexis: nested comments, a line comment that also ends at a carriage return, `''` and
`E'\\''`, dollar quotes, `"` names. This scanner is on purpose not sqlglot's: a clock is spliced only where both agree that
there is one, so that neither can be fooled alone by text that looks like code.
"""

import re
from enum import IntEnum
from typing import NamedTuple

from heartbeat_lib.model.dialect import Dialect, lower_ascii
from heartbeat_lib.model.faults import Fault, Places


class TokenKind(IntEnum):
    """What a token is; space and comments are none."""

    WORD = 0  # keyword or unquoted name
    QUOTED = 1  # "name"
    STRING = 2  # 'text', E'text', $$text$$
    NUMBER = 3
    SIGN = 4


class Token(NamedTuple):
    """One token: `text` is the slice from `start` up to, but without, `end`."""

    kind: TokenKind
    start: int
    end: int
    text: str

    def is_sign(self, sign: str) -> bool:
        """Whether this is just that sign."""
        return self.kind is TokenKind.SIGN and self.text == sign

    def is_word(self, *words: str) -> bool:
        """Whether this is one of these unquoted words, in whatever case."""
        return self.kind is TokenKind.WORD and lower_ascii(self.text) in words

    def name(self, dialect: Dialect) -> str:
        """The name as the engine compares it: unquoted A-Z folded, quotes taken off."""
        if self.kind is TokenKind.QUOTED:
            inner = self.text[1:-1].replace('""', '"')
            return lower_ascii(inner) if dialect.quoted_names_fold else inner
        return lower_ascii(self.text)

    def value(self) -> str:
        """What a STRING says, its quotes and escapes resolved."""
        if self.text.startswith("$"):
            tag = self.text[: self.text.index("$", 1) + 1]
            return self.text[len(tag) : -len(tag)]
        if self.text.startswith("'"):
            return self.text[1:-1].replace("''", "'")
        return _ESCAPE.sub(_unescape, self.text[2:-1])


END = Token(TokenKind.SIGN, 0, 0, "")
"""What stands before the first token and after the last."""

_LETTER = r"A-Za-z_\x80-\U0010ffff"
_TOKEN = re.compile(
    rf"""(?P<space>[ \t\r\n\f\v]+ | --[^\r\n]*)
    | (?P<comment>/\*)
    | (?P<string>[eE]'(?:[^'\\]|\\.|'')*' | '[^']*(?:''[^']*)*'
        | \$(?P<tag>(?:[{_LETTER}][{_LETTER}0-9]*)?)\$.*?\$(?P=tag)\$)
    | (?P<quoted>"[^"]*(?:""[^"]*)*")
    | (?P<word>[{_LETTER}][{_LETTER}0-9$]*)
    | (?P<number>(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)
    | (?P<sign>->>|->|::|:=|=>|<=|>=|<>|!=|\|\||\*\*|//(?!\*)|\^@|@>|<@|&&|!~\*|!~|~\*|. )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_DOLLAR_QUOTE = re.compile(rf"\$(?:[{_LETTER}][{_LETTER}0-9]*)?\$")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)|''", re.DOTALL)
_KINDS = {
    "string": TokenKind.STRING,
    "quoted": TokenKind.QUOTED,
    "word": TokenKind.WORD,
    "number": TokenKind.NUMBER,
    "sign": TokenKind.SIGN,
}


def scan(text: str, dialect: Dialect) -> tuple[tuple[Token, ...], list[Fault]]:
    """The tokens of `text`, and what no engine could read.

    Returns
    -------
    tokens
        In order; up to the first thing left open.
    faults
        Rule `syntax`: a string, name or comment without end, an invisible character where code is.
    """
    places, tokens, faults, at = Places(text), list[Token](), list[Fault](), 0
    if "\0" in text:
        return (), [places.fault(text.index("\0"), "syntax", "a NUL byte; an engine would stop reading here")]
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None, "the last alternative takes any character"
        group, end = match.lastgroup or "sign", match.end()
        if group == "comment":
            end = _end_of_comment(text, match.end())
            if end < 0:
                faults.append(places.fault(at, "syntax", "this /* comment has no end; comments nest, so each needs its */"))
                break
        elif group != "space":
            token = Token(_KINDS[group], at, end, match.group())
            if (fault := _unreadable(token, tokens[-1] if tokens else END, places, dialect)) is not None:
                faults.append(fault)
                if token.kind is TokenKind.SIGN and token.text in "'\"$":
                    break  # what follows is the inside of a string or name
            tokens.append(token)
        at = end
    return tuple(tokens), faults


def _end_of_comment(text: str, at: int) -> int:
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(text, at)
        if edge is None:
            return -1
        depth += 1 if edge.group() == "/*" else -1
        at = edge.end()
    return at


def _unreadable(token: Token, before: Token, places: Places, dialect: Dialect) -> Fault | None:
    text = places.text
    if token.kind is TokenKind.SIGN:
        if token.text == "'":
            return places.fault(token.start, "syntax", "this ' opens a text that has no end")
        if token.text == '"':
            return places.fault(token.start, "syntax", 'this " opens a name that has no end')
        if token.text == "$" and _DOLLAR_QUOTE.match(text, token.start):
            return places.fault(token.start, "syntax", "this dollar quote has no end")
    if token.kind is before.kind is TokenKind.STRING and before.text[0] in "eE":
        # PostgreSQL reads on with backslash escapes, DuckDB without: the text would end in another place.
        return places.fault(
            token.start, "syntax", "an E'...' text goes on here in a way that engines read differently; write one text"
        )
    if token.kind in (TokenKind.WORD, TokenKind.SIGN) and not token.text.isprintable():
        hidden = next(i for i, character in enumerate(token.text) if not character.isprintable())
        message = f"an invisible character (U+{ord(token.text[hidden]):04X}); write an ordinary space, or quote the name"
        return places.fault(token.start + hidden, "syntax", message)
    if dialect.unicode_escapes and token.text in ("u", "U") and text[token.end : token.end + 2] in ("&'", '&"'):
        return places.fault(token.start, "syntax", "U& escapes can spell anything; write the characters themselves")
    return None


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    if code is None:
        return "'"
    if code[0] in "uUx" and len(code) > 1:
        number = int(code[1:], 16)
        return chr(number) if number < 0x110000 else code
    if code[0] in "01234567":
        return chr(int(code, 8) & 0xFF)
    return {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}.get(code, code)
