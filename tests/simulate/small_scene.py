"""A small scene with one of everything, and an independent reading of what is written of it: plain json and gzip."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ddms_ops.simulate.scenario import Call
from ddms_ops.simulate.scene.declared import (
    Alarm,
    Api,
    Counted,
    Expected,
    Extra,
    Failure,
    Gauge,
    Route,
    Scene,
    Slower,
    Stream,
)

API, JOBS, NIGHTLY = "/aws/lambda/small-api", "eu:/ecs/small-jobs", "/aws/lambda/small-tick"
START, SLOW, TICK = "GET /things/{id}", "POST /reports", "tick"
BEGUN = '{"level": "INFO", "message": "begun", "id": "$request", "version": "$version", "tenant": "$tenant"}'
DONE = '{"level": "INFO", "message": "done", "id": "$request", "route": "$route", "status": $status, "ms": $ms}'
FAILED = '{"level": "ERROR", "message": "no such shelf $n", "id": "$request", "status": $status, "ms": $ms}'
COLD = "INIT_START Runtime Version: nodejs:20 took $ms at $iso"


def dead_letters(scene: Scene) -> Mapping[str, object]:
    """One document that counts from the onset."""
    return {"queues/dead.json": {"Messages": [{"MessageId": "1", "Body": f"since {scene.onset}"}]}}


SCENE = Scene(
    name="lost_shelf",
    title="A shelf is lost",
    system="generic",
    start="2026-03-04T10:00Z",
    incident_title="Things are not found",
    onset_min=40,
    streams=(
        Stream(API, 0.8, (Route(START, 3, 80, (BEGUN, DONE)), Route(SLOW, 1, 900, (BEGUN, DONE))), ("anna", "bert")),
        Stream(JOBS, 0.2, (Route("job", 1, 4_000, (BEGUN, DONE)),)),
        Stream(NIGHTLY, 0, (Route(TICK, 1, 20, (DONE,)),), every_min=5),
    ),
    failures=(Failure(API, (FAILED,), 0.4, status=503, routes=(START,), usual=0.02),),
    slower=(Slower(JOBS, 5.0),),
    extras=(Extra("cold", API, (COLD,), 0.1, 1.0, until_min=30),),
    gauges=(
        Gauge("api_requests", counted=Counted("requests", API)),
        Gauge("api_failed", counted=Counted("failed", API), is_sparse=True, period_s=300),
        Gauge("eu:job_p95", counted=Counted("p95", JOBS, scale=0.001), period_s=300),
        Gauge("depth", usual=10, then=200, climb_min=20, is_whole=True),
    ),
    alarms=(Alarm("depth-high", "depth", above=100, points=3),),
    changes=(Call(-6, "lambda", "UpdateFunctionCode20150331v2", {"functionName": "small-api"}, "small-deploy"),),
    apis=(
        Api("signin", "ConsoleLogin", "root", "Root", at_min=3, source_ip="198.51.100.9", mfa=False),
        Api("s3", "GetObject", "nosy", "IAMUser", per_hour=2, then_per_hour=60, error_code="AccessDenied"),
        Api("ecs", "RegisterTask", "ecs.amazonaws.com", "AWSService", per_hour=4),
    ),
    versions={API: "2.0.0"},
    documents=dead_letters,
    region="eu-central-1",
    expected=Expected("error_triage", ("no such shelf",), change="UpdateFunctionCode"),
)


def events_of(export: Path, group: str) -> list[dict[str, Any]]:
    """The events of a log group, in the order of its files."""
    folder = export / "logs" / group.replace("/", "__")
    lines = [line for path in sorted(folder.iterdir()) for line in gzip.decompress(path.read_bytes()).splitlines()]
    return [json.loads(line) for line in lines]


def said_of(export: Path, group: str) -> list[tuple[int, dict[str, Any]]]:
    """Time and fields of the messages that are JSON."""
    return [
        (event["timestamp"], json.loads(event["message"]))
        for event in events_of(export, group)
        if event["message"].startswith("{")
    ]


def series_of(export: Path) -> dict[str, dict[str, float]]:
    """Values by time by label."""
    answers = [json.loads(path.read_text()) for path in (export / "metrics").iterdir()]
    results = [series for answer in answers for series in answer["MetricDataResults"]]
    return {each["Label"]: dict(zip(each["Timestamps"], each["Values"], strict=True)) for each in results}


def records_of(export: Path) -> list[dict[str, Any]]:
    """CloudTrail records."""
    files = sorted((export / "trail").iterdir())
    return [record for path in files for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]]
