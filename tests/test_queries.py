"""The runbook's seven queries on simulated evidence, against answers computed from the export files alone."""

import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path

import pandas as pd
import pytest

from ddms_ops.case import Case, open_case
from ddms_ops.errors import BadInput, QueryError
from ddms_ops.incident import read_incident
from ddms_ops.panels import query_rows
from ddms_ops.simulate import write_case

START, END = (pd.Timestamp(text) for text in ("2026-03-04T10:00Z", "2026-03-04T12:00Z"))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The bad deploy, pulled."""
    folder = tmp_path_factory.mktemp("queries")
    simulated = write_case("dms", "bad_deploy", folder, events=6_000)
    opened = open_case(**read_incident(simulated.incident), out=str(folder / "reports"))
    opened.export = simulated.export
    return opened


@pytest.fixture(scope="module")
def events(case: Case) -> list[dict]:
    """Every JSON message of the window, read with nothing of this project: its fields, @timestamp and @message."""
    found = []
    for path in sorted((case.export / "logs").rglob("*")):
        if path.is_dir() or "malware" in str(path):
            continue
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
        lines = (
            [json.loads(line) for line in text.splitlines()] if ".jsonl" in path.name else json.loads(text)["events"]
        )
        for line in lines:
            stamp = pd.Timestamp(line["timestamp"], unit="ms", tz="UTC")
            if START <= stamp < END:
                found.append({**parsed(line["message"]), "@timestamp": stamp, "@message": line["message"]})
    return found


def parsed(message: str) -> dict:
    """Fields of a JSON message, none where it is not JSON."""
    try:
        fields = json.loads(message)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def times(frame: pd.DataFrame) -> list[pd.Timestamp]:
    """The @timestamp column, UTC."""
    return list(pd.to_datetime(frame["@timestamp"], utc=True))


def test_recent_errors(case: Case, events: list[dict]):
    """Query 1: the 100 newest errors, newest first."""
    errors = sorted((e for e in events if e.get("level") == "error"), key=lambda e: e["@timestamp"], reverse=True)[:100]
    found = query_rows(case, "recent_errors")
    assert list(found.columns) == ["@timestamp", "@message", "level", "error", "requestId", "tenantId"]
    assert times(found) == [e["@timestamp"] for e in errors]
    assert Counter(found["requestId"].fillna("")) == Counter(e.get("requestId", "") for e in errors)


def test_slow_requests(case: Case, events: list[dict]):
    """Query 2: the 50 slowest events over a second."""
    slow = sorted((e for e in events if float(e.get("duration", 0)) > 1000), key=lambda e: -float(e["duration"]))[:50]
    found = query_rows(case, "slow_requests")
    assert [float(value) for value in found["duration"]] == [float(e["duration"]) for e in slow]


def test_processing_failures(case: Case, events: list[dict]):
    """Query 3: failed jobs, newest first."""
    failed = sorted((e for e in events if e.get("status") == "FAILED"), key=lambda e: e["@timestamp"], reverse=True)[
        :100
    ]
    found = query_rows(case, "processing_failures")
    assert list(found.columns) == ["@timestamp", "documentId", "jobType", "errorMessage", "attempts"]
    assert times(found) == [e["@timestamp"] for e in failed]
    assert sorted(found["errorMessage"]) == sorted(e["errorMessage"] for e in failed)


def test_tenant_actions(case: Case, events: list[dict]):
    """Query 4: one tenant's actions, the tenant given as a value."""
    tenant = Counter(e["tenantId"] for e in events if "tenantId" in e).most_common(1)[0][0]
    wanted = Counter(e.get("action") for e in events if e.get("tenantId") == tenant)
    found = query_rows(case, "tenant_actions", tenant=tenant)
    counts = {None if pd.isna(row.action) else row.action: row[2] for row in found.itertuples()}
    assert counts == dict(wanted)


def test_hostile_tenants_match_nothing(case: Case):
    """A tenant is a value, whatever it says."""
    assert query_rows(case, "tenant_actions", tenant='" or 1=1 | fields @message #').empty


def test_top_error_messages(case: Case, events: list[dict]):
    """Query 5: the most frequent error messages."""
    counts = Counter(e["@message"] for e in events if e.get("level") == "error")
    found = query_rows(case, "top_error_messages")
    assert list(found["count()"]) == sorted(counts.values(), reverse=True)[:20]


def test_endpoint_performance(case: Case, events: list[dict]):
    """Query 6: mean and maximum duration and count by path and method, slowest first."""
    durations = defaultdict(list)
    counts = Counter((e.get("path"), e.get("method")) for e in events)
    for e in events:
        if "duration" in e:
            durations[e.get("path"), e.get("method")].append(float(e["duration"]))
    found = query_rows(case, "endpoint_performance").dropna(subset=["path"])
    for row in found.head(500).itertuples(index=False):
        values = durations[row[0], row[1]]
        assert row[2] == pytest.approx(sum(values) / len(values)) if values else pd.isna(row[2])
        assert row[4] == counts[row[0], row[1]]
    assert found["avg(duration)"].dropna().is_monotonic_decreasing


def test_tenant_activity(case: Case, events: list[dict]):
    """Query 7: events by tenant and action, most first."""
    counts = Counter((e["tenantId"], e["action"]) for e in events if "tenantId" in e and "action" in e)
    found = query_rows(case, "tenant_activity")
    kept = {(row[0], row[1]): row[2] for row in found.dropna().itertuples(index=False)}
    assert kept == dict(counts)
    assert found["count()"].is_monotonic_decreasing


def test_slow_endpoints(case: Case, events: list[dict]):
    """The query of the slow-API scenario."""
    counts = Counter(e.get("path") for e in events if float(e.get("duration", 0)) > 1000)
    found = query_rows(case, "slow_endpoints")
    assert dict(zip(found["path"].fillna("none"), found["count()"], strict=True)) == {
        k or "none": v for k, v in counts.items()
    }


def test_what_is_not_supported_is_refused_by_name(case: Case):
    """`anomaly` is named, with its place."""
    with pytest.raises(QueryError, match="'anomaly' is not supported") as caught:
        query_rows(case, "fields @message\n| anomaly")
    assert "line 2" in str(caught.value)


def test_an_empty_query_names_the_known(case: Case):
    """Nothing asked is refused with the names of the profile's queries."""
    with pytest.raises(BadInput, match="recent_errors"):
        query_rows(case, " ")


def test_the_evidence_is_what_is_queried(case: Case):
    """All raw events of the window take part, those that are no JSON too."""
    found = query_rows(case, "stats count() as n")
    assert found["n"].tolist() == [len(case.log_events)]
    assert Path(case.folder / "evidence").is_dir()
