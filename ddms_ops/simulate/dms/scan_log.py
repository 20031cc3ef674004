"""The malware scanner's log group, as an S3 export: text lines with Java stack traces below some."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import FILES, UPLOADS
from ddms_ops.simulate.dms.requests import Requests
from ddms_ops.simulate.ids import mix, uuids
from ddms_ops.simulate.output import write_items
from ddms_ops.simulate.scenario import Scenario

SHARE = 0.28  # of the uploads that succeeded
FAILS, WARNS = 0.004, 0.01
CHUNK = 50_000
LEAST_FILES = 3
TRACE = """java.net.SocketTimeoutException: Read timed out
\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)
\tat java.base/sun.nio.ch.NioSocketImpl.implRead(NioSocketImpl.java:314)
\tat com.example.dms.scan.ClamClient.stream(ClamClient.java:{line})
\tat com.example.dms.scan.ScanService.scan(ScanService.java:77)
Caused by: java.io.IOException: connection to clamd at {ip}:3310 was idle
\t... 12 more"""


def write_scan_log(folder: Path, scenario: Scenario, requests: Requests, salt: int, rng: np.random.Generator) -> int:
    """Write the group's files, the last gzipped; returns the number of events."""
    uploads = np.flatnonzero(requests.does(*UPLOADS) & (requests.status < 400))
    uploads = uploads[rng.random(len(uploads)) < SHARE]
    time_ms = _queued(scenario, requests.time_ms[uploads]) + rng.integers(2_000, 9_000, len(uploads))
    keep = np.flatnonzero(time_ms < scenario.end_ms)
    order = keep[np.argsort(time_ms[keep], kind="stable")]
    total = len(order)
    parts = max(LEAST_FILES, -(-total // CHUNK))
    for part in range(parts):
        chosen = order[total * part // parts : total * (part + 1) // parts]
        lines = _lines(requests, uploads[chosen], time_ms[chosen], salt)
        write_items(folder / f"{part:06d}.log{'.gz' if part == parts - 1 else ''}", lines)
    return total


def _queued(scenario: Scenario, time_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """When an upload of each time comes out of the queue: first in, first out, as fast as the tasks left take them."""
    if scenario.onset_ms is None or scenario.consumers_left == 1:
        return time_ms
    since = np.maximum(time_ms - scenario.onset_ms, 0)
    return time_ms + (since * (1 / scenario.consumers_left - 1)).astype(np.int64)


def _lines(requests: Requests, uploads: np.ndarray, time_ms: np.ndarray, salt: int) -> list[str]:
    stamps = pd.DatetimeIndex(time_ms.astype("datetime64[ms]")).strftime("%Y-%m-%dT%H:%M:%S.").tolist()
    documents = uuids(requests.document[uploads].astype(np.int64), salt + 3)
    rows = zip(
        stamps, (time_ms % 1000).tolist(), mix(uploads, salt + 29).tolist(), requests.tenant[uploads].tolist(),
        documents, strict=True,
    )  # fmt: skip
    lines = []
    for stamp, ms, draw, tenant, document in rows:
        where = f"s3://dms-documents-prod/{requests.names[tenant]}/{document}/{FILES[draw % len(FILES)]}"
        thread, luck, size = draw % 8 + 1, (draw >> 20) % 10_000 / 10_000, draw // 13 % 9_000 + 12
        head = f"{stamp}{ms:03d}Z"
        if luck < FAILS:
            trace = TRACE.format(line=draw % 3 + 140, ip=f"10.0.14.{draw // 17 % 200 + 20}")
            lines.append(f"{head} ERROR [scan-{thread}] c.e.dms.scan.ScanService - scan of {where} failed\n{trace}\n")
        elif luck < FAILS + WARNS:
            lines.append(f"{head} WARN  [scan-{thread}] c.e.dms.scan.ScanService - {where} is encrypted, skipped\n")
        else:
            result = f"{where} clean, {size} kB in {40 + size // 9} ms"
            lines.append(f"{head} INFO  [scan-{thread}] c.e.dms.scan.ScanService - {result}\n")
    return lines
