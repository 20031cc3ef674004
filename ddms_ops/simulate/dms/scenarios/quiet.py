"""Days without a failure: usual noise, much noise, and a log that says more than it did."""

from ddms_ops.simulate.dms.catalog import API_FUNCTION, DEVELOPER
from ddms_ops.simulate.dms.scenarios.calls import INNOCENT, configure
from ddms_ops.simulate.scenario import Scenario

QUIET_DAY = Scenario(
    "quiet_day", "Nothing planted: only the usual noise", "2026-03-03T10:00Z", incident_title="Quiet day"
)
LOG_LEVEL = Scenario(
    name="log_level",
    title="The log level is set to debug: more lines, no more errors",
    start="2026-04-16T10:00Z",
    incident_title="Many more log lines",
    severity="P4",
    onset_min=42,
    detected_min=30,
    kind="log_level",
    debug_lines=3,
    changes=(configure(-1, API_FUNCTION, "LOG_LEVEL info -> debug", DEVELOPER), *INNOCENT),
)
NOISY_QUIET_DAY = Scenario(
    "noisy_quiet_day",
    "Nothing planted: many kinds of errors, bursts of refused requests, a crawler",
    "2026-04-22T10:00Z",
    incident_title="Noisy day",
    is_noisy=True,
    changes=INNOCENT,
)
