"""Points of any frame, to zoom and point at."""

import pandas as pd

from ddms_ops.panels.linked_series import linked_series
from ddms_ops.panels.linked_spec import MIME
from ddms_ops.widgets.control import Control


def series(
    frame: pd.DataFrame, *, time: str = "time", series: str = "series", value: str = "value", title: str = "",
    gap: pd.Timedelta | None = None,
) -> Control:  # fmt: skip
    """Points of any frame, one row a series on one time axis, e.g. `case.metrics` by metric.

    A series with a rhythm is a line that breaks where points are lacking or have no value; one without is drawn as
    points, unless `gap` says how far apart two may be. Of a long series few points are drawn, which look the same, and
    it is said of how many. An export shows a figure.

    Args:
        frame: the points, in any order; those without a time are left out.
        time, series, value: its columns; times with a zone, numbers.
        title: what it shows.
        gap: points further apart are not joined.

    Raises:
        BadInput: not a frame, a column is lacking or holds no times or numbers, or there is no point at all.
    """
    spec, twin = linked_series(frame, time=time, series=series, value=value, title=title, gap=gap)
    return Control(twin, extra=lambda: {MIME: spec})
