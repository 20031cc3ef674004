"""Cost incidents: logs, metrics, bill and truth agree."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest
import yaml
from invoice_reading import HOUR_MS, bill, billed_by_hour, logged_by_hour, messages, points, said
from reading import alarms, trail, tree

from ddms_ops.simulate import COST_SCENARIOS, SimulatedCase, write_case
from ddms_ops.simulate.bill import Line
from ddms_ops.simulate.invoice.billing import bill_lines
from ddms_ops.simulate.invoice.scenario import played as as_played
from ddms_ops.simulate.invoice.series import draw_series
from ddms_ops.simulate.invoice.work import draw_work

EVENTS = 4_000
PROFILE = yaml.safe_load((Path(__file__).parents[2] / "parameters/systems/smart-invoice.yaml").read_text())
DRIVERS = PROFILE["costs"]["drivers"]
RISES = [name for name, declared in COST_SCENARIOS.items() if not declared.instead]


@dataclass(frozen=True)
class Spent:
    """A written case and its truth."""

    case: SimulatedCase
    truth: dict

    @property
    def export(self) -> Path:
        return self.case.export


@pytest.fixture(scope="module")
def spend(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Spent]:
    """Gives a cost scenario by name, written once."""

    @cache
    def written(name: str) -> Spent:
        case = write_case("smart-invoice", name, tmp_path_factory.mktemp(name), seed=3, events=EVENTS)
        return Spent(case, json.loads(case.truth.read_text()))

    return written


@pytest.fixture(scope="module")
def loop(spend: Callable[[str], Spent]) -> Spent:
    """The retry loop."""
    return spend("textract_retry_loop")


def hours_logged(played: Spent) -> set[int]:
    """Start of every hour of window and baseline, epoch ms."""
    return {int(datetime.fromisoformat(stamp).timestamp() * 1000) // HOUR_MS * HOUR_MS
            for stamp in points(played.export)["nat_bytes"]}  # fmt: skip


def as_day(time: str) -> datetime:
    """A time with Z."""
    return datetime.fromisoformat(time.replace("Z", "+00:00"))


def test_as_many_events_as_asked(loop: Spent):
    """Within 4 %, and as many as the truth says."""
    written = {f"/aws/lambda/smart-invoice-prod-{kind}": len(messages(loop.export, kind))
               for kind in ("upload", "inference")}  # fmt: skip
    assert written == loop.truth["events"]
    assert abs(sum(written.values()) / EVENTS - 1) < 0.04


def test_pages_logged_are_pages_billed(loop: Spent):
    """In every hour of window and baseline."""
    logged = logged_by_hour(loop.export, "Textract finished", "pages")
    billed = billed_by_hour(loop.export, "USE1-AnalyzeExpensePages")
    inside = hours_logged(loop)
    assert len(inside) == 144
    assert logged == Counter({hour: round(pages) for hour, pages in billed.items() if hour in inside})


@pytest.mark.parametrize("kind", ["input", "output"])
def test_tokens_logged_are_tokens_billed(loop: Spent, kind: str):
    """In thousands."""
    logged = logged_by_hour(loop.export, "Bedrock finished", f"{kind}_tokens")
    billed = billed_by_hour(loop.export, f"USE1-ClaudeV2-{kind}-tokens")
    inside = hours_logged(loop)
    assert sum(logged.values()) == round(1000 * sum(tokens for hour, tokens in billed.items() if hour in inside))


@pytest.mark.parametrize(
    ("metric", "usage_type", "unit"),
    [
        ("nat_bytes", "NatGateway-Bytes", 2**30),
        ("cdn_bytes", "US-DataTransfer-Out-Bytes", 2**30),
        ("table_writes", "WriteRequestUnits", 1),
        ("bucket_requests", "Requests-Tier1", 1),
        ("inference_duration_sum", "Lambda-GB-Second", 250),
        ("inference_log_bytes", "USE1-DataProcessing-Bytes", 1e9),
    ],
)
def test_metrics_are_what_is_billed(loop: Spent, metric: str, usage_type: str, unit: float):
    """Over window and baseline, of the inference function where the upload function has lines of its own."""
    own = {"inference_duration_sum": "arn:aws:lambda:us-east-1:123456789012:function:smart-invoice-prod-inference",
           "inference_log_bytes": "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/smart-invoice-prod-"
           "inference"}  # fmt: skip
    billed, inside = billed_by_hour(loop.export, usage_type, own.get(metric)), hours_logged(loop)
    used = sum(amount for hour, amount in billed.items() if hour in inside)
    assert sum(points(loop.export)[metric].values()) == pytest.approx(used * unit, rel=1e-6)


def test_the_function_is_invoked_for_invoices_and_pages(loop: Spent):
    """Once for an attempt and once for each of its pages; as often as is billed."""
    attempts = sum(1 for _ in said(loop.export, "Processing invoice"))
    pages = logged_by_hour(loop.export, "Textract finished", "pages")
    assert sum(points(loop.export)["inference_invocations"].values()) == attempts + sum(pages.values())


def test_metrics_are_those_of_the_profile(loop: Spent):
    """Every one that is no ratio of others."""
    assert set(points(loop.export)) == {name for name, it in PROFILE["metrics"].items() if "ratio_of" not in it}


def test_a_loop_processes_the_same_invoice_again(loop: Spent):
    """More often than is usual, after the onset alone, and without another Bedrock call."""
    times = Counter(event["invoice_id"] for _, event in said(loop.export, "Processing invoice"))
    asked = Counter(event["invoice_id"] for _, event in said(loop.export, "Bedrock finished"))
    assert max(times.values()) > PROFILE["costs"]["repeats"]["inference"]["most"]
    assert max(asked.values()) == 1
    onset_ms = as_day(loop.truth["onset"]).timestamp() * 1000
    again = [stamp for stamp, event in said(loop.export, "Processing invoice") if event["attempt"] > 2]
    assert min(again) >= onset_ms


def test_the_same_arguments_write_the_same_files(loop: Spent, tmp_path: Path):
    """Byte for byte."""
    again = write_case("smart-invoice", "textract_retry_loop", tmp_path, seed=3, events=EVENTS)
    assert tree(again.export) == tree(loop.export)
    assert again.truth.read_bytes() == loop.case.truth.read_bytes()


def test_the_incident_asks_for_whole_days_and_the_week_before(loop: Spent):
    """Three UTC days; it was noticed after the onset, when the budget's alarm rang."""
    incident = yaml.safe_load(loop.case.incident.read_text())
    start, end, detected = (as_day(incident[name]) for name in ("start", "end", "detected"))
    assert ((end - start).days, start.hour, incident["baseline"]) == (3, 0, "last-week")
    assert alarms(loop.export)[-1]["Timestamp"].startswith(f"{detected:%Y-%m-%dT%H:%M}")
    assert start < as_day(loop.truth["onset"]) < detected < end


def test_the_planted_change_is_in_the_trail(loop: Spent):
    """Just before the onset, among others."""
    made = [(record["eventTime"], record["eventName"].split("2015")[0]) for record in trail(loop.export)]
    change = loop.truth["change"]
    assert (change["time"], change["name"]) in made
    assert 0 < (as_day(loop.truth["onset"]) - as_day(change["time"])).total_seconds() < 600
    assert len(made) == loop.truth["trail_records"] > 200


def test_an_upload_burst_is_one_customer():
    """Its share of the uploads grows, that of nobody else does."""
    declared = COST_SCENARIOS["upload_burst"]
    work = draw_work(declared, EVENTS, 7)
    after = work.uploaded_ms >= declared.onset_ms
    shares = [Counter(work.customer[where].tolist()) for where in (~after, after)]
    grown = [
        name for name in shares[1] if shares[1][name] / shares[1].total() > 1.5 * shares[0][name] / shares[0].total()
    ]
    assert grown == [declared.customer]


def test_unfinished_days_lack_lines(spend: Callable[[str], Spent]):
    """The last two days have ever fewer, while the logs are whole."""
    played = spend("unfinished_days")
    starts = bill(played.export)["line_item_usage_start_date"].to_pylist()
    days = Counter(f"{start:%Y-%m-%d}" for start in starts)
    last = [days[day] for day in sorted(days)[-3:]]
    assert last[0] > 1.1 * last[1] > 1.2 * last[2] > 0
    assert len({stamp // (24 * HOUR_MS) for stamp, _ in messages(played.export, "upload")}) == 6
    assert as_day(played.truth["as_of"]) == datetime(2026, 8, 14, tzinfo=UTC)


def lines_of(name: str) -> list[Line]:
    """The bill of a scenario as it is declared, unwritten."""
    declared = COST_SCENARIOS[name]
    return bill_lines(declared, draw_series(declared, draw_work(declared, EVENTS, 7), 7))


def test_a_price_changes_at_flat_usage():
    """From the onset on a page costs 1.6 times as much."""
    declared = COST_SCENARIOS["price_change"]
    pages = [line for line in lines_of("price_change") if line.usage_type == "USE1-AnalyzeExpensePages" and line.rate]
    onset = as_day(declared.onset)
    assert {line.rate for line in pages if line.start < onset} == {Decimal("0.01")}
    assert {line.rate for line in pages if line.start >= onset} == {Decimal("0.016")}


def test_what_ends_costs_about_what_begins():
    """514.08 USD a day are gone, 509.04 are new."""
    day = timedelta(days=1)
    lines, onset = lines_of("offsets"), as_day(COST_SCENARIOS["offsets"].onset)
    days = [(onset - 7 * day, onset - 6 * day, "BoxUsage:c5.9xlarge"), (onset, onset + day, "USE1-Host:ml.g5.2xlarge")]
    sums = [sum(line.cost for line in lines if start <= line.start < end and line.usage_type == kind)
            for start, end, kind in days]  # fmt: skip
    assert sums == [Decimal("514.08"), Decimal("509.04")]


def test_a_reservation_is_paid_at_once_and_costs_less_when_spread():
    """One upfront fee at the onset; the databases' amortised price falls from 0.26 to 0.1687 an hour."""
    lines, onset = lines_of("reservation_purchase"), as_day(COST_SCENARIOS["reservation_purchase"].onset)
    [fee] = [line for line in lines if line.type == "Fee" and line.commitment]
    assert (fee.start, fee.cost, fee.amortised) == (onset, Decimal("2955.624"), 0)
    hourly = [line for line in lines if line.usage_type == "InstanceUsage:db.r6g.large"]
    assert {line.amortised for line in hourly if line.start < onset} == {Decimal("0.26")}
    assert {line.amortised for line in hourly if line.start >= onset} == {Decimal("0.1687")}


def test_the_bill_goes_on_until_the_export_was_made(loop: Spent):
    """Eight weeks, three days beyond the window; the days of the window are whole, those after are not."""
    starts = bill(loop.export)["line_item_usage_start_date"].to_pylist()
    days = Counter(f"{start:%Y-%m-%d}" for start in starts)
    assert (min(days), loop.truth["as_of"]) == ("2026-01-19", "2026-03-16T00:00:00Z")
    hours = {start for start, kind in zip(starts, bill(loop.export)["line_item_usage_type"].to_pylist(), strict=True)
             if kind == "NatGateway-Hours"}  # fmt: skip
    assert sum(f"{start:%Y-%m-%d}" == "2026-03-12" for start in hours) == 24
    assert sum(f"{start:%Y-%m-%d}" == "2026-03-15" for start in hours) == 13


@pytest.mark.parametrize("name", RISES)
def test_what_is_planted_is_declared_by_the_profile(name: str):
    """Its driver has such lines, and such a step."""
    declared = COST_SCENARIOS[name]
    if not declared.driver:
        assert declared.bar == "new"
        return
    driver = DRIVERS[declared.driver]
    assert declared.step in (*driver["chain"], "price", "billed")
    assert declared.bar == ("price" if declared.step == "price" else "usage")


def test_the_truth_names_the_lines(loop: Spent):
    """By patterns of the driver; in a kind, at a time and of an amount that the bill bears out."""
    truth = loop.truth
    driver = DRIVERS[truth["driver"]]
    assert {truth["service"], truth["service_name"]} <= set(driver["services"])
    assert any(fnmatchcase(truth["usage_type"], pattern) for pattern in driver.get("usage_types", ["*"]))
    assert float(truth["daily_impact"]) == pytest.approx(float(truth["planted_daily_impact"]), rel=0.2)
    assert f"{float(truth['daily_impact']):+.2f} USD a day from {truth['onset']}" in truth["finding"]
    assert set(truth["also"]) >= {"lambda"}


def test_a_quiet_truth_says_what_to_say_instead(spend: Callable[[str], Spent]):
    """No finding of a rise, and words."""
    truth = spend("unfinished_days").truth
    assert (truth["is_quiet"], truth["finding"], truth["also"]) == (True, None, {})
    assert truth["instead"].startswith("The last two days are not finished")


def test_scenarios_are_told_apart():
    """Fifteen, each with one line to say what it is; six of them are no rise."""
    assert list(COST_SCENARIOS) == [
        "textract_retry_loop", "upload_burst", "bedrock_prompt", "cache_misses", "debug_logging", "nat_traffic",
        "memory_doubled", "price_change", "offsets", "reservation_purchase", "credit_expiring", "unfinished_days",
        "month_end", "monday_peak", "quiet_cost_month",
    ]  # fmt: skip
    assert list(COST_SCENARIOS)[9:] == [name for name, declared in COST_SCENARIOS.items() if declared.instead]
    assert all(declared.title and declared.incident_title for declared in COST_SCENARIOS.values())


@pytest.mark.parametrize("name", [name for name in RISES if name not in ("memory_doubled", "price_change")])
def test_seeds_move_onset_and_factor(name: str):
    """Seed 7 is as declared; others begin 6 to 30 hours into the window, at 2.5 to 6 times the usual."""
    assert as_played(COST_SCENARIOS[name], 7) is COST_SCENARIOS[name]
    others = [as_played(COST_SCENARIOS[name], seed) for seed in range(8, 28)]
    onsets, factors = {each.onset_h for each in others}, {each.factor for each in others}
    assert 6 <= min(onsets) < max(onsets) <= 30
    assert len(onsets) > 6
    assert 2.5 <= min(factors) < max(factors) <= 6
    assert len(factors) > 15
