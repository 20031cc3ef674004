"""The shipped profiles: each loads for each of its environments, and holds together."""

import pytest

from ddms_ops.insights import parse
from ddms_ops.profile import known_systems, load_profile

SYSTEMS = {"dms", "generic", "lecture", "opendata-pulse", "smart-invoice"}


def test_the_shipped_systems(root):
    """They are found by name."""
    assert set(known_systems(root / "parameters/systems")) >= SYSTEMS


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_a_profile_loads_for_each_environment(root, system: str):
    """No placeholder is left, whichever environment is asked for."""
    folder = root / "parameters/systems"
    for environment in load_profile(system, folder=folder).environments:
        assert "{env}" not in load_profile(system, environment, folder=folder).model_dump_json()


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_named_queries_can_be_run(root, system: str):
    """Each is in the part of Logs Insights that evidence can be asked in."""
    for text in load_profile(system, folder=root / "parameters/systems").queries.values():
        assert parse(text)


@pytest.mark.parametrize("system", sorted(SYSTEMS - {"generic"}))
def test_health_rows_and_alerts_have_their_place(root, system: str):
    """A resource that a health check names is the system's; each row and alert names its place in the runbook."""
    profile = load_profile(system, folder=root / "parameters/systems")
    checks = [check for check in profile.health.values() if check.resource]
    assert all(check.name in getattr(profile.resources, check.resource) for check in checks)
    assert all(part.anchor for part in [*profile.health.values(), *profile.alerts.values()])


def test_smart_invoice_declares_what_its_runbook_names():
    """Two functions with their limits, the 5 % alert over 15 minutes, and the rows of the daily check."""
    profile = load_profile("smart-invoice", "prod")
    assert {alert.above for alert in profile.alerts.values()} == {0.05}
    assert {alert.for_s for alert in profile.alerts.values()} == {900}
    limits = [profile.metrics[f"{name}_duration"].target.below for name in ("upload", "inference")]
    assert limits == [5_000, 60_000]
    assert [row.anchor for row in profile.health.values()].count("daily-health-checks") == 5


def test_opendata_pulse_declares_what_its_runbook_names():
    """Three alarms, four severities, and the rows of health-check.sh, in Sydney."""
    profile = load_profile("opendata-pulse")
    assert profile.environments["prod"].region == "ap-southeast-2"
    assert [(alert.metric, alert.above, alert.for_s) for alert in profile.alerts.values()] == [
        ("api_4xx", 5, 600), ("etl_errors", 5, 300), ("table_throttles", 0, 300)
    ]  # fmt: skip
    assert [level.response_min for level in profile.severities.values()] == [15, 60, 240, 1440]
    assert [row.anchor for row in profile.health.values()].count("system-health-check-script") == 7


def test_lecture_is_asked_in_each_customer_s_account():
    """Three accounts; each has the alarm on tasks, below 1 for two periods of 300 s; four severities from P0."""
    profile = load_profile("lecture")
    assert [account.aws_profile for account in profile.environments["prod"].accounts.values()] == [
        "lecture-dhbw-prod", "lecture-edt-prod", "lecture-unilux-prod"
    ]  # fmt: skip
    assert [(alert.metric, alert.below, alert.for_s) for alert in profile.alerts.values()] == [
        (f"{customer}:running_tasks", 1, 600) for customer in ("dhbw", "edt", "unilux")
    ]
    assert {name: level.response_min for name, level in profile.severities.items()} == {
        "P0": 15, "P1": 60, "P2": 240, "P3": 1440
    }  # fmt: skip
