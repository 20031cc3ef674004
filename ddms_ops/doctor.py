"""`ddms-ops doctor`: what works and what is lacking, before an incident."""

import importlib.metadata
import importlib.util
from pathlib import Path

from ddms_ops.coverage import Status
from ddms_ops.profile import Profile, load_profile
from ddms_ops.settings import assets
from ddms_ops.sources import open_source
from ddms_ops.sources.base import AlarmQuery, ChangeQuery, LogQuery, MetricQuery, Pull, Source
from ddms_ops.window import EVER

NEEDED = ("duckdb", "pyarrow", "pandas", "papermill", "nbconvert", "ipykernel", "matplotlib")
OPTIONAL = {"jupyterlab": "ddms-ops lab needs it: pip install 'ddms-ops[lab]'"}


def examine(system: str, source: str | None) -> int:
    """Print one line a thing examined; 0 when all is well, 1 when something is lacking.

    Raises:
        BadInput: an unknown system, a faulty profile, or a source that cannot be opened.
    """
    profile = load_profile(system)
    lines = [("ok", f"profile {system}: {profile.title}, {len(profile.metrics)} metrics, {len(profile.alerts)} alerts")]
    lines += [_package(name) for name in NEEDED]
    lines += [
        _package(name) if importlib.util.find_spec(name) else ("not there", f"{name}: {why}")
        for name, why in OPTIONAL.items()
    ]
    lines += [("ok" if _has_notebooks() else "lacking", f"notebooks in {assets('notebooks')}")]
    if source is None:
        lines.append(("not checked", "no source given; add --source files:<folder of exports>"))
    else:
        lines += _source(profile, open_source(source))
    for status, words in lines:
        print(f"{status:<12} {words}")
    return 1 if any(status == "lacking" for status, _ in lines) else 0


def _package(name: str) -> tuple[str, str]:
    try:
        return "ok", f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return "lacking", f"{name}: pip install {name}"


def _has_notebooks() -> bool:
    return bool(list(Path(assets("notebooks")).glob("*.ipynb")))


def _source(profile: Profile, source: Source) -> list[tuple[str, str]]:
    found = set(source.log_groups())
    lines = []
    for group in sorted(found | set(profile.logs.groups)):
        if group not in found:
            lines.append(("lacking", f"log group {group}: the profile declares it, the source has none of it"))
            continue
        words = "" if group in profile.logs.groups else ", not in the profile (read as generic)"
        lines.append(_pull(f"log group {group}{words}", source.fetch_log_events(LogQuery(EVER, group), pull="logs")))
    lines.append(_pull("metrics", source.fetch_metric_points(MetricQuery(EVER), pull="metrics")))
    lines.append(_pull("changes", source.fetch_changes(ChangeQuery(EVER), pull="changes")))
    lines.append(_pull("alarms", source.fetch_alarm_changes(AlarmQuery(EVER), pull="alarms")))
    return lines


def _pull(what: str, pull: Pull) -> tuple[str, str]:
    coverage = pull.coverage
    if coverage.status is Status.NOT_CONFIGURED:
        return "lacking", f"{what}: {coverage.reason}"
    span = f" from {coverage.got.start:%Y-%m-%d %H:%M} to {coverage.got.end:%Y-%m-%d %H:%M} UTC" if coverage.got else ""
    said = f"{what}: {coverage.rows:,} records{span}{'; ' + coverage.reason if coverage.reason else ''}"
    return "ok" if coverage.is_all_there else "lacking", said
