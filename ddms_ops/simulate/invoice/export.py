"""One cost incident of the invoice pipeline: drawn, written, and its truth told."""

from pathlib import Path

from ddms_ops.simulate.bill import write_bill
from ddms_ops.simulate.invoice.alarms import write_alarms
from ddms_ops.simulate.invoice.billing import bill_lines
from ddms_ops.simulate.invoice.logs import write_logs
from ddms_ops.simulate.invoice.metrics import metric_values, write_metrics
from ddms_ops.simulate.invoice.scenario import CostScenario
from ddms_ops.simulate.invoice.series import draw_series
from ddms_ops.simulate.invoice.trail import write_trail
from ddms_ops.simulate.invoice.truth import truth_of
from ddms_ops.simulate.invoice.work import draw_work
from ddms_ops.simulate.output import Written


def write_cost_export(folder: Path, scenario: CostScenario, *, seed: int, events: int) -> Written:
    """Write the export of a cost scenario and say what is in it."""
    salt = int(scenario.draws(seed, 2).integers(2**62))
    work = draw_work(scenario, events, seed)
    series = draw_series(scenario, work, seed)
    lines = bill_lines(scenario, series)
    write_bill(folder / "costs", lines, closed=scenario.as_of[:7])
    logged = write_logs(folder / "logs", scenario, work, salt)
    points = write_metrics(folder / "metrics", scenario, metric_values(scenario, series, seed))
    records = write_trail(folder / "trail", scenario, salt, seed)
    alarm_ms = write_alarms(folder / "alarms", scenario, lines)
    truth = truth_of(scenario, lines, work)
    counts = {"events": logged, "bill_lines": len(lines), "metric_points": points, "trail_records": records}
    return Written({**truth, **counts}, alarm_ms)
