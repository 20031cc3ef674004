"""The questions put to an audit trail, over the relations' own names; sqlglot renders them for each engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ddms_ops.engine import literal
from ddms_ops.tenancy import Tenants, Trail
from ddms_ops.tenant_ids import folded_sql
from ddms_ops.trail_sql.relations import Relation, key_segment, relations

TIME = pa.timestamp("us", tz="UTC")
OURS = "duckdb"
PAUSE_S = 20
PAUSES_KEPT = 20
MOST_HOLES, MOST_CROSSINGS = 10_000, 1_000_000
MOST_REQUESTS = 2_000_000
CLOCK_S = 5
AT_EDGES_S, BESIDE_S = (
    60,
    3_600,
)  # how far rows of one moment may lie apart; where the rows beside a hole are looked for
STRETCHES = (("since", TIME), ("until", TIME))


@dataclass(frozen=True, slots=True)
class Part:
    """One question: in words, the columns of its answer, how many rows are taken at most, and what it is asked of.

    `edge_s` widens the window on both sides: rows of one moment may be numbered and dated in different orders.
    """

    words: str
    columns: tuple[tuple[str, pa.DataType], ...]
    needs: str = "trail"
    most: int | None = None
    edge_s: int = 0
    is_windowed: bool = True

    @property
    def schema(self) -> pa.Schema:
        """Columns and types of the answer; each answer begins with a column `timestamp` where it has times."""
        return pa.schema(list(self.columns))


def _texts(names: str) -> tuple[tuple[str, pa.DataType], ...]:
    return tuple((name, pa.string()) for name in names.split())


def _counts(names: str) -> tuple[tuple[str, pa.DataType], ...]:
    return tuple((name, pa.int64()) for name in names.split())


AT = (("timestamp", TIME),)
PARTS = {
    "matrix": Part(
        "rows by actor's tenant, owner's tenant and outcome",
        (*_texts("actor stated owner row_tenant outcome"), *_counts("is_owner_known rows"), *AT, ("last", TIME)),
    ),
    "crossings": Part(
        "rows that name or reach another tenant",
        (*AT, *_texts("id stated home row_tenant owner usr action record_type record request outcome object_key"),
         *_counts("is_result")),
        most=MOST_CROSSINGS,
    ),
    "rhythm": Part("rows by minute and tenant", (*AT, *_texts("tenant"), *_counts("rows"))),
    "pauses": Part("the longest pauses, in all and by tenant", (*AT, *_texts("tenant"), ("ended", TIME))),
    "holes": Part(
        "numbers that are missing, and times that run back",
        (*AT, *_counts("before after"), ("ended", TIME)), most=MOST_HOLES, edge_s=BESIDE_S,
    ),
    "extent": Part(
        "rows by action and kind of record, and what they lack",
        (*_texts("action record_type"),
         *_counts("rows without_tenant without_actor without_user without_record without_number unreadable"),
         *AT, ("last", TIME)),
    ),
    "requests": Part(
        "requests that wrote a row", (*AT, *_texts("request")), most=MOST_REQUESTS, edge_s=AT_EDGES_S,
    ),
    "bounds": Part(
        "first and last row of the whole table, and rows without a time", (*AT, ("last", TIME), *_counts("timeless")),
        is_windowed=False,
    ),
    "known": Part("tenants", _texts("id tenant"), "known", is_windowed=False),
    "grants": Part("records shared", (*_texts("record tenant"), *STRETCHES), "grants", is_windowed=False),
    "members": Part("members of other tenants", (*_texts("usr tenant"), *STRETCHES, *_texts("ticket")),
                    "members", is_windowed=False),
    "impersonations": Part("support sessions", (*_texts("usr tenant"), *STRETCHES, *_texts("ticket")),
                           "impersonations", is_windowed=False),
}  # fmt: skip


def used(part: str, tenants: Tenants) -> dict[str, Relation]:
    """The relations that a question reads, by name."""
    declared = relations(tenants)
    asked = {"matrix": ("trail", "records", "users"), "crossings": ("trail", "results", "records", "users"),
             "extent": ("trail", "users")}.get(part, (PARTS[part].needs,))  # fmt: skip
    return {name: declared[name] for name in asked if name in declared}


def statement(part: str, tenants: Tenants, bodies: Mapping[str, str], dialect: str) -> str:
    """The SQL of one question.

    Args:
        part: one of PARTS.
        tenants: the profile's; those of its relations that the question reads are declared.
        bodies: for each relation of `used` a SELECT of the engine that gives its fields under our names.
        dialect: sqlglot's name of the engine.
    """
    import sqlglot  # takes 0.1 s

    own, select = _question(part, tenants)
    parts = {name: sqlglot.transpile(text, read=OURS, write=dialect)[0] for name, text in own.items()}
    lazily = "" if dialect in ("athena", "trino") else "NOT MATERIALIZED "
    with_ = ", ".join(f"{name} AS {lazily}({body})" for name, body in {**bodies, **parts}.items())
    return f"{'WITH ' if with_ else ''}{with_} {sqlglot.transpile(select, read=OURS, write=dialect)[0]}"


def _question(part: str, tenants: Tenants) -> tuple[dict[str, str], str]:
    """The question's own steps, by name, and its last SELECT."""
    match part:
        case "matrix":
            actor = _actor(tenants, home="home", stated="stated", row="row_tenant", is_nobody="is_nobody")
            counted = COUNTED.format(is_owned=_is_owned(tenants))
            select = MATRIX.format(actor=actor, outcome=_outcome(tenants.trail))
            return {"seen": _seen(tenants, "trail", 0), "counted": counted}, select
        case "crossings":
            return _crossings(tenants)
        case "extent":
            is_user = "usr IS NOT NULL" if _has_users(tenants) else "TRUE"
            return {"seen": _seen(tenants, "trail", 0, owners=False)}, EXTENT.format(is_user=is_user)
        case "pauses":
            text = "CAST(row_tenant AS VARCHAR)"
            tenant = folded_sql(text) if tenants.folded else text
            named = f"SELECT {tenant} AS tenant, time FROM trail WHERE row_tenant IS NOT NULL"
            return {"named": named, "steps": STEPS, "ranked": RANKED}, PAUSES
        case "holes":
            return {"numbered": NUMBERED}, HOLES
        case "rhythm" | "requests" | "bounds":
            return {}, {"rhythm": RHYTHM, "requests": REQUESTS, "bounds": BOUNDS}[part]
    fields = PARTS[part].schema
    names = ", ".join(f"CAST({f.name} AS VARCHAR) AS {f.name}" if f.type == pa.string() else f.name for f in fields)
    return {}, f"SELECT {names} FROM {PARTS[part].needs}"


def _seen(tenants: Tenants, source: str, is_result: int, *, owners: bool = True) -> str:
    """Each row with the tenant its record belonged to then, and where its user was at home then."""
    records, users = tenants.records if owners else None, tenants.users
    record = "CAST(r.id AS VARCHAR)" if is_result else "r.id"  # of a search the records are text
    joins = []
    if records:
        of_types = _types_are(records.types)
        joins = [_as_of("records", "r", f"{record} = t.record{of_types}", has_stretch=bool(records.since))]
    joins += [_as_of("users", "u", "u.id = t.usr", has_stretch=bool(users.since))] if users else []
    owner = "r.tenant" if records else "CAST(NULL AS VARCHAR)"
    actor = _actor(tenants, home="u.tenant", stated="t.stated", row="t.row_tenant", is_nobody="t.usr IS NULL")
    return f"""SELECT t.time, t.id, t.stated, {"u.tenant" if users else "CAST(NULL AS VARCHAR)"} AS home,
        {actor} AS actor, t.row_tenant, {owner} AS owner, t.usr, t.action, t.record_type, t.record, t.request,
        t.status, t.object_key, t.seq, t.is_unreadable, {is_result} AS is_result
        FROM {source} AS t {" ".join(joins)}"""


def _as_of(relation: str, alias: str, fits: str, *, has_stretch: bool) -> str:
    since = f" AND ({alias}.since IS NULL OR {alias}.since <= t.time)"
    until = f" AND ({alias}.until IS NULL OR t.time < {alias}.until)"
    return f"LEFT JOIN {relation} AS {alias} ON {fits}{since + until if has_stretch else ''}"


def _is_owned(tenants: Tenants) -> str:
    """Whether a row is about a record that the table of owners should know."""
    if tenants.records is None:
        return "FALSE"
    return f"record IS NOT NULL{_types_are(tenants.records.types).replace('t.record_type', 'record_type')}"


def _types_are(types: Sequence[str]) -> str:
    """The condition that a row is of one of some record types; empty where all are meant."""
    return f" AND t.record_type IN ({', '.join(map(literal, types))})" if types else ""


def _actor(tenants: Tenants, *, home: str, stated: str, row: str, is_nobody: str) -> str:
    """Where the user was at home then, if that is recorded over time; else what the row states, else as it is now.

    A job, which has neither user nor tenant, acts for the tenant that its row was written for.
    """
    actor = stated
    if tenants.users is not None:
        actor = f"coalesce({home}, {stated})" if tenants.users.since else f"coalesce({stated}, {home})"
    return f"CASE WHEN {is_nobody} THEN coalesce({actor}, {row}) ELSE {actor} END" if _has_users(tenants) else actor


def _outcome(trail: Trail | None) -> str:
    if trail is None or not trail.outcome:
        return "'served'"
    status = "lower(CAST(status AS VARCHAR))"
    denied, failed = (", ".join(literal(value.lower()) for value in values) for values in (trail.denied, trail.failed))
    cases = f"WHEN {status} IN ({denied}) THEN 'denied' " if denied else ""
    cases += f"WHEN {status} IN ({failed}) THEN 'failed' " if failed else ""
    return f"CASE {cases}WHEN {status} LIKE '4__' OR {status} LIKE '5__' THEN 'failed' ELSE 'served' END"


def _crossings(tenants: Tenants) -> tuple[dict[str, str], str]:
    own = {"seen": _seen(tenants, "trail", 0)}
    texts = ("id", "stated", "home", "row_tenant", "owner", "usr", "action", "record_type", "record", "request")
    names = ", ".join(["time AS timestamp", *(f"CAST({name} AS VARCHAR) AS {name}" for name in texts)])
    names += f", {_outcome(tenants.trail)} AS outcome"
    condition = _crosses(tenants)
    select = f"SELECT {names}, object_key, is_result FROM seen WHERE {condition}"
    if "results" in relations(tenants):
        own["found"] = _seen(tenants, "results", 1)
        other = f"owner IS NULL OR {_differ('owner', 'actor', tenants)}"
        select += f" UNION ALL SELECT {names}, CAST(NULL AS VARCHAR) AS object_key, is_result FROM found WHERE {other}"
    return own, select


def _crosses(tenants: Tenants) -> str:
    """Whether anything in a row names another tenant than the actor's."""
    ways = [
        _differ("actor", "row_tenant", tenants),
        f"(owner IS NOT NULL AND {_differ('owner', 'actor', tenants)})",
        "row_tenant IS NULL",
    ]
    if tenants.users is not None and tenants.users.since:
        ways.append(f"(home IS NOT NULL AND stated IS NOT NULL AND {_differ('home', 'stated', tenants)})")
    if tenants.trail is not None and tenants.trail.object_key:
        place = key_segment(tenants.objects.buckets)
        part = f"split_part(object_key, '/', {place})"
        other = _differ(part, "CAST(actor AS VARCHAR)", tenants) if place else "TRUE"
        ways.append(f"(object_key IS NOT NULL AND {other})")
    return " OR ".join(ways)


def _has_users(tenants: Tenants) -> bool:
    """Whether a row tells of a job by naming no user."""
    return tenants.trail is not None and bool(tenants.trail.user)


def _differ(one: str, other: str, tenants: Tenants) -> str:
    """Whether two tenants differ, also once folded: most are alike at once."""
    plain = f"{one} IS DISTINCT FROM {other}"
    if not tenants.folded:
        return plain
    folded = (folded_sql(f"CAST({tenant} AS VARCHAR)") for tenant in (one, other))
    return f"({plain} AND {' IS DISTINCT FROM '.join(folded)})"


COUNTED = """SELECT stated, home, owner, row_tenant, status, usr IS NULL AS is_nobody, {is_owned} AS is_owned,
    count(*) AS number, min(time) AS first, max(time) AS last
    FROM seen GROUP BY stated, home, owner, row_tenant, status, usr IS NULL, {is_owned}"""
MATRIX = """SELECT CAST({actor} AS VARCHAR) AS actor, CAST(stated AS VARCHAR) AS stated,
    CAST(owner AS VARCHAR) AS owner, CAST(row_tenant AS VARCHAR) AS row_tenant, {outcome} AS outcome,
    CASE WHEN owner IS NULL AND is_owned THEN 0 ELSE 1 END AS is_owner_known,
    CAST(sum(number) AS BIGINT) AS rows, min(first) AS timestamp, max(last) AS last
    FROM counted GROUP BY 1, 2, 3, 4, 5, 6"""
EXTENT = """SELECT action, record_type, count(*) AS rows, count(*) - count(row_tenant) AS without_tenant,
    count(CASE WHEN actor IS NULL AND {is_user} THEN 1 END) AS without_actor, count(*) - count(usr) AS without_user,
    count(*) - count(record) AS without_record, count(*) - count(seq) AS without_number,
    count(CASE WHEN is_unreadable = 1 THEN 1 END) AS unreadable, min(time) AS timestamp, max(time) AS last
    FROM seen GROUP BY action, record_type"""
RHYTHM = """SELECT date_trunc('minute', time) AS timestamp, CAST(row_tenant AS VARCHAR) AS tenant, count(*) AS rows
    FROM trail GROUP BY date_trunc('minute', time), row_tenant"""
STEPS = f"""SELECT tenant, timestamp, ended FROM (
    SELECT CAST(NULL AS VARCHAR) AS tenant, lag(time) OVER (ORDER BY time) AS timestamp, time AS ended FROM trail
    UNION ALL
    SELECT tenant, lag(time) OVER (PARTITION BY tenant ORDER BY time) AS timestamp, time AS ended FROM named
    ) AS s WHERE ended - timestamp > INTERVAL '{PAUSE_S}' SECOND"""
RANKED = """SELECT tenant, timestamp, ended,
    row_number() OVER (PARTITION BY tenant ORDER BY ended - timestamp DESC, timestamp) AS place FROM steps"""
PAUSES = f"SELECT timestamp, tenant, ended FROM ranked WHERE place <= {PAUSES_KEPT}"
NUMBERED = """SELECT lag(time) OVER (ORDER BY seq, time) AS timestamp, lag(seq) OVER (ORDER BY seq, time) AS before,
    seq AS after, time AS ended FROM trail WHERE seq IS NOT NULL"""
HOLES = f"""SELECT timestamp, before, after, ended FROM numbered
    WHERE after - before <> 1 OR ended < timestamp - INTERVAL '{CLOCK_S}' SECOND
    ORDER BY after - before DESC, before LIMIT {MOST_HOLES + 1}"""
REQUESTS = f"""SELECT min(time) AS timestamp, request FROM trail WHERE request IS NOT NULL GROUP BY request
    LIMIT {MOST_REQUESTS + 1}"""
BOUNDS = """SELECT (SELECT min(time) FROM trail) AS timestamp, (SELECT max(time) FROM trail) AS last,
    (SELECT count(*) FROM trail WHERE time IS NULL) AS timeless"""
