"""What an export, or a recorded case, has of what the profile declares."""

from collections.abc import Iterator

from ddms_ops.coverage import Status
from ddms_ops.declaration import Profile
from ddms_ops.doctor.lines import LACKING, OK, Line
from ddms_ops.sources.base import AlarmQuery, ChangeQuery, LogQuery, MetricQuery, Pull, Source
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
    yield _pull("metrics", source.fetch_metric_points(MetricQuery(EVER), pull="metrics"))
    yield _pull("changes", source.fetch_changes(ChangeQuery(EVER), pull="changes"))
    yield _pull("alarms", source.fetch_alarm_changes(AlarmQuery(EVER), pull="alarms"))


def _pull(what: str, pull: Pull) -> Line:
    coverage = pull.coverage
    if coverage.status is Status.NOT_CONFIGURED:
        return LACKING, f"{what}: {coverage.reason}"
    span = f" from {coverage.got.start:%Y-%m-%d %H:%M} to {coverage.got.end:%Y-%m-%d %H:%M} UTC" if coverage.got else ""
    said = f"{what}: {coverage.rows:,} records{span}{'; ' + coverage.reason if coverage.reason else ''}"
    return OK if coverage.is_all_there else LACKING, said
