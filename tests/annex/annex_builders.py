"""Crossings for the breach annex, small enough to see."""

import pandas as pd
from builders import at, window

from ddms_ops.analysis.leak_verdict import LeakVerdict, leak_verdict
from ddms_ops.schema import Schema, conform
from ddms_ops.tenant_schemas import CROSSINGS, GAPS

WINDOW = window("10:00", "11:00")


def framed(schema: Schema, *rows: dict) -> pd.DataFrame:
    """A frame in a schema."""
    return conform(pd.DataFrame(list(rows), columns=schema.names).assign(pull="trail/x", row=range(len(rows))), schema)


def crossing(clock: str, record: str = "d1", verdict: str = "disclosed", **named: str | None) -> dict:
    """A row of CROSSINGS: globex's u1 views a document of acme."""
    usual = {"actor": "globex", "owner": "acme", "row_tenant": "acme", "user": "u1", "action": "view"}
    usual |= {"record_type": "document", "outcome": "served", "kind": "cache", "why": "no grant", "rule": ""}
    return {**usual, "timestamp": at(clock), "record": record, "verdict": verdict, **named}


def crossings(*rows: dict) -> pd.DataFrame:
    """CROSSINGS."""
    return framed(CROSSINGS, *rows)


def gaps(*stretches: tuple[str, str]) -> pd.DataFrame:
    """GAPS of the whole trail."""
    rows = [{"kind": "hole", "start": at(start), "end": at(end), "why": "3 numbers"} for start, end in stretches]
    return framed(GAPS, *rows)


def judged(frame: pd.DataFrame, lacking: pd.DataFrame | None = None, *seen: str) -> LeakVerdict:
    """The verdict over WINDOW."""
    return leak_verdict(frame, gaps() if lacking is None else lacking, WINDOW, pulls_complete=True, seen=seen)
