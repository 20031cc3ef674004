"""What profiles call private, of every case and report that was opened in this process; see `ddms_ops.redact`.

All of it is taken out of what is shown, so that opening one more case shows nothing of another. A case takes only its
own out of what it writes: its findings must not hang on what else was opened.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from ddms_ops.operations import Pattern

REMEMBERED = 256
Given = tuple[tuple[str, str, bool], ...]  # of each pattern its name, itself, whether it shows persons


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of secret looks like; a text that holds none of `signs` (in lower case) holds none."""

    pattern: re.Pattern[str]
    signs: tuple[str, ...]
    is_person: bool = False


@dataclass(frozen=True, eq=False)
class Private:
    """Kinds by name; what was given alike is one object, told from others at no cost."""

    kinds: tuple[tuple[str, Kind], ...] = ()


_opened: dict[str, Given] = {}
_all: list[Private] = [Private()]
_alone: ContextVar[Private | None] = ContextVar("alone", default=None)


def redact_also(patterns: Mapping[str, Pattern], *, of: str = "") -> None:
    """From now on take out what a profile calls private too, beside what was opened before.

    Args:
        patterns: of the profile.
        of: what was opened; the same opened again replaces its own. With nothing, all that was opened is forgotten.
    """
    if not of:
        _opened.clear()
    _opened[of] = _given(patterns)
    _all[:] = [_private(tuple(dict.fromkeys(each for given in _opened.values() for each in given)))]


@contextmanager
def redacted_by(patterns: Mapping[str, Pattern]) -> Iterator[None]:
    """In the block these patterns alone are private, whatever was opened."""
    token = _alone.set(_private(_given(patterns)))
    try:
        yield
    finally:
        _alone.reset(token)


def in_force() -> Private:
    """What is private here and now."""
    return _alone.get() or _all[0]


def _given(patterns: Mapping[str, Pattern]) -> Given:
    return tuple((name, each.pattern, each.is_person) for name, each in patterns.items())


@lru_cache(maxsize=REMEMBERED)
def _private(given: Given) -> Private:
    return Private(tuple((name, Kind(re.compile(pattern), (), is_person)) for name, pattern, is_person in given))
