"""Changes that the Postgres log tells of: DDL, as a call or as log_statement logs it, and settings."""

import re
from collections import Counter
from collections.abc import Set

import pandas as pd

from ddms_ops.checks.base import Facts
from ddms_ops.schema import CHANGES, conform
from ddms_ops.sql_text import shown, tables_of

POSTGRES = "postgres"
MOST = 200
VERBS = r"(?:create|alter|drop|reindex|truncate|grant|revoke|vacuum\b[^;]*\bfull)\b"
LIKE = rf"(?:^|;)\s*{VERBS}"
STARTS = re.compile(rf"\s*{VERBS}", re.IGNORECASE)
PIECE = re.compile(r'(?:"[^"]*"?|[^";])+')
NAMED = r'(?:if\s+(?:not\s+)?exists\s+)?(?P<name>(?:"[^"]*"|[\w.])+)'
TEMPORARY = re.compile(
    rf"\s*create\s+(?:or\s+replace\s+)?(?:(?:global|local)\s+)?temp(?:orary)?\s+\w+\s+{NAMED}", re.IGNORECASE
)
DROPPED = re.compile(rf"\s*(?:drop|truncate)\s+(?:table\s+)?{NAMED}", re.IGNORECASE)
INDEX = re.compile(rf"\bindex\s+(?:concurrently\s+)?{NAMED}", re.IGNORECASE)
CREATES = re.compile(rf"\s*create\s+(?:unique\s+)?index\s+(?:concurrently\s+)?{NAMED}\s+on\b", re.IGNORECASE)
SET_TO = re.compile(r'parameter "([\w.]+)" changed to "')


def logged_ddl(facts: Facts, *, since: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """DDL of the log, the last 200 of a time; CREATE, DROP and TRUNCATE of temporary tables are left out.

    Args:
        facts: whose log.
        since: from when on.
        until: the last instant.

    Returns:
        A CHANGES frame; `resource` are the tables named, without schemas, for an index its table where that is known.
    """
    found = _once(facts.statement_log.texts_like(LIKE))
    took = pd.to_timedelta(found["duration_ms"].fillna(0.0), unit="ms")
    found = found.assign(timestamp=(found["timestamp"] - took).astype(found["timestamp"].dtype))
    pieces = {text: _pieces(text) for text in found["statement"].unique()}
    temporary = {
        _folded(named["name"]) for parts in pieces.values() for part in parts if (named := TEMPORARY.match(part))
    }
    kept = {text: [part for part in parts if not _is_temporary(part, temporary)] for text, parts in pieces.items()}
    found = found[found["statement"].map(lambda text: bool(kept[text])).astype("bool")]
    found = found[(found["timestamp"] >= since) & (found["timestamp"] <= until)]
    found = found.sort_values("timestamp", kind="stable").tail(MOST)
    tables = index_tables(facts) if len(found) else {}
    parts_of = [kept[text] for text in found["statement"]]
    return conform(
        found.assign(
            name=[shown("; ".join(parts), 120) for parts in parts_of],
            service=POSTGRES,
            resource=[_resource(parts, tables) for parts in parts_of],
            actor=found["user"],
            is_write=True,
        ),
        CHANGES,
    )


def logged_settings(facts: Facts) -> pd.DataFrame:
    """Settings that the log says were changed, without their values, as a CHANGES frame."""
    events = facts.statement_log.of("settings")
    names = events["message"].astype("str").str.extract(SET_TO, expand=False)
    kept = events.assign(name=names + " changed", service=POSTGRES, resource="settings", is_write=True)
    return conform(kept[names.notna()], CHANGES)


def index_tables(facts: Facts) -> dict[str, str]:
    """The table of each index that snapshots, plans or the log's own CREATE INDEX tell of, without schemas."""
    nodes = (node for plan in facts.plans["node"] for node in plan.walk())
    found = {node.index: node.relation for node in nodes if node.index and node.relation}
    for text in facts.statement_log.texts_like(LIKE)["statement"].unique():
        for part in _pieces(text):
            if named := CREATES.match(part):
                found |= dict.fromkeys([bare(_folded(named["name"]))], "".join(map(bare, tables_of(part)[:1])))
    indexes = facts.statistics.indexes
    return {**found, **dict(zip(indexes["index"].astype("str"), indexes["table"].astype("str"), strict=True))}


def bare(table: str) -> str:
    """A table's name without its schema."""
    return table.split(".", 1)[-1]


def _once(events: pd.DataFrame) -> pd.DataFrame:
    """Without the calls that log_statement had logged already when they began."""
    begun: Counter[tuple[str, str, str]] = Counter()
    is_new = []
    for event in events.sort_values("timestamp", kind="stable").itertuples():
        key = (str(event.id), str(event.statement), str(event.user))
        is_begin = event.kind == "log_statement"
        is_new.append((event.Index, is_begin or not begun[key]))
        begun[key] += 1 if is_begin else -1 if begun[key] else 0
    return events[pd.Series(dict(is_new), dtype="bool").reindex(events.index)]


def _pieces(text: str) -> list[str]:
    """The statements of a text that are DDL, without literals as the text is."""
    return [part.strip() for part in PIECE.findall(text) if STARTS.match(part)]


def _is_temporary(part: str, names: Set[str]) -> bool:
    """Whether a statement makes, drops or empties a temporary table."""
    dropped = DROPPED.match(part)
    name = _folded(dropped["name"]) if dropped else ""
    return bool(TEMPORARY.match(part)) or name in names or name.startswith("pg_temp.")


def _resource(parts: list[str], tables: dict[str, str]) -> str | None:
    """What DDL is about: its tables, an index by its table where that is known."""
    named: list[str] = []
    for part in parts:
        names = tables_of(part) or [_folded(name) for name in (found["name"] for found in INDEX.finditer(part))]
        named += [tables.get(bare(name)) or bare(name) for name in names]
    return ", ".join(dict.fromkeys(named)) or None


def _folded(name: str) -> str:
    """A name as the server folds it, unquoted."""
    return ".".join(part[1:-1] if part.startswith('"') else part.lower() for part in name.split("."))
