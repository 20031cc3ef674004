"""Topics whose exports are no JSON of a describe call: statistics and posture of the database, S3 access logs."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ddms_ops.sources.access_log_files import read_access_logs
from ddms_ops.sources.base import inside
from ddms_ops.sources.listing import relative
from ddms_ops.sources.posture_files import read_posture
from ddms_ops.sources.queries import ACCESS, POSTURE, STATISTICS
from ddms_ops.sources.statistics_files import read_statistics
from ddms_ops.window import Window

OWN_READERS = (STATISTICS, POSTURE, ACCESS)
LACKS = {
    STATISTICS: "no snapshot of pg_stat_statements in the export's folder database",
    POSTURE: "no posture (CSV) in the export's folder database; docs/database-posture.sql writes it",
    ACCESS: "no access/ with S3 access logs in the export",
}


@dataclass(frozen=True, slots=True)
class TopicFiles:
    """Records of a topic (RECORDS), the files they are of, what is wrong with these, and what one should know."""

    records: pa.Table
    files: tuple[Path, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...] = ()
    is_denied: bool = False


def read_topic(topic: str, root: Path, scratch: Path, window: Window) -> TopicFiles:
    """Records of one of OWN_READERS; of the window where they are events, else all.

    Args:
        topic: one of OWN_READERS.
        root: the export's folder.
        scratch: the folder for inflated and mended copies.
        window: what is asked.
    """
    if topic == STATISTICS:
        counted = read_statistics(root, scratch)
        return TopicFiles(counted.records, counted.files, counted.faults, counted.notes, counted.is_denied)
    if topic == POSTURE:
        posture = read_posture(root, scratch)
        return TopicFiles(posture.records, posture.files, posture.faults, (), posture.is_denied)
    logs = read_access_logs(root, scratch)
    faults = tuple(f"{relative(file.path, root)} {fault}" for file in logs.files for fault in file.faults)
    notes = (f"{logs.repeated:,} repeated requests in the export taken once",) if logs.repeated else ()
    files = tuple(file.path for file in logs.files)
    is_denied = any(file.is_denied for file in logs.files)
    return TopicFiles(inside(logs.records, window), files, faults, notes, is_denied)
