"""What an account spent a day, through Cost Explorer: the answers to two requests, as documents.

Cost Explorer groups by two keys at most. Usage is asked for by service and usage type, everything else that a bill
charges by its kind and service; no charge is in both.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

from ddms_ops.cost_sql.kinds import TYPES
from ddms_ops.coverage import Status
from ddms_ops.progress import Meter, report_progress
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.window import Window

METRICS = ["UnblendedCost", "AmortizedCost", "UsageQuantity"]
WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
USAGE = tuple(dict.fromkeys(spelt for name in TYPES["usage"] for spelt in (name, WORD.sub(" ", name))))
"""Record types of usage and of the discounts that lower its price; Cost Explorer has spelt them in both ways."""
MONTHS = 13  # before the present one: what Cost Explorer keeps
PAGE_USD = Decimal("0.01")  # what AWS charges for each page
UNPREPARED = frozenset({"DataUnavailableException", "BillExpirationException"})
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One of the two requests: in words, what is lacking without it, and its filter and groups."""

    words: str
    lacking: str
    is_usage: bool
    groups: tuple[str, str]


REQUESTS = (
    Asked("usage", "usage", True, ("SERVICE", "USAGE_TYPE")),
    Asked("other charges", "fees, credits, taxes and commitments", False, ("RECORD_TYPE", "SERVICE")),
)


@dataclass(slots=True)
class Answers:
    """What is lacking in the answers so far, how many pages were paid for, and whether Ctrl-C ended it."""

    faults: list[AwsFault] = field(default_factory=list)
    pages: int = 0
    is_interrupted: bool = False


def asked_days(window: Window, *, now: pd.Timestamp) -> Window | None:
    """Those whole days of a window that Cost Explorer can be asked for, None without any.

    It keeps the present month and 13 before it, and refuses days that have not begun.
    """
    first = (now.floor("D").replace(day=1) - pd.DateOffset(months=MONTHS)).tz_convert("UTC")
    start, end = max(window.start.floor("D"), first), min(window.end.ceil("D"), now.ceil("D"))
    return Window(start, end) if start < end else None


def cost_documents(
    session: AwsSession, days: Window, tags: Mapping[str, str], accounts: Sequence[str], answers: Answers
) -> list[Document]:
    """The answers of one account, each as one get-cost-and-usage document; no charge is in both.

    Every page costs 0.01 USD, which is said as progress. Where a request breaks off, the days before the one it broke
    off in are kept, and the fault is kept beside them; Ctrl-C ends the pull.

    Args:
        session: whose costs.
        days: whole days.
        tags, accounts: whose costs are asked for, by Cost Explorer's own filters; empty for all.
        answers: the account of all answers, added to.
    """
    report_progress(f"costs: whole days {days.start:%Y-%m-%d} to {days.end:%Y-%m-%d} (the end is not in it)")
    documents = []
    meter = Meter(f"costs: {session.of}Cost Explorer", "pages")
    for asked in REQUESTS:
        results: dict[str, Document] = {}
        try:
            for page in _pages(session, days, expression(tags, accounts, is_usage=asked.is_usage), asked.groups):
                answers.pages += 1
                meter.add(1, usd=PAGE_USD)
                _merge(results, page["ResultsByTime"])
        except AwsFault as fault:
            answers.faults.append(_said(fault, session.of, asked, _without_last(results)))
        except KeyboardInterrupt:
            answers.is_interrupted = True
            _without_last(results)
        keys = [{"Type": "DIMENSION", "Key": key} for key in asked.groups]
        documents.append({"GroupDefinitions": keys, "ResultsByTime": list(results.values())})
        if answers.is_interrupted or (answers.faults and answers.faults[-1].is_signed_out):
            break
    meter.end()
    return documents


def expression(tags: Mapping[str, str], accounts: Sequence[str], *, is_usage: bool) -> Document:
    """The filter of one of the two requests."""
    usage: Document = {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(USAGE)}}
    parts = [usage if is_usage else {"Not": usage}]
    if accounts:
        parts.append({"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": sorted(accounts)}})
    for key, value in sorted(tags.items()):
        parts.append({"Tags": {"Key": key, "Values": [value], "MatchOptions": ["EQUALS"]}})
    return {"And": parts} if len(parts) > 1 else parts[0]


def _pages(session: AwsSession, days: Window, wanted: Document, groups: Sequence[str]) -> Iterator[Document]:
    return session.pages(
        "ce",
        "GetCostAndUsage",
        ask="NextPageToken",
        answer="NextPageToken",
        TimePeriod={"Start": f"{days.start:%Y-%m-%d}", "End": f"{days.end:%Y-%m-%d}"},
        Granularity="DAILY",
        Metrics=METRICS,
        GroupBy=[{"Type": "DIMENSION", "Key": key} for key in groups],
        Filter=wanted,
    )


def _merge(results: dict[str, Document], periods: list[Document]) -> None:
    """Add the days of a page; a day may go on in the next one."""
    for period in periods:
        day = period["TimePeriod"]["Start"]
        if day in results:
            results[day]["Groups"] += period.get("Groups", [])
            results[day]["Estimated"] = results[day].get("Estimated", False) or period.get("Estimated", False)
        else:
            results[day] = {**period, "Groups": list(period.get("Groups", []))}


def _without_last(results: dict[str, Document]) -> str:
    """Take the last day away, which may go on in a page that did not come; its name, empty without any."""
    last = max(results, default="")
    results.pop(last, None)
    return last


def _said(fault: AwsFault, of: str, asked: Asked, last: str) -> AwsFault:
    """The fault with what is lacking because of it; its words begin with `of`."""
    words, status = fault.words, fault.status
    if fault.code in UNPREPARED:
        words = "Cost Explorer has no data for these days; it has some within 24 hours of being switched on"
        status = Status.NOT_CONFIGURED
    since = f" from {last} on" if last else ""
    return AwsFault(status, f"{of}{words}; lacking: {asked.lacking}{since}", code=fault.code)
