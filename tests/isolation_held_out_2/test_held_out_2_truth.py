"""The second held-out truth is what the server does: each object is tried as the application's roles."""

import csv
from pathlib import Path

import psycopg
import pytest
import yaml
from second_held_out_probe import OWN_ROLES, TENANT_COLUMNS, readable, showing_own, writable

from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.tenancy import Isolation

FOLDER = Path(__file__).parent
OF_NO_RELATION = ("role ", "default privileges ")
SHOWING = {"T1", "T2", "T3", "P1", "P2", "P3", "V1", "V2", "F1", "C1", "C2"}
EXEMPT = ("jobs_runner",)
NULLABLE = """
SELECT format('%%I.%%I', nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relkind IN ('r', 'p') AND attname = ANY(%s) AND NOT attnotnull AND NOT EXISTS (
    SELECT FROM pg_constraint WHERE conrelid = pg_class.oid AND contype = 'c'
    AND pg_get_constraintdef(pg_constraint.oid) ~ 'IS NOT NULL')
"""
ROLES = """
SELECT 'role ' || rolname, rolname = ANY(%(roles)s) AND (
    rolsuper OR rolbypassrls
    OR EXISTS (
        SELECT FROM pg_class
        WHERE relowner <> pg_roles.oid AND relkind = 'r' AND relnamespace::regnamespace::text !~ '^pg_'
        AND pg_has_role(pg_roles.oid, relowner, 'USAGE') AND NOT rolsuper)
    OR EXISTS (
        SELECT FROM pg_db_role_setting, unnest(setconfig) AS line WHERE setrole = pg_roles.oid
        AND split_part(line, '=', 1) = ANY(%(settings)s) AND split_part(line, '=', 2) <> ''))
FROM pg_roles
"""
DEFAULTS = """
SELECT 'default privileges ' || pg_get_userbyid(defaclrole) || '/' || nspname, bool_or(
    defaclobjtype = 'r' AND privilege_type = 'SELECT' AND (grantee = 0 OR EXISTS (
        SELECT FROM unnest(%s::name[]) AS app WHERE pg_has_role(app, grantee, 'USAGE'))))
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


def bound_roles(isolation: Isolation) -> list[str]:
    """The application's roles that row-level security binds."""
    return [role for role in isolation.app_roles if role not in EXEMPT]


def judged(truth: Truth, isolation: Isolation) -> set[str]:
    """Relations and functions with one right answer that are not declared shared."""
    return {
        name for name, row in truth.items()
        if row["is_fault"] and name not in isolation.shared and not name.startswith(OF_NO_RELATION)
    }  # fmt: skip


@pytest.fixture(scope="module")
def nullable(held_out_server_2: PostgresServer) -> set[str]:
    """Tables whose tenant column can be null."""
    with psycopg.connect(held_out_server_2.dsn()) as connection:
        return {name for (name,) in connection.execute(NULLABLE, (list(TENANT_COLUMNS),))}


def test_the_second_set_is_fair(truth: Truth):
    """Every class is there, and as many clean objects as faults, or more."""
    faults = [row for row in truth.values() if row["is_fault"] == "1"]
    clean = [row for row in truth.values() if row["is_fault"] == "0"]
    assert 40 <= len(faults) <= len(clean)
    assert {row["class"] for row in faults} == SHOWING | {"P4", "T4", "G1", "D1"}
    assert all(bool(row["class"]) == (row["is_fault"] == "1") and row["why"] for row in truth.values())
    assert all(None not in row and row["is_fault"] in ("1", "0", "") for row in truth.values())


def test_each_fault_shows_foreign_rows_and_no_clean_object_does(
    truth: Truth, isolation: Isolation, held_out_server_2: PostgresServer, nullable: set[str]
):
    """Each relation and function is read as each role: as Alder, with empty settings, and with none."""
    names = judged(truth, isolation)
    shown = readable(held_out_server_2.dsn(), names, bound_roles(isolation))
    assert shown == {name for name in names if truth[name]["class"] in SHOWING} - nullable


def test_a_nullable_tenant_column_is_a_fault(truth: Truth, isolation: Isolation, nullable: set[str]):
    """Of class C1, as the catalogs show it; every other table's is NOT NULL."""
    assert {truth[name]["class"] for name in nullable - set(isolation.shared)} == {"C1"}


def test_clean_objects_of_the_second_set_are_of_use(
    truth: Truth, isolation: Isolation, held_out_server_2: PostgresServer
):
    """Most show the application its tenant's rows; only those that it is not meant to read, or nobody's, do not."""
    names = {name for name in judged(truth, isolation) if truth[name]["is_fault"] == "0"}
    assert len(showing_own(held_out_server_2.dsn(), names, bound_roles(isolation))) >= 30


def test_rows_are_given_away_in_tables_of_class_p4_only(
    truth: Truth, isolation: Isolation, held_out_server_2: PostgresServer
):
    """They take a row of another tenant by INSERT or UPDATE; no clean table does."""
    names = {name for name in judged(truth, isolation) if truth[name]["class"] in ("P4", "")}
    given = writable(held_out_server_2.dsn(), names, bound_roles(isolation))
    assert given == {name for name in names if truth[name]["class"] == "P4"}


def test_roles_and_defaults_of_the_second_set_are_as_told(
    truth: Truth, isolation: Isolation, held_out_server_2: PostgresServer
):
    """Attributes, memberships and settings of roles, and what tables to come are granted."""
    roles = list(isolation.app_roles)
    with psycopg.connect(held_out_server_2.dsn()) as connection:
        known = {"roles": roles, "settings": settings()["database"]["tenant_settings"]}
        found = dict(connection.execute(ROLES, known)) | dict(connection.execute(DEFAULTS, (roles,)))
    told = {
        name: row["is_fault"] == "1" for name, row in truth.items()
        if name.startswith(OF_NO_RELATION) and row["is_fault"]
    }  # fmt: skip
    assert {name: found[name] for name in told} == told
    assert {f"role {role}" for role in [*roles, *OWN_ROLES]} <= set(truth)


def test_nothing_of_the_second_set_is_left_unsaid(truth: Truth, held_out_server_2: PostgresServer):
    """Every relation and every definer function is in the truth, and nothing else."""
    with psycopg.connect(held_out_server_2.dsn()) as connection:
        there = {name for (name,) in connection.execute(EVERYTHING)}
    assert there == {name for name in truth if not name.startswith(OF_NO_RELATION)}
