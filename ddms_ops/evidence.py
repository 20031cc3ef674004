"""The evidence folder: every pull as Parquet, and a manifest that says what was asked and hashes it.

    evidence/manifest.json   {"schema", "tool", "files": [entry, …], "profiles", "digest"}
    evidence/<pull>.parquet
    evidence/profiles/<system>.yaml

Its `digest` is the SHA-256 of the manifest without it, as canonical JSON. The report prints the same without the
reader's clocks, which is what two runs over the same records share: a manifest edited together with its digest
still does not fit its report.
"""

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.coverage import Coverage
from ddms_ops.errors import EvidenceError
from ddms_ops.files import AGAIN, CELL_AGAIN, Watched, file_digest, refused, stamp, whole_file
from ddms_ops.sources.base import Provenance, Pull

SCHEMA = 1
MANIFEST = "manifest.json"
PROFILES = "profiles"
CLOCKS = ("clock_start", "clock_end")
ELSEWHERE = "give another out=; a report that is there can be read with source='case:{}'"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One pull as it lies in the evidence folder."""

    file: str
    coverage: Coverage
    provenance: Provenance
    parameters: dict[str, object]
    sha256: str
    size: int
    tool: str

    @property
    def content(self) -> tuple[str, Coverage]:
        """What a result rests on: the records, and whether they are all."""
        return self.sha256, self.coverage

    def as_dict(self) -> dict[str, object]:
        """The manifest's entry."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "bytes": self.size,
            "rows": self.coverage.rows,
            "pull": self.coverage.pull,
            "query": self.coverage.query,
            "parameters": self.parameters,
            "source": self.provenance.source,
            "account": self.provenance.account,
            "region": self.provenance.region,
            "identity": self.provenance.identity,
            "read_files": list(self.provenance.files),
            "clock_start": self.provenance.clock_start,
            "clock_end": self.provenance.clock_end,
            "bytes_scanned": self.provenance.bytes_scanned,
            "tool": self.tool,
            "coverage": self.coverage.as_dict(),
        }

    @classmethod
    def from_dict(cls, entry: dict) -> "Recorded":  # type: ignore[type-arg]
        """Inverse of `as_dict`."""
        provenance = Provenance(
            entry["source"], entry["account"], entry["region"], entry["identity"], tuple(entry["read_files"]),
            entry["clock_start"], entry["clock_end"], entry.get("bytes_scanned", 0),
        )  # fmt: skip
        coverage = Coverage.from_dict(entry["coverage"])
        return cls(
            entry["file"], coverage, provenance, entry["parameters"], entry["sha256"], entry["bytes"], entry["tool"]
        )


class EvidenceFolder:
    """Evidence of one case, written pull by pull; each pull leaves it valid.

    Several kernels may write into one folder. What was recorded here stays what it was, or nothing more is read or
    written: whoever replaced or changed it, or made the folder anew, works on other records.

    Args:
        folder: the evidence folder, created with mode 0700.
        tool: what to sign entries with, `ddms-ops x.y.z`.

    Raises:
        EvidenceError: it cannot be written into.
    """

    def __init__(self, folder: Path, *, tool: str) -> None:
        self.folder = folder
        self.tool = tool
        with refused(f"{folder}: cannot be written into", way_out=ELSEWHERE.format(folder.parent)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            self._place = folder.stat().st_ino
        self._own: dict[str, object] = {}
        self._watched = Watched(folder)
        self._read: tuple[int, ...] | None = None  # the stamp of the manifest that `entries` are of
        self.entries: list[Recorded] = []
        self.check()

    def record(self, pull: Pull, parameters: dict[str, object]) -> Recorded:
        """Write a pull's raw records and its manifest entry; an earlier pull of that name is replaced.

        A pull that was answered from this very file stays as it is.

        Raises:
            EvidenceError: as `check`, or it cannot be written.
        """
        self.check()
        name = pull.coverage.pull
        path = self.folder / _file_name(name)
        known = next((entry for entry in self.entries if entry.coverage.pull == name), None)
        if known is not None and pull.records == path:
            self._keep(known)
            return known
        with whole_file(path) as partial:
            if isinstance(pull.records, Path):
                shutil.copyfile(pull.records, partial)
            else:
                pq.write_table(pull.records.combine_chunks(), partial, compression="zstd", compression_level=1)
            digest, size = file_digest(partial), partial.stat().st_size
            self._own.pop(path.name, None)
        entry = Recorded(path.name, pull.coverage, pull.provenance, parameters, digest, size, self.tool)
        self.adopt(entry)
        self._keep(entry)
        return entry

    def _keep(self, entry: Recorded) -> None:
        self._own[entry.file] = entry.content
        self._watched.trust(entry.file, entry.sha256)

    def adopt(self, entry: Recorded) -> None:
        """Take in an entry whose file lies here already, beside those that others took in meanwhile."""
        self.check()
        others = [known for known in self.entries if known.coverage.pull != entry.coverage.pull]
        self.entries = sorted([*others, entry], key=lambda known: known.coverage.pull)
        self._save()

    def remove(self, pull: str) -> None:
        """Take a pull out: its file and its entry."""
        self.check()
        (self.folder / _file_name(pull)).unlink(missing_ok=True)
        self.entries = [known for known in self.entries if known.coverage.pull != pull]
        self._save()

    def keep_profile(self, path: Path) -> bool:
        """Keep the profile that the run was made with, which a replay uses; whether another was kept before."""
        kept, now = self.folder / PROFILES / path.name, path.read_bytes()
        with whole_file(kept) as partial:
            kept.parent.mkdir(mode=0o700, exist_ok=True)
            before = kept.read_bytes() if kept.exists() else b""
            partial.write_bytes(now)
        self._own[f"{PROFILES}/{path.name}"] = hashlib.sha256(now).hexdigest()
        self._save()
        return before not in (b"", now)

    def path_of(self, pull: str) -> Path:
        """The Parquet file of a pull, which is as it was recorded; raises as `check`."""
        self.check()
        [entry] = [entry for entry in self.entries if entry.coverage.pull == pull]
        return self._watched.check(entry.file, entry.sha256)

    @property
    def digest(self) -> str:
        """Digest of the manifest as it stands, without clocks."""
        self.check()
        return records_digest(self._manifest())

    def check(self) -> None:
        """Know what another kernel recorded meanwhile.

        Raises:
            EvidenceError: the folder, or a file of what was recorded here, is another one now, or cannot be read.
        """
        with refused(f"{self.folder}: cannot be read", way_out=CELL_AGAIN):
            if not self.folder.is_dir() or self.folder.stat().st_ino != self._place:
                raise EvidenceError(f"{self.folder}: was made anew, or moved, since this case was opened; {AGAIN}")
            manifest = self.folder / MANIFEST
            at = stamp(manifest) if manifest.exists() else None
            if at is None or at != self._read:
                self.entries, self._read = read_manifest(self.folder) if at else [], at
            now = {entry.file: entry.content for entry in self.entries} | self._profiles()
        if other := sorted(name for name, content in self._own.items() if now.get(name) != content):
            raise EvidenceError(f"{self.folder / other[0]}: is another one since this case was opened; {AGAIN}")
        for entry in (entry for entry in self.entries if entry.file in self._own):
            self._watched.check(entry.file, entry.sha256)

    def _profiles(self) -> dict[str, str]:
        kept = sorted((self.folder / PROFILES).glob("*.yaml"))
        return {f"{PROFILES}/{path.name}": file_digest(path) for path in kept}

    def _manifest(self) -> dict[str, object]:
        profiles = [{"file": name, "sha256": digest} for name, digest in self._profiles().items()]
        files = [entry.as_dict() for entry in self.entries]
        return {"schema": SCHEMA, "tool": self.tool, "files": files, "profiles": profiles}

    def _save(self) -> None:
        manifest = self._manifest()
        text = json.dumps({**manifest, "digest": digest_of(manifest)}, indent=1, ensure_ascii=False, sort_keys=True)
        with whole_file(self.folder / MANIFEST) as partial:
            partial.write_text(text + "\n", encoding="utf-8")


def _file_name(pull: str) -> str:
    """A file name for a pull; two pulls never share one."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", pull).strip("-.")[:100]
    return f"{plain}.parquet" if plain == pull else f"{plain}-{hashlib.sha256(pull.encode()).hexdigest()[:8]}.parquet"


def digest_of(manifest: dict[str, object]) -> str:
    """SHA-256 of a manifest without its digest, as canonical JSON."""
    bare = {key: value for key, value in manifest.items() if key != "digest"}
    text = json.dumps(bare, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def records_digest(manifest: dict[str, Any]) -> str:
    """`digest_of` a manifest without the reader's clocks: the same for every run over the same records."""
    files = [{key: value for key, value in entry.items() if key not in CLOCKS} for entry in manifest["files"]]
    return digest_of({**manifest, "files": files})


def load_manifest(folder: Path) -> dict:  # type: ignore[type-arg]
    """A manifest as it is written, its entries unread.

    Raises:
        EvidenceError: no manifest, or not one.
    """
    path = folder / MANIFEST
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EvidenceError(f"{path}: no manifest; give a report folder made by ddms-ops run") from None
    except PermissionError:
        raise EvidenceError(f"{path}: no permission to read it") from None
    except (OSError, ValueError, RecursionError):
        raise EvidenceError(f"{path}: the manifest is damaged: not a JSON file") from None
    if not isinstance(loaded, dict) or loaded.get("schema") != SCHEMA or not isinstance(loaded.get("files"), list):
        raise EvidenceError(f"{path}: the manifest is damaged, or of another schema than {SCHEMA}")
    return loaded


def read_manifest(folder: Path) -> list[Recorded]:
    """The entries of a manifest.

    Raises:
        EvidenceError: no manifest, or not one.
    """
    try:
        return [Recorded.from_dict(entry) for entry in load_manifest(folder)["files"]]
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise EvidenceError(f"{folder / MANIFEST}: the manifest is damaged: bad or missing {fault}") from None


def manifest_digest(folder: Path) -> str:
    """`records_digest` of a folder's manifest."""
    return records_digest(load_manifest(folder))


def intact(folder: Path, entry: Recorded) -> Path:
    """The file of an entry, as it was recorded.

    Raises:
        EvidenceError: it is missing, or its content is not what the manifest says.
    """
    path = folder / entry.file
    if not path.is_file():
        raise EvidenceError(f"{path}: is missing")
    if file_digest(path) != entry.sha256:
        raise EvidenceError(f"{path}: was changed: its SHA-256 is not the manifest's")
    return path


def read_table(path: Path) -> pa.Table:
    """Records of one evidence file.

    Raises:
        EvidenceError: the file is missing or is not the Parquet that was written.
    """
    try:
        return pq.read_table(path)
    except FileNotFoundError:
        raise EvidenceError(f"{path}: is missing") from None
    except (pa.ArrowInvalid, OSError):
        raise EvidenceError(f"{path}: was changed: it is not a Parquet file any more") from None
