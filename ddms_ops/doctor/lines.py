"""What doctor prints: one line a thing, its status first."""

from collections.abc import Iterable

OK = "ok"
NOT_OK = "not ok"  # there, and not as it should be
NOT_CHECKED = "not checked"  # could not be looked at, or is not asked for
NOT_THERE = "not there"  # and not needed
LACKING = "lacking"  # a report will miss something until it is mended

Line = tuple[str, str]


def show(lines: Iterable[Line]) -> int:
    """Print lines as they come; 1 when one is lacking or not ok, else 0."""
    is_well = True
    for status, words in lines:
        print(f"{status:<12} {words}", flush=True)
        is_well = is_well and status not in (LACKING, NOT_OK)
    return 0 if is_well else 1
