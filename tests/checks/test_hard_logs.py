"""What the checks say over logs that are not as one would wish: ids that many share, text without levels, refusals."""

import json
from pathlib import Path

import pytest
from builders import envelope, open_export

from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.findings import Finding, Severity, Verdict

START = 20
NOW, BEFORE = (
    [f"10:{n // 10:02d}:{n % 10 * 6:02d}" for n in range(600)],
    [f"09:{n // 10:02d}:{n % 10 * 6:02d}" for n in range(600)],
)


def healthy(number: int, **fields: object) -> dict:
    """A request that is answered."""
    return {"level": "info", "message": "done", "requestId": f"r{number}", "tenantId": f"t{number % 5}"} | fields


def case_of(root: Path, *groups: list[str], trail: list[dict] | None = None) -> Case:
    """A case of the generic system, 10:00 to 11:00 against the hour before; a log group for each list of lines."""
    for number, lines in enumerate(groups):
        folder = root / "logs" / f"g{number}"
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    if trail is not None:
        (root / "trail").mkdir()
        (root / "trail" / "a.json").write_text(json.dumps({"Records": trail}))
    return open_export(root, system="generic")


def lines_of(events: list[dict | str], clocks: list[str] = NOW) -> list[str]:
    """One event a clock time, evenly."""
    step = len(clocks) / max(len(events), 1)
    return [envelope(clocks[int(place * step)], event) for place, event in enumerate(events)]


def usual(**fields: object) -> list[str]:
    """An hour of answered requests as the baseline."""
    return lines_of([healthy(10_000 + n, status=200, **fields) for n in range(600)], BEFORE)


def only(case: Case, check: str) -> Finding:
    """The one finding of a check."""
    [finding] = case.result(check).findings
    return finding


BROKEN_TEXTS = [
    'Traceback (most recent call last):\n  File "/app/a.py", line 3, in f\nValueError: bad',
    'Exception in thread "main" java.lang.IllegalStateException: bad\n\tat com.x.Y.z(Y.java:3)',
    "panic: runtime error: bad\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x1",
    "2026-03-04T10:00:00.000Z 8fae1c6e-0d5e-4a52-b8a2-24c2dfd9e1aa Task timed out after 3.00 seconds",
    "error: connection refused",
    {"message": "unhandled", "stack": "TypeError: bad\n    at f (/app/a.js:1:2)"},
    {"severityText": "ERROR", "severityNumber": 17, "body": "bad"},
    '2026-03-04T10:00:00.000Z\t8fae1c6e-0d5e-4a52-b8a2-24c2dfd9e1aa\tINFO\t{"level":"error","message":"bad"}',
]


@pytest.mark.parametrize("text", BROKEN_TEXTS, ids=range(len(BROKEN_TEXTS)))
def test_failures_without_a_level_are_errors(tmp_path: Path, text: str | dict):
    """Traces, dead runtimes and plain words for an error count, though no level is stated where one is looked for."""
    plain = [f"served request {n}" for n in range(600)]
    now = [text if n >= 10 * START and n % 2 else line for n, line in enumerate(plain)]
    case = case_of(tmp_path, [*lines_of(plain, BEFORE), *lines_of(now)])
    assert only(case, "new_errors").statement.startswith("New error")
    assert only(case, "error_rate").observed == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("fields", [{"error": "<nil>"}, {"errorCode": "SUCCESS"}, {"error": "none"}])
def test_words_for_no_error_are_none(tmp_path: Path, fields: dict):
    """What a library writes into an error field when all went well is no error."""
    now = [healthy(n, status=200, **(fields if n >= 10 * START else {})) for n in range(600)]
    case = case_of(tmp_path, [*usual(), *lines_of(now)])
    assert case.result("new_errors").status is Verdict.CLEAR
    assert case.result("error_rate").status is Verdict.CLEAR


def test_an_id_that_all_requests_share_hits_one_each(tmp_path: Path):
    """With one request id for all, an error event belongs to one request."""
    now = [healthy(n, requestId="unknown", status=200) for n in range(600)]
    bad = [{"level": "error", "message": "boom", "requestId": "unknown", "tenantId": "t1"} for _ in range(30)]
    case = case_of(tmp_path, [*usual(), *lines_of(now), *lines_of(bad, NOW[10 * START :])])
    assert "30 of 400 requests hit" in only(case, "who_is_hit").statement


def test_a_retry_that_succeeds_is_not_hit(tmp_path: Path):
    """Of two answers to one request id the failed one is what the error event is about."""
    now = [healthy(n, status=200, attempt=1) for n in range(600)]
    bad = [event for n in range(100) for event in _retried(n)]
    case = case_of(tmp_path, [*usual(attempt=1), *lines_of(now), *lines_of(bad, NOW[10 * START :])])
    assert "100 of 600 requests hit" in only(case, "who_is_hit").statement


def _retried(number: int) -> list[dict]:
    mine = healthy(20_000 + number)
    error = {"level": "error", "message": "boom", "requestId": mine["requestId"], "tenantId": mine["tenantId"]}
    return [error, {**mine, "status": 500, "attempt": 1}, {**mine, "status": 200, "attempt": 2}]


def test_tenants_that_only_errors_name_are_counted(tmp_path: Path):
    """The tenant of a request may stand on another of its events; how many there are is then not known."""
    nameless = {"tenantId": None}
    now = [healthy(n, status=500 if n >= 200 and n % 3 == 0 else 200) | nameless for n in range(600)]
    bad = [
        {"level": "error", "message": "boom", "requestId": f"r{n}", "tenantId": f"t{n % 2}"} for n in range(201, 600, 3)
    ]
    base = [line.replace('\\"tenantId\\"', '\\"x\\"') for line in usual()]
    statement = only(case_of(tmp_path, [*base, *lines_of(now), *lines_of(bad, NOW[200:])]), "who_is_hit").statement
    assert "2 tenants hit (healthy requests name none)" in statement


def test_most_requests_refused_is_an_incident(tmp_path: Path):
    """401 for nearly all is told, HIGH, though nothing failed."""
    now = [healthy(n, status=401 if n >= 10 * START and n % 10 else 200) for n in range(600)]
    finding = only(case_of(tmp_path, [*usual(), *lines_of(now)]), "error_rate")
    assert finding.severity is Severity.HIGH
    assert finding.statement.startswith("90.0% of requests were refused (400 to 499)")


def test_one_client_that_is_refused_is_low(tmp_path: Path):
    """Refusals that come on top of usual traffic take nothing away."""
    now = [healthy(n, status=200) for n in range(600)]
    scan = [healthy(30_000 + n, status=404, tenantId="t9") for n in range(900)]
    finding = only(case_of(tmp_path, [*usual(), *lines_of(now), *lines_of(scan, NOW[200:])]), "error_rate")
    assert finding.severity is Severity.LOW


def test_a_large_share_can_rise(tmp_path: Path):
    """From 60 % to all is a rise, though it is not twice as many."""
    before = [healthy(10_000 + n, status=500 if n % 5 < 3 else 200) for n in range(600)]
    now = [healthy(n, status=500 if n >= 200 or n % 5 < 3 else 200) for n in range(600)]
    finding = only(case_of(tmp_path, [*lines_of(before, BEFORE), *lines_of(now)]), "error_rate")
    assert "100.0% of requests failed from 2026-03-04 10:20" in finding.statement


def test_all_failing_before_and_after_is_told(tmp_path: Path):
    """No rise, but no normal either."""
    before, now = ([healthy(n, status=500) for n in range(first, first + 600)] for first in (10_000, 0))
    finding = only(case_of(tmp_path, [*lines_of(before, BEFORE), *lines_of(now)]), "error_rate")
    assert (finding.severity, finding.observed) == (Severity.HIGH, 1.0)


def test_a_weak_beginning_is_the_start(tmp_path: Path):
    """An error that trickles from 10:02 and pours from 10:30 began at 10:02; a change between is no suspect."""
    now = [healthy(n, status=200) for n in range(600)]
    weak = [{"level": "error", "message": "boom", "requestId": f"w{n}"} for n in range(28)]
    strong = [{"level": "error", "message": "boom", "requestId": f"s{n}"} for n in range(600)]
    names = {"09:55": "UpdateFunctionCode", "10:25": "PutBucketPolicy"}
    trail = [
        {"eventTime": f"2026-03-04T{clock}:00Z", "eventName": name, "eventID": name, "readOnly": False}
        for clock, name in names.items()
    ]
    lines = [*usual(), *lines_of(now), *lines_of(weak, NOW[20:300]), *lines_of(strong, NOW[300:])]
    case = case_of(tmp_path, lines, trail=trail)
    assert "628 events since 2026-03-04 10:02 UTC (sudden, stronger from 10:30" in only(case, "new_errors").statement
    assert only(case, "changes_before").subject["change"] == "UpdateFunctionCode"


def test_a_field_named_like_ours_is_a_mark_of_its_own(tmp_path: Path):
    """A field called group or limit_ms sets failures apart and disturbs nothing."""
    for name in ("group", "limit_ms"):
        now = [healthy(n, status=200, **{name: f"v{n % 4}"}) for n in range(600)]
        for n in range(202, 600, 4):
            now[n] |= {"status": 500, "level": "error", "message": "boom"}
        case = case_of(tmp_path / name, [*usual(**{name: "v0"}), *lines_of(now)])
        assert only(case, "new_errors").subject[f"fields.{name}"] == "v2"
        assert only(case, "who_is_hit").statement.startswith("100 of 400 requests hit")


def test_secrets_set_nothing_apart(tmp_path: Path):
    """A key that names a secret is left out, and said to be; its value is nowhere."""
    now = [healthy(n, status=200, api_key=f"hunter{n % 4}") for n in range(600)]
    for n in range(202, 600, 4):
        now[n] |= {"status": 500, "level": "error", "message": "boom"}
    case = case_of(tmp_path, [*usual(api_key="hunter0"), *lines_of(now)])
    for check in CHECKS:
        case.result(check.id)
    assert "hunter" not in json.dumps(case.document)
    assert "api_key (may be secret or personal)" in case.result("what_differs").reason


def test_jobs_are_counted_as_jobs(tmp_path: Path):
    """Errors of a worker's jobs are held against its jobs, not against the API's requests."""
    api = [healthy(n, status=200) for n in range(600)]
    done, failed = {"level": "info", "status": "completed"}, {"level": "error", "status": "failed", "error": "JobError"}
    jobs = [{"tenantId": f"t{n % 4}", "jobType": "ocr", "message": "job", **done} for n in range(600)]
    before = [dict(job) for job in jobs]
    for n in range(200, 600, 4):
        jobs[n] |= failed
    case = case_of(tmp_path, [*usual(), *lines_of(api)], [*lines_of(before, BEFORE), *lines_of(jobs)])
    statement = only(case, "who_is_hit").statement
    assert statement.startswith("100 of 400 jobs hit (25.0%)")
    assert "1 of 4 tenants hit" in statement


def test_errors_of_a_slow_clock_count_in_the_window(tmp_path: Path):
    """A stream whose clock is 50 minutes behind: its events are the window's where their corrected time is."""
    lines = [*_streamed(0), *_streamed(1), *_streamed(2, late_min=50)]
    (tmp_path / "logs" / "g").mkdir(parents=True)
    (tmp_path / "logs" / "g" / "a.jsonl").write_text("".join(line + "\n" for line in lines))
    case = open_export(tmp_path, system="generic")
    finding = only(case, "new_errors")
    assert finding.first_seen.strftime("%H:%M") == "10:20"


def _streamed(stream: int, *, late_min: int = 0) -> list[str]:
    """Two hours of a stream's events, the third's failing from 10:20 on; `late_min` is what its clock is behind."""
    lines = []
    for n in range(-600, 600):
        fails = stream == 2 and n >= 200 and n % 2
        event = healthy(40_000 + 1000 * stream + n, status=500 if fails else 200)
        event |= {"level": "error", "message": "boom"} if fails else {}
        true = 1772618400000 + n * 6000
        line = {"timestamp": true - late_min * 60_000, "ingestionTime": true + 500, "message": json.dumps(event)}
        lines.append(json.dumps({**line, "logStreamName": f"s{stream}"}))
    return lines


def test_errors_of_a_log_group_without_a_baseline_are_not_new(tmp_path: Path):
    """What was not read is not compared, and that is said; what another log group shows stands."""
    bad = {"level": "error", "message": "late", "error": "TimeoutError"}
    known = [{**bad, "message": f"{bad['message']} at {number}"} for number in range(30)]
    api = [*lines_of([healthy(n) for n in range(600)], BEFORE), *lines_of([healthy(n) for n in range(600)])]
    new = lines_of([{**bad, "error": "ValueError", "message": "bad name"}] * 40)
    worker = [*lines_of([healthy(n) for n in range(600)]), *lines_of(known)]
    case = case_of(tmp_path, [*api, *new], worker)
    result = case.result("new_errors")
    assert [finding.subject["error"] for finding in result.findings] == ["ValueError"]
    assert result.reason == (
        "1 group of 30 events in all not compared: of g1 nothing was read in the window or in the baseline"
    )
    assert case.groups.set_index("error")["trend"].to_dict()["TimeoutError"] == "unknown"
    risen = case.result("risen_errors")
    assert (risen.status, risen.findings) == (Verdict.NOT_CHECKED, ())


def test_an_error_is_compared_over_the_log_groups_that_were_read(tmp_path: Path):
    """A finding counts all its events, and says which log group it was not compared over."""
    bad = {"level": "error", "message": "late", "error": "TimeoutError"}
    api = [*lines_of([healthy(n) for n in range(600)], BEFORE), *lines_of([healthy(n) for n in range(600)])]
    api += [*lines_of([bad] * 10, BEFORE), *lines_of([bad] * 100)]
    worker = [*lines_of([healthy(n) for n in range(600)]), *lines_of([bad] * 50)]
    [finding] = case_of(tmp_path, api, worker).result("risen_errors").findings
    assert "10 in the baseline" in finding.statement
    assert "compared without g1, of which nothing was read in the baseline" in finding.statement
    assert sum(ref.rows for ref in finding.evidence) == 150


def test_time_that_was_not_read_is_no_fall_of_traffic(tmp_path: Path):
    """An export that ends in the window, or begins in the baseline, tells nothing of what lies beyond."""
    events = [healthy(n, status=200) for n in range(600)]
    ends = [*lines_of(events, BEFORE), *lines_of(events)[:400]]
    begins = [*lines_of(events, BEFORE)[300:], *lines_of(events)]
    for name, lines in (("ends", ends), ("begins", begins)):
        result = case_of(tmp_path / name, lines, [*lines_of(events, BEFORE), *lines_of(events)]).result("traffic")
        assert (result.status, result.findings) == (Verdict.NOT_CHECKED, ())
        assert "g0 is partial" in result.reason


def test_a_fall_before_the_export_ends_is_found_as_far_as_it_was_read(tmp_path: Path):
    """It ends where the reading does, at the rate of the minutes that were read."""
    events = [healthy(n, status=200) for n in range(600)]
    lines = [*lines_of(events, BEFORE), *lines_of(events)[:200], *lines_of(events)[200:400:10]]
    [fell] = case_of(tmp_path, lines).result("traffic").findings
    assert "Over incomplete logs: Traffic fell to 10% of the baseline from 2026-03-04 10:20 to 10:39" in fell.statement
    assert fell.severity is Severity.LOW


def test_traffic_of_a_log_group_without_a_baseline_is_no_rise(tmp_path: Path):
    """Its requests are not held against the baseline of others; what fell of the others still shows."""
    events = [healthy(n, status=200) for n in range(600)]
    api = [*lines_of(events, BEFORE), *lines_of(events)[:300], *lines_of(events)[300::10]]
    [fell] = case_of(tmp_path, api, lines_of(events * 3)).result("traffic").findings
    assert "Traffic fell to 10% of the baseline from 2026-03-04 10:30 to 11:00" in fell.statement
