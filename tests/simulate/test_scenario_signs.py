"""Each scenario shows its signs and no others; a quiet day stays within the profile's limits."""

import json
from pathlib import Path
from statistics import mean

import pytest
import yaml
from reading import alarms, endpoint_of, log_events, metric, onset_minute, parsed

from ddms_ops.simulate import write_case

ROOT = Path(__file__).parents[2]
DECLARED = yaml.safe_load((ROOT / "parameters" / "systems" / "dms.yaml").read_text())["metrics"]


def longest_run(values: list[float], limits: dict[str, float]) -> int:
    """Most minutes in a row beyond an alert's limit."""
    most = now = 0
    for value in values:
        now = now + 1 if value > limits.get("above", float("inf")) or value < limits.get("below", float("-inf")) else 0
        most = max(most, now)
    return most


def ratio(export: Path) -> list[float]:
    """Error rate by minute."""
    counts = zip(metric(export, "api_5xx"), metric(export, "api_requests"), strict=True)
    return [bad / max(1.0, total) for bad, total in counts]


@pytest.mark.parametrize("events", [10_000, 20_000])
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", ["quiet_day", "noisy_quiet_day"])
def test_a_quiet_day_is_quiet(name: str, seed: int, events: int, tmp_path: Path):
    """On average within every target; no alert's limit is passed for 5 minutes, by other metrics not once."""
    case = write_case("dms", name, tmp_path, seed=seed, events=events)
    for name, declared in DECLARED.items():
        values = ratio(case.export) if name == "api_error_rate" else metric(case.export, name)
        target = declared.get("target", {})
        assert target.get("above", -1) < mean(values) < target.get("below", float("inf"))
        assert longest_run(values, declared.get("alert", {})) < (5 if name == "api_error_rate" else 1)
    [old] = alarms(case.export)
    assert old["HistorySummary"] == "Alarm updated from ALARM to OK"


def test_every_metric_with_a_namespace_is_written(played):
    """The profile's metrics under our names, 240 points each."""
    for name, declared in DECLARED.items():
        if "namespace" in declared:
            assert len(metric(played.export, name)) == 240


def test_bad_deploy_fails_most_of_one_endpoint(play):
    """Most of the endpoint's requests fail since the onset, over 5 % of all."""
    played = play("bad_deploy")
    since = played.truth["requests"]["since_onset"]
    assert since["5xx"] / since["total"] > 0.05
    events = [e for _, e in parsed(played.export, "api") if e.get("version") == "2.15.0" and "status" in e]
    status = [e["status"] for e in events if endpoint_of(e) == played.truth["endpoint"]]
    assert 0.5 < sum(code == 500 for code in status) / len(status) < 0.9


def test_connections_reach_their_maximum_before_the_errors(play):
    """The database is full from before the onset to the end; every tenant is hit; jobs end in the DLQ."""
    played = play("db_connections")
    onset = onset_minute(played)
    assert min(metric(played.export, "db_connections")[onset:]) >= 390
    assert max(metric(played.export, "db_connections")[: onset - 8]) < 200
    assert played.truth["tenant_share"] > 0.9
    assert metric(played.export, "dlq_messages")[-1] > 0
    assert max(metric(played.export, "api_p95_latency")) > 1000


def test_a_denied_key_hits_one_tenant_and_stays_below_the_alert(play):
    """All uploads and downloads of one tenant, under 5 % of all requests."""
    played = play("kms_denied")
    [tenant] = played.truth["tenants"]
    onset_ms = min(stamp for stamp, event in parsed(played.export, "api") if "kms:" in event.get("errorMessage", ""))
    status = [
        event["status"]
        for stamp, event in parsed(played.export, "api")
        if event.get("tenantId") == tenant and stamp > onset_ms + 21_000
        and event.get("action") in ("document.create", "document.upload", "document.download")
    ]  # fmt: skip
    assert set(status) == {500}
    assert played.truth["requests"]["since_onset"]["5xx"] < 0.05 * played.truth["requests"]["since_onset"]["total"]


def test_traffic_falls_without_errors_or_latency(play):
    """From the onset on the truth's share of the requests; error share and latency stay as they were."""
    played = play("traffic_drop")
    requests, onset = metric(played.export, "api_requests"), onset_minute(played)
    left = mean(requests[onset + 1 :]) / mean(requests[120:onset])
    assert abs(left / played.truth["traffic_left"] - 1) < 0.2
    assert sum(metric(played.export, "api_5xx")[onset:]) / sum(requests[onset:]) < 0.01
    assert max(metric(played.export, "api_p95_latency")) < 500


def test_the_noise_is_there(tmp_path: Path):
    """Half-written and plain messages, unicode, warnings and background errors, in every export."""
    export = write_case("dms", "quiet_day", tmp_path, seed=1, events=20_000).export
    texts = [text for _, text in log_events(export, "api")]
    assert any(text.startswith("{") and not text.endswith("}") for text in texts)
    assert any(not text.startswith("{") for text in texts)
    assert any("見積書" in text for text in texts)
    errors = {e["error"] for kind in ("api", "worker") for _, e in parsed(export, kind) if "error" in e}
    assert {"TokenExpiredError", "ValidationError", "TimeoutError", "ECONNRESET", "ThrottlingException"} <= errors
    share = json.loads((tmp_path / "truth.json").read_text())["requests"]["window"]
    assert 0 < share["5xx"] / share["total"] < 0.01
