"""What the work amounts to, every five minutes: the metrics, and what the bill charges."""

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.invoice.catalog import (
    CDN_BYTES_A_DAY,
    LOG_BYTES_A_PAGE,
    LOG_BYTES_AN_UPLOAD,
    MEMORY_GB,
    NAT_BYTES_A_PAGE,
    REQUESTS_A_PAGE,
    SECONDS_A_CALL,
    SECONDS_A_PAGE,
    WEEKDAYS,
    WRITES_A_PAGE,
)
from ddms_ops.simulate.invoice.scenario import BILL_DAYS, DAY_MS, CostScenario
from ddms_ops.simulate.invoice.work import Work, is_after

STEP_MS = 300_000
BINS = BILL_DAYS * DAY_MS // STEP_MS
BINS_AN_HOUR = 12
BINS_A_MONTH = 30.4 * 288
DEBUG_MORE = 10.0  # debug lines are far longer than the others
EVEN_DAY = np.array(WEEKDAYS) ** 0.4
CDN_CURVE = 1 + 0.35 * np.sin(np.arange(288) / 288 * 2 * np.pi - 2.2)
Series = dict[str, NDArray[np.float64]]


def draw_series(scenario: CostScenario, work: Work, seed: int) -> Series:
    """Sums for each five minutes of the bill, by name; what a metric has, has the metric's name."""
    rng = scenario.draws(seed, 22)
    stamps = scenario.bill_ms + STEP_MS * np.arange(BINS)
    after, counted = is_after(scenario, stamps), _counted(scenario, work)
    pages, once, uploads = counted["pages"], counted["once"], counted["uploads"]
    seconds = SECONDS_A_PAGE * pages + SECONDS_A_CALL * counted["calls"]
    duration_s = _shaken(1000 * seconds, rng) / 1000
    debug = DEBUG_MORE * scenario.factor if scenario.effect == "debug" else 1.0
    web = (EVEN_DAY / EVEN_DAY.mean())[(stamps // DAY_MS + 3) % 7] * np.tile(CDN_CURVE, BILL_DAYS)
    return {
        **counted,
        "invocations": counted["attempts"] + pages,
        "inference_duration_s": duration_s,
        "inference_gb_s": duration_s * MEMORY_GB * np.where(after, scenario.times("memory"), 1.0),
        "upload_gb_s": np.round(uploads * 0.41, 3),
        "inference_log_bytes": _shaken(LOG_BYTES_A_PAGE * pages * np.where(after, debug, 1.0), rng),
        "upload_log_bytes": _shaken(LOG_BYTES_AN_UPLOAD * uploads, rng),
        "nat_bytes": _shaken(NAT_BYTES_A_PAGE * once * np.where(after, scenario.times("nat"), 1.0), rng),
        "cdn_bytes": _shaken(CDN_BYTES_A_DAY / 288 * web, rng, 0.05),
        "cdn_requests": _shaken(2_900 * web, rng),
        "table_writes": WRITES_A_PAGE * once + 4 * uploads,
        "table_reads": 60 * once + 12 * uploads,
        "bucket_requests": REQUESTS_A_PAGE * once + 3 * uploads,
        "hours": np.full(BINS, 1 / BINS_AN_HOUR),
        "stored_gb_months": (5_200 + np.arange(BINS) / 900) / BINS_A_MONTH,
        "volume_gb_months": np.full(BINS, 400 / BINS_A_MONTH),
        "database_gb_months": np.full(BINS, 500 / BINS_A_MONTH),
    }


def _counted(scenario: CostScenario, work: Work) -> Series:
    """What is counted of the work itself; `once` are the pages of first attempts."""
    first, last, own = work.attempt == 1, work.is_last, work.pages[work.invoice]

    def binned(times_ms: NDArray[np.int64], values: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        place = (times_ms - scenario.bill_ms) // STEP_MS
        inside = (place >= 0) & (place < BINS)
        weights = None if values is None else values[inside]
        return np.bincount(place[inside], weights=weights, minlength=BINS).astype(np.float64)

    return {
        "uploads": binned(work.uploaded_ms),
        "attempts": binned(work.started_ms),
        "calls": binned(work.read_ms),
        "pages": binned(work.read_ms, own),
        "once": binned(work.read_ms[first], own[first]),
        "input_tokens": binned(work.asked_ms[last], work.input_tokens[last]),
        "output_tokens": binned(work.asked_ms[last], work.output_tokens[last]),
    }


def _shaken(values: NDArray[np.float64], rng: np.random.Generator, share: float = 0.03) -> NDArray[np.float64]:
    """Whole numbers around the values."""
    return np.round(values * np.exp(share * rng.standard_normal(BINS)))


def hourly(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of each hour."""
    found: NDArray[np.float64] = values.reshape(-1, BINS_AN_HOUR).sum(axis=1)
    return found
