"""The text of a query, parsed to its tree."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from ddms_ops.errors import QueryError, did_you_mean
from ddms_ops.insights import tree
from ddms_ops.insights.aggregates import AGGREGATES
from ddms_ops.insights.functions import FUNCTIONS
from ddms_ops.insights.patterns import glob_pattern, to_pattern
from ddms_ops.insights.periods import period_unit
from ddms_ops.insights.syntax_errors import syntax_error
from ddms_ops.insights.tree import Expression, Item, Place, Query, refusal

MAX_CHARACTERS = 10_000
MAX_DEPTH = 100
MAX_COMMANDS = 100
MAX_ROWS = 100_000
_ARGUMENTS = {
    "bin": (1, 1), "datefloor": (2, 2), "dateceil": (2, 2),
    **{name: (each.least, each.most) for name, each in (FUNCTIONS | AGGREGATES).items()},
}  # fmt: skip
# As Insights writes them, for hints.
_SPELT = ("isValidIpV4", "isIpv4InSubnet", "fromMillis", "toMillis", "sortsFirst", "sortsLast")
_SPELLING = {name: name for name in _ARGUMENTS} | {name.lower(): name for name in _SPELT}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}


@cache
def _grammar() -> Lark:
    text = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def parse(text: str) -> Query:
    """Reads a query in the Logs Insights query language.

    Args:
        text: the query, at most 10,000 characters.

    Returns:
        Its tree. Nothing has been looked up yet: a field that does not exist is not an error.

    Raises:
        QueryError: the query is wrong, or uses a command or function that is not supported; one line with the place.
    """
    if not text.strip():
        raise QueryError('query: is empty; write e.g. fields @timestamp, @message | filter level = "error"')
    if len(text) > MAX_CHARACTERS:
        raise QueryError(f"query: has {len(text):,} characters; CloudWatch Logs takes at most {MAX_CHARACTERS:,}")
    if bad := re.search(r"[\x00\ud800-\udfff]", text):
        raise refusal(_place(text, bad.start()), "holds a character that is not text")
    try:
        root = _grammar().parse(text)
    except UnexpectedInput as error:
        raise syntax_error(text, error) from None
    _check_size(root)
    return Query(tuple(_Builder(text).command(each) for each in root.children))


def _place(text: str, position: int) -> Place:
    return Place(text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))


def _check_size(root: Tree[Token]) -> None:
    """Refuses what would need deep recursion, without recursing."""
    if len(root.children) > MAX_COMMANDS:
        raise QueryError(f"query: has {len(root.children)} commands; at most {MAX_COMMANDS} are supported")
    level: list[Tree[Token]] = [root]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.children if isinstance(child, Tree)]
        if not level:
            return
    raise refusal(Place(level[0].meta.line, level[0].meta.column), f"is nested more than {MAX_DEPTH} deep")


def unescaped(literal: str) -> str:
    """A string literal's value; a backslash before any other character than quotes, n, t, r or itself stays."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), literal[1:-1], flags=re.DOTALL)


class _Builder:
    """Turns lark's tree into ours."""

    def __init__(self, text: str) -> None:
        self._text = text

    def command(self, node: Any) -> tree.Command:
        match node.data, node.children:
            case "fields", [items]:
                return tree.Fields(self._items(items))
            case "display", [items]:
                return tree.Display(self._items(items))
            case "filter", [condition]:
                return tree.Filter(self.expression(condition))
            case "parse_glob", [source, glob, names]:
                taken = tuple(self._field(name).name for name in names.children)
                pattern = glob_pattern(unescaped(glob), taken, _at(glob))
                return tree.Parse(self._field(source) if source else None, pattern)
            case "parse_regex", [source, regex]:
                return tree.Parse(self._field(source) if source else None, self._groups(regex))
            case "stats", [items, by]:
                return tree.Stats(self._items(items), self._items(by) if by else ())
            case "sort", keys:
                return tree.Sort(tuple(self._sort_key(key) for key in keys))
            case "limit", [rows]:
                return tree.Limit(_rows(rows))
            case _, [names]:
                return tree.Dedup(tuple(self._field(name) for name in names.children))
        raise TypeError(node.data)

    def expression(self, node: Any) -> Expression:
        if isinstance(node, Token):
            raise TypeError(node.type)
        return getattr(self, f"_{node.data}")(*node.children)

    def _items(self, node: Any) -> tuple[Item, ...]:
        return tuple(self._item(item) for item in node.children)

    def _item(self, node: Any) -> Item:
        expression, alias = node.children
        made = self.expression(expression)
        written = " ".join(self._text[node.meta.start_pos : node.meta.end_pos].split())
        label = self._field(alias).name if alias else made.name if isinstance(made, tree.Field) else written
        return Item(made, label, alias is not None, _at(node.meta))

    def _sort_key(self, node: Any) -> tree.SortKey:
        expression, direction = node.children
        return tree.SortKey(self.expression(expression), direction is not None and direction.type == "DESC")

    def _groups(self, regex: Token) -> tree.Pattern:
        pattern = self._pattern(regex)
        if not any(pattern.names):
            raise refusal(pattern.at, "parse needs a named group in its regular expression, e.g. (?<user>\\w+)")
        return pattern

    def _pattern(self, token: Token) -> tree.Pattern:
        regex = token[1:-1].replace("\\/", "/") if token.type == "REGEX" else unescaped(token)
        return to_pattern(regex, _at(token))

    def _field(self, node: Any) -> tree.Field:
        if node.data == "field":
            [node] = node.children
        [token] = node.children
        name = token.replace("`", "")
        pieces = token.split("`")  # every second one stood in backticks, where [0] is not an index
        pieces[::2] = (re.sub(r"\[(\d+)\]", r".\1", piece) for piece in pieces[::2])
        return tree.Field(name, tuple("".join(pieces).split(".")), _at(token))

    def _any_of(self, *parts: Any) -> Expression:
        return tree.AnyOf(tuple(self.expression(part) for part in parts))

    def _all_of(self, *parts: Any) -> Expression:
        return tree.AllOf(tuple(self.expression(part) for part in parts))

    def _negated(self, negation: Token, part: Any) -> Expression:
        del negation
        return tree.Not(self.expression(part))

    def _compare(self, left: Any, operator: Token, right: Any) -> Expression:
        return tree.Compare(str(operator), self.expression(left), self.expression(right))

    def _like(self, subject: Any, negation: Token | None, pattern: Token) -> Expression:
        wanted = tree.Text(unescaped(pattern), _at(pattern)) if pattern.type == "STRING" else self._pattern(pattern)
        like = tree.Like(self.expression(subject), wanted)
        return tree.Not(like) if negation else like

    def _matches(self, subject: Any, pattern: Token) -> Expression:
        return tree.Like(self.expression(subject), self._pattern(pattern))

    def _one_of(self, subject: Any, negation: Token | None, *options: Any) -> Expression:
        found = tree.OneOf(self.expression(subject), tuple(self.expression(option) for option in options))
        return tree.Not(found) if negation else found

    def _arithmetic(self, left: Any, operator: Token, right: Any) -> Expression:
        return tree.Arithmetic(str(operator), self.expression(left), self.expression(right))

    def _minus(self, sign: Token, operand: Any) -> Expression:
        del sign
        made = self.expression(operand)
        if isinstance(made, tree.Number):
            return tree.Number(-made.value)
        return tree.Arithmetic("-", tree.Number(0.0), made)

    def _string(self, token: Token) -> Expression:
        return tree.Text(unescaped(token), _at(token))

    def _number(self, token: Token) -> Expression:
        return tree.Number(float(token))

    def _boolean(self, token: Token) -> Expression:
        return tree.Boolean(token.type == "TRUE")

    def _period(self, token: Token) -> Expression:
        digits = re.match(r"\d+", token)
        assert digits
        return tree.Period(int(digits[0]), period_unit(token[digits.end() :].strip()), _at(token))

    def _call(self, name: Token, arguments: Any) -> Expression:
        at = _at(name)
        given = arguments.children if arguments else []
        is_star = bool(given) and isinstance(given[0], Token)
        _check_call(name, 0 if is_star else len(given), at, is_star=is_star)
        return tree.Call(name.lower(), () if is_star else tuple(self.expression(each) for each in given), at)


def _at(token: Any) -> Place:
    return Place(token.line, token.column)


def _rows(token: Token) -> int:
    if not token.isdigit() or not 1 <= int(token) <= MAX_ROWS:
        raise refusal(_at(token), f"limit {token} cannot be used; it must be a whole number from 1 to {MAX_ROWS:,}")
    return int(token)


def _check_call(name: Token, given: int, at: Place, *, is_star: bool) -> None:
    function = name.lower()
    if function == "now":
        raise refusal(at, "function 'now' is not supported: a query over evidence must give the same answer every time")
    if function not in _ARGUMENTS:
        hint = did_you_mean(name, _SPELLING.values())
        raise refusal(at, f"function {str(name)[:40]!r} is not supported{hint}")
    if is_star and function != "count":
        raise refusal(at, f"{name}(*) means nothing; only count takes '*'")
    least, most = _ARGUMENTS[function]
    if not least <= given <= most:
        wanted = f"{least}" if least == most else f"{least} or more" if most > 3 else f"{least} to {most}"
        noun = "argument" if wanted == "1" else "arguments"
        raise refusal(at, f"{name} takes {wanted} {noun}, not {given}")
