"""CloudTrail files of a scene: everyday calls, the scene's changes, and the calls that it declares."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from ddms_ops.simulate.cloudtrail import ACCOUNT, ON_CALL, PLATFORM, event_time, record
from ddms_ops.simulate.ids import hexes
from ddms_ops.simulate.output import write_json
from ddms_ops.simulate.scenario import MINUTE_MS, Call
from ddms_ops.simulate.scene.declared import Api, Scene
from ddms_ops.simulate.scene.timing import Numbers, Times, at_random, come

READS = 90
CALLS = 35
TAGGED_MIN, ALARM_MIN = 11, 5  # minutes into baseline and window
Record = dict[str, object]
Timed = tuple[int, Call, Api | None]


def write_trail(folder: Path, scene: Scene, seed: int, salt: int) -> int:
    """Write one file for each hour of baseline and window that has calls; returns how many records."""
    rng = np.random.default_rng([seed, CALLS])
    timed: list[Timed] = [(scene.anchor_ms + round(call.at_min * MINUTE_MS), call, None) for call in scene.changes]
    timed += [(time_ms, call, None) for time_ms, call in _everyday(scene, rng)]
    for place, api in enumerate(scene.apis):
        for time_ms in _times(scene, api, np.random.default_rng([seed, CALLS, place])).tolist():
            timed.append((time_ms, _call(api), api))
    inside = [each for each in timed if scene.first_ms <= each[0] < scene.end_ms]
    inside.sort(key=lambda each: (each[0], each[1].name))
    hours: dict[str, list[Record]] = {}
    for number, (time_ms, call, declared) in enumerate(inside):
        found = {**record(call, time_ms, number, salt), "awsRegion": scene.region}
        told = found if declared is None else _as_declared(found, declared)
        hours.setdefault(event_time(time_ms)[:13], []).append(told)
    for (hour, its), digits in zip(hours.items(), hexes(np.arange(len(hours)), salt + 31), strict=True):
        name = f"{ACCOUNT}_CloudTrail_{scene.region}_{hour.replace('-', '')}55Z_{digits[:16]}.json.gz"
        write_json(folder / name, {"Records": its}, indent=None)
    return len(inside)


def _everyday(scene: Scene, rng: np.random.Generator) -> Iterator[tuple[int, Call]]:
    """Calls that every system has, in baseline and window alike: reads, a tag, an alarm, roles that are assumed."""
    system, span = scene.system, scene.end_ms - scene.first_ms
    reader = f"{system}-monitoring"
    reads: tuple[tuple[str, str, Record, str], ...] = (
        ("logs", "DescribeLogGroups", {"logGroupNamePrefix": "/"}, reader),
        ("sts", "AssumeRole", {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/{reader}"}, reader),
        ("cloudwatch", "DescribeAlarms", {"alarmNamePrefix": f"{system}-"}, ON_CALL),
        ("ssm", "GetParameter", {"name": f"/{system}/prod/feature-flags", "withDecryption": True}, f"{system}-app"),
        ("s3", "ListBuckets", {}, reader),
    )
    for offset in rng.integers(0, span, READS).tolist():
        service, name, parameters, actor = reads[int(rng.integers(0, len(reads)))]
        yield scene.first_ms + offset, Call(0, service, name, parameters, actor)
    tag = Call(0, "s3", "PutBucketTagging", {"bucketName": f"{system}-access-logs", "tagging": ""}, PLATFORM)
    alarm = Call(0, "monitoring", "PutMetricAlarm", {"alarmName": f"{system}-budget", "threshold": 100.0}, PLATFORM)
    for start_ms in (scene.first_ms, scene.start_ms):
        yield start_ms + TAGGED_MIN * MINUTE_MS, tag
        yield start_ms + ALARM_MIN * MINUTE_MS, alarm


def _times(scene: Scene, api: Api, rng: np.random.Generator) -> Times:
    """When a declared call is made."""
    if api.at_min is not None:
        return np.array([scene.anchor_ms + round(api.at_min * MINUTE_MS)])
    then = api.per_hour if api.then_per_hour is None else api.then_per_hour

    def per_min(times_ms: Times) -> Numbers:
        far = come(scene, times_ms, after_min=0, until_min=api.until_min)
        return (api.per_hour + (then - api.per_hour) * far) / 60

    return at_random(rng, scene.first_ms, scene.end_ms, per_min)


def _call(api: Api) -> Call:
    return Call(0, api.service, api.name, api.parameters or {}, api.actor, response=api.response,
                error_code=api.error_code, error_message=api.error_message)  # fmt: skip


def _as_declared(found: Record, api: Api) -> Record:
    """The record with the caller that the call declares."""
    is_service = api.kind == "AWSService"
    told: Record = {
        "userIdentity": _identity(api, found["userIdentity"]),
        "sourceIPAddress": api.actor if is_service else api.source_ip,
        "userAgent": api.actor if is_service else api.user_agent,
    }
    if api.error_message:
        told["errorMessage"] = api.error_message
    if api.service == "signin":
        told["eventType"] = "AwsConsoleSignIn"
        told["additionalEventData"] = {"MobileVersion": "No", "MFAUsed": "Yes" if api.mfa else "No"}
    return found | told


def _identity(api: Api, assumed: object) -> Mapping[str, object]:
    """Who calls, as CloudTrail tells it."""
    context = {} if api.mfa is None else {"attributes": {"mfaAuthenticated": "true" if api.mfa else "false"}}
    if api.kind == "AWSService":
        return {"type": "AWSService", "invokedBy": api.actor}
    if api.kind == "AssumedRole":
        found = dict(assumed) if isinstance(assumed, dict) else {}
        session = dict(found.get("sessionContext") or {})
        attributes = {**session.get("attributes", {}), **context.get("attributes", {})}
        return {**found, "sessionContext": {**session, "attributes": attributes}}
    if api.kind == "Root":
        found = {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}
    else:
        found = {"type": "IAMUser", "principalId": f"AIDA{api.actor[:6].upper():X<16}", "accountId": ACCOUNT,
                 "userName": api.actor, "arn": f"arn:aws:iam::{ACCOUNT}:user/{api.actor}"}  # fmt: skip
    return {**found, "sessionContext": context} if context else found
