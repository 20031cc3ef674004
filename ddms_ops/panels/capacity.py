"""What ran out: each entry's use against its limit as a picture and in numbers, and the tasks that stopped."""

import pandas as pd

from ddms_ops.analysis.capacity_course import told_once
from ddms_ops.case import Case
from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.capacity_basis import SIGNS, entries, name_of, unit_of
from ddms_ops.checks.capacity_shares import shares_of
from ddms_ops.checks.cold_starts import cold_events
from ddms_ops.checks.cost_words import number
from ddms_ops.checks.figures_capacity import drawn, plot_capacity
from ddms_ops.checks.missing_tasks import running_below
from ddms_ops.checks.refs import ms_words
from ddms_ops.checks.stopped_tasks import stops_of
from ddms_ops.checks.tables import Quiet, Shown, html_table, joined
from ddms_ops.checks.tables import verdict as sentence
from ddms_ops.checks.timeouts import durations_of
from ddms_ops.checks.watched import events_watched, points_of
from ddms_ops.operations import Capacity
from ddms_ops.panels.pictures import Picture, picture
from ddms_ops.panels.tables import check_panel
from ddms_ops.redact import redact

LISTED = 20
CELL_CHARS = 200
NOT_WATCHED = Quiet("not declared")
NO_POINTS = Quiet("no points")


def capacity_panel(case: Case) -> Picture | Shown:
    """What is used of each limit, what runs of what is wanted, and what was refused, over time."""
    try:
        entries(case)
    except CannotTell as lack:
        return sentence(f"Nothing to draw: {lack}.")
    found = [finding.statement for name in SIGNS for finding in case.result(name).findings]
    left = len(case.profile.capacity) - len(drawn(case))
    words = found[0] if found else "Nothing ran out that could be seen"
    every = len(case.profile.capacity)
    more = f" Not drawn: {left} of {every} entries, without points or more than fit; the table has all." if left else ""
    return picture(plot_capacity(case), f"Use against limits, what runs, and refusals, over time. {words}.{more}")


def capacity_table(case: Case) -> Shown:
    """For each entry of the profile's capacity what the window and the baseline show."""
    try:
        declared = entries(case)
    except CannotTell as lack:
        return sentence(f"Cannot be told: {lack}.")
    rows = [_row(case, entry) for entry in declared.values()]
    columns = ("entry", "used, at most", "of its limit", "refused", "near its time limit", "timeouts", "cold starts",
               "least running")  # fmt: skip
    caption = f"Window {case.window}; behind “/” the baseline {case.baseline}"
    return html_table(columns, rows, caption=caption, align="lrrrrrrr")


def stopped_table(case: Case) -> Shown:
    """What does not run, and the tasks of declared services that stopped in the window, with their reasons."""
    found = check_panel(case, "missing_tasks")
    watched = [entry for entry in case.profile.capacity.values() if entry.services]
    if not watched:
        return joined(found, sentence("No entry names services of ECS, so that no stopped task is listed."))
    stops = pd.concat([stops_of(case, entry)[0] for entry in watched]).drop_duplicates(["pull", "row"])
    stops = stops.sort_values("timestamp", kind="stable")
    rows = [
        (row.timestamp if pd.notna(row.timestamp) else None, _text(row.service), _text(row.task), _text(row.stop_code),
         _text(row.reason), "failed" if row.is_failure else Quiet("no failure"), Quiet(f"{row.pull}:{row.row}"))
        for row in stops.head(LISTED).itertuples()
    ]  # fmt: skip
    more = f", the first {LISTED} of {len(stops):,}" if len(stops) > LISTED else ""
    columns = ("stopped (UTC)", "service", "task", "code", "reason", "", "evidence")
    return joined(found, html_table(columns, rows, caption=f"Tasks that stopped in the window{more}", align="lllllll"))


def _row(case: Case, entry: Capacity) -> tuple[object, ...]:
    title = (name_of(entry), Quiet(", ".join(map(redact, entry.components)))) if entry.components else name_of(entry)
    return (title, _used(case, entry), _share(case, entry), _refused(case, entry), _near(case, entry),
            _timeouts(case, entry), _cold(case, entry), _running(case, entry))  # fmt: skip


def _sides(now: str, before: str) -> object:
    return (now, Quiet(f"/ {before}"))


def _used(case: Case, entry: Capacity) -> object:
    if not entry.used:
        return NOT_WATCHED
    sides = [points_of(case, entry.used, baseline=side)["value"] for side in (False, True)]
    return _sides(*(f"{number(part.max())}{unit_of(case, entry.used)}" if len(part) else "no points" for part in sides))


def _share(case: Case, entry: Capacity) -> object:
    if not (entry.limit or entry.most):
        return NOT_WATCHED
    sides = [shares_of(case, entry, baseline=side)["value"] for side in (False, True)]
    return _sides(*(f"{part.max():.0%}" if len(part) else "not known" for part in sides))


def _refused(case: Case, entry: Capacity) -> object:
    if not entry.throttles:
        return NOT_WATCHED
    sides = [points_of(case, entry.throttles, baseline=side)["value"].sum() for side in (False, True)]
    return _sides(*(number(total) for total in sides))


def _near(case: Case, entry: Capacity) -> object:
    if not (entry.duration and entry.timeout_ms):
        return NOT_WATCHED
    points = durations_of(case, entry)["value"]
    if points.empty:
        return NO_POINTS
    return (f"{points.max() / entry.timeout_ms:.0%}", Quiet(f"of {ms_words(entry.timeout_ms)}"))


def _timeouts(case: Case, entry: Capacity) -> object:
    if not (entry.timeouts and entry.components):
        return NOT_WATCHED
    sides = [events_watched(case, entry, baseline=side) for side in (False, True)]
    return _sides(*(f"{len(told_once(part, entry.timeouts)):,}" for part in sides))


def _cold(case: Case, entry: Capacity) -> object:
    if not (entry.cold_starts and entry.components):
        return NOT_WATCHED
    sides = [events_watched(case, entry, baseline=side) for side in (False, True)]
    return _sides(*(f"{len(part):,}" for part in cold_events(entry, *sides)))


def _running(case: Case, entry: Capacity) -> object:
    if not entry.running:
        return NOT_WATCHED
    points = running_below(case, entry)
    if points.empty:
        return NO_POINTS
    least = points.loc[points["value"].idxmin()]
    return (f"{least['value']:.3g}", Quiet(f"of {least['wanted']:.3g} wanted"))


def _text(value: object) -> str | None:
    return None if pd.isna(value) else redact(str(value))[:CELL_CHARS]  # type: ignore[call-overload]
