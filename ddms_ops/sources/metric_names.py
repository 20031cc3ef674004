"""Which of a profile's metrics an export holds, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ddms_ops.coverage import Status
from ddms_ops.declaration import Metric
from ddms_ops.normalize.metrics import metric_names
from ddms_ops.sources.base import Pull

FIRST = 5
NAME_CHARS = 40
HOW = "a series' Id or Label must equal the profile's key of the metric"


def with_names(pull: Pull, declared: Mapping[str, Metric]) -> Pull:
    """The pull, whose reason says which series are none of the metrics declared; PARTIAL where none of them is there.

    Args:
        pull: of metric points.
        declared: the profile's metrics; without any nothing is said.
    """
    names = metric_names(pull.table, declared)
    if not names.others or not (names.found or names.lacking):
        return pull
    status, others = pull.coverage.status, f"{_names(len(names.others))} no metric of it: {first_names(names.others)}"
    if names.found:
        lacking = f"; no points of {first_names(names.lacking)} ({HOW})" if names.lacking else ""
        words = f"of the profile's {names.total:,} metrics {len(names.found):,} have points, and {others}{lacking}"
    else:
        status = Status.PARTIAL if status is Status.COMPLETE else status
        words = f"none of the profile's {names.total:,} metrics has points, and {others} ({HOW}, as {names.lacking[0]})"
    reason = "; ".join(part for part in (pull.coverage.reason, words) if part)
    return replace(pull, coverage=replace(pull.coverage, status=status, reason=reason))


def first_names(names: Sequence[str]) -> str:
    """`a, b, c, d, e and 3 more`."""
    more = f" and {len(names) - FIRST:,} more" if len(names) > FIRST else ""
    return ", ".join(name[:NAME_CHARS] for name in names[:FIRST]) + more


def _names(number: int) -> str:
    return "1 name is" if number == 1 else f"{number:,} names are"
