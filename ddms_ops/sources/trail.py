"""One question of a tenant audit, answered by the engine that holds the trail; the engine's side is an `Engine`."""

from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.coverage import Coverage, Status
from ddms_ops.sources.base import Provenance, Pull, no_records, span_of
from ddms_ops.sources.queries import TrailQuery
from ddms_ops.tenancy import Tenants
from ddms_ops.trail_sql import Relation, statement, used
from ddms_ops.window import Window

LACKING = {
    "records": "whose the records were is not known",
    "users": "where the users were at home is not known",
    "results": "what searches returned is not known",
}


class TrailFault(Exception):
    """A table that cannot be asked, and why."""

    def __init__(self, status: Status, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


class Engine(Protocol):
    """What holds the trail's tables."""

    dialect: str

    def body(self, relation: Relation, query: TrailQuery) -> str:
        """A SELECT that gives a relation's fields, of the window where the question has one.

        Raises:
            TrailFault: there is no such table or column, or it may not be read.
        """
        ...

    def run(self, sql: str, query: TrailQuery) -> pa.Table:
        """The answer of a statement over such bodies.

        Raises:
            TrailFault: it breaks off.
        """
        ...

    def provenance(self) -> Provenance:
        """Where it is, and as whom it was asked."""
        ...

    def faults(self) -> tuple[str, ...]:
        """What is wrong with what it read so far, in words."""
        ...

    def notes(self) -> tuple[str, ...]:
        """What one should know of it and is no lack."""
        ...


@dataclass(slots=True)
class _Bodies:
    """The SELECTs that a question is asked over; what could be done without is lacking, in words."""

    tenants: Tenants
    found: dict[str, str] = field(default_factory=dict)
    lacking: list[str] = field(default_factory=list)


def fetch_trail(engine: Engine, query: TrailQuery, *, pull: str, source: str) -> Pull:
    """The answer to one question; columns as `query.schema`, rows in order of all columns.

    Without the tables of owners or users it is answered from what the trail itself says, and PARTIAL. TRUNCATED where
    the question's own limit of rows was reached.
    """
    try:
        bodies = _bodies(engine, query)
        sql = statement(query.part, bodies.tenants, bodies.found, engine.dialect)
        answer = _plain(engine.run(sql, query), query.schema)
    except TrailFault as fault:
        where = Provenance(source) if fault.status is Status.FAILED else _provenance(engine, source)
        return no_records(pull, query, where, query.schema, fault.status, fault.words)
    most = query.asked.most
    is_cut = most is not None and answer.num_rows > most
    answer = answer.slice(0, most) if is_cut else answer
    reasons = [*engine.faults(), *bodies.lacking, *([f"only the first {most:,} are taken"] if is_cut else [])]
    status = Status.COMPLETE if answer.num_rows else Status.EMPTY
    if reasons:
        status = Status.TRUNCATED if is_cut and len(reasons) == 1 else Status.PARTIAL
    matched = None if is_cut else answer.num_rows
    coverage = Coverage(
        pull, source, query.text, query.window, _span(answer), answer.num_rows, matched, status,
        "; ".join([*reasons, *engine.notes()]),
    )  # fmt: skip
    return Pull(answer, coverage, _provenance(engine, source))


def _bodies(engine: Engine, query: TrailQuery) -> _Bodies:
    bodies = _Bodies(query.tenants)
    for name, relation in used(query.part, query.tenants).items():
        try:
            bodies.found[name] = engine.body(relation, query)
        except TrailFault as fault:
            if name == query.asked.needs or name not in LACKING:
                raise
            bodies.lacking.append(f"{LACKING[name]}: {fault.words}")
            bodies.tenants = _without(bodies.tenants, name)
    return bodies


def _without(tenants: Tenants, name: str) -> Tenants:
    """The same declaration without one relation."""
    if name == "results" and tenants.trail is not None:
        return tenants.model_copy(update={"trail": tenants.trail.model_copy(update={"results": ""})})
    return tenants.model_copy(update={name: None})


def _provenance(engine: Engine, source: str) -> Provenance:
    try:
        return engine.provenance()
    except TrailFault:
        return Provenance(source)


def _plain(answer: pa.Table, schema: pa.Schema) -> pa.Table:
    """The answer in the schema's types, in an order that does not depend on the engine."""
    table = answer.select(schema.names)
    columns = [
        column.cast(pa.timestamp("us")).cast(kind) if pa.types.is_timestamp(kind) and column.type.tz is None
        else column.cast(kind)
        for column, kind in zip(table.columns, schema.types, strict=True)
    ]  # fmt: skip
    plain = pa.Table.from_arrays(columns, schema=schema)
    times = [name for name in schema.names if pa.types.is_timestamp(schema.field(name).type)]
    return plain.sort_by([(name, "ascending") for name in dict.fromkeys([*times, *schema.names])])


def _span(answer: pa.Table) -> Window | None:
    """From the first to just after the last moment of an answer."""
    if "timestamp" not in answer.column_names or not answer.num_rows:
        return None
    ends = [pc.min_max(answer[name]).as_py() for name in ("timestamp", "last", "ended") if name in answer.column_names]
    return span_of(
        min((end["min"] for end in ends if end["min"]), default=None),
        max((end["max"] for end in ends if end["max"]), default=None),
    )
