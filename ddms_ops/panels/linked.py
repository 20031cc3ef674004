"""A case on one time axis that can be zoomed and pointed at, in JupyterLab."""

from ddms_ops.case import Case
from ddms_ops.checks.refs import counted
from ddms_ops.panels.linked_rows import case_rows, told_events
from ddms_ops.panels.linked_spec import Spec, chart
from ddms_ops.window import Window

MARGIN = 0.5  # of the window's length, shown before it where something happened there
EVENTS = 1_000


def timeline_spec(case: Case) -> Spec:
    """Failing share, requests, error groups, metrics with their limits, and the timeline's events, one below the other.

    One zoom and one line an event for all rows; `timeline_panel` is the figure for where no chart can be drawn.
    """
    events = told_events(case)
    earliest = case.window.start - case.window.length * MARGIN
    before = events["time"][events["time"] < case.window.start]
    start = max(earliest, before.min()) if len(before) else case.window.start
    shown = Window(start - case.window.length / 100, case.window.end)
    notes = []
    if unseen := int((events["time"] < shown.start).sum()):
        notes.append(f"{counted(unseen, 'event')} before {shown.start:%Y-%m-%d %H:%M} UTC: drag to the right to see.")
    if len(events) > EVENTS:
        notes.append(f"The last {EVENTS:,} of {len(events):,} events are drawn.")
    if ruled := int((~events["is_ruled"]).sum()):
        notes.append(f"{counted(ruled, 'event')} have no line through the rows.")
    rows = list(case_rows(case, events))
    return chart(f"Timeline of {case.incident.incident_id}", rows, shown=shown, events=events.tail(EVENTS), notes=notes)
