"""A migration drops an index that was still used: one statement, and the endpoint that runs it, become slow."""

from dataclasses import replace

import numpy as np

from ddms_ops.simulate.dms.catalog import API_FUNCTION
from ddms_ops.simulate.dms.database_statements import (
    DOWNLOADS,
    DUPLICATES,
    NUMBERS,
    SHARED,
    STATEMENTS,
    endpoint_of,
)
from ddms_ops.simulate.dms.scenarios.calls import INNOCENT, deploy
from ddms_ops.simulate.scenario import DroppedIndex, ErrorKind, Fault, Scenario

VERSION, NUMBER = "2.16.0", 43
TIMES = {DUPLICATES: 17.0, DOWNLOADS: 19.0, SHARED: 14.5}
TIMEOUT = ErrorKind(
    "DatabaseError",
    "canceling statement due to statement timeout",
    500,
    code="57014",
    frames=("Parser.parseErrorMessage (/var/task/node_modules/pg-protocol/dist/parser.js:287:98)",
            "query (/var/task/src/db/pool.js:51:20)"),
    took_ms=5_000,
)  # fmt: skip


def _without(name: str) -> dict[str, object]:
    """The fields of a scenario in which a statement loses its index."""
    statement = STATEMENTS[NUMBERS[name]]
    fault = Fault(TIMEOUT, 0.006, "canceling statement due to statement timeout", endpoint=endpoint_of(statement))
    return {"dropped_index": DroppedIndex(name, statement.index, TIMES[name]), "faults": (fault,)}


def _other_index(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    names = tuple(TIMES)
    return replace(scenario, **_without(names[int(rng.integers(0, len(names)))]))  # type: ignore[arg-type]


SLOW_QUERY = replace(
    Scenario(
        name="slow_query",
        title="A migration drops an index: one statement and its endpoint become slow",
        start="2026-04-28T10:00Z",
        incident_title="Part of the API is slow",
        severity="P2",
        onset_min=38,
        detected_min=12,
        kind="latency",
        new_version=VERSION,
        changes=(*deploy(API_FUNCTION, VERSION, NUMBER), *INNOCENT),
        vary=_other_index,
    ),
    **_without(DUPLICATES),  # type: ignore[arg-type]
)
