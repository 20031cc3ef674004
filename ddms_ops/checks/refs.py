"""References from findings to rows of evidence, and counts in words."""

from collections.abc import Callable, Iterable

import pandas as pd

from ddms_ops.analysis.impact import Impact
from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.templates import message_templates
from ddms_ops.checks.base import Facts
from ddms_ops.findings import EvidenceRef
from ddms_ops.redact import redact


def log_refs(rows: pd.DataFrame) -> tuple[EvidenceRef, ...]:
    """One reference for each pull that the rows came with; the earliest rows are named.

    Args:
        rows: any frame with `pull` and `row`; a row may stand there several times and counts once.
    """
    return tuple(
        EvidenceRef.of(str(pull), part["row"].unique().tolist())
        for pull, part in rows.groupby(rows["pull"].astype("str"), sort=True)
    )


def pair_refs(pairs: Iterable[tuple[str, float]]) -> tuple[EvidenceRef, ...]:
    """One reference for each pull among pairs of pull and row; a row that is NaN is left out."""
    rows: dict[str, set[int]] = {}
    for pull, row in pairs:
        if not pd.isna(row):
            rows.setdefault(str(pull), set()).add(int(row))
    return tuple(EvidenceRef.of(pull, found) for pull, found in sorted(rows.items()))


def shown_template(rows: pd.DataFrame) -> str:
    """The most frequent of `shown_templates`."""
    return shown_templates(rows, most=1)[0]


def with_error(error: object, template: str) -> str:
    """What a group says after the error it names, where it does not begin with that."""
    return template if pd.isna(error) or template.startswith(str(error)) else f"{error}: {template}"  # type: ignore[call-overload]


def shown_templates(rows: pd.DataFrame, *, most: int) -> list[str]:
    """What some events say, the most frequent first: each template as an example shows it.

    Secrets are taken out of the example before the masks could cut into them.

    Args:
        rows: events with `message` and `template`.
        most: how many templates at most.
    """
    counts = rows["template"].astype("str").value_counts()
    frequent = sorted(counts.index, key=lambda template: (-counts[template], template))[:most]
    firsts = rows[~rows["template"].duplicated()].set_index("template")["message"]
    shown = [_template_of("" if pd.isna(firsts[name]) else redact(str(firsts[name]))) for name in frequent]
    return list(dict.fromkeys(text or "(no message)" for text in shown)) or ["(no message)"]


def _template_of(message: str) -> str:
    return str(message_templates(pd.Series([message], dtype="str")).iloc[0])


def span_words(start: pd.Timestamp, end: pd.Timestamp) -> str:
    """`2026-03-04 10:12 to 11:00 UTC`, with the second date where it is another."""
    return f"{start:%Y-%m-%d %H:%M} to {_clock(end, start)} UTC"


def _clock(stamp: pd.Timestamp, day: pd.Timestamp) -> str:
    """Hour and minute, with the date where it is not that of `day`."""
    return f"{stamp:%H:%M}" if stamp.date() == day.date() else f"{stamp:%Y-%m-%d %H:%M}"


def onset_words(shift: Shift | None) -> str:
    """` (gradual, began between 10:12 and 10:28, over by 10:50)`; empty where nothing is known."""
    if shift is None:
        return ""
    every = f" every {shift.period / pd.Timedelta(minutes=1):g} min" if shift.period is not None else ""
    parts = [f"{shift.shape}{every}"]
    day = shift.start
    if shift.latest - shift.earliest > pd.Timedelta(minutes=2):
        parts.append(f"began between {_clock(shift.earliest, day)} and {_clock(shift.latest, day)}")
    if shift.stronger is not None:
        parts.append(f"stronger from {_clock(shift.stronger, day)}")
    parts.append("still going on at the end" if shift.end is None else f"over by {_clock(shift.end, day)}")
    return f" ({', '.join(parts)})"


def tenants_in_words(impact: Impact) -> str:
    """`3 of 40 tenants hit (8%)`, or why that cannot be said; empty where no request names a tenant."""
    hit, seen = len(impact.hit), len(impact.tenants)
    if impact.is_known:
        return f"{hit} of {seen} tenants hit ({hit / seen:.0%})"
    if hit:
        return f"{counted(hit, 'tenant')} hit (healthy requests name none)"
    return "no hit request names a tenant" if seen and impact.failed else ""


def events_in_words(facts: Facts, number: int) -> str:
    """`137 events`; of a sample `about 548 events (137 in a sample of 1 in 4)`."""
    if facts.sample is None:
        return counted(number, "event")
    one_in = facts.sample[0]
    return f"about {counted(number * one_in, 'event')} ({number:,} in a sample of 1 in {one_in})"


def of_sample(facts: Facts) -> str:
    """` (in a sample of 1 in 4)`, empty where all events were read."""
    return f" (in a sample of 1 in {facts.sample[0]})" if facts.sample else ""


def pairs_in_words(rows: pd.DataFrame, name: Callable[[str], str], *, most: int) -> str:
    """`a → b (30), a → c (2) and 3 more pairs`: who reached whom, the pairs with the most rows first.

    Args:
        rows: any frame with `actor` and `owner`.
        name: how a tenant is shown.
        most: how many pairs are named.
    """
    pairs = rows.groupby(["actor", "owner"], dropna=False).size().sort_index()
    pairs = pairs.sort_values(ascending=False, kind="stable")
    shown = ", ".join(f"{name(str(a))} → {name(str(o))} ({number:,})" for (a, o), number in pairs.head(most).items())
    return shown + (f" and {counted(len(pairs) - most, 'more pair')}" if len(pairs) > most else "")


def ms_words(value: float) -> str:
    """`240 ms`, `0.31 ms`."""
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.3g} ms"


def counted(number: int, noun: str) -> str:
    """`1 event`, `1,200 events`."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """`events`, `requests or jobs`."""
    return noun.replace(" or ", "s or ") + "s"
