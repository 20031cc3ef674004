"""A drill as it is kept: enough to repeat it, and what was planted, packed so that nobody reads it by chance."""

import base64
import binascii
import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

from ddms_ops.drill.telling import Truth
from ddms_ops.errors import BadInput, EvidenceError

DRILLS = "drills"
NAME = "drill.json"
SHEET = "answer.yaml"
EXPORT = "export"
INCIDENT = "incident.yaml"


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill: `started` is ISO in UTC, `source` is live or files, `planted` is the packed truth."""

    drill_id: str
    system: str
    seed: int
    events: int
    started: str
    source: str
    planted: str

    @property
    def truth(self) -> Truth:
        """What was planted.

        Raises:
            ValueError: it cannot be unpacked.
        """
        try:
            return dict(json.loads(zlib.decompress(base64.b64decode(self.planted, validate=True))))
        except (binascii.Error, zlib.error, TypeError) as fault:
            raise ValueError(str(fault)) from None

    def save(self, folder: Path) -> None:
        """Write it into the drill's folder."""
        (folder / NAME).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def packed(truth: Truth) -> str:
    """The truth as text that says nothing to a reader."""
    return base64.b64encode(zlib.compress(json.dumps(truth).encode())).decode()


def read_drill(folder: Path) -> Drill:
    """The drill in a folder.

    Raises:
        BadInput: there is none.
        EvidenceError: its file is not what `ddms-ops drill` wrote.
    """
    path = folder / NAME
    try:
        drill = Drill(**json.loads(path.read_text(encoding="utf-8")))
        _ = drill.truth
    except OSError:
        raise BadInput(f"{path}: no such file; give a drill's folder, e.g. {DRILLS}/drill-dms-1") from None
    except (ValueError, TypeError):
        raise EvidenceError(f"{path}: is not what ddms-ops drill wrote; start another drill") from None
    return drill


def drills_in(folder: Path) -> list[Path]:
    """The folders of the drills below a working folder, the latest started first."""
    found = [path.parent for path in (folder / DRILLS).glob(f"*/{NAME}")]
    return sorted(found, key=lambda each: read_drill(each).started, reverse=True)


def new_id(folder: Path, system: str) -> str:
    """The next free `drill-<system>-<n>` below a working folder."""
    taken = {path.name for path in (folder / DRILLS).glob("drill-*")}
    return next(name for n in range(1, 10_000) if (name := f"drill-{system}-{n}") not in taken)
