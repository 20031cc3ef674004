"""Conditions of JSON and of space-delimited filter patterns: comparisons, joined by && and || and parentheses.

What a comparison means: `= != > < >= <=` with a number compare a number, or a text that is one; with a word or a
"string" they compare the text of a string or a number, `*` in it standing for any text; `%regex%` searches it. Nothing
is compared with null, a boolean, an object or an array, and what is absent satisfies no comparison, not even `!=`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ddms_ops.sandbox.refusal import Refusal, invalid

TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*") | (?P<regex>%(?:[^%\\]|\\.)*%)
  | (?P<selector>\$(?:\.[\w@-]+|\.\*|\.?\['[^']*'\]|\[(?:\d{1,9}|\*)\])*)
  | (?P<sign>&&|\|\||!=|>=|<=|=|>|<|\(|\)|\{|\}|\[|\]|,|\.\.\.)
  | (?P<word>[^\s"%(),=<>!&|{}\[\]]+) | (?P<end>$) )""",
    re.VERBOSE,
)
# What AWS allows between percent signs: no parentheses, nothing beyond ASCII.
REGEX = re.compile(r"(?:[A-Za-z0-9 :_#=@/;,^$?\[\]{}|*+.-]|\\[dDsSwW]|\\x[0-9A-Fa-f]{2}|\\[:_#=@/;,^$?\[\]{}|\\*+.-])+")
MOST_REGEXES = 2
COMPARISONS = ("=", "!=", ">", "<", ">=", "<=")
ORDERS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
}
Test = Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a pattern, of the kinds that TOKEN names."""

    kind: str
    text: str


class Tokens:
    """The tokens of a pattern, read from left to right.

    Raises:
        Refusal: on making it, where there is something that is no token, or too many regular expressions.
    """

    def __init__(self, pattern: str) -> None:
        self._tokens: list[Token] = []
        place = 0
        while not self._tokens or self._tokens[-1].kind != "end":
            found = TOKEN.match(pattern, place)
            if found is None or found.lastgroup is None:
                raise bad_pattern(f"it cannot be read from character {place + 1}")
            self._tokens.append(Token(found.lastgroup, found[found.lastgroup]))
            place = found.end()
        self._place = 0
        if sum(token.kind == "regex" for token in self._tokens) > MOST_REGEXES:
            raise bad_pattern(f"it has more than {MOST_REGEXES} regular expressions")

    @property
    def next(self) -> Token:
        """The token to read, which stays."""
        return self._tokens[self._place]

    @property
    def second(self) -> Token:
        """The token after the next."""
        return self._tokens[min(self._place + 1, len(self._tokens) - 1)]

    def read(self) -> Token:
        """The next token, taken."""
        token = self.next
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def took(self, *texts: str) -> bool:
        """Whether the next token is a sign or word with one of these texts; if so it is taken."""
        is_one = self.next.kind in ("sign", "word") and self.next.text in texts
        if is_one:
            self.read()
        return is_one

    def expect(self, text: str) -> None:
        """Take a sign or word.

        Raises:
            Refusal: something else comes.
        """
        if not self.took(text):
            raise bad_pattern(f"{text!r} was expected before {self.next.text or 'the end'!r}")


def bad_pattern(words: str) -> Refusal:
    """The refusal of a pattern."""
    return invalid(f"Invalid filter pattern: {words}")


def joined(tokens: Tokens, atom: Callable[[Tokens], Test]) -> Test:
    """A condition: atoms with && before ||, and parentheses.

    Raises:
        Refusal: it is not whole.
    """
    either = [_all_of(tokens, atom)]
    while tokens.took("||"):
        either.append(_all_of(tokens, atom))
    return either[0] if len(either) == 1 else lambda record: any(test(record) for test in either)


def _all_of(tokens: Tokens, atom: Callable[[Tokens], Test]) -> Test:
    every = [_one(tokens, atom)]
    while tokens.took("&&"):
        every.append(_one(tokens, atom))
    return every[0] if len(every) == 1 else lambda record: all(test(record) for test in every)


def _one(tokens: Tokens, atom: Callable[[Tokens], Test]) -> Test:
    if not tokens.took("("):
        return atom(tokens)
    inner = joined(tokens, atom)
    tokens.expect(")")
    return inner


def comparison(tokens: Tokens) -> Test:
    """An operator and what a value is compared with, as a test of the value.

    Raises:
        Refusal: no such operator, or nothing to compare with.
    """
    operator, operand = tokens.read(), tokens.read()
    if operator.text not in COMPARISONS or operand.kind not in ("string", "regex", "word"):
        raise bad_pattern(f"a comparison was expected at {operator.text or 'the end'!r}")
    number = _number(operand.text) if operand.kind == "word" else None
    if operator.text in ORDERS:
        if number is None:
            raise bad_pattern(f"{operator.text} compares with a number")
        limit, holds = number, ORDERS[operator.text]
        return lambda value: (found := _number_of(value)) is not None and holds(found, limit)
    is_same = _sameness(operand, number)
    if operator.text == "=":
        return lambda value: _is_comparable(value) and is_same(value)
    return lambda value: _is_comparable(value) and not is_same(value)


def _sameness(operand: Token, number: float | None) -> Test:
    if number is not None:
        return lambda value: _number_of(value) == number
    if operand.kind == "regex":
        found = regular_expression(operand.text)
        return lambda value: found.search(str(value)) is not None
    text = re.sub(r"\\(.)", r"\1", operand.text[1:-1]) if operand.kind == "string" else operand.text
    whole = re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)
    return lambda value: whole.fullmatch(str(value)) is not None


def regular_expression(token: str) -> re.Pattern[str]:
    """A regular expression between percent signs.

    Raises:
        Refusal: it has what AWS does not allow, or is not whole.
    """
    text = token[1:-1]
    if not REGEX.fullmatch(text):
        raise bad_pattern("its regular expression is empty or has a character that is not allowed")
    try:
        return re.compile(text, re.ASCII)
    except re.error:
        raise bad_pattern("its regular expression is not whole") from None


def _is_comparable(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _number_of(value: object) -> float | None:
    return _number(str(value)) if _is_comparable(value) else None


def _number(text: str) -> float | None:
    try:
        return float(text) if re.fullmatch(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?", text) else None
    except ValueError:
        return None
