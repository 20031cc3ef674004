"""The database's audit trail and the tables it speaks of, as `psql \\copy … CSV HEADER` writes them.

Ids are those of the logs: text for tenants and users, UUIDs for requests and documents. `tenant_id` is the tenant of
the resource, `user_tenant_id` that of the user; they differ where somebody reaches another tenant's document (see
`leaks`), but for answers from the cache, which the trail takes for the user's own.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import ENDPOINTS, FILES, OLD_VERSION, TENANTS, UPLOADS
from ddms_ops.simulate.dms.leaks import CACHED, Crossings, Session, Share
from ddms_ops.simulate.dms.requests import DOCUMENTS, USERS, Requests
from ddms_ops.simulate.ids import hexes, mix, uuids
from ddms_ops.simulate.scenario import Scenario

DENIED = (401, 403)
DAY_MS = 86_400_000
OLDEST_DOCUMENT, OLDEST_USER, OLDEST_TENANT = 500, 1_000, 1_200  # days before the export at most, at most, and at least
HEADERS = {
    "tenants": "id,name,created_at",
    "users": "id,tenant_id,email,created_at",
    "documents": "id,tenant_id,name,created_by,created_at",
    "audit_logs": "id,created_at,tenant_id,user_tenant_id,user_id,action,resource_type,resource_id,request_id,"
    "ip_address,status,details,seq",
    "document_shares": "id,created_at,tenant_id,document_id,shared_with,granted_by,expires_at,revoked_at",
    "support_sessions": "id,started_at,ended_at,tenant_id,user_id,ticket",
}
FIRST_SEQ = 6_391_204
AUDIT_SALT = 47
CHUNK = 100_000


def write_audit(
    folder: Path, scenario: Scenario, requests: Requests, crossings: Crossings, salt: int
) -> dict[str, int]:
    """Write tenants, users, documents, shares, support sessions and audit_logs; returns the number of rows of each.

    There is a row in audit_logs for each document action that succeeded or was denied; `created_at` is the
    database's clock, which does not go wrong as the log streams' do; `seq` grows by one with each row.
    """
    written = np.flatnonzero(is_audited(requests))
    counts = {
        "tenants": _write_tenants(folder, scenario, requests.names),
        "users": _write_users(folder, scenario, requests.names),
        "documents": _write_documents(folder, scenario, requests, crossings, written, salt),
        "document_shares": _write_shares(folder, scenario, requests.names, crossings.shares, salt),
        "support_sessions": _write_sessions(folder, requests.names, crossings.sessions, salt),
    }
    chunks = (written[place : place + CHUNK] for place in range(0, len(written), CHUNK))
    numbered = zip(chunks, range(FIRST_SEQ, FIRST_SEQ + len(written) + CHUNK, CHUNK), strict=False)
    lines = (_audit_lines(scenario, requests, crossings, chunk, seq, salt) for chunk, seq in numbered)
    _write(folder, "audit_logs", lines)
    return {**counts, "audit_logs": len(written)}


def is_audited(requests: Requests) -> NDArray[np.bool_]:
    """Requests that have a row in audit_logs."""
    is_document = np.array([endpoint.action.startswith("document.") for endpoint in ENDPOINTS])
    return is_document[requests.endpoint] & ((requests.status < 400) | np.isin(requests.status, DENIED))


def audit_ids(places: NDArray[np.int64], salt: int) -> list[str]:
    """Ids of the rows of these requests."""
    return uuids(places, salt + AUDIT_SALT)


def _write_tenants(folder: Path, scenario: Scenario, names: tuple[str, ...]) -> int:
    ordered = sorted(names)
    rows = [f"{name},Customer {name[-3:]}" for name in ordered]
    born = scenario.first_ms - DAY_MS * (OLDEST_TENANT + 3 * np.arange(len(ordered)))
    _write(folder, "tenants", [_joined(pa.array(rows), _stamps(born))])
    return len(ordered)


def _write_users(folder: Path, scenario: Scenario, names: tuple[str, ...]) -> int:
    numbers = np.arange(USERS * TENANTS)
    rows = [f"user-{n:05d},{names[n // USERS]},user-{n:05d}@{names[n // USERS]}.example" for n in numbers.tolist()]
    born = scenario.first_ms - _ages_ms(numbers, OLDEST_DOCUMENT, OLDEST_USER)
    _write(folder, "users", [_joined(pa.array(rows), _stamps(born))])
    return len(rows)


def _write_documents(
    folder: Path,
    scenario: Scenario,
    requests: Requests,
    crossings: Crossings,
    written: NDArray[np.int64],
    salt: int,
) -> int:
    """Every document that the trail names, that is shared, or that was asked for where the cache gave another.

    One whose first row creates it was made then and by that user.
    """
    asked = crossings.asked(requests, crossings.places(CACHED))
    shared = np.array([share.document for share in crossings.shares], dtype=np.int64)
    numbers, first = np.unique(np.concatenate((requests.document[written], asked, shared)), return_index=True)
    is_named, first = first < len(written), written[np.minimum(first, len(written) - 1)]
    is_made = is_named & requests.does("document.create")[first] & (requests.status[first] < 400)
    draws = mix(numbers, salt + 43)
    old_ms = scenario.first_ms - _document_ages_ms(numbers)
    tenant = numbers // DOCUMENTS
    user = np.where(is_made, requests.user[first], USERS * tenant + (draws % np.uint64(USERS)).astype(np.int64))
    _write(folder, "documents", [_joined(
        _uuids(numbers, salt + 3),
        _taken(requests.names, tenant),
        _taken([_field(name) for name in FILES], (draws % np.uint64(len(FILES))).astype(np.int64)),
        _taken(_user_ids(), user),
        _stamps(np.where(is_made, requests.time_ms[first], old_ms)),
    )])  # fmt: skip
    return len(numbers)


def _document_ages_ms(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    return _ages_ms(numbers, 0, OLDEST_DOCUMENT)


def _write_shares(folder: Path, scenario: Scenario, names: tuple[str, ...], shares: list[Share], salt: int) -> int:
    """The documents that a tenant shares with another, or by a link with everybody."""
    users = _user_ids()
    documents = np.array([share.document for share in shares], dtype=np.int64)
    ages_ms = (_document_ages_ms(documents) * [share.age for share in shares]).astype(np.int64)
    own, its = uuids(np.arange(len(shares)), salt + 67), uuids(documents, salt + 3)
    columns = zip(shares, own, its, (scenario.first_ms - ages_ms).tolist(), strict=True)
    rows = [
        f"{row},{_stamp(since_ms)},{names[share.document // DOCUMENTS]},{document},"
        f"{'' if share.tenant is None else names[share.tenant]},{users[share.document // DOCUMENTS * USERS]},"
        f"{_stamp(share.expires_ms)},{_stamp(share.revoked_ms)}"
        for share, row, document, since_ms in columns
    ]
    _write(folder, "document_shares", [pa.array(rows, pa.string())])
    return len(rows)


def _write_sessions(folder: Path, names: tuple[str, ...], sessions: list[Session], salt: int) -> int:
    """The times in which support staff was let into a tenant, and the ticket that asked for it."""
    users, own = _user_ids(), uuids(np.arange(len(sessions)), salt + 71)
    rows = [
        f"{own[number]},{_stamp(it.start_ms)},{_stamp(it.end_ms)},{names[it.tenant]},{users[it.user]},{it.ticket}"
        for number, it in enumerate(sessions)
    ]
    _write(folder, "support_sessions", [pa.array(rows, pa.string())])
    return len(rows)


def _ages_ms(numbers: NDArray[np.int64], least: int, most: int) -> NDArray[np.int64]:
    """An age between so many days for each number."""
    span = np.uint64((most - least) * DAY_MS)
    return least * DAY_MS + (mix(numbers, 53) % span).astype(np.int64)


def _audit_lines(
    scenario: Scenario, requests: Requests, crossings: Crossings, places: NDArray[np.int64], seq: int, salt: int
) -> pa.StringArray:
    endpoint, status, reader = requests.endpoint[places], requests.status[places], requests.tenant[places]
    owner = np.where(crossings.kind[places] == CACHED, reader, requests.document[places] // DOCUMENTS)
    documents = _uuids(requests.document[places].astype(np.int64), salt + 3)
    has_document = np.array([e.action not in ("document.list", "document.search") for e in ENDPOINTS])[endpoint]
    return _joined(
        _uuids(places, salt + AUDIT_SALT),
        _stamps(requests.time_ms[places]),
        _taken(requests.names, owner),
        _taken(requests.names, reader),
        _taken(_user_ids(), requests.user[places]),
        _taken([f"{e.action},document" for e in ENDPOINTS], endpoint),
        pc.if_else(pa.array(has_document), documents, ""),
        _uuids(places, salt),
        _taken([address_of(user) for user in range(USERS * TENANTS)], requests.user[places]),
        _taken([str(code) for code in range(600)], status),
        _details(scenario, requests, places, salt),
        pa.array(np.arange(seq, seq + len(places))).cast(pa.string()),
    )


def _details(scenario: Scenario, requests: Requests, places: NDArray[np.int64], salt: int) -> pa.StringArray:
    """What a row adds: the error of a denied one, the file of an upload; null for lists and searches.

    The file is the one that the log names.
    """
    versions = (OLD_VERSION, scenario.new_version or OLD_VERSION)
    kinds = [_jsonb(error=kind.name, version=version) for kind in requests.kinds for version in versions]
    plain = [_jsonb(version=version) for version in versions]
    files = [_jsonb(version=version, fileName=name) for name in FILES for version in versions]
    is_new = requests.is_new[places].astype(np.int64)
    drawn = (mix(places, salt + 5) % np.uint64(len(FILES))).astype(np.int64)
    subjects = np.array([2 if e.action in UPLOADS else 1 if "{id}" in e.path else 0 for e in ENDPOINTS])
    subject = subjects[requests.endpoint[places]]
    denied = np.where(np.isin(requests.status[places], DENIED), requests.error[places], -1).astype(np.int64)
    choice = np.where(subject == 1, 1 + is_new, 0)
    choice = np.where(subject == 2, 3 + 2 * drawn + is_new, choice)
    choice = np.where(denied >= 0, 3 + len(files) + 2 * denied + is_new, choice)
    return _taken(["", *plain, *files, *kinds], choice)


def _jsonb(**members: str) -> str:
    """A CSV field of jsonb as Postgres prints it: keys by length, then bytes; a space after colon and comma."""
    ordered = dict(sorted(members.items(), key=lambda item: (len(item[0]), item[0])))
    return _field(json.dumps(ordered, ensure_ascii=False))


def _field(text: str) -> str:
    """The text as a CSV field, quoted where it must be."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([text])
    return out.getvalue()


def address_of(user: int) -> str:
    """The address that a user comes from."""
    return f"198.51.{100 + user // 250}.{user % 250 + 1}"


def _user_ids() -> list[str]:
    return [f"user-{number:05d}" for number in range(USERS * TENANTS)]


def _taken(texts: Sequence[str], places: NDArray[np.integer]) -> pa.StringArray:
    return pa.array(texts).take(pa.array(places))


def _stamps(time_ms: NDArray[np.int64]) -> pa.StringArray:
    """Times as Postgres prints timestamptz in UTC: a fraction ends in no zero, a whole second has none."""
    seconds, ms = np.divmod(time_ms, 1000)
    known, place = np.unique(seconds, return_inverse=True)
    whole = np.char.replace(np.datetime_as_string(known.astype("datetime64[s]")), "T", " ")
    fractions = [f".{n:03d}".rstrip("0").rstrip(".") + "+00" for n in range(1000)]
    return pc.binary_join_element_wise(_taken(whole.tolist(), place), _taken(fractions, ms), "")


def _stamp(time_ms: int | None) -> str:
    """One such time; null as nothing."""
    return "" if time_ms is None else str(_stamps(np.array([time_ms]))[0])


def _uuids(numbers: NDArray[np.int64], salt: int) -> pa.StringArray:
    """The same as `ids.uuids`, as one Arrow array."""
    digits = np.frombuffer("".join(hexes(numbers, salt)).encode(), dtype=np.uint8).reshape(-1, 32)
    texts = np.full((len(numbers), 36), ord("-"), dtype=np.uint8)
    for start, shift in ((0, 0), (8, 1), (12, 2), (16, 3), (20, 4)):
        width = {0: 8, 20: 12}.get(start, 4)
        texts[:, start + shift : start + shift + width] = digits[:, start : start + width]
    texts[:, 14], texts[:, 19] = ord("4"), ord("a")
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * 36
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(texts))


def _joined(*columns: pa.StringArray) -> pa.StringArray:
    return pc.binary_join_element_wise(*columns, ",")


def _write(folder: Path, table: str, chunks: Iterable[pa.StringArray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{table}.csv").open("wb") as file:
        file.write(HEADERS[table].encode() + b"\n")
        for chunk in chunks:
            [lines] = pc.binary_join(pa.ListArray.from_arrays([0, len(chunk)], chunk), "\n")
            file.write(lines.as_buffer())
            file.write(b"\n")
