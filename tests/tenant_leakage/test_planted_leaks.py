"""Planted disclosures among look-alikes: all are found and nothing else, from files and from Postgres."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psycopg
import pytest
from leak_truth import END, PROFILE, START, Truth, load_postgres, write_hidden_seven, write_leaky_system
from postgres_server import running_postgres

from ddms_ops.case import Case
from ddms_ops.findings import Verdict
from ddms_ops.incident import resolve
from ddms_ops.settings import assets
from ddms_ops.sources import open_source

LATER = pd.Timestamp("2026-03-06", tz="UTC")
SIZE = {"rows": 60_000}  # with everything that is planted into a million


@pytest.fixture(scope="session")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up system's profile, and the generic one that every case reads."""
    folder = tmp_path_factory.mktemp("profiles")
    for path in (PROFILE / "leaky.yaml", assets("parameters") / "systems" / "generic.yaml"):
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """1,500 disclosures and 8,400 look-alikes."""
    return write_leaky_system(tmp_path_factory.mktemp("leaky"), seed=23, **SIZE)


@pytest.fixture(scope="session")
def postgres(truth: Truth) -> Iterator[str]:
    """The same rows in a server; the libpq URL of who may read all of them."""
    with running_postgres() as server:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            load_postgres(connection, truth.folder)
        yield server.dsn()


def case_of(source: str, profiles: Path, out: Path) -> Case:
    """The audit of that day."""
    given = {"incident_id": "audit", "system": "leaky", "start": str(START), "end": str(END), "source": source}
    incident, profile = resolve(given, now=LATER, profiles=profiles)
    opened = open_source(source, profile=profile, environment=incident.environment, clock=lambda: LATER)
    return Case(incident, profile, opened, out / "report", clock=lambda: LATER, profiles=profiles)


def disclosed(case: Case) -> set[str]:
    """Audit rows that are judged disclosures."""
    found = case.crossings
    return set(found.loc[found["verdict"] == "disclosed", "id"])


def scored(found: set[str], truth: Truth) -> tuple[float, float]:
    """Precision and recall."""
    true = set(truth.disclosed)
    return len(found & true) / len(found), len(found & true) / len(true)


def test_all_disclosures_and_nothing_else(truth: Truth, profiles: Path, tmp_path: Path):
    """The rules were written by somebody who had not seen this generator."""
    case = case_of(f"files:{truth.folder}", profiles, tmp_path)
    precision, recall = scored(disclosed(case), truth)
    crossings = case.crossings
    naive = case.trail("crossings")
    naive = set(naive.loc[naive["row_tenant"] != naive["stated"], "id"])
    print(f"precision {precision:.4f}, recall {recall:.4f}; tenant_id <> user_tenant_id: {scored(naive, truth)}")
    assert precision >= 0.98
    assert recall >= 0.99
    assert (crossings.loc[crossings["verdict"] == "disclosed", ["kind", "why", "seen_by"]] != "").all(axis=None)


def test_who_reached_whom_is_told(truth: Truth, profiles: Path, tmp_path: Path):
    """Actor, owner and record of each."""
    found = case_of(f"files:{truth.folder}", profiles, tmp_path).crossings
    found = found[found["verdict"] == "disclosed"]
    planted = truth.rows[truth.rows["is_disclosure"]]
    expected = set(zip(planted["id"], planted["actor"], planted["owner"], planted["record"], strict=True))
    told = set(zip(found["id"], found["actor"], found["owner"], found["record"], strict=True))
    assert len(told & expected) >= 0.99 * len(expected)
    assert len(told - expected) <= 0.02 * len(told)


def test_postgres_tells_the_same(
    truth: Truth, postgres: str, profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The same crossings and cells, where the rows are held."""
    monkeypatch.setenv("LEAKY_DATABASE_URL", postgres)
    live = case_of("live", profiles, tmp_path / "live")
    files = case_of(f"files:{truth.folder}", profiles, tmp_path / "files")
    for one, other in ((live.crossings, files.crossings), (live.leak_matrix, files.leak_matrix)):
        pd.testing.assert_frame_equal(one, other)
    assert live.trail_gaps.empty == files.trail_gaps.empty


def test_seven_among_forty_thousand(profiles: Path, tmp_path: Path):
    """Seven disclosures among shares, memberships and support: all seven, nothing else."""
    truth = write_hidden_seven(tmp_path, seed=31)
    case = case_of(f"files:{truth.folder}", profiles, tmp_path)
    assert disclosed(case) == set(truth.disclosed)
    assert len(truth.disclosed) == 7
    assert (case.crossings["verdict"] == "explained").sum() >= 40_000
    assert case.result("tenant_leaks").status is Verdict.FOUND
