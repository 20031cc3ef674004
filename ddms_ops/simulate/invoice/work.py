"""Invoices and the attempts at them as arrays, over all days of the bill."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.invoice.catalog import (
    ANSWER_A_CALL,
    ANSWER_A_PAGE,
    CACHED,
    HOURS,
    PAGES_A_DAY,
    SHARES,
    TOKENS_A_CALL,
    TOKENS_A_PAGE,
    WEEKDAYS,
)
from ddms_ops.simulate.invoice.scenario import BILL_DAYS, HOUR_MS, CostScenario

LEAST_PAGES = 1.5
PAGES_SHAPE = 4.0  # of the gamma distribution of pages
USUAL_REPEATS = 0.02
REPEATED = 0.5  # share of the invoices that a loop takes
ROUNDS = 24
NEAR = 0.01
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Work:
    """Invoices (by upload time) and attempts at them (by start); times are epoch ms.

    Of an attempt that is given back to the queue there is no Bedrock call and no success.
    """

    uploaded_ms: Times
    customer: NDArray[np.int64]
    pages: NDArray[np.int64]
    size: NDArray[np.int64]  # bytes
    invoice: NDArray[np.int64]  # of each attempt: place of its invoice
    attempt: NDArray[np.int64]  # from 1
    is_last: NDArray[np.bool_]
    started_ms: Times
    read_ms: Times  # Textract finished
    textract_took_ms: Times
    asked_ms: Times  # Bedrock finished
    bedrock_took_ms: Times
    is_cached: NDArray[np.bool_]
    input_tokens: NDArray[np.int64]
    output_tokens: NDArray[np.int64]
    done_ms: Times


def draw_work(scenario: CostScenario, events: int, seed: int) -> Work:
    """So many invoices that about `events` log events fall into window and baseline."""
    invoices = events / (scenario.window.length.days * 2) / 6
    tried: list[tuple[float, int, Work]] = []
    for _ in range(ROUNDS):
        work = _draw(scenario, invoices, seed)
        written = logged_events(scenario, work)
        tried.append((abs(written / events - 1), len(tried), work))
        if tried[-1][0] < NEAR:
            break
        invoices *= (events / written) ** (0.8 - 0.7 * len(tried) / ROUNDS)
    return min(tried, key=lambda each: each[:2])[2]


def is_logged(scenario: CostScenario, times_ms: Times) -> NDArray[np.bool_]:
    """Whether a time is in the window or its baseline."""
    found = np.zeros(len(times_ms), dtype=bool)
    for window in (scenario.before, scenario.window):
        start, end = (round(stamp.timestamp() * 1000) for stamp in (window.start, window.end))
        found |= (times_ms >= start) & (times_ms < end)
    return found


def is_debug(scenario: CostScenario, times_ms: Times) -> NDArray[np.bool_]:
    """Whether debug lines are logged at a time."""
    if scenario.effect != "debug":
        return np.zeros(len(times_ms), dtype=bool)
    return is_after(scenario, times_ms)


def is_after(scenario: CostScenario, times_ms: Times) -> NDArray[np.bool_]:
    """Whether a time is at or after the onset."""
    return times_ms >= scenario.begins_ms


def logged_events(scenario: CostScenario, work: Work) -> int:
    """How many log events are written of it."""
    last = work.is_last
    debug = work.read_ms[is_debug(scenario, work.read_ms)]
    times = (work.uploaded_ms, work.started_ms, work.read_ms, work.asked_ms[last], work.done_ms, debug, debug)
    return int(sum(is_logged(scenario, each).sum() for each in times))


def _draw(scenario: CostScenario, invoices_a_day: float, seed: int) -> Work:
    rng = scenario.draws(seed, 21)
    hours = scenario.bill_ms + HOUR_MS * np.arange(BILL_DAYS * 24)
    weights = _weights(scenario, hours)
    rates = invoices_a_day / 24 * weights[:, None] * np.array(SHARES)[None, :]
    extra = 1 + (scenario.times("uploads") - 1) / SHARES[scenario.customer]
    rates[is_after(scenario, hours), scenario.customer] *= extra
    counts = rng.poisson(rates)
    hour, customer = (np.repeat(side.ravel(), counts.ravel()) for side in np.indices(counts.shape))
    uploaded = hours[hour] + rng.integers(0, HOUR_MS, len(hour))
    order = np.argsort(uploaded, kind="stable")
    uploaded, customer = uploaded[order], customer[order]
    mean = max(LEAST_PAGES, PAGES_A_DAY / invoices_a_day)
    pages = 1 + np.round(rng.gamma(PAGES_SHAPE, (mean - 1) / PAGES_SHAPE, len(uploaded))).astype(np.int64)
    return _attempts(scenario, uploaded, customer, pages, rng)


def _weights(scenario: CostScenario, hours: Times) -> NDArray[np.float64]:
    """How busy each hour is; 1 on average over a usual week."""
    days = (hours // (24 * HOUR_MS) + 3) % 7
    busy = np.array(WEEKDAYS) / np.mean(WEEKDAYS)
    busy[0] *= scenario.monday
    return busy[days] * (np.array(HOURS) / np.mean(HOURS))[hours // HOUR_MS % 24]


def _attempts(
    scenario: CostScenario, uploaded: Times, customer: NDArray[np.int64], pages: NDArray[np.int64],
    rng: np.random.Generator,
) -> Work:  # fmt: skip
    times = _how_often(scenario, uploaded, rng)
    invoice = np.repeat(np.arange(len(uploaded)), times)
    attempt = np.arange(len(invoice)) - np.repeat(np.cumsum(times) - times, times) + 1
    wait = rng.integers(240_000, 660_000, len(uploaded))
    started = uploaded[invoice] + rng.integers(900, 2_500, len(uploaded))[invoice] + (attempt - 1) * wait[invoice]
    own = pages[invoice]
    textract = 900 + (own * rng.uniform(280, 420, len(own))).astype(np.int64)
    cached = 1 - (1 - CACHED) / scenario.factor if scenario.effect == "cache" else CACHED
    read = started + rng.integers(40, 120, len(own)) + textract
    limit = np.where(is_after(scenario, read) & (scenario.effect == "cache"), CACHED, cached)
    is_cached = rng.random(len(own)) < limit
    grown = np.where(is_after(scenario, read), scenario.times("prompt"), 1.0)
    asked_tokens = (TOKENS_A_CALL + TOKENS_A_PAGE * own) * rng.uniform(0.9, 1.1, len(own)) * grown
    answered = (ANSWER_A_CALL + ANSWER_A_PAGE * own) * rng.uniform(0.85, 1.15, len(own))
    bedrock = np.where(is_cached, 12, 700 + answered * 1.5).astype(np.int64)
    asked = read + rng.integers(20, 60, len(own)) + bedrock
    last = attempt == times[invoice]
    ended = np.where(last, asked, read) + rng.integers(15, 90, len(own))
    order = np.argsort(started, kind="stable")
    return Work(
        uploaded_ms=uploaded, customer=customer, pages=pages,
        size=pages * 61_000 + rng.integers(4_000, 60_000, len(pages)),
        invoice=invoice[order], attempt=attempt[order], is_last=last[order], started_ms=started[order],
        read_ms=read[order], textract_took_ms=textract[order], asked_ms=asked[order], bedrock_took_ms=bedrock[order],
        is_cached=is_cached[order], input_tokens=np.where(is_cached, 0, asked_tokens).astype(np.int64)[order],
        output_tokens=np.where(is_cached, 0, answered).astype(np.int64)[order], done_ms=ended[order],
    )  # fmt: skip


def _how_often(scenario: CostScenario, uploaded: Times, rng: np.random.Generator) -> NDArray[np.int64]:
    """Attempts at each invoice: a few twice, and in a loop most of them many times."""
    times = np.where(rng.random(len(uploaded)) < USUAL_REPEATS, 2, 1)
    further = (scenario.times("repeats") - 1) / REPEATED
    looped = is_after(scenario, uploaded) & (rng.random(len(uploaded)) < REPEATED)
    low = np.floor(further)
    many = 1 + low + (rng.random(len(uploaded)) < further - low)
    return np.where(looped & (further > 0), many, times).astype(np.int64)
