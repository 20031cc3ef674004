"""One incident of the document management system: drawn, written, and its truth told."""

from pathlib import Path

import numpy as np

from ddms_ops.simulate.dms.alarms import transitions, write_alarms
from ddms_ops.simulate.dms.api_log import api_events, with_refusals, write_api_log
from ddms_ops.simulate.dms.audit import write_audit
from ddms_ops.simulate.dms.catalog import API_GROUP, SCAN_GROUP, UPLOADS, WORKER_GROUP
from ddms_ops.simulate.dms.database import write_database
from ddms_ops.simulate.dms.database_load import draw_load
from ddms_ops.simulate.dms.draw import draw_requests
from ddms_ops.simulate.dms.executions import draw_executions, write_executions
from ddms_ops.simulate.dms.jobs import draw_jobs
from ddms_ops.simulate.dms.leak_truth import leak_truth
from ddms_ops.simulate.dms.leaks import BLOCKED, draw_crossings
from ddms_ops.simulate.dms.metrics import minute_series, write_metrics
from ddms_ops.simulate.dms.object_reads import object_reads
from ddms_ops.simulate.dms.posture import write_posture
from ddms_ops.simulate.dms.queues import write_queues
from ddms_ops.simulate.dms.resources import write_resources
from ddms_ops.simulate.dms.scan_log import SHARE, write_scan_log
from ddms_ops.simulate.dms.service_metrics import service_series
from ddms_ops.simulate.dms.trail import write_trail
from ddms_ops.simulate.dms.truth import Drawn, truth_of
from ddms_ops.simulate.dms.work_truth import work_truth
from ddms_ops.simulate.dms.worker_log import write_worker_log
from ddms_ops.simulate.output import Written
from ddms_ops.simulate.scenario import Scenario

FIRST_GUESS = 0.68  # requests for each log event
PILOT = 60_000  # log events
ROUNDS = 6
NEAR = 0.008  # this near to what was asked is near enough


def write_export(folder: Path, scenario: Scenario, *, seed: int, events: int) -> Written:
    """Write the export of a scenario and say what is in it."""
    drawn = _draw(scenario, seed, events)
    load = draw_load(scenario, drawn.requests, seed)
    rng = np.random.default_rng([seed, 2])
    salt = int(rng.integers(2**62))
    requests, crossings, names = drawn.requests, drawn.crossings, drawn.requests.names
    logs = folder / "logs"
    written = {
        API_GROUP: write_api_log(_group(logs, API_GROUP), scenario, requests, crossings, drawn.events, salt),
        WORKER_GROUP: write_worker_log(_group(logs, WORKER_GROUP), scenario, drawn.jobs, names, salt, rng),
        SCAN_GROUP: write_scan_log(_group(logs, SCAN_GROUP), scenario, requests, salt, rng),
    }
    executions = draw_executions(scenario, requests, drawn.jobs, salt)
    series = minute_series(scenario, requests, drawn.jobs, rng)
    series |= service_series(scenario, series, drawn.jobs, executions, seed)
    write_metrics(folder / "metrics", scenario, series)
    records = write_trail(folder / "trail", scenario, object_reads(requests, crossings, salt), salt, rng)
    audit = write_audit(folder / "audit", scenario, requests, crossings, salt)
    database = write_database(folder / "database", load, drawn.jobs, salt)
    write_posture(folder / "database")
    write_queues(folder / "queues", scenario, series, drawn.jobs, names, salt)
    write_executions(folder / "workflows", scenario, executions, requests, drawn.jobs, salt)
    write_resources(folder, scenario)
    changes = transitions(scenario, series)
    write_alarms(folder / "alarms", changes)
    since = scenario.onset_ms or scenario.start_ms
    alarms = [change.time_ms for change in changes if change.is_alarm and change.time_ms >= since]
    truth = {
        **truth_of(scenario, drawn, salt, written, records),
        **work_truth(scenario, drawn.jobs, executions, requests),
    }
    leak = leak_truth(requests, crossings, salt)
    return Written({**truth, "audit_rows": audit, "database": database, "leak": leak}, min(alarms, default=None))


def _group(logs: Path, name: str) -> Path:
    return logs / name.replace("/", "__")


def _draw(scenario: Scenario, seed: int, events: int) -> Drawn:
    """Requests and what follows from them, so many that about `events` log events are written.

    How many log events a request leads to is learnt on a pilot, which is small where the export is large.
    """
    pilot = min(events, PILOT)
    count = round(pilot * FIRST_GUESS)
    for _ in range(ROUNDS):
        drawn = _draw_once(scenario, seed, count)
        if abs(_log_events(drawn) / pilot - 1) < NEAR:
            break
        count = round(count * pilot / _log_events(drawn))
    if events == pilot:
        return drawn
    return _draw_once(scenario, seed, round(events * count / _log_events(drawn)))


def _log_events(drawn: Drawn) -> float:
    """Log events that this leads to, about; without the few that only leaks and their look-alikes lead to."""
    uploads = drawn.requests.does(*UPLOADS) & (drawn.requests.status < 400)
    refused = len(drawn.crossings.places(BLOCKED))
    return len(drawn.events.time_ms) - refused + len(drawn.jobs.time_ms) + SHARE * float(uploads.sum())


def _draw_once(scenario: Scenario, seed: int, count: int) -> Drawn:
    rng = np.random.default_rng([seed, 1])
    requests = draw_requests(scenario, count, rng)
    events, jobs = api_events(scenario, requests, rng), draw_jobs(scenario, requests, rng)
    crossings = draw_crossings(scenario, requests, seed)
    return Drawn(requests, crossings, with_refusals(requests, crossings, events, seed), jobs)
