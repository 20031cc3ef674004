"""Columns as a csv file: money exact, nothing as empty."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ddms_ops.simulate.bill.lines import plain
from ddms_ops.simulate.output import write_text


def write_csv(
    path: Path, names: Sequence[str], columns: Mapping[str, Sequence[Any]], *, time: Callable[[datetime], str]
) -> None:
    """Write a header and rows; a column that is not given is empty."""
    rows = max((len(values) for values in columns.values()), default=0)
    texts = [[_text(value, time) for value in columns[name]] if name in columns else [""] * rows for name in names]
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip(*texts, strict=True))
    write_text(path, held.getvalue())


def _text(value: Any, time: Callable[[datetime], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    return time(value) if isinstance(value, datetime) else str(value)
