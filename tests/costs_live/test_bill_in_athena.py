"""The bill's table in Athena: what it is asked, and that its sums answer as the rows themselves do."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from lake import TYPES, Lake, summed
from live_bill import NOW, account, days, every_kind, line, system, write_bill

from ddms_ops.cost_sql import Place, Shape, lines_sql
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
SAMPLE = Path(__file__).parents[3] / "shared/data/focus/costs/focus_sample.csv"
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


def source_of(**athena: str) -> LiveSource:
    """The account, where the profile names its data lake."""
    profile = system().model_copy(update={"athena": Athena(**{"database": "lake", "workgroup": "ops", **athena})})
    return LiveSource(profile, "", clock=lambda: NOW)


def fetch(part: str, **athena: str) -> Pull:
    """Its answer from a source of its own."""
    return source_of(**athena).fetch_cost_answer(asked(part), pull="costs")


@pytest.mark.parametrize("part", ["days", "hours", "details"])
def test_athena_answers_as_the_rows_do(lake: Lake, export: Path, part: str):
    """All but the number of lines is the same, to the last digit."""
    pull, read = fetch(part), FilesSource(export).fetch_cost_answer(asked(part), pull="costs")
    assert pull.coverage.status is Status.COMPLETE
    assert pull.table.drop(["lines"]).equals(read.table.drop(["lines"]))
    assert (pull.provenance.bytes_scanned, pull.provenance.files, len(lake.queries)) == (4_096, (), 1)
    assert "1 lines of other accounts left out (7.00" in pull.coverage.reason


def test_sides_outside_the_window_are_read_whole(lake: Lake, export: Path):
    """The days say what is read, and of which months; that days lie between them is no lack."""
    asked = CostQuery(days("2026-03-05", "2026-03-06"), "details", COSTS, now=("2026-03-05",), before=("2026-02-03",))
    pull, read = (source.fetch_cost_answer(asked, pull="costs") for source in (source_of(), FilesSource(export)))
    assert pull.table.drop(["lines"]).equals(read.table.drop(["lines"]))
    assert set(pull.table["side"].to_pylist()) == {"before", "now"}
    assert (pull.coverage.status, pull.coverage.query) == (Status.COMPLETE, asked.text)
    assert pull.coverage.got == days("2026-02-03", "2026-03-06")
    assert "days between" not in pull.coverage.reason
    assert lake.queries[-1][1][-2:] == ["2026-02", "2026-03"]


@pytest.mark.usefixtures("lake")
def test_a_bill_that_is_the_same_every_day_does_not_end_early():
    """Sums of many days are of no day: none is missing because they begin on the first."""
    pull = source_of().fetch_cost_answer(replace(asked("details"), now=("2026-03-03", "2026-03-04")), pull="costs")
    assert (pull.coverage.status, "ends with" in pull.coverage.reason) == (Status.COMPLETE, False)


@pytest.mark.parametrize("part", ["days", "details"])
def test_no_sum_hides_what_is_unknown(tmp_path: Path, part: str):
    """A line that does not say an amount is summed apart from those that do."""
    said = {"pricing_public_on_demand_cost": "2"}
    path = write_bill(tmp_path, line("2026-03-04", "A", "u", "1", **said), line("2026-03-04", "A", "u", "5", ""))
    [bill] = (path / "costs").rglob("*.csv")
    (tmp_path / "sums").mkdir()
    sums = summed(bill, TYPES, replace(asked(part), costs=Costs()), tmp_path / "sums").table
    read = CostFiles([bill], path, tmp_path).answer(replace(asked(part), costs=Costs()), pull="costs").table
    assert sums.drop(["lines"]).equals(read.drop(["lines"]))


@pytest.mark.parametrize("form", ["CUR", "FOCUS"])
def test_what_a_line_is_made_of_is_asked_for(form: str):
    """Each column that `cost_sql` reads, as an amount where it is one there."""
    known = _Everything()
    lines_sql(Shape(form, known), COSTS, "bill")
    columns = set(known) - {"identity_line_item_id"}
    statement = bill_statement(Table("t", dict.fromkeys(columns, "string"), {}), asked("details")).sql
    assert {name for name in columns if f'"{name}"' not in statement} == set()
    made = lines_sql(Shape(form, {name: Place(f'"{name}"') for name in columns}), COSTS, "bill")
    amounts = {name for name in columns if f'try_cast("{name}" AS DECIMAL' in made}
    assert amounts == {name for name in columns if f'SUM(TRY_CAST("{name}"' in statement} == set(AMOUNTS[form])


class _Everything(dict[str, Place]):
    """The columns of a bill that has every one that it is asked for."""

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name: str, _: object = None) -> Place:
        return self.setdefault(name, Place(name))


def test_members_of_a_map_are_columns():
    """A product's name and region, as the report has them; tags as JSON, and only those that a filter needs."""
    names = {**TYPES, "product": "map<string,string>"}
    few = {name: kind for name, kind in names.items() if not name.startswith("product_")}
    sql = bill_statement(Table("t", few, {}), asked("days")).sql
    assert 'ELEMENT_AT("product", \'region\') AS "product_region"' in sql
    assert 'ELEMENT_AT("product", \'product_name\') AS "product_product_name"' in sql
    assert "resource_tags" not in sql
    ours = replace(asked("days"), costs=Costs(only_tags={"component": "a"}))
    assert 'JSON_FORMAT(CAST("resource_tags" AS JSON))' in bill_statement(Table("t", few, {}), ours).sql


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
    lake = summed(SAMPLE, types, query, tmp_path / "lake").table
    read = CostFiles([SAMPLE], SAMPLE.parent, tmp_path / "files").answer(query, pull="costs").table
    assert lake.num_rows > 50
    assert lake.drop(["lines"]).equals(read.drop(["lines"]))
