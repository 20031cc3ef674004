"""What an export, or a recorded case, has of what the profile declares."""

from collections.abc import Iterator

from ddms_ops.coverage import Status
from ddms_ops.declaration import Profile
from ddms_ops.doctor.lines import LACKING, OK, Line
from ddms_ops.normalize.metrics import metric_names
from ddms_ops.sources.base import AlarmQuery, ChangeQuery, LogQuery, MetricQuery, Pull, Source
from ddms_ops.sources.metric_names import HOW, first_names
from ddms_ops.window import EVER


def export_lines(profile: Profile, source: Source) -> Iterator[Line]:
    """One line a log group, then metrics, changes and alarms."""
    found = set(source.log_groups())
    for group in sorted(found | set(profile.logs.groups)):
        if group not in found:
            yield LACKING, f"log group {group}: the profile declares it, the source has none of it"
            continue
        words = "" if group in profile.logs.groups else ", not in the profile (read as generic)"
        yield _pull(f"log group {group}{words}", source.fetch_log_events(LogQuery(EVER, group), pull="logs"))
    metrics = source.fetch_metric_points(MetricQuery(EVER), pull="metrics")
    yield _pull("metrics", metrics)
    if metrics.coverage.rows:
        yield from _metric_lines(profile, metrics)
    yield _pull("changes", source.fetch_changes(ChangeQuery(EVER), pull="changes"))
    yield _pull("alarms", source.fetch_alarm_changes(AlarmQuery(EVER), pull="alarms"))


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
