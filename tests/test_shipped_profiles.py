"""The shipped profiles: each loads for each of its environments, and holds together."""

import pytest

from ddms_ops.insights import parse
from ddms_ops.profile import known_systems, load_profile

SYSTEMS = {"dms", "generic", "lecture", "opendata-pulse", "serverless-reviews", "smart-invoice"}
TIMES = {  # minutes that the runbook sets: to respond by severity, from which each level is called, between updates
    "dms": ([15, 60, 240, 1440], [0, 30, 60, 120], None),
    "lecture": ([15, 60, 240, None], [None] * 5, None),
    "opendata-pulse": ([15, 60, 240, 1440], [None] * 4, 30),
    "serverless-reviews": ([None] * 4, [None] * 4, None),
    "smart-invoice": ([15, 30, None], [None, 0, 60, None], None),
}
ONLY = {
    "lecture": ["complex technical issues", "security incidents", "business impact decisions", "platform-level issues"],
    "serverless-reviews": ["error rate > 10% for > 15 minutes", "security incidents"],
    "smart-invoice": ["service-wide AWS issues"],
}


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


@pytest.mark.parametrize("system", TIMES)
def test_a_deadline_is_declared_where_the_runbook_sets_it(root, system: str):
    """And only there; a level that is called for some incidents says for which."""
    profile = load_profile(system, folder=root / "parameters/systems")
    responses = [level.response_min for level in profile.severities.values()]
    assert (responses, [level.from_min for level in profile.escalation], profile.templates.update_min) == TIMES[system]
    assert [level.only for level in profile.escalation if level.only] == ONLY.get(system, [])


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_texts_stand_as_the_runbook_has_them(root, system: str):
    """No placeholder is written otherwise to tell it from another: a list says what fills each place."""
    templates = load_profile(system, folder=root / "parameters/systems").templates
    for template in (templates.initial, templates.update, templates.resolved, templates.escalation):
        for name, fields in template.fields.items() if template else ():
            assert name == name.replace(" ]", "]")
            assert len(fields) in (1, template.text.count(name))


def test_serverless_reviews_declares_what_its_runbook_names():
    """Over 5 % for each function and the API, more than 5 timeouts in 5 minutes, and any throttling."""
    profile = load_profile("serverless-reviews")
    assert {key: (alert.above, alert.severity) for key, alert in profile.alerts.items()} == {
        "high_error_rate": (0.05, "P1"), "high_analyze_error_rate": (0.05, "P2"), "api_5xx": (0.05, "P1"),
        "lambda_timeout": (5, "P2"), "dynamodb_throttling": (0, "P2"), "dynamodb_read_throttling": (0, "P2"),
    }  # fmt: skip
    assert "10%" not in profile.severities["P1"].examples  # an escalation's threshold, not an alert's


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
        "P0": 15, "P1": 60, "P2": 240, "P3": None
    }  # fmt: skip
    assert profile.severities["P3"].response == "next business day"
