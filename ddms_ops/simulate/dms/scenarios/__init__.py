"""The incidents that can be planted, in the order in which they are listed."""

from ddms_ops.simulate.dms.scenarios.failures import FAILURES
from ddms_ops.simulate.dms.scenarios.hidden import CLOCK_SKEW, RETRIES_HIDE, SWALLOWED, WORKER_FAILING
from ddms_ops.simulate.dms.scenarios.leak import TENANT_LEAK
from ddms_ops.simulate.dms.scenarios.quiet import LOG_LEVEL, NOISY_QUIET_DAY, QUIET_DAY
from ddms_ops.simulate.dms.scenarios.slow import SLOW_QUERY
from ddms_ops.simulate.dms.scenarios.spread import SPREAD
from ddms_ops.simulate.dms.scenarios.work import WORK
from ddms_ops.simulate.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        QUIET_DAY,
        *FAILURES,
        WORKER_FAILING,
        *SPREAD,
        RETRIES_HIDE,
        SWALLOWED,
        LOG_LEVEL,
        CLOCK_SKEW,
        NOISY_QUIET_DAY,
        SLOW_QUERY,
        TENANT_LEAK,
        *WORK,
    )
}
