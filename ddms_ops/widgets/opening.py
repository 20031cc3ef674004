"""The opened case, with a control that tells how to open another window of it, or another incident."""

from ddms_ops.case import Case
from ddms_ops.checks.tables import verdict
from ddms_ops.widgets.control import Control


def incident(case: Case) -> Control:
    """The case as it was opened; a person can choose another incident, window or baseline and is told the lines for it.

    The case itself is never changed: what is chosen is opened by running one of those lines.
    """
    return Control(verdict(repr(case)), lambda: _incident(case))


def _incident(case: Case) -> object:
    from ddms_ops.widgets.incident_box import IncidentBox

    return IncidentBox(case).box
