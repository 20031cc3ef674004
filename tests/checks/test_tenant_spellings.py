"""A tenant that events spell in several ways is one tenant to every check and panel, where its system says so."""

from pathlib import Path

import pandas as pd
import pytest
from builders import failure, minutes, open_export, request, write_logs

from ddms_ops.analysis.tenant_time import COLUMNS, spelled_time
from ddms_ops.case import Case
from ddms_ops.panels.tenants import tenants_table
from ddms_ops.tenant_ids import other_spellings, spelled_alike

API = "/aws/ecs/dms-api"
SPELLINGS = ("t-1", "t-1", "T-1", " t-1")


def ill(spellings: tuple[str, ...] = SPELLINGS) -> list[str]:
    """Requests of four other tenants in both hours; of one more that fail from 10:30 on, spelled in turn."""
    lines = [request(c, tenant=f"t{n % 4 + 2}") for hour in (9, 10) for n, c in enumerate(minutes(0, 60, hour))]
    lines += [request(c, tenant="T-1") for c in minutes(0, 60, 9)[::3]]
    for number, clock in enumerate(minutes(30, 60)[::3]):
        name = spellings[number % len(spellings)]
        lines += [failure(clock, tenant=name), request(clock, status=500, tenant=name)]
    return lines


@pytest.fixture(scope="module")
def spelled(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The case of `ill`, whose profile says that spellings are folded."""
    return open_export(write_logs(tmp_path_factory.mktemp("spelled"), API, *ill()))


def test_spellings_of_a_tenant_are_hit_once(spelled: Case):
    """One of five tenants, by the spelling that most events have, which the hops show; the check says so."""
    result = spelled.result("who_is_hit")
    [hit] = result.findings
    assert "1 of 5 tenants hit (20%), most of them T-1 100 (100% of theirs)" in hit.statement
    assert "4 tenants had traffic and no such failure" in hit.statement
    assert "nothing is known" not in hit.statement
    assert result.reason == "tenants spelled in several ways are counted once: T-1 (also 't-1', ' t-1')"
    assert next(iter(spelled.tenants_seen)) == "T-1"


def test_the_table_of_tenants_has_one_row(spelled: Case):
    """With the sum of its spellings' requests, and says that they are counted as one."""
    shown = tenants_table(spelled).text
    assert "1 of 5 tenants with traffic was hit" in shown
    assert shown.count("T-1") == 2
    assert "tenants spelled in several ways are counted once: T-1 (also 't-1', ' t-1')" in shown


def test_one_tenant_is_what_differs(spelled: Case):
    """All that fails is of one tenant, however it is spelled."""
    [found] = [each for each in spelled.result("what_differs").findings if "tenant" in each.subject]
    assert found.subject["tenant"] == "T-1"
    assert "tenant T-1" in found.statement


def test_groups_count_a_tenant_once(spelled: Case):
    """In the table of groups too."""
    table = spelled.groups
    assert table.loc[table["trend"] == "new", "tenants"].tolist() == [1]


def test_a_tenant_moves_with_the_total_however_it_is_spelled(tmp_path: Path):
    """Traffic of the baseline under one spelling is held against the window's under another."""
    lines = [request(clock, tenant="T-1") for clock in minutes(0, 60, 9)]
    lines += [request(clock, tenant=("t-1", " t-1")[n % 2]) for n, clock in enumerate(minutes(0, 60)) for _ in range(5)]
    [rose] = open_export(write_logs(tmp_path, API, *lines)).result("traffic").findings
    assert "1 of 1 tenants with it" in rose.statement


def test_a_system_without_tenants_declared_takes_ids_as_they_are(tmp_path: Path):
    """Nobody said that its spellings are one, as to the hops."""
    case = open_export(write_logs(tmp_path, API, *ill()), system="generic")
    result = case.result("who_is_hit")
    assert "3 of 7 tenants hit" in result.findings[0].statement
    assert result.reason == ""
    assert len(case.tenants_seen) == 7


def test_without_other_spellings_the_ids_are_left_alone():
    """They are the same Series, not a copy of it."""
    ids = pd.Series(["t-1", "t-2", None, "t-1", "-", ""], dtype="category")
    none = other_spellings(ids.value_counts(), is_folded=True)
    assert none == {}
    assert spelled_alike(ids, none) is ids
    assert other_spellings(pd.Series({"t-1": 1, "T1": 1}), is_folded=False) == {}


@pytest.mark.parametrize("dtype", ["category", "str"])
def test_other_spellings_are_replaced_by_the_most_frequent(dtype: str):
    """By the first by name among equals; nobody's stay nobody's."""
    ids = pd.Series(["t1", "T-1", None, "T-1", "b", "B"], dtype=dtype, index=[3, 5, 7, 9, 11, 13])
    others = other_spellings(ids.value_counts(), is_folded=True)
    assert others == {"t1": "T-1", "b": "B"}
    found = spelled_alike(ids, others)
    assert found.index.equals(ids.index)
    assert str(found.dtype) == dtype
    assert [None if pd.isna(name) else name for name in found] == ["T-1", "T-1", None, "T-1", "B", "B"]


def test_database_time_of_a_tenant_is_summed_over_its_spellings():
    """By side and statement, under the spelling that most calls have; what is unknown stays so."""
    rows = [("now", "T1", "s", 1.0, 10.0), ("now", "t-1", "s", 3.0, 5.0), ("before", "T1", "s", 1.0, 2.0),
            ("now", "unknown", "s", 1.0, 1.0), ("now", "Unknown", "s", 1.0, 1.0)]  # fmt: skip
    found = spelled_time(pd.DataFrame(rows, columns=COLUMNS), is_folded=True)
    assert found.to_numpy().tolist() == [
        ["before", "t-1", "s", 1.0, 2.0], ["now", "Unknown", "s", 1.0, 1.0], ["now", "t-1", "s", 4.0, 15.0],
        ["now", "unknown", "s", 1.0, 1.0],
    ]  # fmt: skip
