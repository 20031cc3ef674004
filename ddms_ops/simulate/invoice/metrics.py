"""Five-minute values of the profile's metrics for window and baseline, as get-metric-data prints them."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddms_ops.simulate.invoice.scenario import CostScenario
from ddms_ops.simulate.invoice.series import BINS, STEP_MS, Series
from ddms_ops.simulate.invoice.work import is_logged
from ddms_ops.simulate.output import write_json

FILES: dict[str, tuple[str, ...]] = {
    "lambda.json": (
        "upload_invocations", "upload_errors", "upload_duration", "inference_invocations", "inference_errors",
        "inference_duration", "inference_duration_sum", "inference_throttles", "inference_max_duration",
        "inference_concurrency", "upload_throttles",
    ),
    "services.json": ("api_latency", "textract_time", "bedrock_time", "dlq_messages", "dlq_age"),
    "usage.json": (
        "inference_log_bytes", "upload_log_bytes", "nat_bytes", "cdn_bytes", "table_reads", "table_writes",
        "table_throttles", "table_write_throttles", "bucket_requests",
    ),
}  # fmt: skip
ERRORS = 0.002
MANY = 60  # of fewer invocations none fails: one error is no error rate


def metric_values(scenario: CostScenario, series: Series, seed: int) -> Series:
    """The value of every metric for each five minutes of the bill, by our name."""
    rng = scenario.draws(seed, 23)

    def about(usual: float, share: float = 0.08) -> NDArray[np.float64]:
        return np.round(usual * np.exp(share * rng.standard_normal(BINS)), 3)

    def failed(name: str) -> NDArray[np.float64]:
        errors = rng.binomial(series[name].astype(np.int64), ERRORS)
        return np.where(series[name] >= MANY, errors, 0).astype(np.float64)

    zeros = np.zeros(BINS)
    names = {name for inside in FILES.values() for name in inside}
    return {
        **{name: series[name] for name in names & set(series)},
        "upload_invocations": series["uploads"],
        "upload_errors": failed("uploads"),
        "upload_duration": about(1_450),
        "inference_invocations": series["invocations"],
        "inference_errors": failed("invocations"),
        "inference_duration": about(36_500),
        "inference_duration_sum": np.round(series["inference_duration_s"] * 1000),
        "inference_throttles": zeros,
        "api_latency": about(640),
        "textract_time": about(8_200),
        "bedrock_time": about(3_900),
        "dlq_messages": zeros,
        "table_throttles": zeros,
        "table_write_throttles": zeros,
        "upload_throttles": zeros,
        "dlq_age": zeros,
        "inference_max_duration": about(52_000),
        "inference_concurrency": about(14),
    }


def write_metrics(folder: Path, scenario: CostScenario, values: Series) -> int:
    """Write the answers, newest point first; returns the points of one metric."""
    times = scenario.bill_ms + STEP_MS * np.arange(BINS)
    places = np.flatnonzero(is_logged(scenario, times))[::-1]
    stamps = pd.DatetimeIndex(times[places].astype("datetime64[ms]")).strftime("%Y-%m-%dT%H:%M:%S+00:00").tolist()
    for name, metrics in FILES.items():
        results = [
            {"Id": metric, "Label": metric, "Timestamps": stamps, "Values": values[metric][places].tolist(),
             "StatusCode": "Complete"}
            for metric in metrics
        ]  # fmt: skip
        write_json(folder / name, {"MetricDataResults": results, "Messages": []}, indent=None)
    return len(places)
