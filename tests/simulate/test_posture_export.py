"""The posture that every export holds is what a real server says of the scenario's schema."""

import csv
import json
from collections.abc import Iterable

import pandas as pd
from postgres_server import running_postgres

from ddms_ops.deployment import Database
from ddms_ops.sources.base import RecordQuery
from ddms_ops.sources.postgres import PostgresReader
from ddms_ops.sources.postgres.posture import fetch_posture
from ddms_ops.window import Window

OURS = ("session", "relation", "policy", "function", "foreign_key")  # the others have roles of the server's version
NUMBERS = ("oid", "table", "referenced", "version", "parents")  # differ between servers
QUERY = RecordQuery(Window(pd.Timestamp("2026-01-01T00:00Z"), pd.Timestamp("2027-01-01T00:00Z")), "posture")


def shown(records: Iterable[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Kind, id and record, without what differs between servers."""
    return {
        (kind, own, json.dumps({k: v for k, v in json.loads(text).items() if k not in NUMBERS and "acl" not in k}))
        for kind, own, text in records
        if kind in OURS
    }


def test_the_posture_is_that_of_the_schema(play):
    """Where it is not, run docs/database-posture.sql again as ddms_ops/simulate/dms/posture.py says."""
    export = play("tenant_leak").export
    with (export / "database" / "posture.csv").open(encoding="utf-8", newline="") as file:
        canned = [(row["kind"], row["id"], row["record"]) for row in csv.DictReader(file)]
    with running_postgres() as server:
        server.load_scenario(export)
        reader = PostgresReader(Database(dsn_variable="URL"), environ={"URL": server.dsn("ddms_ops_ro")})
        live = fetch_posture(reader, QUERY, pull="posture").records.to_pylist()
    assert shown(canned) == shown((row["kind"], row["id"], row["record"]) for row in live)
    assert {own for kind, own, _ in canned if kind == "relation"} >= {"public.documents", "public.document_shares"}
