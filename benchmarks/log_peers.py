"""Ways to bring an hour of log events here, one a process: `python benchmarks/log_peers.py NAME URL EVENTS [quota]`.

Each reads the same bytes from the stub service. Those whose answer is a frame give every field a column, and times
and numbers their types. The checksum (rows, sum of `duration`, errors) is taken after the clock has stopped.
"""

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

from measuring import report_cost

GROUP = "/aws/lambda/bench"
START = datetime(2026, 3, 4, 10, tzinfo=UTC)
END = START + timedelta(hours=1)
REGION = "eu-west-1"  # 10 calls a second of FilterLogEvents, and of the rest
FIELDS = "fields @timestamp, @message, @logStream, @ingestionTime"
WINDOW_EVENTS = 9_000
LIFTED = 1e6  # calls a second
PAUSE_S = 0.1  # after a call too many
AWSLOGS = Path(tempfile.gettempdir()) / "ddms-ops-bench-awslogs"


class Peer(NamedTuple):
    """How it is measured: `load` imports and prepares, its answer does the work, `check` finds the checksum."""

    load: Callable[[int], Callable[[], Any]]
    check: Callable[[Any], dict[str, Any]]


def prepare(url: str) -> None:
    """Make the stub the only AWS there is."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "DDMS_OPS_NOW", "DDMS_OPS_LOG_ROUTE"):
        os.environ.pop(name, None)
    os.environ |= {
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }  # fmt: skip


def raw(_: int) -> Callable[[], list[tuple[int, int]]]:
    """The floor: pages asked for one after the other over one connection, their events counted, not decoded."""
    host = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")

    def pages() -> Iterator[tuple[int, int]]:
        connection = HTTPConnection(host)
        asked: dict[str, Any] = {"logGroupName": GROUP, "limit": 10_000}
        while True:
            connection.request("POST", "/", json.dumps(asked), {"X-Amz-Target": "Logs_20140328.FilterLogEvents"})
            answer = connection.getresponse()
            page = answer.read()
            if answer.status != HTTPStatus.OK:
                time.sleep(PAUSE_S)
                continue
            yield page.count(b'"eventId"'), len(page)
            _, found, after = page.rpartition(b'"nextToken":"')
            if not found:
                return
            asked["nextToken"] = after.partition(b'"')[0].decode()

    return lambda: list(pages())


def boto3_paginator(_: int) -> Callable[[], Any]:
    """What most people write: a paginator, a list of dicts, json_normalize."""
    import boto3
    import pandas as pd

    def work() -> Any:
        pages = boto3.client("logs").get_paginator("filter_log_events")
        found = []
        for page in pages.paginate(logGroupName=GROUP, startTime=_ms(START), endTime=_ms(END) - 1):
            found += page["events"]
        return _typed(pd.DataFrame(found))

    return work


def wrangler_filter(_: int) -> Callable[[], Any]:
    """awswrangler over FilterLogEvents."""
    import awswrangler as wr

    def work() -> Any:
        frame = wr.cloudwatch.filter_log_events(log_group_name=GROUP, start_time=START, end_time=END)
        return _typed(frame)

    return work


def wrangler_read(_: int) -> Callable[[], Any]:
    """awswrangler over Insights, one query: gives 10,000 rows and does not say that there are more."""
    import awswrangler as wr

    def work() -> Any:
        frame = wr.cloudwatch.read_logs(
            f"{FIELDS} | limit 100000", log_group_names=[GROUP], start_time=START, end_time=END - timedelta(seconds=1)
        )
        return _typed(frame)

    return work


def wrangler_windows(events: int) -> Callable[[], Any]:
    """awswrangler over Insights, in windows of whole seconds that stay below 10,000 rows; threads do not help."""
    import awswrangler as wr
    import pandas as pd

    number = min(3_600, -(-events // WINDOW_EVENTS))
    borders = [START + timedelta(seconds=3_600 * place // number) for place in range(number + 1)]

    def window(place: int) -> Any:
        return wr.cloudwatch.read_logs(
            f"{FIELDS} | limit 10000",
            log_group_names=[GROUP], start_time=borders[place], end_time=borders[place + 1] - timedelta(seconds=1),
        )  # fmt: skip

    def work() -> Any:
        return _typed(pd.concat([window(place) for place in range(number)], ignore_index=True))

    return work


def awslogs(_: int) -> Callable[[], Path]:
    """awslogs, in an environment of its own, printing to a file."""
    program = AWSLOGS / "bin" / "awslogs"
    if not program.exists():
        sys.exit("not installed; --with-awslogs installs it")

    def work() -> Path:
        path = Path(tempfile.mkstemp(suffix=".txt")[1])
        command = [str(program), "get", GROUP, "ALL", "--no-group", "--no-stream", "--no-color"]
        command += ["--start", f"{START:%Y-%m-%d %H:%M}", "--end", f"{END:%Y-%m-%d %H:%M}"]
        with path.open("wb") as stream:
            subprocess.run([*command, "--aws-endpoint-url", os.environ["AWS_ENDPOINT_URL"]], stdout=stream, check=True)
        return path

    return work


def ours(_: int, *, route: str, is_typed: bool) -> Callable[[], Any]:
    """A pull of this package into Parquet, and its typed frame where asked for."""
    import pandas as pd

    from ddms_ops.deployment import Environment
    from ddms_ops.normalize.logs import normalize_logs
    from ddms_ops.profile import load_profile
    from ddms_ops.sources.base import LogQuery
    from ddms_ops.sources.live import LiveSource
    from ddms_ops.window import Window

    profile = load_profile("dms").model_copy(update={"environments": {"bench": Environment(region=REGION)}})
    end = pd.Timestamp(END)
    query = LogQuery(Window(pd.Timestamp(START), end), GROUP)

    def work() -> Any:
        source = LiveSource(profile, "bench", clock=lambda: end, route=route)
        pull = source.fetch_log_events(query, pull="logs/bench")
        typed = normalize_logs([(pull.records, "logs/bench", profile.logs)]) if is_typed else None
        return source, pull, typed, profile.logs

    return work


def lift_quotas() -> None:
    """Let ours ask as fast as it can, as all others do: what is measured is then decoding."""
    from ddms_ops.sources.aws import actions

    for operation in ("FilterLogEvents", "StartQuery", "GetQueryResults"):
        actions.QUOTAS["logs", operation] = LIFTED


def frame_sum(frame: Any) -> dict[str, Any]:
    """Checksum of a frame with the events' own fields."""
    errors = int((frame["level"] == "error").sum())
    return {"rows": len(frame), "checksum": [int(frame["duration"].sum()), errors]}


def raw_sum(pages: list[tuple[int, int]]) -> dict[str, Any]:
    """Rows only: nothing was decoded."""
    return {"rows": sum(rows for rows, _ in pages), "checksum": None, "pages": len(pages)}


def ours_sum(answer: Any) -> dict[str, Any]:
    """Checksum of the typed frame, made now where the pull alone was measured."""
    from ddms_ops.normalize.logs import normalize_logs

    _, pull, typed, logs = answer
    typed = normalize_logs([(pull.records, "logs/bench", logs)]) if typed is None else typed
    errors = int((typed["level"] == "ERROR").sum())
    said = {"rows": len(typed), "checksum": [int(typed["duration_ms"].sum()), errors]}
    return {**said, "coverage": str(pull.coverage.status), "reason": pull.coverage.reason}


def text_sum(path: Path) -> dict[str, Any]:
    """Checksum of a text file of messages."""
    with path.open(encoding="utf-8") as stream:
        events = [json.loads(line[line.index("{") :]) for line in stream if "{" in line]
    path.unlink()
    errors = sum(event["level"] == "error" for event in events)
    return {"rows": len(events), "checksum": [sum(event["duration"] for event in events), errors]}


def install_awslogs() -> None:
    """Make awslogs' own environment, once."""
    if not (AWSLOGS / "bin" / "awslogs").exists():
        shutil.rmtree(AWSLOGS, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", AWSLOGS], check=True)
        packages = ["awslogs==0.15.0", "setuptools<81"]  # awslogs needs pkg_resources
        subprocess.run([AWSLOGS / "bin" / "pip", "install", "--quiet", *packages], check=True)


def _typed(frame: Any) -> Any:
    """The events' own fields as columns beside the service's, its times as times."""
    import pandas as pd

    fields = pd.json_normalize([json.loads(text) for text in frame["message"]])
    given = frame.drop(columns=["message"]).reset_index(drop=True)
    for name in ("timestamp", "ingestionTime"):
        unit = "ms" if pd.api.types.is_numeric_dtype(given[name]) else None
        given[name] = pd.to_datetime(given[name], unit=unit, utc=True)
    return given.join(fields)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _ours(route: str, *, is_typed: bool) -> Peer:
    return Peer(functools.partial(ours, route=route, is_typed=is_typed), ours_sum)


PEERS = {
    "raw bytes, one connection (floor)": Peer(raw, raw_sum),
    "ours, FilterLogEvents": _ours("filter", is_typed=False),
    "ours, FilterLogEvents, typed frame": _ours("filter", is_typed=True),
    "ours, Insights": _ours("insights", is_typed=False),
    "ours, Insights, typed frame": _ours("insights", is_typed=True),
    "boto3 paginator, json_normalize": Peer(boto3_paginator, frame_sum),
    "awswrangler filter_log_events": Peer(wrangler_filter, frame_sum),
    "awswrangler read_logs": Peer(wrangler_read, frame_sum),
    "awswrangler read_logs, by windows": Peer(wrangler_windows, frame_sum),
    "awslogs 0.15, text": Peer(awslogs, text_sum),
}


def main(name: str, url: str, events: str, *quota: str) -> None:
    """Measure one peer."""
    prepare(url)
    if name.startswith("ours") and not quota:
        lift_quotas()
    with contextlib.redirect_stdout(sys.stderr):
        work = PEERS[name].load(int(events))
    report_cost(work, PEERS[name].check)


if __name__ == "__main__":
    main(*sys.argv[1:])
