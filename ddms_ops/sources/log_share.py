"""Which log pulls a case makes, and what share of the events they take so that there are not too many."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow.compute as pc

from ddms_ops.progress import report_step
from ddms_ops.sampling import one_in_for
from ddms_ops.sources.base import LogCountQuery, Pull, Source
from ddms_ops.window import Window


def log_pull_names(
    kind: str, groups: Sequence[str], window: Window, baseline: Window, only: frozenset[str] | None = None
) -> dict[str, tuple[Window, str]]:
    """Window and log group of each pull of a kind, by its name: `<kind>/<group>` and `<kind>.baseline/<group>`.

    Args:
        only: names to keep, all when None.
    """
    plain = Counter(group.strip("/") for group in groups)
    found = {}
    for group in groups:
        label = group.strip("/") if plain[group.strip("/")] == 1 else group
        found[f"{kind}/{label}"] = window, group
        found[f"{kind}.baseline/{label}"] = baseline, group
    return {name: asked for name, asked in found.items() if only is None or name in only}


def log_share(
    source: Source, named: Mapping[str, tuple[Window, str]], most: int, *, is_replay: bool = False
) -> tuple[int, dict[str, Pull]]:
    """1 in how many events by time to take, the same for all pulls, and the counts by pull's name that tell it.

    They are counted only where an estimate says that there may be more than `most`. 1 and no counts where all may be
    taken. Events that could not be counted are not in the total. Counts that were stopped by hand are the last.

    Args:
        named: window and log group of each pull of counts.
        is_replay: keep the counts whatever they tell: they are there because they were kept.
    """
    report_step("log events: how many there are")
    queries = {name: LogCountQuery(window, group) for name, (window, group) in named.items()}
    estimates = [source.estimate_log_events(query) for query in queries.values()]
    known = [estimate for estimate in estimates if estimate is not None]
    if len(known) == len(estimates) and sum(known) <= most:
        return 1, {}
    counts: dict[str, Pull] = {}
    for name, query in queries.items():
        counts[name] = source.fetch_log_counts(query, pull=name)
        if counts[name].is_interrupted:
            return 1, counts
    one_in = one_in_for(sum(map(counted_events, counts.values())), most)
    return one_in, counts if one_in > 1 or is_replay else {}


def counted_events(pull: Pull) -> int:
    """All events of a pull of counts."""
    return int(pc.sum(pull.table["events"]).as_py() or 0)
