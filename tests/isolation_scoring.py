"""The rules against objects that somebody else wrote, without having seen the rules."""

import csv
from pathlib import Path

import yaml
from builders import window

from ddms_ops.analysis.isolation import isolation_faults
from ddms_ops.deployment import Database
from ddms_ops.findings import Severity
from ddms_ops.normalize.posture import Posture
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.base import RecordQuery
from ddms_ops.sources.postgres import PostgresReader, fetch_posture
from ddms_ops.tenancy import Isolation


def found_objects(server: PostgresServer, folder: Path) -> set[str]:
    """Objects with a finding that weighs, as truth.csv names them."""
    settings = yaml.safe_load((folder / "settings.yaml").read_text())
    isolation = Isolation.model_validate(settings["tenants"]["isolation"])
    reader = PostgresReader(Database(dsn_variable="URL"), environ={"URL": server.dsn()})
    pull = fetch_posture(reader, RecordQuery(window("10:00", "11:00"), "posture"), pull="posture")
    given = tuple(settings["database"]["tenant_settings"])
    faults = isolation_faults(Posture(pull.table, "posture"), isolation, settings=given)
    return {fault.object.partition("(")[0] for fault in faults if fault.severity is not Severity.INFO}


def score(server: PostgresServer, folder: Path) -> tuple[float, float, str]:
    """Precision, recall, and what was missed or told falsely; objects where either answer is right are left out."""
    rows = list(csv.DictReader((folder / "truth.csv").read_text(encoding="utf-8").splitlines()))
    true = {_plain(row["object"]) for row in rows if row["is_fault"] == "1"}
    told = found_objects(server, folder) - {_plain(row["object"]) for row in rows if not row["is_fault"]}
    words = f"missed {sorted(true - told)}; false {sorted(told - true)}"
    return len(told & true) / len(told), len(told & true) / len(true), words


def _plain(name: str) -> str:
    """A role, or the schema of default privileges, by its bare name."""
    return name.removeprefix("role ") if name.startswith("role ") else name.rpartition("/")[2]
