"""The processing worker's log group, one JSON object a line."""

import json
from pathlib import Path

import numpy as np

from ddms_ops.simulate.dms.catalog import JOBS, WORKER_LAMBDA
from ddms_ops.simulate.dms.errors import error_text, stack_text
from ddms_ops.simulate.dms.jobs import Jobs
from ddms_ops.simulate.ids import hexes, mix, uuids
from ddms_ops.simulate.output import write_items
from ddms_ops.simulate.scenario import Scenario

CHUNK = 50_000
LEAST_FILES = 3
BROKEN = 0.0005
quote = json.encoder.encode_basestring


def write_worker_log(
    folder: Path, scenario: Scenario, jobs: Jobs, names: tuple[str, ...], salt: int, rng: np.random.Generator
) -> int:
    """Write the group's files, the second gzipped; returns the number of events."""
    logged_ms = jobs.time_ms + jobs.skew_ms[jobs.stream]
    order = np.argsort(logged_ms, kind="stable")
    is_broken = (jobs.error < 0) & (rng.random(len(order)) < BROKEN)
    total = len(order)
    parts = max(LEAST_FILES, -(-total // CHUNK))
    date = f"{scenario.window.start:%Y/%m/%d}"
    digits = hexes(np.arange(len(jobs.skew_ms)), salt + 17)
    old = len(digits) // 2 if scenario.new_worker else len(digits)
    streams = [f"{date}/[{WORKER_LAMBDA + (place >= old)}]{digit}" for place, digit in enumerate(digits)]
    for part in range(parts):
        chosen = order[total * part // parts : total * (part + 1) // parts]
        messages = _messages(jobs, chosen, names, salt)
        rows = zip(
            logged_ms[chosen].tolist(), messages, jobs.stream[chosen].tolist(), is_broken[chosen].tolist(), strict=True
        )
        lines = [
            f'{{"timestamp": {t}, "message": {quote(text[: len(text) * 2 // 3] if broken else text)},'
            f' "logStreamName": "{streams[stream]}"}}\n'
            for t, text, stream, broken in rows
        ]
        write_items(folder / f"worker-{part + 1:04d}.jsonl{'.gz' if part == 1 else ''}", lines)
    return total


def _messages(jobs: Jobs, chosen: np.ndarray, names: tuple[str, ...], salt: int) -> list[str]:
    requests = uuids(jobs.request[chosen], salt)
    documents = uuids(jobs.document[chosen].astype(np.int64), salt + 3)
    digits = hexes(chosen, salt + 19)
    rows = zip(
        mix(chosen, salt + 23).tolist(), jobs.error[chosen].tolist(), jobs.job_type[chosen].tolist(),
        jobs.attempt[chosen].tolist(), jobs.duration_ms[chosen].tolist(), jobs.tenant[chosen].tolist(),
        requests, documents, digits, strict=True,
    )  # fmt: skip
    found = []
    for draw, error, job_type, attempt, duration, tenant, request, document, digit in rows:
        who = f'"requestId":"{request}","tenantId":"{names[tenant]}","documentId":"{document}"'
        job = f'"jobType":"{JOBS[job_type].name}","attempts":{attempt},"duration":{duration}'
        if error < 0:
            found.append(f'{{"level":"info","message":"job completed","status":"COMPLETED",{job},{who}}}')
            continue
        kind = jobs.kinds[error]
        text = error_text(kind.message, draw, digit)
        stack = stack_text(kind, text)
        found.append(
            f'{{"level":"error","message":"job failed","status":"FAILED",{job},"error":"{kind.name}",'
            f'"errorMessage":{quote(text)},' + (f'"stack":{quote(stack)},' if stack else "") + f"{who}}}"
        )
    return found
