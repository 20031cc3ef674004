"""Cases small enough to see, for the panels."""

import json
import shutil
from pathlib import Path

from builders import DAY, at, envelope, failure, minutes, open_export, request, write_logs

from ddms_ops.case import Case
from ddms_ops.incident import resolve
from ddms_ops.sources.base import Source

API = "/aws/lambda/dms-api-handler-prod"
WORKER = "/aws/lambda/dms-processing-worker-prod"
SYSTEMS = Path(__file__).parents[2] / "parameters" / "systems"
TENANTS = ("t0", "t1", "t2", "t3")


def write_incident(
    root: Path, *, hit: tuple[str, ...] = ("t1",), now: tuple[str, ...] = TENANTS, texts: tuple[str, ...] = ()
) -> Path:
    """An export of two hours; from 10:20 to 10:40 every request of some tenants to /search fails.

    Args:
        root: where to write.
        hit: tenants whose requests fail.
        now: tenants with traffic in the window; the baseline has all of TENANTS.
        texts: what the errors say, by turns; `{n}` is a number.
    """
    usual = [request(clock, tenant=TENANTS[n % 4]) for n, clock in enumerate(minutes(0, 60, 9))]
    usual += [request(clock, tenant=now[n % len(now)]) for n, clock in enumerate(minutes(0, 60))]
    lines = []
    for n, clock in enumerate(minutes(20, 40)):
        tenant = hit[n % len(hit)]
        said = texts[n % len(texts)].format(n=n % 7) if texts else f"cannot read page {n % 7}"
        lines += [failure(clock, said, path="/search", tenant=tenant)]
        lines += [request(clock, status=500, path="/search", tenant=tenant)]
    return write_logs(root, API, *usual, *lines)


def incident(root: Path, **parameters: object) -> Case:
    """The case of `write_incident`."""
    return open_export(write_incident(root, **parameters))


def sampled(root: Path, source: Source, *, most: int) -> Case:
    """A case that reads at most some events of what a source has."""
    profiles = shutil.copytree(SYSTEMS, root / "systems")
    text = (profiles / "dms.yaml").read_text().replace("logs:\n", f"logs:\n  max_events: {most}\n", 1)
    (profiles / "dms.yaml").write_text(text)
    given = {"incident_id": "test", "system": "dms", "start": f"{DAY}T10:00Z", "end": f"{DAY}T11:00Z"}
    found, profile = resolve({**given, "source": f"files:{root}"}, now=at("12:00"), where="", profiles=profiles)
    return Case(found, profile, source, root / "report", clock=lambda: at("12:00"), profiles=profiles)


def job(clock: str, *, status: str = "COMPLETED", kind: str = "index") -> str:
    """The end of a background job of dms as an export line, with its error where it failed."""
    fields = {"level": "info", "message": "job completed", "status": status, "jobType": kind, "tenantId": "t1"}
    if status == "FAILED":
        fields |= {"level": "error", "message": "job failed", "error": "ENOENT", "errorMessage": "no such file"}
    return envelope(clock, {**fields, "requestId": f"j-{clock}", "version": "1"})


def write_trail(root: Path, *names: str) -> None:
    """Changes with these names, each of a minute and a function of its own, from 10:10 on."""
    change = {"eventSource": "lambda.amazonaws.com", "readOnly": False}
    records = [
        {**change, "eventTime": f"{DAY}T10:{10 + n}:00Z", "eventName": name, "eventID": name,
         "requestParameters": {"functionName": f"f{n}"}}
        for n, name in enumerate(names)
    ]  # fmt: skip
    (root / "trail").mkdir()
    (root / "trail" / "a.json").write_text(json.dumps({"Records": records}))
