"""The tables of a tenant audit under our own names for their columns."""

import re
from dataclasses import dataclass
from enum import StrEnum

from ddms_ops.tenancy import Access, Bucket, Grants, Ownership, Tenants, Trail

SEGMENT = re.compile(r"\^?(?P<before>(?:[\w.-]+/)*)\(\?P<tenant>\[\^/\][+*]\)/?.*")
WINDOWED = ("trail", "results")


class Kind(StrEnum):
    """How a column is read: as text, as an instant, as a whole number, or as a member of its JSON."""

    TEXT = "text"
    TIME = "time"
    NUMBER = "number"
    MEMBER = "member"
    ELEMENTS = "elements"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Field:
    """One of our columns, and those of the table that it is read from; none: it is null.

    Of several times the earliest counts. `member` names the member of a JSON column; ELEMENTS gives one row for each
    element of that member, a list of texts; UNREADABLE is 1 where the column is no JSON, or that member no such list.
    Fields of one `kin` are compared with each other: where the database has them all in one type they may stay in it,
    else they are text.
    """

    name: str
    columns: tuple[str, ...]
    kind: Kind = Kind.TEXT
    member: str = ""
    kin: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """One table: what it is called in the database and which of its columns are read.

    `time` is the column that a window bounds; empty: all rows are read.
    """

    name: str
    table: str
    fields: tuple[Field, ...]
    time: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that are read, each once."""
        return tuple(dict.fromkeys(column for field in self.fields for column in field.columns))


def relations(tenants: Tenants) -> dict[str, Relation]:
    """The tables that the profile declares, by our names for them."""
    found: list[Relation] = []
    if tenants.trail is not None:
        found.append(_trail("trail", tenants.trail))
        if tenants.trail.details and tenants.trail.results:
            found.append(_trail("results", tenants.trail))
    owned = {"records": tenants.records, "users": tenants.users, "known": tenants.known}
    found += [_owned(name, declared) for name, declared in owned.items() if declared is not None]
    if tenants.grants is not None:
        found.append(_grants(tenants.grants))
    let_in = {"members": tenants.members, "impersonations": tenants.impersonations}
    found += [_access(name, declared) for name, declared in let_in.items() if declared is not None]
    return {relation.name: relation for relation in found}


def key_segment(buckets: dict[str, Bucket]) -> int | None:
    """Which part of an object's key, between slashes from 1, is the tenant; None where patterns are not so simple."""
    patterns = {bucket.key for bucket in buckets.values() if bucket.key}
    found = SEGMENT.fullmatch(next(iter(patterns))) if len(patterns) == 1 else None
    return found["before"].count("/") + 1 if found else None


def _trail(name: str, trail: Trail) -> Relation:
    record = Field("record", _one(trail.record), kin="record")
    if name == "results":
        record = Field("record", (trail.details,), Kind.ELEMENTS, trail.results)
    key = Field("object_key", ())
    if trail.details and trail.object_key:
        key = Field("object_key", (trail.details,), Kind.MEMBER, trail.object_key)
    members = trail.details and (trail.results or trail.object_key)
    return Relation(
        name,
        trail.table,
        (
            Field("time", (trail.time,), Kind.TIME),
            Field("id", (trail.id,)),
            Field("stated", _one(trail.actor_tenant), kin="tenant"),
            Field("row_tenant", (trail.row_tenant,), kin="tenant"),
            Field("usr", _one(trail.user), kin="user"),
            Field("action", _one(trail.action)),
            Field("record_type", _one(trail.record_type)),
            record,
            Field("request", _one(trail.request)),
            Field("status", _one(trail.outcome), kin="status"),
            Field("seq", _one(trail.sequence), Kind.NUMBER),
            key,
            Field("is_unreadable", (trail.details,) if members else (), Kind.UNREADABLE, trail.results),
        ),
        time=trail.time,
    )


def _owned(name: str, declared: Ownership) -> Relation:
    kin = {"records": "record", "users": "user"}.get(name, "")
    own = (Field("id", (declared.id,), kin=kin), Field("tenant", (declared.tenant,), kin="tenant" if kin else ""))
    return Relation(name, declared.table, (*own, *_stretch(declared)))


def _grants(declared: Grants) -> Relation:
    fields = (Field("record", (declared.record,)), Field("tenant", (declared.tenant,)), *_stretch(declared))
    return Relation("grants", declared.table, fields)


def _access(name: str, declared: Access) -> Relation:
    ticket = Field("ticket", _one(declared.ticket))
    fields = (Field("usr", (declared.user,)), Field("tenant", (declared.tenant,)), *_stretch(declared), ticket)
    return Relation(name, declared.table, fields)


def _stretch(declared: Ownership | Grants | Access) -> tuple[Field, Field]:
    return Field("since", _one(declared.since), Kind.TIME), Field("until", declared.until, Kind.TIME)


def _one(column: str) -> tuple[str, ...]:
    return (column,) if column else ()
