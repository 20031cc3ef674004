"""The shape of one log file: stderr with its prefixes, csvlog or jsonlog, and which of its lines begin something."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ddms_ops.postgres_log.clock import epoch_us, printed_us
from ddms_ops.postgres_log.prefix import CLOCK, LEAD, STAMP, compiled, detect, has_time, head_words, plain_pattern

CSV, JSON = "csv", "json"
QUOTED = r'(?:"(?:[^"\n]|"")*")?'
CSV_START = (
    rf"{CLOCK} [^,\n]{{1,12}},{QUOTED},{QUOTED},\d*,{QUOTED},[0-9a-f]+\.[0-9a-f]+,\d+,{QUOTED},[^,\n]*,[^,\n]*,\d*,"
    r'[A-Z]+[1-5]?,[0-9A-Z]{5},"(?:"")*[^",]'
)
"""Up to the first character of the message: what somebody wrote into a message has no odd run of quotes."""
JSON_TIME = rf'"(?:timestamp|log_time)": ?"(?P<stamp>{STAMP})"'
JSON_START = rf'\{{[^\n]*?"(?:timestamp|log_time)": ?"{STAMP}"[^\n]*?"error_severity": ?"[^\n]*\}}[ \t\r]*(?:\n|$)'
CONTINUES = rf"{LEAD}(?:\t|\r?\n|$)"
LIKE_A_HEAD = rf"{LEAD}{CLOCK.replace('[ T]', ' ')} "
NEVER = r"[^\s\S]"
MOST_PREFIXES = 3
FEW = 0.02


@dataclass(frozen=True)
class Shape:
    """How entries begin in a file.

    Args:
        prefixes: of which every entry has one: templates, or "csv", or "json". Empty where none fits.
        is_tabbed: whether an entry's further lines begin with a tab, as Postgres writes them. Some shippers lose it.
        words: for coverage, where no prefix fits.
    """

    prefixes: tuple[str, ...]
    is_tabbed: bool = True
    words: str = ""

    @property
    def is_json(self) -> bool:
        """Whether every line is an entry of its own."""
        return self.prefixes == (JSON,)

    @property
    def is_csv(self) -> bool:
        """Whether quotes say where an entry ends."""
        return self.prefixes == (CSV,)

    @property
    def starts(self) -> tuple[str, ...]:
        """Patterns (RE2) of an entry's beginning, one for each prefix."""
        return tuple(START[name] if name in START else plain_pattern(name) for name in self.prefixes)

    @property
    def foreign(self) -> str:
        """Pattern of a line that fits no prefix and is no part of the entry before."""
        if self.is_csv:
            return NEVER
        return LIKE_A_HEAD if self.prefixes and not self.is_tabbed else ""

    @cached_property
    def entry_start(self) -> re.Pattern[bytes]:
        """Beginning of an entry."""
        return re.compile(f"(?m)^(?:{'|'.join(self.starts) or NEVER})".encode())

    @cached_property
    def row_start(self) -> re.Pattern[bytes]:
        """Beginning of an entry or of a line that fits nothing."""
        other = self.foreign or f"(?!{CONTINUES})"
        return re.compile(f"(?m)^(?:{'|'.join((*self.starts, other))})".encode())

    def time_of(self, text: str) -> int | None:
        """Microseconds since 1970 of the entry that a text begins with; None where it begins with none."""
        for name in self.prefixes:
            if name == JSON:
                found = re.search(JSON_TIME, text)
            else:
                found = re.match(f"(?P<stamp>{STAMP})", text) if name == CSV else compiled(name).match(text)
            if found and "epoch" in found.groupdict():
                return epoch_us(found["epoch"])
            if found:
                return printed_us(found["stamp"], {})
        return None


START = {CSV: CSV_START, JSON: JSON_START}


def shape_of(lines: Sequence[str], stated: str = "") -> Shape:
    """The shape of a file.

    Args:
        lines: of its beginning, middle and end, with their ends.
        stated: the server's log_line_prefix where the profile states it.
    """
    filled = [line for line in lines if line.strip()]
    objects = [line for line in filled if line.startswith("{")]
    if 2 * len(objects) > len(filled) and any(re.match(JSON_START, line) for line in objects):
        return Shape((JSON,))
    if any(re.match(CSV_START, line) for line in filled):
        return Shape((CSV,))
    prefixes: list[str] = []
    left = filled
    while len(prefixes) < MOST_PREFIXES and len(left) > FEW * len(filled) and (found := detect(left, stated)):
        prefixes.append(found)
        left = [line for line in left if compiled(found).match(line) is None]
        stated = ""
    if not prefixes:
        return Shape((), words=_words(filled, stated))
    return Shape(tuple(prefixes), _is_tabbed(filled, prefixes))


def _words(lines: Sequence[str], stated: str) -> str:
    if stated and not has_time(stated):
        return f"database.log_prefix {stated!r} has no time: add %m to log_line_prefix"
    return head_words(lines, stated)


def _is_tabbed(lines: Sequence[str], prefixes: Sequence[str]) -> bool:
    """Whether lines that fit no prefix mostly begin with a tab."""
    others = [line for line in lines if not any(compiled(prefix).match(line) for prefix in prefixes)]
    tabs = sum(re.match(rf"{LEAD}\t", line) is not None for line in others)
    return tabs * 2 >= len(others)
