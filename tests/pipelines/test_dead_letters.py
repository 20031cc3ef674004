"""Messages that were given up: how many, since when, what they say, and what began in the logs by then."""

from pathlib import Path

import pandas as pd
import pytest
from builders import at, write_logs
from work_builders import GROUP, INTAKE, case_of, message, put, put_metrics, worker_line

from ddms_ops.analysis.dead_letters import growth_of
from ddms_ops.checks.dead_letters import dead_messages
from ddms_ops.declaration import Alert
from ddms_ops.findings import Finding, Severity, Verdict

ANY = Alert(title="DLQ Messages Detected", severity="P2", metric="dead", above=0, for_s=0, steps=("Inspect them",))
HOSTILE = '<img src=x onerror=alert(1)> password=hunter2 =cmd|"/c calc"!A1 \x00 bob@example.com'


def growing(minute: int) -> float:
    """Three a minute from 11:00 on, twelve in all."""
    return float(min(12, max(0, (minute - 179) * 3)))


def one(root: Path, *alerts: Alert) -> Finding:
    """The only finding about dead letters."""
    [finding] = case_of(root, alerts=alerts).result("dead_letters").findings
    return finding


def failed(number: int) -> dict[str, object]:
    """A message that says which error it failed with."""
    body = {"documentId": f"d{number}", "error": {"errorType": "PdfError", "errorMessage": f"no page {number}00"}}
    return message(f"m{number}", body, minute=170 + number)


def test_given_up_messages_with_their_common_failure(tmp_path: Path):
    """How many since when, the severity of the alert, and what most of them say."""
    put(tmp_path, "queues/jobs-dlq.json", {"Messages": [failed(number) for number in range(1, 9)]})
    found = one(put_metrics(tmp_path, dead=growing), ANY)
    assert (found.severity, found.first_seen, found.observed) == (Severity.HIGH, at("11:00"), 12.0)
    assert "of 8 that were received (not all), 8 messages: PdfError: no page <*>" in found.statement


def test_without_an_alert_they_are_medium(tmp_path: Path):
    """And that no message was received is said."""
    found = one(put_metrics(tmp_path, dead=growing))
    assert found.severity is Severity.MEDIUM
    assert "no message of it was received" in found.statement


def test_those_that_were_there_before_are_low(tmp_path: Path):
    """They did not become more; that an alert is met is no news."""
    found = one(put_metrics(tmp_path, dead=lambda _: 7.0), ANY)
    assert (found.severity, found.first_seen) == (Severity.LOW, None)
    assert "7 messages given up to jobs-dlq before the window, and no more in it" in found.statement


def test_errors_that_began_by_then_are_named(tmp_path: Path):
    """New error groups of the pipeline's components, with their events as evidence."""
    old = [worker_line(minute, message="fine") for minute in range(0, 240, 10)]
    new = [worker_line(minute, level="error", error="PdfError", message="broken") for minute in range(165, 185)]
    write_logs(tmp_path, GROUP, *old, *new)
    put_metrics(tmp_path, dead=growing)
    case = case_of(tmp_path, INTAKE.model_copy(update={"components": ("worker",)}))
    [found] = case.result("dead_letters").findings
    assert "20 events of “broken” in its logs, new from 10:45 UTC" in found.statement
    assert {ref.kind for ref in found.evidence} == {"metrics", "logs"}


def test_a_state_alone_does_not_say_since_when(tmp_path: Path):
    """LOW; with messages of the window it is dated by the first of them."""
    put_metrics(tmp_path, age=lambda _: 1.0)
    put(tmp_path, "queues/jobs-dlq.attributes.json", {"Attributes": {"ApproximateNumberOfMessages": "3",
        "QueueArn": "arn:aws:sqs:us-east-1:123456789012:jobs-dlq"}})  # fmt: skip
    found = one(tmp_path)
    assert (found.severity, "not known since when" in found.statement) == (Severity.LOW, True)
    put(tmp_path, "queues/jobs-dlq.json", {"Messages": [failed(5)]})
    assert one(tmp_path).first_seen == at("10:55")


def test_neither_points_nor_state_is_not_checked(tmp_path: Path):
    """What is lacking is said of the pipeline."""
    result = case_of(put_metrics(tmp_path, age=lambda _: 1.0)).result("dead_letters")
    assert (result.status, result.reason) == (
        Verdict.NOT_CHECKED,
        "neither points nor the state of a queue tell of the dead letters of Intake",
    )


def test_hostile_bodies_are_redacted_and_cut(tmp_path: Path):
    """No secret, no address, no long text; HTML is left to the tables, which escape it."""
    bodies = [{"errorMessage": HOSTILE}, HOSTILE, {"error": {"nested": [HOSTILE] * 50}}, "{" * 5000, "[]", "\ud800"]
    put(tmp_path, "queues/jobs-dlq.json", {"Messages": [message(f"m{n}", body) for n, body in enumerate(bodies)]})
    found = one(put_metrics(tmp_path, dead=growing))
    assert not any(secret in found.statement for secret in ("hunter2", "bob@", "\x00\x00"))
    assert len(found.statement) < 800


def test_whose_messages_they_are(tmp_path: Path):
    """By the file's name; of one that names no queue by the queue that gave it up; never those of a live queue."""
    other = INTAKE.model_copy(update={"title": "Other", "dead_letters": ("mail-dlq",), "queues": ("mail",)})
    source = "arn:aws:sqs:us-east-1:123456789012:mail"
    put(tmp_path, "queues/jobs-dlq.json", {"Messages": [message("a", "x")]})
    put(tmp_path, "queues/saved.json", {"Messages": [message("b", "x", DeadLetterQueueSourceArn=source)]})
    put(tmp_path, "queues/jobs.json", {"Messages": [message("c", "x")]})
    case = case_of(put_metrics(tmp_path, dead=growing), INTAKE, other)
    assert [list(dead_messages(case, name)["id"]) for name in ("p0", "p1")] == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("values", "before", "is_sum", "added"),
    [((5, 5, 8), (5,), False, 3), ((2, 0, 1), (), False, 1), ((1, 0, 2), (4,), True, 3), ((3, 2), (9,), False, 0)],
)
def test_growth_counts_rises_alone(values: tuple, before: tuple, is_sum: bool, added: float):
    """What was taken out is no growth; a sum counts new ones."""
    now, earlier = (by_twenty_minutes(each, start) for each, start in ((values, "10:00"), (before, "09:40")))
    assert growth_of(now, earlier, is_sum=is_sum).added == added


def by_twenty_minutes(values: tuple, start: str) -> pd.Series:
    """Values every 20 minutes: what is hidden for so long was taken out."""
    return pd.Series(values, index=pd.date_range(at(start), periods=len(values), freq="20min"), dtype="float64")


@pytest.mark.parametrize(
    "depth",
    [lambda m: 2.0 if m in (150, 151, 170) else 12.0, lambda m: 1000.0 + m * 7 % 5 - 2],
    ids=["looked at", "approximate"],
)
def test_counts_that_flicker_are_no_growth(tmp_path: Path, depth):
    """Messages that are hidden while somebody looks at them come back; a depth is approximate."""
    found = one(put_metrics(tmp_path, dead=depth))
    assert (found.severity, found.first_seen) == (Severity.LOW, None)


def test_a_baseline_of_another_day_is_not_just_before(tmp_path: Path):
    """What was there at the window's begin was there before, whatever was there yesterday."""
    series = {"03": 0.0, "04": 50.0}
    stamps = [f"2026-03-{day}T{hour}:{minute:02d}:00Z" for day in series for hour in (10, 11) for minute in range(60)]
    values = [series[stamp[8:10]] for stamp in stamps]
    put(tmp_path, "metrics/all.json", {"MetricDataResults": [
        {"Id": "dead", "Label": "dead", "Timestamps": stamps, "Values": values}]})  # fmt: skip
    [found] = case_of(tmp_path, baseline="yesterday").result("dead_letters").findings
    assert (found.severity, found.first_seen) == (Severity.LOW, None)


def test_a_sum_has_no_end_and_all_of_it_counts(tmp_path: Path):
    """Twelve in four minutes are twelve; of those eight were received."""
    put(tmp_path, "queues/jobs-dlq.json", {"Messages": [failed(number) for number in range(1, 9)]})
    put_metrics(tmp_path, dead=lambda m: 3.0 if 180 <= m < 184 else 0.0)
    case = case_of(tmp_path)
    dead = case.profile.metrics["dead"].model_copy(update={"statistic": "Sum", "name": "NumberOfMessagesSent"})
    case.profile = case.profile.model_copy(update={"metrics": {**case.profile.metrics, "dead": dead}})
    [found] = case.result("dead_letters").findings
    assert "12 messages given up to jobs-dlq from 2026-03-04 11:00 UTC (Dead); of 8 that were received (not all)" in (
        found.statement
    )


def test_when_a_message_was_sent_is_not_when_it_was_given_up(tmp_path: Path):
    """Without points that is said, and no metric is cited."""
    put(tmp_path, "queues/jobs-dlq.json", {"Messages": [failed(number) for number in range(1, 5)]})
    found = one(put_metrics(tmp_path, age=lambda _: 1.0))
    assert "that were sent from 2026-03-04 10:51 UTC on; when they were given up is not known" in found.statement
    assert "(state of the queue and its messages)" in found.statement


def test_an_error_that_rose_later_is_not_named(tmp_path: Path):
    """Dead letters from 11:00 do not go with an error that is more only from 11:30 on."""
    usual = [worker_line(minute, level="error", error="TokenError", message="no token") for minute in range(0, 210, 6)]
    more = [
        worker_line(minute, second, level="error", error="TokenError", message="no token")
        for minute in range(215, 240)
        for second in (1, 9, 30)
    ]
    write_logs(tmp_path, GROUP, *usual, *more)
    put_metrics(tmp_path, dead=growing)
    case = case_of(tmp_path, INTAKE.model_copy(update={"components": ("worker",)}))
    assert "in its logs" not in case.result("dead_letters").findings[0].statement


def test_messages_of_a_file_that_names_no_queue_are_left_out(tmp_path: Path):
    """They are not taken for a pipeline's, and it is said."""
    put(tmp_path, "queues/other.json", {"Messages": [message(f"m{number}", "x") for number in range(5)]})
    result = case_of(put_metrics(tmp_path, dead=lambda _: 0.0)).result("dead_letters")
    assert (result.status, "5 messages of other left out" in result.reason) == (Verdict.NOT_CHECKED, True)


def test_what_stands_for_something_private_is_not_masked(tmp_path: Path):
    """The mark says what it is, without its letters."""
    put(tmp_path, "queues/jobs-dlq.json", {"Messages": [message("m", {"errorMessage": "no user bob@example.com"})]})
    assert "no user [email]" in one(put_metrics(tmp_path, dead=growing)).statement
