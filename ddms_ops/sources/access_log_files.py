"""S3 server access logs out of the files that S3 delivers, one request a line.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html; fields are separated by spaces, some of them are
quoted, and later ones may be absent. Signatures of pre-signed URLs are left out: until they expire, they are keys.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from ddms_ops.engine import offline_engine
from ddms_ops.interrupts import check_pressed
from ddms_ops.redact import PATTERNS
from ddms_ops.sources.base import RECORDS
from ddms_ops.sources.json_files import FileRows
from ddms_ops.sources.opening import MAX_LINE, open_export, without_long_lines

FOLDER = "access"
KIND = "s3_access"
MEMORY = "512MB"
FIELDS = (
    "bucket_owner", "bucket", "time", "remote_ip", "requester", "request_id", "operation", "key", "request_uri",
    "http_status", "error_code", "bytes_sent",
)  # fmt: skip
LINE = r"^(\S+) (\S+) \[([^\]]+)\] (\S+) (\S+) (\S+) (\S+) (\S+) (?:\"(.*?)\"|-) (\d{3}|-) (\S+) (\d+|-)(?: |$)"
SIGNED_BY = r" (?:SigV2|SigV4|-) \S+ (AuthHeader|QueryString|-)(?: |$)"
TIME = "%d/%b/%Y:%H:%M:%S %z"
CREATE = "CREATE TABLE requests (timestamp TIMESTAMPTZ, id VARCHAR, record VARCHAR)"


@dataclass(frozen=True, slots=True)
class AccessLogs:
    """What the access logs of an export hold.

    Attributes:
        records: table of RECORDS, ordered by time: kind s3_access, id `<bucket>/<key>`, the fields of a line as JSON.
        files: the account of each file; its rows are in `records`.
        repeated: lines that two files hold, taken once.
    """

    records: pa.Table
    files: tuple[FileRows, ...]
    repeated: int


def access_log_files(root: Path) -> list[Path]:
    """Files below access/ of an export, sorted."""
    folder = root / FOLDER
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def read_access_logs(root: Path, scratch: Path) -> AccessLogs:
    """All requests that the files below access/ tell of.

    Args:
        root: the export's folder.
        scratch: the folder for inflated and mended copies, and for what outgrows memory.

    Returns:
        Its table has all columns also where there is no such file. A line that is none of an access log is counted in
        its file's faults.
    """
    connection = offline_engine(memory_limit=MEMORY, temp_directory=str(scratch / "access.tmp"))
    try:
        connection.execute(CREATE)
        files = tuple(_read(connection, path, scratch) for path in access_log_files(root))
        [(rows,)] = connection.execute("SELECT count(*) FROM requests").fetchall()
        found = connection.sql(
            f"SELECT DISTINCT timestamp, '{KIND}' AS kind, id, record FROM requests ORDER BY timestamp, id, record"
        ).to_arrow_table()
    finally:
        connection.close()
    records = pa.table([column.cast(field.type) for column, field in zip(found.columns, RECORDS, strict=True)], RECORDS)
    return AccessLogs(records, files, rows - records.num_rows)


def _read(connection: duckdb.DuckDBPyConnection, path: Path, scratch: Path) -> FileRows:
    """The requests of one file, put into the table `requests`."""
    with tempfile.TemporaryDirectory(dir=scratch) as own:
        opened = open_export(path, Path(own))
        if not opened.is_readable:
            return FileRows(path, (), opened.faults, opened.is_denied)
        opened = without_long_lines(opened, Path(own))
        try:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE parsed AS {_parsed()}", [str(opened.plain)])
            connection.execute("INSERT INTO requests SELECT * FROM parsed WHERE timestamp IS NOT NULL")
            [(lost,)] = connection.execute("SELECT count(*) FROM parsed WHERE timestamp IS NULL").fetchall()
        except duckdb.Error as fault:  # its own text may quote a line
            check_pressed()
            return FileRows(path, (), (*opened.faults, f"could not be read ({type(fault).__name__})"))
    words = (f"{lost:,} {'line is' if lost == 1 else 'lines are'} not of an S3 access log",) if lost else ()
    return FileRows(path, (), (*opened.faults, *words))


def _parsed() -> str:
    """SQL of time, id and record of each line of a file, the time NULL where it is no request; blank ones left out."""
    names = ", ".join(f"'{name}'" for name in FIELDS)
    fields = ", ".join(f"'{name}', nullif(f.{name}, '-')" for name in FIELDS if name not in ("time", "request_uri"))
    secret = PATTERNS["signed_url"].pattern.removeprefix("(?i)(?<=[?&])").replace("'", "''")
    uri = f"regexp_replace(f.request_uri, '(?i)([?&]){secret}', '\\1[signed_url]', 'g')"
    stamp = f"epoch_us(try_strptime(f.time, '{TIME}'))"
    return f"""SELECT make_timestamptz({stamp}) AS timestamp, f.bucket || '/' || coalesce(nullif(f.key, '-'), '') AS id,
        json_object({fields}, 'request_uri', nullif({uri}, ''), 'auth_type', nullif(nullif(auth, ''), '-'))::VARCHAR
        AS record
        FROM (SELECT regexp_extract(line, '{LINE.replace(chr(92) + '"', '"')}', [{names}]) AS f,
            regexp_extract(line, '{SIGNED_BY}', 1) AS auth
            FROM read_csv(?, columns={{'line': 'VARCHAR'}}, delim='\x01', quote='', escape='', header=false,
                auto_detect=false, max_line_size={MAX_LINE + 1024}, buffer_size={4 * MAX_LINE + 8192},
                strict_mode=false) WHERE trim(line) <> '')"""
