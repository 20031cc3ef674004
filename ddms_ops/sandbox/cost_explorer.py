"""Cost Explorer's GetCostAndUsage, computed from the bill in an export: exact sums, by day or hour, page by page."""

import hashlib
import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ddms_ops.sandbox.bill import Bill
from ddms_ops.sandbox.cost_filters import Condition, condition, dimension, refused, tag
from ddms_ops.sandbox.refusal import Refusal

METRICS = ("UnblendedCost", "AmortizedCost", "UsageQuantity")
STEPS = {"DAILY": (timedelta(days=1), "%Y-%m-%d"), "HOURLY": (timedelta(hours=1), "%Y-%m-%dT%H:%M:%SZ")}
MOST_GROUPS = 2
PLACES = Decimal("1.0000000000")  # amounts are told to 10 places
Entry = tuple[datetime, dict[str, Any] | None]  # a period and one of its groups, None where it has none


class CostExplorer:
    """Answers GetCostAndUsage; without a bill there are no results.

    Args:
        root: the export, or None. `page_size` may be set: how many groups a page holds.
    """

    def __init__(self, root: Path | None) -> None:
        self._has_bill = root is not None and (root / "costs").is_dir()
        self._bill = Bill(root if self._has_bill else None)
        self.page_size = 1_000

    def handlers(self) -> dict[str, Any]:
        """The operations by name."""
        return {"GetCostAndUsage": self.answer}

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """One page.

        Raises:
            Refusal: of a request that AWS, or the sandbox, does not take.
        """
        step, form = _step(asked)
        start, end = (_moment(asked["TimePeriod"], name, form) for name in ("Start", "End"))
        if start >= end:
            raise refused("Start date (and hour) should be before end date (and hour)")
        metrics = asked.get("Metrics") or []
        if unknown := [metric for metric in metrics if metric not in METRICS]:
            raise refused(f"Metric {unknown[0]} is not supported here; known: {', '.join(METRICS)}")
        if not metrics:
            raise refused("Metrics is a required parameter")
        keys = asked.get("GroupBy") or []
        if len(keys) > MOST_GROUPS:
            raise refused("GroupBy can have at most 2 values")
        where = condition(asked.get("Filter"))
        if not self._has_bill:
            return {"ResultsByTime": []}
        groups, estimated = self._sums(start, end, step, keys, where)
        entries: list[Entry] = []
        periods = [start + step * place for place in range(-((start - end) // step))]
        for period in periods:
            own = groups.get(period, [])
            entries += [(period, _group(row, metrics, bool(keys))) for row in own] or [(period, None)]
        place, token = self._page(asked)
        page = entries[place : place + self.page_size]
        results = _results(page, step, form, estimated, metrics, is_grouped=bool(keys))
        answer: dict[str, Any] = {"GroupDefinitions": keys, "ResultsByTime": results, "DimensionValueAttributes": []}
        rest = place + self.page_size
        return answer | ({"NextPageToken": f"{token}-{rest}"} if rest < len(entries) else {})

    def _page(self, asked: dict[str, Any]) -> tuple[int, str]:
        """Where the page begins, and what tokens of this request begin with."""
        same = {name: value for name, value in asked.items() if name != "NextPageToken"}
        mark = hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:16]
        given = asked.get("NextPageToken")
        if given is None:
            return 0, mark
        theirs, _, place = str(given).partition("-")
        if not place.isdigit():
            raise Refusal("InvalidNextTokenException", "the token was never given")
        if theirs != mark:
            raise Refusal("RequestChangedException", "Your request parameters changed between pages")
        return int(place), mark

    def _sums(
        self, start: datetime, end: datetime, step: timedelta, keys: list[dict[str, str]], where: Condition
    ) -> tuple[dict[datetime, list[tuple[Any, ...]]], set[datetime]]:
        """Keys, sums, unit and currency of each group by period; and the periods that are estimated."""
        unit = "hour" if step == timedelta(hours=1) else "day"
        columns = [_key(key) for key in keys]
        names = [f"k{place}" for place in range(len(columns))]
        picked = "".join(f"{sql} AS {name}, " for (sql, _), name in zip(columns, names, strict=True))
        sums = ", ".join(f'sum("{metric}")' for metric in METRICS)
        values = [value for _, own in columns for value in own]
        rows = f"""SELECT date_trunc('{unit}', started) AS period, {picked} * EXCLUDE (started) FROM lines
            WHERE started >= ? AND started < ? AND ({where[0]})"""
        by = ", ".join(["period", *names])
        sql = f"""WITH own AS ({rows}) SELECT {by}, {sums}, CASE WHEN min(unit) = max(unit)
            AND count(unit) = count(*) THEN min(unit) ELSE 'N/A' END, min(currency), bool_or(estimated)
            FROM own GROUP BY {by} ORDER BY {by}"""
        with self._bill.cursor() as cursor:
            found = cursor.execute(sql, [*values, start, end, *where[1]]).fetchall()
        groups: dict[datetime, list[tuple[Any, ...]]] = {}
        for row in found:
            groups.setdefault(row[0], []).append(row[1:-1])
        return groups, {row[0] for row in found if row[-1]}


def _step(asked: dict[str, Any]) -> tuple[timedelta, str]:
    if asked.get("Granularity") not in STEPS:
        raise refused(f"Granularity {asked.get('Granularity')} is not supported here; known: {', '.join(STEPS)}")
    return STEPS[asked["Granularity"]]


def _moment(period: dict[str, str], name: str, form: str) -> datetime:
    try:
        return datetime.strptime(period[name], form)
    except (KeyError, ValueError, TypeError):
        raise refused(f"{name} of the time period is not of the form {form}") from None


def _key(key: dict[str, str]) -> Condition:
    kind, name = key.get("Type", "DIMENSION"), key.get("Key", "")
    if kind == "DIMENSION":
        return dimension(name), []
    if kind != "TAG":
        raise refused(f"GroupBy type {kind} is not supported here")
    sql, names = tag(name)
    return f"concat(?, {sql})", [f"{name}$", *names]


def _group(row: tuple[Any, ...], metrics: list[str], is_grouped: bool) -> dict[str, Any]:
    sums, (unit, currency) = dict(zip(METRICS, row[-5:-2], strict=True)), row[-2:]
    told = {
        name: {
            "Amount": f"{sums[name].quantize(PLACES):f}".removesuffix(".0000000000"),
            "Unit": unit if name == "UsageQuantity" else currency,
        }
        for name in metrics
    }
    return {"Keys": list(row[:-5]), "Metrics": told} if is_grouped else told


def _results(
    page: list[Entry], step: timedelta, form: str, estimated: set[datetime], metrics: list[str], *, is_grouped: bool
) -> list[dict[str, Any]]:
    """The periods of a page in order, each with those of its groups that the page holds."""
    nothing = {name: {"Amount": "0", "Unit": "N/A" if name == "UsageQuantity" else "USD"} for name in metrics}
    results: list[dict[str, Any]] = []
    for period, group in page:
        span = {"Start": period.strftime(form), "End": (period + step).strftime(form)}
        if not results or results[-1]["TimePeriod"] != span:
            is_estimated = period in estimated
            results.append({"TimePeriod": span, "Total": {}, "Groups": [], "Estimated": is_estimated})
        if not is_grouped:
            results[-1]["Total"] = group or nothing
        elif group is not None:
            results[-1]["Groups"].append(group)
    return results
