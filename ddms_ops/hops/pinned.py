"""Pins read back: what a person froze of an investigation, and why.

They lie in `<report>/pins/` as evidence does: `pin-<hash>.parquet`, and a `manifest.json` whose entries say in their
parameters why, title, notes and when.
"""

import operator
import shlex
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import SupportsIndex, overload

import pandas as pd
import pyarrow.parquet as pq

from ddms_ops.checks.tables import Badge, Shown, html_table, joined, verdict, visible
from ddms_ops.errors import BadInput, EvidenceError
from ddms_ops.evidence import MANIFEST, Recorded, intact, read_manifest
from ddms_ops.files import CELL_AGAIN, refused
from ddms_ops.hops.naming import short, typed, unknown
from ddms_ops.hops.view import FIRST, rows_table, rows_told
from ddms_ops.progress import size_words
from ddms_ops.verify import manifest_fault

FOLDER = "pins"
NUMBER = "n"  # of a row in its view
REMINDER = 3  # rows of a pin that stand in a notebook, where all of them stand above it
HOW = 'In JupyterLab case.pin(view, "why") keeps the rows of a view and puts them here.'


@dataclass(frozen=True, slots=True, repr=False)
class Pin:
    """One pin: its entry in the manifest, and the folder of pins."""

    entry: Recorded
    folder: Path

    @property
    def name(self) -> str:
        """What `case.unpin` takes."""
        return self.entry.coverage.pull

    @property
    def why(self) -> str:
        """The person's reason, as it was written."""
        return self._words("why")

    @property
    def title(self) -> str:
        """What the rows are, in the words of the view."""
        return self._words("title")

    @property
    def call(self) -> str:
        """Python that gave the rows; empty where they were given by hand."""
        return self.entry.coverage.query

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know when reading the rows, as the view said it, and what was kept as text."""
        return self._list("notes")

    @property
    def columns(self) -> tuple[str, ...]:
        """Which columns are shown, in order; empty means all."""
        return self._list("columns")

    @property
    def pulls(self) -> dict[str, str]:
        """Pulls that the rows came from, with the SHA-256 of each as it was then; empty where that is not known."""
        pulls = self.entry.parameters.get("pulls")
        return {str(name): str(digest) for name, digest in pulls.items()} if isinstance(pulls, dict) else {}

    @property
    def pinned_at(self) -> str:
        """When, to the second, in UTC."""
        return self._words("pinned_at")[:19].replace("T", " ") + " UTC"

    @property
    def state(self) -> str:
        """`complete`, or what is not complete of what the rows came from, and why."""
        coverage = self.entry.coverage
        status = str(coverage.status).replace("_", " ")
        return "complete" if coverage.is_all_there else f"{status}: {coverage.reason}"

    @property
    def badge(self) -> Badge:
        """The status of what the rows came from; `missing` where the file went."""
        is_there = (self.folder / self.entry.file).is_file()
        return Badge.of(self.entry.coverage.status) if is_there else Badge("missing", "critical")

    def __len__(self) -> int:
        return self.entry.coverage.rows

    @property
    def frame(self) -> pd.DataFrame:
        """All rows, not redacted.

        Raises:
            EvidenceError: the file is missing, or is not what was pinned.
        """
        return pq.read_table(self._intact()).to_pandas()

    def first_rows(self, number: int = FIRST) -> pd.DataFrame:
        """The first rows, not redacted; of a large pin no more is read.

        Raises:
            EvidenceError: the file is missing, or is not what was pinned.
        """
        with pq.ParquetFile(self._intact()) as file:
            batch = next(file.iter_batches(batch_size=number), None)
            return (file.schema_arrow.empty_table() if batch is None else batch).to_pandas()

    @property
    def shown(self) -> Shown:
        """What is pinned, why, where it lies, and how it comes into the post-mortem; redacted."""
        rows, folder = self.first_rows(REMINDER), self.folder.absolute()
        lies = f"{folder / self.entry.file}, {size_words(self.entry.size)}, SHA-256 {self.entry.sha256}"
        lines = (
            f"Pinned as {self.name}: {one_line(self.why)}",
            f"It stands in the post-mortem after: ddms-ops report {shlex.quote(str(folder.parent))}",
            f"To take it out: case.unpin({self.name!r})",
            f"Frozen in {lies}; {self.state}.",
            *self.notes,
        )
        caption = f"{self.title}: {rows_told(len(self), REMINDER)}"
        return joined(
            *(verdict(line) for line in lines), rows_table(rows, told_columns(rows, self.columns), caption=caption)
        )

    def _intact(self) -> Path:
        if Path(self.entry.file).name != self.entry.file:
            raise EvidenceError(f"{self.folder / MANIFEST}: was changed: {self.name} names a file elsewhere")
        try:
            with refused(f"{self.folder / self.entry.file}: cannot be read", way_out=CELL_AGAIN):
                return intact(self.folder, self.entry)
        except EvidenceError as fault:
            raise EvidenceError(f"{fault}; pin the view again, or case.unpin({self.name!r})") from None

    def _words(self, name: str) -> str:
        return str(self.entry.parameters.get(name) or "")

    def _list(self, name: str) -> tuple[str, ...]:
        values = self.entry.parameters.get(name)
        return tuple(str(value) for value in values) if isinstance(values, list) else ()

    def _repr_html_(self) -> str:
        return self.shown._repr_html_()

    def __repr__(self) -> str:
        return self.shown.text


class Pins(Sequence[Pin]):
    """The pins of a report, the first pinned first; by number or by name.

    Args:
        found: in that order.
    """

    def __init__(self, found: Sequence[Pin]) -> None:
        self._found = tuple(found)

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Pin]:
        return iter(self._found)

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> Pin: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Pin]: ...
    def __getitem__(self, key: SupportsIndex | str | slice) -> Pin | Sequence[Pin]:
        if isinstance(key, slice):
            return self._found[key]
        if isinstance(key, str):
            return self.named(key)
        try:
            number = operator.index(key)
        except TypeError:
            raise BadInput(visible(f"no pin {short(key)}; give its name, or its number from 0")) from None
        if not -len(self._found) <= number < len(self._found):
            there = f"there are {len(self._found)}, the first is number 0"
            raise BadInput(f"no pin number {short(str(number))[1:-1]}; {there}")
        return self._found[number]

    def named(self, name: object) -> Pin:
        """The pin of that name.

        Raises:
            BadInput: none has it.
        """
        known = {pin.name: pin for pin in self._found}
        given = typed("pin", name)
        if given not in known:
            raise unknown("pin named", given, known, how=f"known: {', '.join(known) or 'none'}")
        return known[given]

    def _ipython_key_completions_(self) -> list[str]:
        return [pin.name for pin in self._found]

    @property
    def shown(self) -> Shown:
        """A row a pin; redacted."""
        if not self._found:
            return verdict(f"Nothing is pinned. {HOW}")
        rows = [(pin.name, one_line(pin.why), pin.title, len(pin), pin.badge, pin.pinned_at) for pin in self._found]
        caption = f'{len(rows)} pinned; case.pins["…"] shows one, case.unpin("…") takes it out'
        return html_table(("pin", "why", "what", "rows", "status", "pinned at"), rows, caption=caption)

    def _repr_html_(self) -> str:
        return self.shown._repr_html_()

    def __repr__(self) -> str:
        return self.shown.text


def read_pins(report: Path) -> Pins:
    """The pins of a report folder; none where it has no folder of pins.

    Raises:
        EvidenceError: the manifest of the pins is missing, damaged or changed by another hand.
    """
    folder = report / FOLDER
    with refused(f"{folder}: cannot be read", way_out=CELL_AGAIN):
        if not folder.exists() or not stat.S_ISDIR(folder.stat().st_mode):
            return Pins(())
    if fault := manifest_fault(folder):
        raise EvidenceError(f"{folder}: {fault}; see ddms-ops verify {shlex.quote(str(report))}")
    found = [Pin(entry, folder) for entry in read_manifest(folder)]
    return Pins(sorted(found, key=lambda pin: (pin.entry.provenance.clock_start, pin.name)))


def told_columns(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Of the columns to show those that tell something of these rows: not their number, none without a value."""
    names = [name for name in columns or frame.columns if name in frame.columns]
    return [name for name in names if name != NUMBER and frame[name].notna().any()] or names


def one_line(text: str) -> str:
    """Words of a person on one line."""
    return " ".join(text.split())
