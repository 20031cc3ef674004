"""Where a request is served and by whom it is asked for, as JSON members that every event of the API carries.

A log stream is one instance in one availability zone; a user has one client and one user agent.
"""

from bisect import bisect
from itertools import accumulate

import numpy as np

from ddms_ops.simulate.dms.catalog import BOTS, CLIENTS, OLD_LAMBDA, REGION, TENANTS, ZONES
from ddms_ops.simulate.dms.requests import USERS, Requests
from ddms_ops.simulate.ids import hexes, mix
from ddms_ops.simulate.scenario import Scenario

AGENT_SALT = 61  # the same in every case: a user keeps the client
SHARES = tuple(accumulate(share for _, share, _ in CLIENTS))[:-1]


def stream_names(scenario: Scenario, requests: Requests, salt: int) -> list[str]:
    """The log streams of the API; the second half is the new version's."""
    digits = hexes(np.arange(len(requests.skew_ms)), salt + 11)
    date = f"{scenario.window.start:%Y/%m/%d}"
    half = len(digits) // 2
    return [f"{date}/[{OLD_LAMBDA + (place >= half)}]{digit}" for place, digit in enumerate(digits)]


def served_by(requests: Requests, salt: int) -> list[str]:
    """Region, zone, instance and whether it was a cold start: two entries a stream, the second for a cold start."""
    digits = hexes(np.arange(len(requests.skew_ms)), salt + 11)
    return [
        f'"region":"{REGION}","az":"{ZONES[zone]}","instance":"api-{digit[:6]}","coldStart":{is_cold}'
        for zone, digit in zip(requests.zone.tolist(), digits, strict=True)
        for is_cold in ("false", "true")
    ]


def asked_by(requests: Requests) -> list[str]:
    """Client and user agent of each user."""
    draws = mix(np.arange(USERS * TENANTS), AGENT_SALT).tolist()
    return [_agent(draw, requests.agents.get(user)) for user, draw in enumerate(draws)]


def _agent(draw: int, bot: int | None) -> str:
    if bot is not None:
        return f'"client":"api","userAgent":"{BOTS[bot]}"'
    place = bisect(SHARES, draw % 10_000 / 10_000)
    name, _, agents = CLIENTS[place]
    return f'"client":"{name}","userAgent":"{agents[draw // 10_000 % len(agents)]}"'


def users(requests: Requests) -> list[str]:
    """Tenant and user id of each user."""
    return [
        f'"tenantId":"{requests.names[number // USERS]}","userId":"user-{number:05d}"'
        for number in range(USERS * TENANTS)
    ]
