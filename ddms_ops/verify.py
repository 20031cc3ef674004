"""Whether an evidence folder, or a folder of pins, is what its manifest says."""

import re
from pathlib import Path
from typing import Any

from ddms_ops.evidence import MANIFEST, digest_of, load_manifest, records_digest
from ddms_ops.files import file_digest

DIGEST = re.compile(r"[0-9a-f]{64}")


def printed_digests(page: Path) -> set[str]:
    """The SHA-256 digests that a page prints."""
    return set(DIGEST.findall(page.read_text(encoding="utf-8", errors="replace")))


def verify_evidence(folder: Path, *, expected: str = "") -> list[str]:
    """What is wrong with an evidence folder, one line a file; empty when nothing is.

    Args:
        folder: the evidence folder.
        expected: the manifest digest that the report printed; empty to leave that out.

    Raises:
        EvidenceError: no manifest, or one that cannot be read.
    """
    manifest = load_manifest(folder)
    faults = _own_fault(manifest)
    if not faults and expected and expected != (records := records_digest(manifest)):
        faults.append(f"{MANIFEST}: was changed: its digest is {records[:16]}…, the report says {expected[:16]}…")
    listed = [*manifest["files"], *manifest.get("profiles", [])]
    entries = [entry for entry in listed if isinstance(entry, dict)]
    named = {str(entry.get("file")): entry for entry in entries}
    for name, entry in sorted(named.items()):
        path = folder / name
        if path.is_symlink():
            faults.append(f"{name}: was replaced by a link")
        elif not path.is_file():
            faults.append(f"{name}: is missing")
        elif file_digest(path) != entry.get("sha256"):
            faults.append(f"{name}: was changed: its SHA-256 is not the manifest's")
    present = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()
    }
    faults += [
        f"{name}: was added: the manifest does not know it" for name in sorted(present - set(named) - {MANIFEST})
    ]
    return faults


def manifest_fault(folder: Path) -> str:
    """That a manifest was changed by another hand; empty where it fits its own digest.

    Raises:
        EvidenceError: no manifest, or one that cannot be read.
    """
    return "; ".join(_own_fault(load_manifest(folder)))


def _own_fault(manifest: dict[str, Any]) -> list[str]:
    is_own = manifest.get("digest") == digest_of(manifest)
    return [] if is_own else [f"{MANIFEST}: was changed: its content does not fit its own digest"]
