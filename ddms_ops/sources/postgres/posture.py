"""The catalogs that tenant isolation rests on, read once, as RECORDS; each part one small SELECT."""

import json

from ddms_ops.coverage import Coverage, Status
from ddms_ops.sources.base import INTERRUPTED, RECORDS, Provenance, Pull, RecordQuery, no_records
from ddms_ops.sources.json_files import Row, to_table
from ddms_ops.sources.postgres.faults import DatabaseFault
from ddms_ops.sources.postgres.posture_sql import MOST_ROWS, PARTS
from ddms_ops.sources.postgres.reader import PostgresReader

REFUSED = "42501"
SHOWN = 3


def fetch_posture(reader: PostgresReader, query: RecordQuery, *, pull: str, source: str = "live") -> Pull:
    """Roles, privileges, tables, policies, views and functions as the catalogs have them now, whatever the window.

    A part that cannot be read is a fault and the others go on.

    Args:
        reader: closed afterwards.

    Returns:
        Records without a time, of the kinds that `posture_sql` reads. PARTIAL where a part could not be read, with
        what to grant; NO_PERMISSION where none could; NOT_CONFIGURED, with no records, where the database has none of
        the tables that the profile declares.
    """
    rows: list[Row] = []
    faults: dict[str, Status] = {}
    provenance, is_interrupted = Provenance(source), False
    try:
        with reader:
            provenance = Provenance(source, identity=reader.server.words)
            for part in PARTS:
                _take(reader, part, rows, faults)
            if lack := _wrong_database(reader, rows):
                return no_records(pull, query, provenance, RECORDS, Status.NOT_CONFIGURED, lack)
    except DatabaseFault as fault:
        faults[fault.words] = fault.status
    except KeyboardInterrupt:
        is_interrupted, faults[INTERRUPTED] = True, Status.FAILED
    table, _, _ = to_table(rows, RECORDS)
    reason = "; ".join(faults)
    if not table.num_rows:
        status = next(iter(faults.values()), Status.EMPTY)
        empty = no_records(pull, query, provenance, RECORDS, status, reason)
        return Pull(empty.records, empty.coverage, provenance, is_interrupted)
    status, matched = (Status.PARTIAL, None) if faults else (Status.COMPLETE, table.num_rows)
    coverage = Coverage(pull, source, query.text, query.window, None, table.num_rows, matched, status, reason)
    return Pull(table, coverage, provenance, is_interrupted)


def _take(reader: PostgresReader, part: str, rows: list[Row], faults: dict[str, Status]) -> None:
    """The records of one part, or its fault.

    Raises:
        DatabaseFault: there is no connection any more.
    """
    statement, catalogs = PARTS[part]
    try:
        found = reader.rows(statement)
    except DatabaseFault as fault:
        if not fault.code:
            raise
        grant = f"{part}: not allowed; GRANT SELECT ON {catalogs} to {reader.server.user}"
        faults[grant if fault.code == REFUSED else f"{part}: {fault.words}"] = fault.status
        return
    if len(found) > MOST_ROWS:
        faults[f"{part}: only the first {MOST_ROWS:,} are taken"] = Status.PARTIAL
    for record in found[:MOST_ROWS]:
        rows.append({"timestamp": None, **{name: record[name] for name in ("kind", "id", "record")}})
    if locked := sum(bool(json.loads(row["record"]).get("is_locked")) for row in found):
        faults[f"{part}: the definitions of {locked:,} are not read: their tables are locked in exclusive mode"] = (
            Status.PARTIAL
        )


def _wrong_database(reader: PostgresReader, rows: list[Row]) -> str:
    """Why this is not the profile's database: none of its tables is there; empty where one is, or none is declared."""
    declared = dict.fromkeys((*reader.database.audit, *reader.database.row_security))
    relations = [json.loads(str(row["record"])) for row in rows if row["kind"] == "relation"]
    if not declared or not any(row["kind"] == "schema" for row in rows):
        return ""
    names = {name for one in relations for name in (one["name"], f"{one['schema']}.{one['name']}")}
    if names & declared.keys():
        return ""
    shown = ", ".join(list(declared)[:SHOWN])
    return f"the database {reader.server.database} has none of the profile's tables ({shown}): it is another one"
