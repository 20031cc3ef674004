"""Tables of the notebook: what was refused, who did what is new, and what was opened."""

from pathlib import Path

import pytest
from access_case import AWAY, AccessCase, access_case, call, sign_in, usual_calls

from ddms_ops.panels.access import actor_timeline, actors_table, opened_table, refused_table

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> AccessCase:
    """A stolen key with a hostile user agent and resource, and refused sign-ins of somebody's mail address."""
    names = ("CreateUser", "CreateAccessKey", "StopLogging", "GetSecretValue")
    stolen = [call(f"10:2{n}:00", name, ip=AWAY, agent=HOSTILE, given={"userName": HOSTILE, "name": HOSTILE})
              for n, name in enumerate(names)]  # fmt: skip
    refused = tuple(sign_in(f"10:30:{n:02d}", "eve@example.com", AWAY, ok=False) for n in range(20))
    return access_case(tmp_path_factory.mktemp("panels"), *usual_calls(), *stolen, lines=refused)


def test_refused_sign_ins_by_address_and_user(case: AccessCase):
    """Both tables name their counts; a mail address is taken out."""
    shown = refused_table(case)
    assert f"{AWAY} | 20 | 100% | 20 | 1 | 0" in shown.text
    assert "[email " in shown.text
    assert "eve@" not in shown.html


def test_the_leading_actor_and_its_calls_in_order(case: AccessCase):
    """The actor of the worst finding, and below it what it did, the first call first."""
    assert "dev.okafor | IAMUser | high" in actors_table(case).text
    lines = actor_timeline(case).text.splitlines()
    places = [next(n for n, line in enumerate(lines) if name in line) for name in ("CreateUser", "StopLogging")]
    assert places == sorted(places)


def test_what_was_opened_and_switched_off_the_worst_first(case: AccessCase):
    """A stopped trail stands above a new user, and hostile names are inert."""
    shown = opened_table(case)
    assert shown.text.index("StopLogging") < shown.text.index("CreateUser")
    assert "<img" not in shown.html


def test_nothing_read_is_said(tmp_path: Path):
    """Without sign-ins and calls each table says so in words."""
    case = access_case(tmp_path, access=None)
    assert refused_table(case).text.startswith("No sign-in was read")
    assert "CloudTrail" in opened_table(case).text
    assert "no call" in actor_timeline(case).text.lower()
