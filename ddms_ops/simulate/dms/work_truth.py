"""The truth about what a report must say first, and about work that waits without an error.

notebook, says, bucket_s: see `Sought`; only where the scenario says so.
work: None, or {"job" (the slow kind), "step" (where executions stay), "executions" (how many stay),
    "tenants" (whose)}.
onset: of a slow kind of job the minute of the first attempt that shows it, of a stuck step that of the start of
    the first execution that stays there; else as `truth` says.
"""

import numpy as np

from ddms_ops.simulate.cloudtrail import event_time
from ddms_ops.simulate.dms.catalog import JOBS
from ddms_ops.simulate.dms.executions import Executions
from ddms_ops.simulate.dms.jobs import Jobs
from ddms_ops.simulate.dms.requests import SETTLE_MS, Requests
from ddms_ops.simulate.scenario import MINUTE_MS, Scenario

Told = dict[str, object]


def work_truth(scenario: Scenario, jobs: Jobs, executions: Executions, requests: Requests) -> Told:
    """What the module says, of one scenario; empty where there is nothing of the kind."""
    sought = scenario.sought
    if sought is None:
        return {}
    told: Told = {"notebook": sought.notebook, "says": list(sought.says), "bucket_s": sought.bucket_s, "work": None}
    stuck = np.flatnonzero(executions.is_stuck)
    if scenario.slow_job is not None and scenario.onset_ms is not None:
        is_its = np.array([job.name == scenario.slow_job.job for job in JOBS])[jobs.job_type]
        begun = jobs.time_ms - jobs.duration_ms
        told["onset"] = _minute(int(jobs.time_ms[is_its & (begun >= scenario.onset_ms + SETTLE_MS)].min()))
        told["work"] = {"job": scenario.slow_job.job}
    if scenario.stuck is not None and len(stuck):
        tenants = sorted({requests.names[tenant] for tenant in requests.tenant[executions.request[stuck]].tolist()})
        told["onset"] = _minute(int(executions.start_ms[stuck].min()))
        told["work"] = {"step": scenario.stuck.step, "executions": len(stuck), "tenants": tenants}
    return told


def _minute(time_ms: int) -> str:
    return event_time(time_ms // MINUTE_MS * MINUTE_MS)
