"""Accesses to S3 objects by callers of another tenant."""

import pandas as pd
import pytest
from witness_builders import APP, DAY, LECTURE, WINDOW, called, shown, trail

from ddms_ops.analysis.object_witnesses import (
    PRESIGNED_USES,
    data_event_gaps,
    data_event_hours,
    object_witnesses,
    presigned_uses,
)
from ddms_ops.analysis.trail_gaps import NO_ROW
from ddms_ops.normalize.object_access import object_accesses
from ddms_ops.tenancy import Objects
from ddms_ops.tenant_schemas import WITNESSES

DHBW, EDT = "111111111111", "222222222222"
SIGNED = {"additionalEventData": {"AuthenticationMethod": "QueryString"}}


def found(*rows: dict) -> list[tuple]:
    """Witnesses among some records of CloudTrail, as the lecture system declares its tenants."""
    return shown(object_witnesses(object_accesses(trail(*rows)), LECTURE, folded=True, window=WINDOW))


@pytest.mark.parametrize(
    ("row", "witness"),
    [
        (called("10:01", "GetObject", DHBW, "edt-media", "a.mp4"), ("dhbw", "edt", "served")),
        (called("10:01", "HeadObject", EDT, "shared", "DHBW/a.mp4"), ("edt", "dhbw", "served")),
        (called("10:01", "GetObject", EDT, "unilux-media", "a", errorCode="AccessDenied"), ("edt", "unilux", "denied")),
        (called("10:01", "GetObject", EDT, "unilux-media", "a", errorCode="SlowDown"), ("edt", "unilux", "failed")),
        (called("10:01", "GetObject", "999999999999", "dhbw-media", "a",
                arn="arn:aws:sts::999999999999:assumed-role/edt-api/s"), ("edt", "dhbw", "served")),
        (called("10:01", "ListObjects", EDT, "shared"), ("edt", None, "served")),
    ],
)  # fmt: skip
def test_an_access_to_another_tenants_object_is_a_witness(row, witness):
    """The owner is the bucket's or the key's tenant, the actor the principal's, else the account's."""
    assert found(row) == [("object_access", *witness)]


@pytest.mark.parametrize(
    "row",
    [
        called("10:01", "GetObject", DHBW, "dhbw-media", "a.mp4"),
        called("10:01", "GetObject", "999999999999", "dhbw-media", "a.mp4", arn=APP),
        called("10:01", "GetObject", DHBW, "some-bucket", "a.mp4"),
        called("10:01", "GetObject", DHBW, "shared", "no-prefix"),
        called("10:01", "PutBucketPolicy", DHBW, "edt-media", eventCategory="Management", managementEvent=True),
        called("10:01", "GetObject", DHBW, "edt-media", "a", eventSource="dynamodb.amazonaws.com"),
        called("09:59", "GetObject", DHBW, "edt-media", "a"),
        {"timestamp": pd.Timestamp(f"{DAY}T10:01Z"), "event_id": "x", "name": "GetObject", "record": '{"cut'},
    ],
)
def test_other_accesses_are_none(row):
    """One's own, by a role that acts for everybody, of nobody's bucket, of a bucket's settings, outside the window."""
    assert found(row) == []


def test_a_copy_reads_and_writes():
    """What a copy takes from another tenant's bucket is an access to it."""
    parameters = {"bucketName": "edt-media", "key": "b", "x-amz-copy-source": "/dhbw-media/my%20film"}
    row = called("10:01", "CopyObject", EDT, "", requestParameters=parameters)
    witnesses = object_witnesses(object_accesses(trail(row)), LECTURE, folded=True, window=WINDOW)
    assert witnesses["record"].tolist() == ["dhbw-media/my film"]


@pytest.mark.parametrize("key", ["a'b", "100%", "zeile\numbruch", '😀/"x"', "=cmd()"])
def test_any_key_is_taken_as_it_stands(key):
    """Quotes, percent signs, newlines and emoji in a key."""
    witnesses = object_witnesses(
        object_accesses(trail(called("10:01", "GetObject", DHBW, "edt-media", key))),
        LECTURE,
        folded=True,
        window=WINDOW,
    )
    assert witnesses["record"].tolist() == [f"edt-media/{key}"]
    assert "\n" not in witnesses["words"][0]


def test_a_presigned_use_by_the_applications_role_is_no_witness_but_told():
    """Who signed acts for everybody; who had it signed is known by whoever knows the key."""
    row = called("10:01", "GetObject", "999999999999", "shared", "dhbw/a", arn=APP, **SIGNED)
    uses = presigned_uses(object_accesses(trail(row)), LECTURE, folded=True, window=WINDOW)
    assert found(row) == []
    assert uses[["key", "owner", "source_ip", "request_id", "row"]].values.tolist() == [
        ["dhbw/a", "dhbw", "192.0.2.7", "r-10:01-dhbw/a", 0]
    ]


def test_no_accesses_are_frames_with_all_columns():
    """Nothing recorded, nothing declared."""
    nothing = object_accesses(trail())
    witnesses = object_witnesses(nothing, Objects(), folded=True, window=WINDOW)
    uses = presigned_uses(nothing, Objects(), folded=True, window=WINDOW)
    assert (len(witnesses), witnesses.columns.tolist()) == (0, WITNESSES.names)
    assert (len(uses), uses.columns.tolist()) == (0, PRESIGNED_USES.names)


def test_hours_without_any_access_are_gaps():
    """Where accesses should be recorded, an hour without one cannot be told of; neighbours are one stretch."""
    accesses = object_accesses(trail(called("10:30", "GetObject", DHBW, "dhbw-media", "a"),
                                     called("13:00", "GetObject", DHBW, "dhbw-media", "a")))  # fmt: skip
    [gap] = data_event_gaps(accesses, LECTURE, window=WINDOW).itertuples()
    assert data_event_hours(accesses, LECTURE, window=WINDOW).hour.tolist() == [10, 13]
    assert (gap.kind, gap.start.hour, gap.end.hour, gap.pull, gap.row) == ("witness", 11, 13, "changes", 0)


def test_a_dropped_export_is_a_gap_of_the_whole_window():
    """No access at all, so no record to cite; and none where the profile does not say that accesses are recorded."""
    [gap] = data_event_gaps(object_accesses(trail()), LECTURE, window=WINDOW).itertuples()
    assert (gap.start, gap.end, gap.pull, gap.row) == (WINDOW.start, WINDOW.end, "changes", NO_ROW)
    assert data_event_gaps(object_accesses(trail()), Objects(), window=WINDOW).empty


def test_accesses_to_buckets_that_are_nobodys_fill_no_hour():
    """Reads of another bucket every hour do not show that those of the tenants' buckets were recorded."""
    others = [called(f"{hour}:30", "GetObject", DHBW, "cloudtrail-logs", "a") for hour in (10, 11, 12, 13)]
    own = called("13:40", "GetObject", DHBW, "dhbw-media", "a")
    accesses = object_accesses(trail(*others, own))
    [gap] = data_event_gaps(accesses, LECTURE, window=WINDOW).itertuples()
    assert data_event_hours(accesses, LECTURE, window=WINDOW).hour.tolist() == [13]
    assert (gap.start, gap.end.hour, gap.row) == (WINDOW.start, 13, 4)
