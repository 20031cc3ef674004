"""The bill's files in S3: which are taken, fetched once and whole, and what is said where they cannot be had."""

import json
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from live_bill import account, days, every_kind, line, live_source, write_bill

from ddms_ops.coverage import Status
from ddms_ops.deployment import Account
from ddms_ops.sandbox.faults import Drop, Error
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.aws.bill_store import Stored, chosen, months_asked, months_of, place_of
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.base import Pull
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.queries import CostQuery
from ddms_ops.spending import BillStore, Costs

WEEK = days("2026-03-01", "2026-03-06")
BUCKET, MARCH = "bills", "cur/main/data/BILLING_PERIOD=2026-03"
COSTS = Costs(bill=BillStore(s3=f"s3://{BUCKET}/cur/main"))
ALWAYS = 10_000
Put = Callable[..., Path]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Sandbox, BaseClient]]:
    """An account and its S3, with a bucket for bills."""
    with pytest.MonkeyPatch.context() as environment, account(None, environment) as sandbox:
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        yield sandbox, s3


@pytest.fixture(autouse=True)
def sandbox(served: tuple[Sandbox, BaseClient]) -> Iterator[Sandbox]:
    """The account, the bucket empty and without faults."""
    sandbox, s3 = served
    yield sandbox
    sandbox.faults.clear()
    for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=one["Key"])


@pytest.fixture
def bucket(served: tuple[Sandbox, BaseClient], tmp_path: Path) -> Put:
    """Puts lines, or a text, into the bucket under a key; the file that it is."""

    def put(key: str, *lines: dict[str, str], text: str = "") -> Path:
        path = write_bill(tmp_path, *lines, name=key) / "costs" / key
        served[1].put_object(Bucket=BUCKET, Key=key, Body=text.encode() or path.read_bytes())
        return path

    return put


def calls(sandbox: Sandbox) -> list[str]:
    """Operations of the source on S3 so far; the tests' own puts are none."""
    found = [call.operation for call in sandbox.calls.all if call.service == "s3"]
    return [name for name in found if name in ("GetObject", "ListObjectsV2")]


def fetch(part: str = "days", **given: Any) -> Pull:
    """The answer to one question from a source of its own."""
    return live_source(**given).fetch_cost_answer(CostQuery(WEEK, part, COSTS), pull="costs")


def total(pull: Pull) -> str:
    """What is billed in all."""
    return str(sum(pull.table["billed"].to_pylist()).normalize())


def test_files_in_s3_answer_as_files_do(sandbox: Sandbox, bucket: Put):
    """The same table; the objects, their bytes and the account are known."""
    path = bucket(f"{MARCH}/bill-00001.csv", *every_kind())
    pull, read = fetch(), FilesSource(path.parents[5]).fetch_cost_answer(CostQuery(WEEK, "days", COSTS), pull="costs")
    assert pull.table.equals(read.table)
    assert (pull.coverage.status, pull.coverage.source) == (Status.COMPLETE, "live")
    assert pull.provenance.files == (f"s3://{BUCKET}/{MARCH}/bill-00001.csv",)
    assert (pull.provenance.bytes_scanned, pull.provenance.account) == (path.stat().st_size, sandbox.account)


def test_each_file_is_fetched_once(sandbox: Sandbox, bucket: Put):
    """Whatever the number of questions; the bucket is listed once."""
    bucket(f"{MARCH}/bill-00001.csv", *every_kind())
    source, before = live_source(), len(calls(sandbox))
    for part in ("days", "hours"):
        assert source.fetch_cost_answer(CostQuery(WEEK, part, COSTS), pull=part).coverage.status is Status.COMPLETE
    details = CostQuery(WEEK, "details", COSTS, now=("2026-03-04",), before=("2026-03-03",))
    assert source.fetch_cost_answer(details, pull="details").coverage.status is Status.COMPLETE
    assert calls(sandbox)[before:] == ["ListObjectsV2", "GetObject"]


def stored(*keys: str) -> list[Stored]:
    """Objects, each written a day after the one before it."""
    return [Stored(key, 1, datetime(2026, 3, day, tzinfo=UTC)) for day, key in enumerate(keys, start=1)]


def picked(*keys: str) -> tuple[list[str], tuple[str, ...]]:
    """Those of the keys that are read for March 2026, and the notes on the choice; no manifest is there to be asked."""
    found = chosen(AwsSession(Account(region="us-east-1")), BUCKET, stored(*keys), frozenset({"2026-03"}))
    return [one.key for one in found.objects], found.notes


@pytest.mark.parametrize("month", ["data/BILLING_PERIOD=2026-0{}", "year=2026/month={}", "20260{}01-20260401/id"])
def test_only_the_months_asked_for_are_taken(month: str):
    """In whatever way its months are named; what names none is taken."""
    keys = [f"{month.format(number)}/bill.csv" for number in (2, 3, 4)]
    assert picked(*keys, "bill.csv", f"{month.format(3)}/notes.txt")[0] == sorted([keys[1], "bill.csv"])


def test_the_manifest_says_which_files_count(bucket: Put):
    """Not a file that an earlier version left; one that is not there is a lack."""
    bucket(f"{MARCH}/bill-00001.csv", line("2026-03-04", "AmazonS3", "A", "1"))
    bucket(f"{MARCH}/bill-00002.csv", line("2026-03-04", "AmazonS3", "A", "9"))
    names = [f"s3://{BUCKET}/{MARCH}/bill-0000{number}.csv" for number in (1, 3)]
    manifest = f"{MARCH.replace('data', 'metadata')}/main-Manifest.json"
    bucket(manifest, text=json.dumps({"dataFiles": names}))
    pull = fetch()
    assert (total(pull), pull.coverage.status) == ("1", Status.PARTIAL)
    assert "1 files that the manifest of 2026-03 names are not there" in pull.coverage.reason


def test_without_a_manifest_the_newest_version_counts():
    """Each version has a folder of its own; how many files are passed over is said."""
    keys, [note] = picked(*(f"BILLING_PERIOD=2026-03/v{version}/bill.csv" for version in (1, 2)))
    assert keys == ["BILLING_PERIOD=2026-03/v2/bill.csv"]
    assert note == "2026-03: only the newest folder is read, 1 files of others are not"


def test_no_bill_there_is_not_configured(sandbox: Sandbox):
    """With where it was looked for."""
    before = len(calls(sandbox))
    coverage = fetch().coverage
    assert (coverage.status, "costs.bill.s3" in coverage.reason) == (Status.NOT_CONFIGURED, True)
    assert calls(sandbox)[before:] == ["ListObjectsV2"]


@pytest.mark.parametrize(
    ("operation", "fault", "status", "words"),
    [
        ("ListObjectsV2", Error("AccessDenied", 403), Status.NO_PERMISSION, "s3:ListBucket"),
        ("ListObjectsV2", Error("NoSuchBucket", 404), Status.NOT_CONFIGURED, "none of that name"),
        ("GetObject", Error("AccessDenied", 403), Status.NO_PERMISSION, "s3:GetObject"),
        ("GetObject", Drop(half_way=True), Status.FAILED, "s3 GetObject"),
    ],
    ids=["list-denied", "no-bucket", "get-denied", "cut-off"],
)
def test_a_lasting_fault_is_said(
    sandbox: Sandbox, bucket: Put, operation: str, fault: Error | Drop, status: Status, words: str
):
    """With the action that is lacking."""
    bucket(f"{MARCH}/bill.csv", *every_kind())
    sandbox.faults.add("s3", operation, fault, times=ALWAYS)
    coverage = fetch().coverage
    assert (coverage.status, coverage.rows, words in coverage.reason) == (status, 0, True)


def test_a_passing_fault_is_not_felt(sandbox: Sandbox, bucket: Put):
    """A file that breaks off is fetched again."""
    bucket(f"{MARCH}/bill.csv", *every_kind())
    sandbox.faults.add("s3", "GetObject", Drop(half_way=True))
    assert fetch().coverage.status is Status.COMPLETE


def test_ctrl_c_ends_the_pull(sandbox: Sandbox, bucket: Put):
    """Nothing half-fetched is counted; asking again works."""
    bucket(f"{MARCH}/bill.csv", *every_kind())
    source = live_source()

    def pressed(_: dict[str, Any]) -> dict[str, Any]:
        signal.raise_signal(signal.SIGINT)
        return {}

    sandbox.faults.add("s3", "GetObject", pressed)
    query = CostQuery(WEEK, "days", COSTS)
    pull = source.fetch_cost_answer(query, pull="costs")
    assert (pull.is_interrupted, pull.coverage.status, pull.coverage.rows) == (True, Status.FAILED, 0)
    assert source.fetch_cost_answer(query, pull="costs").coverage.status is Status.COMPLETE


def test_addresses_and_months():
    """A prefix ends in a slash; the end of a window is not in it."""
    assert place_of("s3://bills") == ("bills", "")
    assert place_of("s3://bills/a/b/") == place_of("s3://bills/a/b") == ("bills", "a/b/")
    assert months_of(days("2026-02-28", "2026-04-01")) == {"2026-02", "2026-03"}


def test_months_of_both_sides_are_fetched():
    """Also of days before the window."""
    asked = CostQuery(WEEK, "details", COSTS, now=("2026-03-01", "2026-03-02"), before=("2026-01-31", "2026-02-01"))
    assert months_asked(asked) == {"2026-01", "2026-02", "2026-03"}
