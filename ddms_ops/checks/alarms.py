"""Which alarms went off?"""

from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.refs import log_refs
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact


def check_alarms(facts: Facts) -> list[Finding]:
    """Alarms that changed to ALARM within the window, one finding each."""
    if is_absent(facts, "alarms"):
        raise CannotTell("no alarm history")
    fired = facts.alarms[facts.alarms["new_state"] == "ALARM"]
    return [
        Finding(
            check="alarms",
            severity=Severity.MEDIUM,
            statement=f"Alarm {redact(str(name))} went to ALARM at {rows['timestamp'].min():%Y-%m-%d %H:%M} UTC"
            + (f", {len(rows)} times in all" if len(rows) > 1 else ""),
            subject={"alarm": redact(str(name))},
            evidence=log_refs(rows),
            strength=float(len(rows)),
            first_seen=rows["timestamp"].min(),
            last_seen=rows["timestamp"].max(),
        )
        for name, rows in fired.groupby("alarm", sort=True)
    ]
