"""The checks of access anomalies, most telling first."""

from ddms_ops.checks.access_changes import check_access_changes
from ddms_ops.checks.base import Check
from ddms_ops.checks.changes_before import changes_besides
from ddms_ops.checks.failed_sign_ins import check_failed_sign_ins, sign_ins_doubt, sign_ins_note
from ddms_ops.checks.hidden_traces import check_hidden_traces, hidden_doubt
from ddms_ops.checks.opened_access import check_opened_access, opened_doubt, opened_note
from ddms_ops.checks.unusual_calls import calls_doubt, calls_note, check_unusual_calls

NAME = "access_anomalies"
CALLS = ("changes", "changes.baseline")
ACCESS_ANOMALIES: tuple[Check, ...] = (
    Check(
        "failed_sign_ins",
        NAME,
        "Who is refused?",
        (),
        check_failed_sign_ins,
        sign_ins_note,
        sign_ins_doubt,
    ),
    Check(
        "unusual_calls",
        NAME,
        "Which calls has this actor not made before?",
        CALLS,
        check_unusual_calls,
        calls_note,
        calls_doubt,
    ),
    Check("opened_access", NAME, "What was opened?", ("changes",), check_opened_access, opened_note, opened_doubt),
    Check("hidden_traces", NAME, "Was watching switched off?", ("changes",), check_hidden_traces, doubt=hidden_doubt),
    Check(
        "access_changes", NAME, "What changed just before?", ("changes",), check_access_changes, quiet=changes_besides
    ),
)
