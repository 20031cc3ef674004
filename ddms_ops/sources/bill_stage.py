"""The files of a bill brought to lines: Parquet is read where it lies, everything else once, into the engine.

Lines have the columns of `cost_sql.LINE` and `file`, the number of the file that they are of.
"""

import glob
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from ddms_ops.cost_sql import (
    CUR,
    EXPLORER,
    LINE,
    MONEY,
    Place,
    Shape,
    lacking_words,
    line_columns,
    lines_sql,
    product_name,
    shape_of,
    tag_names,
    text_sql,
    unsaid_words,
)
from ddms_ops.engine import literal, registered
from ddms_ops.interrupts import check_pressed
from ddms_ops.sources.bill_documents import CostLine, cost_document, is_cost_document, united, why_not_united
from ddms_ops.sources.bill_facts import BillFacts, Fact, Rivals
from ddms_ops.sources.csv_rows import CsvRows, csv_header
from ddms_ops.sources.json_files import NotThatShape, documents
from ddms_ops.sources.opening import Opened, open_export, without_long_lines
from ddms_ops.sources.tables import is_parquet
from ddms_ops.spending import Costs

TIME = pa.timestamp("us")
EXPLORED = pa.schema(
    [
        ("begun", TIME), ("ended", TIME),
        *((name, pa.string()) for name in ("service", "usage_type", "operation", "account", "region", "category")),
        ("unit", pa.string()), ("currency", pa.string()), ("estimated", pa.bool_()),
        *((name, MONEY) for name in ("billed", "amortised", "list_cost", "usage")),
        ("resource", pa.string()), *((name, pa.bool_()) for name in ("is_ours", "is_known", "has_id")),
        ("key", pa.uint64()),
    ]
)  # fmt: skip
MANIFEST = ("assemblyId", "reportKeys", "dataFiles", "executionId")
PLACES, EXACT = Decimal("1E-12"), Context(prec=60)
LINE_ID, NAME = "identity_line_item_id", "product_product_name"


@dataclass(slots=True)
class Staged:
    """What became of the files: relations of lines, the form and name of each, and words for coverage.

    `refusal` says why none of it can be used.
    """

    relations: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    has_ids: bool = False
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_denied: bool = False
    refusal: str = ""

    def add(self, relation: str, columns: Sequence[str], form: str, name: str) -> None:
        """One more relation, of a file."""
        self.relations.append(f"SELECT {len(self.forms)} AS file, {', '.join(columns)} FROM {relation}")
        self.forms.append(form)
        self.names.append(name)

    def account(self, facts: Sequence[Fact], rivals: Sequence[Rivals] = ()) -> BillFacts:
        """The same as an account, with the facts about the lines."""
        words = tuple(self.forms), tuple(self.names), tuple(self.faults), tuple(self.notes)
        return BillFacts(tuple(facts), *words, self.refusal, self.is_denied, tuple(rivals))


class BillStage:
    """Brings files, or what Cost Explorer said, to lines.

    Args:
        connection: the engine; its relations are made there.
        costs: the profile's section.
        scratch: where files are inflated.
        prefix: what the names of its relations begin with.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, costs: Costs, scratch: Path, prefix: str) -> None:
        self.staged = Staged()
        self._connection, self._costs, self._scratch = connection, costs, scratch
        self._explored: list[CostLine] = []
        self._explorers: list[str] = []
        self._pages: dict[tuple[str, ...], bool] = {}  # whether the last page of a grouping's answer is there
        self._prefix, self._made, self._names = prefix, 0, f"{prefix}_names"
        self._coded: list[str] = []  # tables whose lines without a product's name have its code
        connection.execute(f"CREATE OR REPLACE TABLE {self._names}_told (code VARCHAR, name VARCHAR)")
        told = f"SELECT code, max(name) AS name FROM {self._names}_told GROUP BY code"
        connection.execute(f"CREATE OR REPLACE VIEW {self._names} AS {told}")

    def add_file(self, path: Path, name: str) -> None:
        """The lines of one file, `name` in words."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as scratch:
            try:
                if is_parquet(path):
                    self._parquet(path, name)
                else:
                    self._text(open_export(path, Path(scratch)), name, Path(scratch))
            except duckdb.Error as fault:  # its own text may quote a record
                check_pressed()
                self._fault(name, f"could not be read ({type(fault).__name__})")

    def add_lines(self, lines: Sequence[CostLine], name: str) -> None:
        """Lines of Cost Explorer."""
        self._explored += lines
        self._explorers.append(name)

    def finish(self) -> Staged:
        """All that was added."""
        for table in self._coded:  # names that a later file told
            self._connection.execute(
                f"UPDATE {table} SET service = {self._names}.name FROM {self._names} WHERE service = {self._names}.code"
            )
        if self._explorers:
            if not all(self._pages.values()):
                self.staged.faults.append(
                    "pages of an answer are missing: no file holds its last, without NextPageToken"
                )
            self.staged.refusal = why_not_united(self._explored)
            lines, faults, notes = united(self._explored)
            self.staged.faults += faults
            self.staged.notes += [*notes, *self._unfiltered(lines)]
            table = self._name()
            with registered(self._connection, explored(lines, self._costs)) as source:
                self._connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM {source}")
            self.staged.add(table, line_columns(self._costs), EXPLORER, ", ".join(self._explorers[:3]))
        return self.staged

    def _parquet(self, path: Path, name: str) -> None:
        source = f"read_parquet({literal(glob.escape(str(path)))}, hive_partitioning=false)"
        described = self._connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        shape = shape_of([row[0] for row in described], [row[1] for row in described])
        if shape is None or shape.missing:
            self._fault(name, lacking_words(shape))
            return
        self._note(name, unsaid_words(shape))
        given = ", ".join(f"x{number}" for number in range(len(described)))
        aliased = f"(SELECT * FROM {source}) AS s({given})"
        shape, aliased = self._with_names(self._with_ids(shape, aliased), aliased)
        view = self._name()
        self._connection.execute(f"CREATE OR REPLACE VIEW {view} AS {lines_sql(shape, self._costs, aliased)}")
        self.staged.has_ids |= shape.has(LINE_ID)
        self.staged.add(view, line_columns(self._costs), shape.form, name)

    def _with_ids(self, shape: Shape, source: str) -> Shape:
        """The shape without the column of ids where it holds none."""
        if not shape.has(LINE_ID):
            return shape
        some = self._connection.execute(f"SELECT 1 FROM {source} WHERE {text_sql(shape, LINE_ID)} IS NOT NULL LIMIT 1")
        return shape if some.fetchall() else Shape(shape.form, {k: v for k, v in shape.places.items() if k != LINE_ID})

    def _with_names(self, shape: Shape, source: str) -> tuple[Shape, str]:
        """The products' names by their codes, as the whole bill has them: a file, or a line, may have none.

        A name in a map is had this way in any case, for looking into a map line by line is slow. A code that goes by
        several names has the last in the alphabet, where its line has none of its own.
        """
        if shape.form != CUR:
            return shape, source
        code = text_sql(shape, "line_item_product_code")
        own = text_sql(shape, NAME) if shape.has(NAME) else ""
        if not self._learn_names(code, own or product_name(shape), source) and own:
            return shape, source
        known = f"{self._names}.name"
        places = shape.places | {NAME: Place(f"coalesce({own}, {known})" if own else known)}
        return Shape(shape.form, places), f"{source} LEFT JOIN {self._names} ON {self._names}.code = {code}"

    def _learn_names(self, code: str, name: str, source: str) -> bool:
        """Keep the names that a file has; whether a line of it has none."""
        if not name:
            return True
        told = f"SELECT {code} AS code, max({name}) AS name, count(*) > count({name}) AS lacks FROM {source} GROUP BY 1"
        found = self._connection.execute(told).fetchall()
        named = [(code, name) for code, name, _ in found if code is not None and name is not None]
        if named:
            self._connection.executemany(f"INSERT INTO {self._names}_told VALUES (?, ?)", named)
        return any(lacks for _, _, lacks in found)

    def _text(self, opened: Opened, name: str, scratch: Path) -> None:
        self.staged.is_denied |= opened.is_denied
        if not opened.is_readable:
            for fault in opened.faults:
                self._fault(name, fault)
            return
        with opened.plain.open(encoding="utf-8-sig") as file:
            is_json = file.read(1024).lstrip()[:1] in ("{", "[")
        if is_json:
            for fault in opened.faults:
                self._fault(name, fault)
            self._json(opened.plain.read_text(encoding="utf-8-sig"), name)
        else:
            self._csv(without_long_lines(opened, scratch), name)

    def _json(self, text: str, name: str) -> None:
        lines: list[CostLine] = []
        try:
            for document in documents(text):
                if is_cost_document(document):
                    found = cost_document(document)
                    lines += found.lines
                    self._pages[found.grouping] = self._pages.get(found.grouping, False) or not found.has_more
                    self.staged.faults += [f"{name} {fault}" for fault in found.faults]
                    self.staged.notes += [note for note in found.notes if note not in self.staged.notes]
                elif any(key in document for key in MANIFEST):
                    self._note(name, "is the manifest of an export, and no bill: passed over")
                else:
                    self._fault(name, "is no answer of get-cost-and-usage: it has no ResultsByTime")
        except NotThatShape as fault:
            self._fault(name, str(fault))
        except (ValueError, RecursionError):
            self._fault(name, f"not whole JSON: {len(lines):,} groups read before the damage")
        if lines:
            self.add_lines(lines, name)

    def _csv(self, opened: Opened, name: str) -> None:
        for fault in opened.faults:
            self._fault(name, fault)
        names = csv_header(opened.plain)
        shape = shape_of(names)
        if shape is None or shape.missing:
            self._fault(name, lacking_words(shape))
            return
        self._note(name, unsaid_words(shape))
        rows = CsvRows(opened.plain, len(names))
        table = self._name()
        with registered(self._connection, rows.reader()) as source:
            given = ", ".join(f"x{number}" for number in range(len(names)))
            self._connection.execute(f"CREATE OR REPLACE TABLE {table}_text AS SELECT * FROM {source} AS s({given})")
        shape = self._with_ids(shape, f"{table}_text")
        shape, source = self._with_names(shape, f"{table}_text")
        self._connection.execute(f"CREATE OR REPLACE TABLE {table} AS {lines_sql(shape, self._costs, source)}")
        self._coded += [table] if shape.form == CUR else []
        self._connection.execute(f"DROP TABLE {table}_text")
        for fault in rows.faults:
            self._fault(name, fault)
        self.staged.has_ids |= shape.has(LINE_ID)
        self.staged.add(table, line_columns(self._costs), shape.form, name)

    def _unfiltered(self, lines: Sequence[CostLine]) -> list[str]:
        """What of the profile's filters Cost Explorer's answers do not tell."""
        told = {name for line in lines for name, _ in line.tags}
        missing = [f"tag {name}" for name in sorted(set(self._costs.only_tags) - told)]
        missing += ["account"] if self._costs.only_accounts and all(line.account is None for line in lines) else []
        return [f"not told apart by {' and '.join(missing)}: taken whole, as if filtered when asked"] if missing else []

    def _name(self) -> str:
        self._made += 1
        return f"{self._prefix}_{self._made}"

    def _fault(self, name: str, words: str) -> None:
        self.staged.faults.append(f"{name} {words}")

    def _note(self, name: str, words: str) -> None:
        if words:
            self.staged.notes.append(f"{name} {words}")


def explored(lines: Sequence[CostLine], costs: Costs) -> pa.Table:
    """Lines of Cost Explorer as a table of `cost_sql.line_columns`."""
    schema = EXPLORED
    for name in line_columns(costs)[len(LINE) :]:
        schema = schema.append(pa.field(name, pa.string()))
    return pa.Table.from_pylist([_row(line, costs) for line in lines], schema=schema)


def _row(line: CostLine, costs: Costs) -> dict[str, object]:
    told = dict(line.tags)
    is_ours = all(name not in told or told[name] == value for name, value in costs.only_tags.items())
    is_ours &= not costs.only_accounts or line.account is None or line.account in costs.only_accounts
    row: dict[str, object] = {name: getattr(line, name, None) for name in LINE}
    for name in ("billed", "amortised", "usage"):
        value = getattr(line, name)
        row[name] = None if value is None else value.quantize(PLACES, context=EXACT)
    row |= {f"tag_{number}": told.get(name) or None for number, name in enumerate(tag_names(costs))}
    return row | {"is_ours": is_ours, "is_known": True, "has_id": False}
