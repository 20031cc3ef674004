"""What an export, or a recorded case, has of what the profile declares."""

from collections.abc import Collection, Iterator

from ddms_ops.coverage import Status
from ddms_ops.declaration import Profile
from ddms_ops.doctor.lines import LACKING, OK, Line
from ddms_ops.normalize.attributes import WITHOUT_COLUMN
from ddms_ops.normalize.held_fields import held_fields
from ddms_ops.normalize.metrics import metric_names
from ddms_ops.sources.base import AlarmQuery, ChangeQuery, LogQuery, MetricQuery, Pull, Source
from ddms_ops.sources.metric_names import HOW, first_names
from ddms_ops.window import EVER

NEEDED = {"level", "message", "tenant", "request_id"}
"""Without them errors, who is hit, or a request across log groups cannot be told."""


def export_lines(profile: Profile, source: Source) -> Iterator[Line]:
    """One line a log group and one of its fields, then metrics, changes and alarms."""
    found = set(source.log_groups())
    held: set[str] = set()
    events = 0
    for group in sorted(found | set(profile.logs.groups)):
        if group not in found:
            yield LACKING, f"log group {group}: the profile declares it, the source has none of it"
            continue
        words = "" if group in profile.logs.groups else ", not in the profile (read as generic)"
        pull = source.fetch_log_events(LogQuery(EVER, group), pull="logs")
        yield _pull(f"log group {group}{words}", pull)
        if group in profile.logs.groups and pull.coverage.rows:
            count, names = held_fields(pull.records, profile.logs)
            events, held = events + count, held | names
    yield from _field_lines(profile, events, held)
    metrics = source.fetch_metric_points(MetricQuery(EVER), pull="metrics")
    yield _pull("metrics", metrics)
    if metrics.coverage.rows:
        yield from _metric_lines(profile, metrics)
    yield _pull("changes", source.fetch_changes(ChangeQuery(EVER), pull="changes"))
    yield _pull("alarms", source.fetch_alarm_changes(AlarmQuery(EVER), pull="alarms"))


def _field_lines(profile: Profile, events: int, held: Collection[str]) -> Iterator[Line]:
    """Fields of the profile that no JSON event has, by the names that they were looked for."""
    lacking = {name: names for name, names in profile.logs.fields.items() if name not in {*held, *WITHOUT_COLUMN}}
    if events and lacking:
        shown = "; ".join(f"{name} (looked for as {', '.join(names)})" for name, names in lacking.items())
        status = LACKING if NEEDED & lacking.keys() else OK
        yield status, f"fields of the profile that none of {events:,} JSON log events has: {shown}"


def _metric_lines(profile: Profile, pull: Pull) -> Iterator[Line]:
    """Which of the profile's metrics have points, which not, and names of series that are none of them.

    Metrics without points lack where they may go by another name; else nothing may have happened that they count.
    """
    names = metric_names(pull.table, profile.metrics)
    if not names.total:
        return
    is_lacking = not names.found or bool(names.lacking and names.others)
    found = f"{len(names.found):,} of {names.total:,}" + (f" ({first_names(names.found)})" if names.found else "")
    lacking = f"; no points of {len(names.lacking):,}: {first_names(names.lacking)}" if names.lacking else ""
    yield LACKING if is_lacking else OK, f"metrics of the profile with points: {found}{lacking}"
    if names.others:
        others = f"{len(names.others):,} ({first_names(names.others)}); {HOW}"
        yield LACKING if is_lacking else OK, f"names that are no metric of the profile: {others}"


def _pull(what: str, pull: Pull) -> Line:
    coverage = pull.coverage
    if coverage.status is Status.NOT_CONFIGURED:
        return LACKING, f"{what}: {coverage.reason}"
    span = f" from {coverage.got.start:%Y-%m-%d %H:%M} to {coverage.got.end:%Y-%m-%d %H:%M} UTC" if coverage.got else ""
    said = f"{what}: {coverage.rows:,} records{span}{'; ' + coverage.reason if coverage.reason else ''}"
    return OK if coverage.is_all_there else LACKING, said
