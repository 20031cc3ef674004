"""How much of what watches a call of the AWS API takes away.

The calls are those of CloudTrail's and GuardDuty's documentation (finding types Stealth:IAMUser/…,
Stealth:S3/ServerAccessLoggingDisabled) and of the CIS AWS Foundations Benchmark (4.x).
"""

import re
from collections.abc import Callable

from ddms_ops.analysis.call_kinds import BLINDS, DARK, DIM, SLIGHT
from ddms_ops.analysis.policies import parsed, texts, values

SHORT_DAYS, LIFECYCLE_DAYS = 3, 7
"""Logs that are kept for so few days do not outlast an investigation; a trail's bucket needs more."""
OF_TRAILS, OF_LOGS = frozenset({"trail", "trails", "cloudtrail"}), frozenset({"log", "logs", "logging", "accesslogs"})
"""Words in the name of a bucket that holds what watches."""
Given = dict[str, object]
Loss = tuple[str, str] | None


def blinding(name: str, parameters: object) -> Loss:
    """How much of what watches a call takes away (`dark`, `dim`, `slight`), and words of our own; None where nothing.

    Args:
        name: API call without a version.
        parameters: its request parameters, as JSON text.
    """
    judge = JUDGES.get(name)
    return judge(parsed(parameters)) if judge else BLINDS.get(name)


def _detector(given: Given) -> Loss:
    if str(given.get("enable")).lower() == "false":
        return DARK, "switches a GuardDuty detector off"
    found = [(key, str(value).lower()) for key, value in values(given)]
    is_part = ("enable", "false") in found or ("status", "disabled") in found
    return (DIM, "switches a part of GuardDuty off") if is_part else None


def _filter(given: Given) -> Loss:
    return (DIM, "archives what GuardDuty finds") if _is(given, "action", "archive") else None


def _selectors(given: Given) -> Loss:
    plain, advanced = (_objects(given.get(key)) for key in ("eventSelectors", "advancedEventSelectors"))
    is_kept = any(
        not _is(one, "includemanagementevents", "false") and not _is(one, "readwritetype", "readonly") for one in plain
    ) or any(_keeps_writes(one) for one in advanced)
    if (plain or advanced) and not is_kept:
        return DARK, "makes a trail leave out management events"
    return SLIGHT, "changes what a trail keeps"


def _keeps_writes(selector: Given) -> bool:
    """Whether an advanced selector keeps management events that change something."""
    fields = {str(one.get("field")): texts(one.get("equals")) for one in _objects(selector.get("fieldSelectors"))}
    return "Management" in fields.get("eventCategory", []) and "true" not in fields.get("readOnly", [])


def _trail(given: Given) -> Loss:
    narrower = ("ismultiregiontrail", "includeglobalserviceevents", "enablelogfilevalidation")
    is_off = any(_is(given, key, "false") for key in narrower)
    return (DIM, "narrows a trail") if is_off else (SLIGHT, "changes a trail")


def _retention(given: Given) -> Loss:
    is_short = _days(given, "retentionindays") <= SHORT_DAYS
    return (DIM, "keeps a log group for few days") if is_short else None


def _lifecycle(given: Given) -> Loss:
    bucket = str(given.get("bucketName") or "").lower()
    is_short = _days(given, "days") <= LIFECYCLE_DAYS and ("trail" in bucket or "log" in bucket)
    return (DIM, "lets a bucket of logs expire within days") if is_short else None


def _access_log(given: Given) -> Loss:
    status = next((inner for key, inner in given.items() if key.lower() == "bucketloggingstatus"), None)
    is_on = isinstance(status, dict) and any(str(key).lower() == "loggingenabled" for key in status)
    return None if is_on or not given else (DIM, "switches a bucket's access log off")


def _bucket(given: Given) -> Loss:
    words = set(re.split(r"[-._]", str(given.get("bucketName") or "").lower()))
    if words & OF_TRAILS:
        return DARK, "deletes a bucket that is named after a trail"
    return (DIM, "deletes a bucket that is named after logs") if words & OF_LOGS else None


JUDGES: dict[str, Callable[[Given], Loss]] = {
    "UpdateDetector": _detector,
    "CreateFilter": _filter,
    "UpdateFilter": _filter,
    "PutEventSelectors": _selectors,
    "UpdateTrail": _trail,
    "PutRetentionPolicy": _retention,
    "PutBucketLifecycle": _lifecycle,
    "PutBucketLifecycleConfiguration": _lifecycle,
    "PutBucketLogging": _access_log,
    "DeleteBucket": _bucket,
}
"""Calls of which the parameters tell whether they take anything away."""


def _objects(value: object) -> list[Given]:
    """The objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _is(given: Given, key: str, word: str) -> bool:
    return any(name == key and str(value).lower() == word for name, value in values(given))


def _days(given: Given, key: str) -> int:
    """The fewest days that a key gives; a million without any."""
    listed = [str(value) for name, value in values(given) if name == key]
    return min((int(text) for text in listed if text.isdigit() and len(text) <= 6), default=1_000_000)
