"""The planted truth is what the files say: every disclosure is one, nothing else is."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psycopg
import pytest
from leak_look_alikes import NOISE, SHARES
from leak_oracle import Oracle, instant, table
from leak_truth import END, PARTS, PROFILE, START, Truth, load_postgres, write_hidden_seven, write_leaky_system
from leak_world import ODD
from postgres_server import running_postgres

from ddms_ops.profile import load_profile
from ddms_ops.sandbox.postgres import PostgresServer

SMALL = {"rows": 50_000, "disclosures": 150, "look_alikes": 840}
TINY = {"rows": 3_000, "disclosures": 30, "look_alikes": 84}


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """A tenth of everything planted, in fewer rows."""
    return write_leaky_system(tmp_path_factory.mktemp("leaky"), seed=11, **SMALL)


@pytest.fixture(scope="module")
def trail(truth: Truth) -> list[dict[str, str]]:
    """The audit rows."""
    return list(table(truth.folder, "audit_logs"))


@pytest.fixture(scope="module")
def oracle(truth: Truth) -> Oracle:
    """What the other tables say."""
    return Oracle(truth.folder)


def planted_crossings(truth: Truth) -> set[tuple[str, str, str, str]]:
    """The disclosures, as the oracle names them."""
    rows = truth.rows[truth.rows["is_disclosure"]]
    folded = ((Oracle.folded(row.actor), Oracle.folded(row.owner)) for row in rows.itertuples())
    return {(row.id, *tenants, row.record) for row, tenants in zip(rows.itertuples(), folded, strict=True)}


def digests(folder: Path) -> dict[str, str]:
    """A digest for each file of an export."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((folder / "audit").iterdir())}


def test_every_class_has_its_share(truth: Truth):
    """Nine classes of disclosures, six of look-alikes, and noise."""
    counts = truth.rows.groupby("class")["id"].nunique().to_dict()
    assert {name: counts[name] for name in PARTS} == {name: 15 if part == 10 else 18 for name, part in PARTS.items()}
    assert {name: counts[name] for name in SHARES} == {name: count // 10 for name, count in SHARES.items()}
    assert set(counts) == {*PARTS, *SHARES, *NOISE}
    assert len(truth.disclosed) == SMALL["disclosures"]


def test_the_trail_is_whole(trail: list[dict[str, str]]):
    """Numbers without a hole, in the order of time, all within the day, ids once."""
    numbers = [int(row["seq"]) for row in trail]
    times = pd.to_datetime([row["created_at"] for row in trail], format="ISO8601")
    assert numbers == list(range(numbers[0], numbers[0] + SMALL["rows"]))
    assert times.is_monotonic_increasing
    assert times[0] >= START
    assert times[-1] < END
    assert len({row["id"] for row in trail}) == len(trail)


def test_exactly_the_planted_rows_disclose(truth: Truth, trail: list[dict[str, str]], oracle: Oracle):
    """Row by row, record by record: owner and rights as of the access, as the tables have them."""
    found = {(row["id"], *crossing) for row in trail for crossing in oracle.crossings(row)}
    assert found == planted_crossings(truth)


def test_comparing_the_two_tenants_of_a_row_finds_little(truth: Truth, trail: list[dict[str, str]]):
    """The runbook's query: precision about 0.07, recall 0.40."""
    flagged = {row["id"] for row in trail if row["user_tenant_id"] and row["tenant_id"] != row["user_tenant_id"]}
    hits = len(flagged & truth.disclosed)
    precision, recall = hits / len(flagged), hits / len(truth.disclosed)
    print(f"tenant_id <> user_tenant_id: precision {precision:.3f}, recall {recall:.3f}")
    assert precision == pytest.approx(0.071, abs=0.002)
    assert recall == 0.4


def test_some_accesses_are_at_the_very_end_or_start(truth: Truth, trail: list[dict[str, str]]):
    """An entitlement counts from its start and no more at its end; both are tried."""
    when = {row["id"]: instant(row["created_at"]) for row in trail}
    edges = {
        instant(row[column])
        for name, columns in {
            "document_shares": ("created_at", "expires_at", "revoked_at"), "memberships": ("joined_at", "left_at"),
            "support_sessions": ("started_at", "ended_at", "expires_at"),
            "document_owners": ("valid_from",), "user_tenants": ("valid_from",),
        }.items() for row in table(truth.folder, name) for column in columns
    }  # fmt: skip
    on_edge = Counter(row["class"] for _, row in truth.rows.iterrows() if when[row["id"]] in edges)
    assert {"share", "member", "moved_document"} <= set(on_edge)
    assert {"cache", "share_ended"} <= set(on_edge)


def test_tenants_have_hostile_names_too(truth: Truth, trail: list[dict[str, str]]):
    """Quotes, percent signs, newlines and emoji reach the trail; sizes are uneven."""
    traffic = Counter(row["tenant_id"] for row in trail)
    assert set(ODD) <= set(traffic)
    assert len(list(table(truth.folder, "tenants"))) == 300
    assert max(traffic.values()) > 50 * min(traffic.values())


def test_a_seed_gives_the_same_bytes(tmp_path: Path):
    """And another seed others."""
    first, again, other = (
        write_leaky_system(tmp_path / name, seed=seed, **TINY) for name, seed in (("a", 5), ("b", 5), ("c", 6))
    )
    assert digests(first.folder) == digests(again.folder)
    assert first.rows.equals(again.rows)
    assert not set(digests(first.folder).values()) & set(digests(other.folder).values())


def test_seven_are_hidden_among_entitled_crossings(tmp_path: Path):
    """Seven classes once each; every other crossing is entitled."""
    hidden = write_hidden_seven(tmp_path, seed=3, rows=10_000, legitimate=2_000)
    oracle = Oracle(tmp_path)
    found = {(row["id"], *crossing) for row in table(tmp_path, "audit_logs") for crossing in oracle.crossings(row)}
    assert found == planted_crossings(hidden)
    assert len(hidden.disclosed) == 7
    assert hidden.rows["class"].isin(("share", "support", "member")).sum() == 2_000


def test_the_profile_declares_what_is_written(truth: Truth):
    """Every table and column that the profile names is in the files."""
    profile = load_profile("leaky", "prod", folder=PROFILE)
    for name, declared in profile.database.audit.items():
        assert list(declared.columns) == list(next(table(truth.folder, name)))
    assert profile.tenants.trail.table in profile.database.audit


@pytest.fixture(scope="module")
def leaky_server() -> Iterator[PostgresServer]:
    """A running server; skipped where there is none."""
    with running_postgres() as running:
        yield running


def test_postgres_holds_the_same(truth: Truth, leaky_server: PostgresServer):
    """Types are the database's own, nulls stay null, hostile names arrive whole."""
    load_postgres(leaky_server.dsn(), truth.folder, schema="leaky")
    with psycopg.connect(leaky_server.dsn()) as connection:
        [(rows, tenants)] = connection.execute("SELECT count(*), array_agg(DISTINCT tenant_id) FROM leaky.audit_logs")
        [(empty, missing)] = connection.execute(
            "SELECT count(*) FILTER (WHERE ticket = ''), count(*) FILTER (WHERE ticket IS NULL) "
            "FROM leaky.support_sessions"
        )
        [(kept,)] = connection.execute("SELECT count(*) FROM leaky.audit_logs WHERE details ->> 'cache' = 'HIT'")
    assert rows == SMALL["rows"]
    assert set(ODD) <= set(tenants)
    assert empty > 0
    assert missing > 0
    assert kept > 10_000
