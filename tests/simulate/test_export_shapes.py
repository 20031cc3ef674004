"""Every file has the shape that its AWS tool writes."""

import json
import re

from reading import alarms, files_of, log_events, metric, text_of, trail

SPAN_MS = 4 * 3_600_000


def test_the_number_of_events_is_what_was_asked_for_and_written(played):
    """Within 2 % of `events`, and the truth counts what is in the files."""
    written = {kind: sum(1 for _ in log_events(played.export, kind)) for kind in ("api", "worker")}
    heads = [re.findall(r"(?m)^\d{4}-\d\d-\d\dT\S+Z ", text_of(path)) for path in files_of(played.export, "scan")]
    assert list(played.truth["events"].values()) == [*written.values(), sum(map(len, heads))]
    assert abs(sum(played.truth["events"].values()) / 10_000 - 1) <= 0.02


def test_api_logs_are_filter_log_events_output(played):
    """Keys as the CLI prints them; the pretty file is what json.dumps with indent 4 gives; only one clock is wrong."""
    pretty, packed, *_ = files_of(played.export, "api")
    document = json.loads(text_of(pretty))
    assert list(document) == ["events", "searchedLogStreams"]
    assert text_of(pretty) == json.dumps(document, indent=4, ensure_ascii=False) + "\n"
    assert packed.suffix == ".gz"
    skew = played.truth["skew"]
    for event in document["events"] + json.loads(text_of(packed))["events"]:
        assert list(event) == ["logStreamName", "timestamp", "message", "ingestionTime", "eventId"]
        assert re.fullmatch(r"2026/0[34]/\d\d/\[4[23]\][0-9a-f]{32}", event["logStreamName"])
        assert re.fullmatch(r"\d{56}", event["eventId"])
        ahead_ms = skew["minutes"] * 60_000 if skew and skew["stream"] == event["logStreamName"] else 0
        assert 300 <= event["ingestionTime"] - event["timestamp"] + ahead_ms < 3_000


def test_worker_logs_are_one_object_a_line(played):
    """Time, message and stream; one file is gzipped."""
    files = files_of(played.export, "worker")
    assert [path.suffix for path in files].count(".gz") == 1
    for path in files:
        assert {tuple(json.loads(line)) for line in text_of(path).splitlines()} == {
            ("timestamp", "message", "logStreamName")
        }


def test_scan_logs_are_s3_export_lines(played):
    """Each line begins with a time, or continues a Java stack trace."""
    for path in files_of(played.export, "scan"):
        for line in text_of(path).splitlines():
            assert re.match(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARN|ERROR) |\tat |\t\.\.\.|java\.|Caused by: ", line
            )


def test_events_are_ordered_and_inside_baseline_and_window(played):
    """The first event is at the start; one is at the exact end, which a half-open window leaves out."""
    stamps = [stamp for stamp, _ in log_events(played.export, "api")]
    assert stamps == sorted(stamps)
    assert stamps[-1] - stamps[0] == SPAN_MS
    assert stamps[0] + SPAN_MS // 2 in stamps
    assert stamps.count(stamps[-1]) == 1
    worker = [stamp for stamp, _ in log_events(played.export, "worker")]
    assert stamps[0] <= min(worker)
    assert max(worker) < stamps[-1]


def test_metrics_are_newest_first_minute_points(played):
    """Every series covers 240 minutes and is complete; 5XXError is also there as statistics."""
    for path in sorted((played.export / "metrics").glob("[!a]*.json")) + [
        played.export / "metrics" / "api-gateway.json"
    ]:
        for series in json.loads(path.read_text())["MetricDataResults"]:
            assert series["StatusCode"] == "Complete"
            assert len(series["Timestamps"]) == len(series["Values"]) == 240
            assert series["Timestamps"] == sorted(series["Timestamps"], reverse=True)
    statistics = json.loads((played.export / "metrics" / "api-5xx-statistics.json").read_text())
    points = sorted(statistics["Datapoints"], key=lambda point: point["Timestamp"])
    assert statistics["Label"] == "5XXError"
    assert [point["Sum"] for point in points] == metric(played.export, "api_5xx")


def test_trail_records_are_real_cloudtrail(played):
    """Every record has CloudTrail's fields, distinct ids, and is counted."""
    records = trail(played.export)
    needed = {
        "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
        "userAgent", "requestParameters", "responseElements", "requestID", "eventID", "readOnly", "eventType",
        "managementEvent", "recipientAccountId", "eventCategory",
    }  # fmt: skip
    assert all(needed <= record.keys() for record in records)
    assert len({record["eventID"] for record in records}) == len(records) == played.truth["trail_records"]
    assert [record["errorCode"] for record in records if "errorCode" in record] == ["AccessDenied"]


def test_alarm_history_is_newest_first_state_updates(played):
    """Summary and data tell the same transition."""
    items = alarms(played.export)
    assert [item["Timestamp"] for item in items] == sorted((item["Timestamp"] for item in items), reverse=True)
    for item in items:
        states = json.loads(item["HistoryData"])
        old, new = states["oldState"]["stateValue"], states["newState"]["stateValue"]
        assert item["HistorySummary"] == f"Alarm updated from {old} to {new}"
        assert item["HistoryItemType"] == "StateUpdate"
