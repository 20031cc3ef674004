"""Panels with a control for a person: the same to look at without one, and no cell depends on what is chosen.

A control begins as the parameters are, chooses what to look at and nothing else, and tells the line that gives the same
view. ipywidgets is imported only where somebody looks; it is needed nowhere else.
"""

from ddms_ops.widgets.control import Control
from ddms_ops.widgets.controls import checks, groups, lines, statements, tenants, timeline
from ddms_ops.widgets.linked import series
from ddms_ops.widgets.opening import incident
from ddms_ops.widgets.paged import table

__all__ = ["Control", "checks", "groups", "incident", "lines", "series", "statements", "table", "tenants", "timeline"]
