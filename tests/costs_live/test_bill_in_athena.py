"""The bill's table in Athena: what it is asked, and that its sums answer as the rows themselves do."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from lake import TYPES, Lake, summed
from live_bill import NOW, account, days, every_kind, line, system, write_bill

from ddms_ops.coverage import Status
from ddms_ops.deployment import Athena
from ddms_ops.sandbox.faults import Error
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.aws.bill_lake import AMOUNTS, TIMES, Table, bill_statement
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.base import Pull
from ddms_ops.sources.cost_files import CostFiles
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.live import LiveSource
from ddms_ops.sources.queries import CostQuery
from ddms_ops.spending import BillStore, Costs

WEEK = days("2026-03-01", "2026-03-06")
COSTS = Costs(tags=["component"], only_accounts=["123456789012"], bill=BillStore(athena_table="bill"))
SAMPLE = Path("/work/shared/data/focus/costs/focus_sample.csv")
FOCUS_TYPES = dict.fromkeys(AMOUNTS["FOCUS"], "double") | dict.fromkeys(TIMES["FOCUS"], "timestamp")
SIDES = {"now": ("2026-03-04", "2026-03-05"), "before": ("2026-03-02", "2026-03-03")}
pytestmark = pytest.mark.filterwarnings("ignore:The copy keyword:DeprecationWarning")  # awswrangler asks pandas for it


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bill with every kind of charge, and lines of another account and of other months."""
    other = line("2026-03-03", "AmazonS3", "A", "7", line_item_usage_account_id="210987654321")
    root = write_bill(tmp_path_factory.mktemp("bill"), *every_kind(), other)
    return write_bill(root, line("2026-02-03", "AmazonS3", "A", "9"), name="data/BILLING_PERIOD=2026-02/bill.csv")


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    """An account."""
    with pytest.MonkeyPatch.context() as environment, account(None, environment) as sandbox:
        yield sandbox


@pytest.fixture
def lake(served: Sandbox, export: Path) -> Iterator[Lake]:
    """Its data lake, with the bill."""
    yield Lake(served, export / "costs")
    served.faults.clear()


def asked(part: str) -> CostQuery:
    """A question."""
    return CostQuery(WEEK, part, COSTS, **(SIDES if part == "details" else {}))


def fetch(part: str, **athena: str) -> Pull:
    """Its answer from a source of its own."""
    profile = system().model_copy(update={"athena": Athena(**{"database": "lake", "workgroup": "ops", **athena})})
    return LiveSource(profile, "", clock=lambda: NOW).fetch_cost_answer(asked(part), pull="costs")


@pytest.mark.parametrize("part", ["days", "hours", "details"])
def test_athena_answers_as_the_rows_do(lake: Lake, export: Path, part: str):
    """All but the number of lines is the same, to the last digit."""
    pull, read = fetch(part), FilesSource(export).fetch_cost_answer(asked(part), pull="costs")
    assert pull.coverage.status is Status.COMPLETE
    assert pull.table.drop(["lines"]).equals(read.table.drop(["lines"]))
    assert (pull.provenance.bytes_scanned, pull.provenance.files, len(lake.queries)) == (4_096, (), 1)
    assert "1 lines of other accounts left out (7.00" in pull.coverage.reason


def test_values_travel_beside_the_statement():
    """The window and the billing months, which keep Athena from scanning the others."""
    statement = bill_statement(Table("t", TYPES, {"billing_period": "string"}), asked("days"))
    assert statement.values == ["2026-03-01 00:00:00", "2026-03-06 00:00:00", "2026-03"]
    assert "2026" not in statement.sql
    assert '"billing_period" IN (?)' in statement.sql


@pytest.mark.parametrize(
    ("service", "operation", "code", "status", "words"),
    [
        ("glue", "GetTable", "AccessDeniedException", Status.NO_PERMISSION, "glue:GetTable"),
        ("athena", "StartQueryExecution", "InvalidRequestException", Status.FAILED, "InvalidRequestException"),
    ],
)
def test_faults_are_said(
    served: Sandbox, export: Path, service: str, operation: str, code: str, status: Status, words: str
):
    """With the action that is lacking."""
    served.faults.add(service, operation, Error(code))
    Lake(served, export / "costs")
    coverage = fetch("days").coverage
    served.faults.clear()
    assert (coverage.status, words in coverage.reason) == (status, True)


def test_without_a_database_it_is_not_configured():
    """Nothing is asked; what to write is said."""
    pull = LiveSource(system(), "", clock=lambda: NOW).fetch_cost_answer(asked("days"), pull="costs")
    assert (pull.coverage.status, "section athena" in pull.coverage.reason) == (Status.NOT_CONFIGURED, True)
    assert fetch("days", database='x"; DROP').coverage.status is Status.NOT_CONFIGURED


def test_a_table_that_is_no_bill_is_refused():
    """With the columns that it needs."""
    with pytest.raises(AwsFault, match="line_item_unblended_cost .CUR. or chargeperiodstart and billedcost .FOCUS."):
        bill_statement(Table("t", {"a": "string"}, {}), asked("days"))


def test_older_tables_are_parted_by_year_and_month():
    """And have times as text, and tags as columns."""
    names = ("line_item_usage_start_date", "line_item_unblended_cost", "resource_tags_user_component")
    table = Table("t", dict.fromkeys(names, "string"), {"year": "string", "month": "string"})
    statement = bill_statement(table, asked("details"))
    assert statement.values[-3:] == ["2026", "3", "03"]
    assert 'FROM_ISO8601_TIMESTAMP("line_item_usage_start_date")' in statement.sql
    assert 'CAST("resource_tags_user_component" AS VARCHAR)' in statement.sql


@pytest.mark.skipif(not SAMPLE.exists(), reason="the FOCUS sample is not here")
@pytest.mark.parametrize("part", ["days", "details"])
def test_the_real_focus_sample_is_summed_exactly(tmp_path: Path, part: str):
    """As its own rows are, whatever the question."""
    sides = {"now": ("2024-09-02", "2024-09-03"), "before": ("2024-09-01",)} if part == "details" else {}
    query = CostQuery(days("2024-09-01", "2024-10-01"), part, Costs(), **sides)
    columns = [name.lower() for name in duckdb.read_csv(str(SAMPLE), all_varchar=True).columns]
    for folder in (tmp_path / "lake", tmp_path / "files"):
        folder.mkdir()
    types = {name: FOCUS_TYPES.get(name, "string") for name in columns}
    lake = summed(SAMPLE, types, query, tmp_path / "lake").answer(query, pull="costs").table
    read = CostFiles([SAMPLE], SAMPLE.parent, tmp_path / "files").answer(query, pull="costs").table
    assert lake.num_rows > 50
    assert lake.drop(["lines"]).equals(read.drop(["lines"]))
