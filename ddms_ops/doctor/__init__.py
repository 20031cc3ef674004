"""`ddms-ops doctor`: what works and what is lacking, before an incident.

Looks at the profile and the installation, then at a source: an export or a recorded case as far as it has records;
live, each account's identity, clock, permissions, log groups, metrics and resources, the database, and the runbook's
health checks. Reads only, and prints names and states, never what a record says.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from ddms_ops.case import utc_now
from ddms_ops.declaration import Profile
from ddms_ops.doctor.exports import export_lines
from ddms_ops.doctor.installation import installation_lines, live_is_installed, live_lines
from ddms_ops.doctor.lines import NOT_CHECKED, OK, Line, show
from ddms_ops.profile import load_profile
from ddms_ops.sources import open_source

Clock = Callable[[], pd.Timestamp]
LIVE = "live"
FILES_INSTEAD = "or --source files:<folder of exports>"
# Where the AWS SDK finds credentials; nobody is asked for any, as an instance's metadata service would be.
SIGNS = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip
FILES = {"AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials", "AWS_CONFIG_FILE": "~/.aws/config"}


def examine(system: str, source: str | None, *, clock: Clock = utc_now, environ: Mapping[str, str] = os.environ) -> int:
    """Print one line a thing examined; 0 when all is well, 1 when something is lacking or not ok.

    Args:
        system: whose profile; its first environment is examined.
        source: `live`, `files:DIR` or `case:DIR`; None means live where credentials are configured.
        clock: of the caller.
        environ: where credentials and the database's connection are looked up.

    Raises:
        BadInput: an unknown system, a faulty profile, or a source that cannot be opened.
    """
    profile = load_profile(system)
    opened = None
    if source and source != LIVE:
        opened = open_source(source, profile=profile, environment="", clock=clock)

    def lines() -> Iterator[Line]:
        counts = f"{len(profile.metrics)} metrics, {len(profile.alerts)} alerts"
        yield OK, f"profile {system}: {profile.title}, {counts}"
        yield from installation_lines()
        if opened is not None:
            yield from export_lines(profile, opened)
        elif source == LIVE or _has_credentials(profile, environ):
            yield from _live(profile, clock, environ)
        else:
            yield NOT_CHECKED, f"no AWS credentials configured: sign in, add --source live to try, {FILES_INSTEAD}"

    return show(lines())


def _live(profile: Profile, clock: Clock, environ: Mapping[str, str]) -> Iterator[Line]:
    yield from live_lines()
    if not live_is_installed():
        yield NOT_CHECKED, f"live: pip install 'ddms-ops[live]', {FILES_INSTEAD}"
        return
    from ddms_ops.doctor.live import account_and_database_lines

    yield from account_and_database_lines(profile, clock=clock, environ=environ)


def _has_credentials(profile: Profile, environ: Mapping[str, str]) -> bool:
    """Whether AWS credentials seem to be configured; no call is made."""
    where = next(iter(profile.environments.values()))
    if any(target.aws_profile for target in where.targets.values()) or any(environ.get(name) for name in SIGNS):
        return True
    paths = [Path(environ.get(name, usual)).expanduser() for name, usual in FILES.items()]
    return any(path.is_file() and path.stat().st_size for path in paths)
