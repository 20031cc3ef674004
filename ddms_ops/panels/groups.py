"""The largest groups of errors and warnings as a table: what they say, what was masked, how many, since when."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ddms_ops.analysis.group_rates import UNKNOWN
from ddms_ops.analysis.masks import PLACEHOLDER
from ddms_ops.analysis.templates import LOOKED_AT, what_was_masked
from ddms_ops.case import Case
from ddms_ops.checks.refs import shown_template, with_error
from ddms_ops.checks.tables import Quiet, Shown, html_table
from ddms_ops.redact import redact

TOP = 12
EXAMPLES = 3
EXAMPLE_CHARS = 120
VALUES = 3
VALUE_CHARS = 40
END_CHARS = 16
PLACEHOLDERS = 4
CELL_CHARS = 300
NOT_READ = "not read"
COLUMNS = ("what it says", "events", "baseline", "trend", "first seen (UTC)")


def groups_table(case: Case) -> Shown:
    """The largest groups of errors and warnings: what they say, masked and in examples, and how many; redacted."""
    groups = case.groups
    is_shown = groups["is_error"] | ((groups["level"] == "WARN") & groups["trend"].isin(["new", "rising"]))
    rows = [_row(case, row) for row in groups[is_shown].head(TOP).itertuples()]
    total, others = int(groups["events"].sum()) if len(groups) else 0, int((~is_shown).sum())
    caption = (
        f"{len(rows)} of {len(groups) - others} groups of errors and new or rising warnings;"
        f" with {others} groups of other events they hold {_all_events(case, total)}"
    )
    return html_table(COLUMNS, rows, caption=caption)


def _all_events(case: Case, total: int) -> str:
    if case.sample is None:
        return f"{total:,} events, the {len(case.log_events):,} log events of the window"
    return (
        f"{total:,} events, all of a sample of 1 in {case.sample[0]} log events of the window; counts are the sample's"
    )


def _row(case: Case, row: Any) -> tuple[object, ...]:
    rate = []
    if not pd.isna(row.ratio) and row.ratio != float("inf"):
        rate = [f"rate {row.ratio:.2f}×", Quiet(f"{row.ratio_low:.2g}–{row.ratio_high:.2g}")]
    is_unread = row.trend == UNKNOWN and bool(case.not_compared)
    return (
        _said(case, row),
        int(row.events),
        int(row.baseline_events) if row.baseline_events or not is_unread else NOT_READ,
        (row.trend, *rate),
        "" if pd.isna(row.first_seen) else f"{row.first_seen:%H:%M:%S}",
    )


def _said(case: Case, row: Any) -> tuple[object, ...]:
    """Error and template; below them, quietly, the frames, what was masked, examples and the group's id."""
    events = _events(case, row.group)
    full = shown_template(events)
    template = full[:CELL_CHARS]
    title = with_error(None if pd.isna(row.error) else redact(row.error), template)
    examples = [redact(text)[:EXAMPLE_CHARS] for text in _examples(events)]
    quiet = [
        "" if pd.isna(row.frames) else f"at {redact(row.frames)}",
        _masked(events, full),
        *(f"e.g. {text}" for text in dict.fromkeys(examples) if text != template),
        f"group {row.group}",
    ]
    return (title, *(Quiet(text) for text in quiet if text))


def _events(case: Case, group: str) -> pd.DataFrame:
    """Events of a group, of the window or else of the baseline."""
    found = case.log_events[case.log_events["group"] == group]
    return case.baseline_log_events[case.baseline_log_events["group"] == group] if found.empty else found


def _examples(events: pd.DataFrame) -> list[str]:
    """Up to three different messages, of different templates where there are several."""
    apart = events[~events["template"].duplicated()]["message"]
    messages = pd.concat([apart.head(EXAMPLES), events["message"]]).dropna().drop_duplicates()
    return [str(message) for message in messages.head(EXAMPLES)]


def _masked(events: pd.DataFrame, shown: str) -> str:
    """`<*>: 12, 15, 17 · a.pdf, b.pdf`: frequent values of the placeholders of the most frequent template.

    Messages are redacted before they are laid on the template, for a value alone does not tell that it is a secret;
    those that fit it no more are laid on the template as shown.
    """
    counts = events["template"].astype("str").value_counts()
    if counts.empty:
        return ""
    template = min(counts.index, key=lambda name: (-counts[name], name))
    messages = events.loc[events["template"].astype("str") == template, "message"].dropna().astype("str")
    known = messages.value_counts().rename("n").rename_axis("message").reset_index()
    known = known.sort_values(["n", "message"], ascending=[False, True]).head(LOOKED_AT)
    safe = pd.Series([redact(text) for text in known["message"]], dtype="str").repeat(known["n"].to_numpy())
    places = what_was_masked(safe, template, most=VALUES) or what_was_masked(safe, shown, most=VALUES)
    found = [_values(values) for values in places[:PLACEHOLDERS]]
    more = [f"{len(places) - PLACEHOLDERS} more places"] if len(places) > PLACEHOLDERS else []
    return f"{PLACEHOLDER}: {' · '.join([*found, *more])}" if found else ""


def _values(values: Iterable[str]) -> str:
    """The values of one placeholder, each cut where it is long."""
    shown = list(dict.fromkeys(_short(redact(value)) for value in values))
    return (" / " if any(", " in text for text in shown) else ", ").join(shown)


def _short(text: str) -> str:
    """Beginning and end of a long text."""
    return text if len(text) <= VALUE_CHARS else f"{text[: VALUE_CHARS - END_CHARS]}…{text[-END_CHARS:]}"
