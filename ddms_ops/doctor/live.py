"""What live AWS, and the database, have of what the profile declares."""

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from ddms_ops.declaration import Profile
from ddms_ops.doctor.account import account_lines
from ddms_ops.doctor.database import database_lines
from ddms_ops.doctor.lines import Line
from ddms_ops.sources.aws.pacer import Pacers
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.live import NOW
from ddms_ops.window import parse_instant


def account_and_database_lines(
    profile: Profile, *, clock: Callable[[], pd.Timestamp], environ: Mapping[str, str]
) -> Iterator[Line]:
    """Each account of the profile's first environment, then the database.

    Raises:
        WindowError: DDMS_OPS_NOW is no time.
    """
    now = parse_instant(environ[NOW], name=NOW) if environ.get(NOW) else clock()
    targets = next(iter(profile.environments.values())).targets
    pacers = Pacers()
    sessions = [AwsSession(account, name=name, pacers=pacers) for name, account in targets.items()]
    for session in sessions:
        for status, words in account_lines(session, profile, now=now, clock=clock):
            yield status, f"{session.of}{words}"
    if profile.database is not None:
        yield from database_lines(profile.database, sessions[0], now=now, environ=environ)
