"""The log groups of both functions, one JSON object a line."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.ids import hexes, uuids
from ddms_ops.simulate.invoice.catalog import CUSTOMERS, GROUPS, MODEL, NEW_VERSION, OLD_VERSION
from ddms_ops.simulate.invoice.scenario import DAY_MS, CostScenario, moment
from ddms_ops.simulate.invoice.work import Work, is_after, is_debug, is_logged
from ddms_ops.simulate.output import write_items

Event = tuple[int, str]
DEPLOYS = ("repeats", "prompt")
quote = json.encoder.encode_basestring
GIVEN_BACK = "Result could not be stored, the invoice goes back to the queue"


def write_logs(folder: Path, scenario: CostScenario, work: Work, salt: int) -> dict[str, int]:
    """Write a file a day of window and baseline for each group; returns the events of each group."""
    names = uuids(np.arange(len(work.uploaded_ms)), salt)
    customers = [CUSTOMERS[place] for place in work.customer.tolist()]
    uploads = sorted(_uploads(scenario, work, names, customers, salt))
    inference = sorted(_inference(scenario, work, names, customers, salt))
    return {
        GROUPS["upload"]: _write(folder, GROUPS["upload"], uploads, salt + 1),
        GROUPS["inference"]: _write(folder, GROUPS["inference"], inference, salt + 2),
    }


def _write(logs: Path, group: str, events: list[Event], salt: int) -> int:
    days: dict[int, list[Event]] = {}
    for event in events:
        days.setdefault(event[0] // DAY_MS, []).append(event)
    streams = hexes(np.arange(8), salt)
    for day, inside in days.items():
        date = moment(day * DAY_MS)
        lines = (
            f'{{"timestamp": {time_ms}, "message": {quote(text)},'
            f' "logStreamName": "{date:%Y/%m/%d}/[$LATEST]{streams[place % 8]}"}}\n'
            for place, (time_ms, text) in enumerate(inside)
        )
        write_items(logs / group.replace("/", "__") / f"{date:%Y-%m-%d}.jsonl.gz", lines)
    return len(events)


def _chosen(scenario: CostScenario, times_ms: NDArray[np.int64], also: NDArray[np.bool_] | None = None) -> list[int]:
    keep = is_logged(scenario, times_ms)
    return np.flatnonzero(keep if also is None else keep & also).tolist()


def _uploads(scenario: CostScenario, work: Work, names: list[str], customers: list[str], salt: int) -> Iterator[Event]:
    places = _chosen(scenario, work.uploaded_ms)
    requests = uuids(np.array(places, dtype=np.int64), salt + 5)
    for place, request in zip(places, requests, strict=True):
        yield (
            int(work.uploaded_ms[place]),
            f'{{"level": "INFO", "message": "Uploaded invoice", "requestId": "{request}",'
            f' "invoice_id": "{names[place]}", "customer_id": "{customers[place]}",'
            f' "bytes": {work.size[place]}, "version": "{OLD_VERSION}"}}',
        )


def _inference(
    scenario: CostScenario, work: Work, names: list[str], customers: list[str], salt: int
) -> Iterator[Event]:
    """Every event of an attempt; an attempt that begins before the end of a window may end outside it."""
    requests = uuids(np.arange(len(work.invoice)), salt + 7)
    is_new = is_after(scenario, work.started_ms) & (scenario.effect in DEPLOYS)

    def event(message: str, place: int, more: str = "", level: str = "INFO") -> str:
        invoice = int(work.invoice[place])
        return (
            f'{{"level": "{level}", "message": "{message}", "requestId": "{requests[place]}",'
            f' "invoice_id": "{names[invoice]}", "customer_id": "{customers[invoice]}",'
            f' "attempt": {work.attempt[place]}, "version": "{NEW_VERSION if is_new[place] else OLD_VERSION}"{more}}}'
        )

    for place in _chosen(scenario, work.started_ms):
        yield int(work.started_ms[place]), event("Processing invoice", place)
    for place in _chosen(scenario, work.read_ms):
        more = f', "pages": {work.pages[work.invoice[place]]}, "duration_ms": {work.textract_took_ms[place]}'
        yield int(work.read_ms[place]), event("Textract finished", place, more)
    for place in _chosen(scenario, work.asked_ms, work.is_last):
        more = (
            f', "model": "{MODEL}", "input_tokens": {work.input_tokens[place]},'
            f' "output_tokens": {work.output_tokens[place]}, "cached": {"true" if work.is_cached[place] else "false"},'
            f' "duration_ms": {work.bedrock_took_ms[place]}'
        )
        yield int(work.asked_ms[place]), event("Bedrock finished", place, more)
    for place in _chosen(scenario, work.done_ms, work.is_last):
        yield int(work.done_ms[place]), event("Successfully processed invoice", place)
    for place in _chosen(scenario, work.done_ms, ~work.is_last):
        yield int(work.done_ms[place]), event(GIVEN_BACK, place, level="WARN")
    for place in _chosen(scenario, work.read_ms, is_debug(scenario, work.read_ms)):
        for part in ("blocks", "fields"):
            more = f', "pages": {work.pages[work.invoice[place]]}, "{part}": "{"0123456789abcdef" * 24}"'
            yield int(work.read_ms[place]), event(f"Textract answer, {part}", place, more, "DEBUG")
