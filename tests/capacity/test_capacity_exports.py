"""The same over exports as the AWS CLI writes them, with several accounts, and as panels."""

import json

import pytest
from builders import DAY, at, envelope, write_logs
from capacity_case import CHECKS, LOG, FrameFacts, clock_of, course, facts_of, metric, profile_of

from ddms_ops.case import Case
from ddms_ops.checks.base import run_check
from ddms_ops.checks.figures_capacity import plot_capacity
from ddms_ops.findings import Severity
from ddms_ops.incident import Incident
from ddms_ops.panels.capacity import capacity_panel, capacity_table
from ddms_ops.sources import open_source

WORKER = {
    "title": "Worker", "components": ["backend"], "timeouts": ["Task timed out"], "cold_starts": ["Init Duration"],
    "running": "running", "wanted": 2, "services": ["main/api"], "throttles": "refused",
}  # fmt: skip
METRICS = {
    "running": metric("RunningTaskCount", statistic="Average", unit="tasks"),
    "refused": metric("Throttles", namespace="AWS/Lambda", dimensions={"FunctionName": "shop-backend"}),
}


def ends(n: int) -> list[str]:
    """What Lambda writes of one invocation, one in a minute: from 10:40 on each starts cold and is timed out."""
    request, clock = f"{n:08d}-0000-4000-8000-000000000000", clock_of(n, 7)
    head, cold = f"REPORT RequestId: {request}\tDuration: 90.00 ms\tBilled Duration: 90 ms\tMemory Size: 128 MB", ""
    lines = [envelope(clock, f"START RequestId: {request} Version: $LATEST")]
    if n >= 100:
        cold = "\tInit Duration: 812.00 ms"
        lines.append(envelope(clock, f"{DAY}T{clock}.120Z {request} Task timed out after 30.03 seconds"))
    return [*lines, envelope(clock, f"{head}\tMax Memory Used: 70 MB{cold}\t")]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A case over logs, metrics and what ECS says of its service."""
    root = tmp_path_factory.mktemp("export")
    write_logs(root, LOG, *(line for n in range(120) for line in ends(n)))
    stamps = [f"{DAY}T{clock_of(n)}Z" for n in range(120)]
    results = [{"Id": "running", "Label": "running", "Timestamps": stamps, "Values": [2] * 110 + [0] * 10}]
    reason = "ResourceInitializationError: <script>alert(1)</script> token=abcdefgh12345678"
    task = {"taskArn": "arn:aws:ecs:us-east-1:1:task/main/a1", "group": "service:api", "lastStatus": "STOPPED"}
    task |= {"stopCode": "TaskFailedToStart", "stoppedAt": f"{DAY}T12:51:00+02:00", "stoppedReason": reason}
    files = {
        "metrics/a.json": {"MetricDataResults": results},
        "containers/tasks.json": {"tasks": [task], "failures": []},
    }
    for name, document in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(json.dumps(document))
    profile = profile_of({"worker": WORKER}, METRICS)
    incident = Incident("test", "generic", f"{DAY}T10:00Z", f"{DAY}T11:00Z", environment="any", source=f"files:{root}")
    source = open_source(incident.source, profile=profile, environment="any", clock=lambda: at("12:00"))
    return Case(incident, profile, source, root / "reports", clock=lambda: at("12:00"))


def test_exports_of_lambda_tell_of_timeouts_and_cold_starts(exported: Case):
    """Texts as Lambda writes them, counted against its invocations."""
    [late], [cold] = (run_check(CHECKS[name], exported).findings for name in ("timeouts", "cold_starts"))
    assert "20 events of timeouts from 2026-03-04 10:40 to 10:59 UTC" in late.statement
    assert "100.0% of the invocations since then (0 of 60 invocations in the baseline)" in late.statement
    assert "100.0% of 20 invocations since then (0.0% in the baseline: 0 of 60); a start takes 812 ms" in cold.statement


def test_exports_of_ecs_tell_why_nothing_runs(exported: Case):
    """The time zone of the export is heeded, a token in the reason is not shown."""
    [finding] = run_check(CHECKS["missing_tasks"], exported).findings
    assert (finding.severity, str(finding.first_seen)) == (Severity.HIGH, f"{DAY} 10:50:00+00:00")
    assert "0 of 2 wanted run at the least" in finding.statement
    assert ("ResourceInitializationError" in finding.statement, "abcdefgh" in finding.statement) == (True, False)


def several(series: dict[str, dict[str, float]]) -> FrameFacts:
    """A table once in each of two accounts."""
    accounts = {name: {"region": "us-east-1"} for name in ("dhbw", "uni")}
    entry = {"title": "Orders", "used": "reads", "most": 100}
    metrics = {"reads": metric(statistic="Average", unit="units")}
    more = {"environments": {"any": {"accounts": accounts}}}
    return facts_of({"table": entry}, metrics=metrics, series=series, more=more)


def test_each_account_is_judged_by_its_own_points():
    """One is full, the other has no points, which is said."""
    result = several({"dhbw:reads": course({"10:40:00": 97}, usual=30)}).result("saturation")
    assert [finding.subject for finding in result.findings] == [{"capacity": "dhbw:table"}]
    assert result.reason == "Orders (uni): no points of reads (uni)"


def test_the_picture_has_words_and_the_table_every_entry():
    """What cannot be drawn is counted, what is not declared is said."""
    facts = several({"dhbw:reads": course({"10:40:00": 97}, usual=30)})
    words, table = repr(capacity_panel(facts)), repr(capacity_table(facts))
    assert ("Orders (dhbw) is full" in words, "Not drawn: 1 of 2 entries" in words) == (True, True)
    assert "Orders (uni) | no points | / no points | not known | / not known | not declared" in table


def test_nothing_to_draw_is_drawn_as_such():
    """A figure, not an error."""
    assert plot_capacity(several({})).axes[0].texts[0].get_text() == "no points of what is declared"


def test_a_profile_without_capacity_has_words_in_place_of_tables():
    """The same reason as in the checks."""
    said = [repr(panel(facts_of({}))) for panel in (capacity_panel, capacity_table)]
    assert all("the profile declares no capacity" in text for text in said)
