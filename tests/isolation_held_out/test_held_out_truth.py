"""The held-out truth is what the server does: each object is tried as the application's roles."""

import csv
from pathlib import Path

import psycopg
import pytest
import yaml
from held_out_probe import TENANT_COLUMNS, readable, showing_own, writable

from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.tenancy import Isolation

FOLDER = Path(__file__).parent
OF_NO_RELATION = ("role ", "default privileges ")
READ = {"T1", "T2", "T3", "P1", "P2", "P3", "V1", "V2", "F1", "C1", "C2"}
TABLES = """
SELECT format('%%I.%%I', nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
JOIN pg_attribute ON attrelid = pg_class.oid WHERE relkind IN ('r', 'p') AND attname = ANY(%s)
"""
ROLES = """
SELECT 'role ' || rolname, rolsuper OR rolbypassrls OR EXISTS (
    SELECT FROM pg_db_role_setting, unnest(setconfig) AS line WHERE setrole = pg_roles.oid
    AND split_part(line, '=', 1) = ANY(%s) AND split_part(line, '=', 2) <> '')
FROM pg_roles WHERE rolname = ANY(%s)
"""
DEFAULTS = """
SELECT 'default privileges ' || pg_get_userbyid(defaclrole) || '/' || nspname, bool_or(
    defaclobjtype = 'r' AND privilege_type = 'SELECT'
    AND (grantee = 0 OR pg_get_userbyid(grantee) = ANY(%s)))
FROM pg_default_acl JOIN pg_namespace ON pg_namespace.oid = defaclnamespace, aclexplode(defaclacl) GROUP BY 1
"""
EVERYTHING = """
SELECT format('%I.%I', nspname, name) FROM (
    SELECT relnamespace AS schema, relname AS name FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
    UNION SELECT pronamespace, proname FROM pg_proc WHERE prosecdef) AS made
JOIN pg_namespace ON pg_namespace.oid = schema WHERE nspname !~ '^pg_|^information_schema$|^public$'
"""
Truth = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def truth() -> Truth:
    """What is wrong with each object; `is_fault` 1, 0, or empty where both answers are right."""
    with (FOLDER / "truth.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len({row["object"] for row in rows}) == len(rows)
    return {row["object"]: row for row in rows}


@pytest.fixture(scope="module")
def isolation() -> Isolation:
    """What the profile says of these objects."""
    return Isolation.model_validate(settings()["tenants"]["isolation"])


def settings() -> dict[str, dict[str, object]]:
    """The file of settings."""
    return yaml.safe_load((FOLDER / "settings.yaml").read_text())


def probed_roles(isolation: Isolation) -> list[str]:
    """The application's roles that row-level security binds."""
    return [role for role in isolation.app_roles if role != "batch_worker"]


def judged(truth: Truth, shared: dict[str, str]) -> set[str]:
    """Relations and functions with one right answer that are not declared shared."""
    return {
        name for name, row in truth.items()
        if row["is_fault"] and name not in shared and not name.startswith(OF_NO_RELATION)
    }  # fmt: skip


def test_it_is_a_fair_set(truth: Truth):
    """At least 60 objects, about half of them faults, every class there."""
    faults = [row for row in truth.values() if row["is_fault"] == "1"]
    clean = [row for row in truth.values() if row["is_fault"] == "0"]
    assert len(faults) >= 50
    assert len(clean) >= 50
    assert {row["class"] for row in faults} == READ | {"P4", "T4", "G1", "D1"}
    assert all(bool(row["class"]) == (row["is_fault"] == "1") and row["why"] for row in truth.values())


def test_faults_show_foreign_rows_and_clean_objects_do_not(
    truth: Truth, isolation: Isolation, held_out_server: PostgresServer
):
    """Each relation and function is read as each role: as acme, with empty settings, and with none."""
    names = judged(truth, isolation.shared)
    shown = readable(held_out_server.dsn(), names, probed_roles(isolation))
    assert shown == {name for name in names if truth[name]["class"] in READ}


def test_most_clean_objects_are_of_use(truth: Truth, isolation: Isolation, held_out_server: PostgresServer):
    """They show the application its tenant's rows; only those that it is not meant to read, or nobody's, do not."""
    names = {name for name in judged(truth, {}) if truth[name]["is_fault"] == "0"}
    assert len(showing_own(held_out_server.dsn(), names, probed_roles(isolation))) >= 45


def test_rows_can_be_given_away_only_in_faulty_tables(
    truth: Truth, isolation: Isolation, held_out_server: PostgresServer
):
    """Faults of class P4 take a row of another tenant; no clean table does."""
    with psycopg.connect(held_out_server.dsn()) as connection:
        having = {name for (name,) in connection.execute(TABLES, (sorted(TENANT_COLUMNS),))}
    names = {name for name in judged(truth, isolation.shared) & having if truth[name]["class"] in ("P4", "")}
    given = writable(held_out_server.dsn(), names, probed_roles(isolation))
    assert given == {name for name in names if truth[name]["class"] == "P4"}


def test_roles_and_default_privileges_are_as_told(truth: Truth, isolation: Isolation, held_out_server: PostgresServer):
    """Attributes and settings of the application's roles, and what tables to come are granted."""
    roles = list(isolation.app_roles)
    with psycopg.connect(held_out_server.dsn()) as connection:
        found = dict(connection.execute(ROLES, (settings()["database"]["tenant_settings"], roles)))
        found |= dict(connection.execute(DEFAULTS, (roles,)))
    told = {name: row["is_fault"] == "1" for name, row in truth.items() if name.startswith(OF_NO_RELATION)}
    others = {"role service_role", "role dba"}
    assert {name: is_fault for name, is_fault in found.items() if name in told} == {
        name: is_fault for name, is_fault in told.items() if name not in others
    }
    assert not any(told[name] for name in others)


def test_nothing_is_left_unsaid(truth: Truth, held_out_server: PostgresServer):
    """Every relation, and every definer function, is in the truth."""
    with psycopg.connect(held_out_server.dsn()) as connection:
        there = connection.execute(EVERYTHING).fetchall()
    assert {name for (name,) in there} - set(truth) == set()
