"""Evidence of logs and object accesses, as small real files and tables, and what a check reads of it."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.analysis.log_witnesses import LogReach, Pulls, read_log_witnesses
from ddms_ops.coverage import Coverage
from ddms_ops.declaration import Logs, Profile
from ddms_ops.profile import load_profile
from ddms_ops.schema import conform
from ddms_ops.sources.base import CHANGE_RECORDS, LOG_EVENTS
from ddms_ops.tenancy import LogTenants, Objects, Tenants
from ddms_ops.tenant_schemas import CROSSINGS, GAPS, WITNESSES
from ddms_ops.window import Window

DAY = "2026-03-04"
WINDOW = Window(pd.Timestamp(f"{DAY}T10:00Z"), pd.Timestamp(f"{DAY}T14:00Z"))
DMS = LogTenants(
    token_tenant=("tenantId",),
    path_tenant="^/tenants/(?P<tenant>[^/]+)",
    object_tenant=("resourceTenantId",),
    cache="cache",
    cache_key="cacheKey",
    cache_tenant="^(?P<tenant>[^:]+):",
    search_path="^/search",
    search_filter=("filter.tenantId",),
    object_key=("s3Key",),
)
PREFIXES = Objects.model_validate({"buckets": {"dms": {"key": "^(?P<tenant>[^/]+)/"}, "edt-media": {"tenant": "edt"}}})
LECTURE = Objects.model_validate(
    {
        "buckets": {
            "dhbw-media": {"tenant": "dhbw"},
            "edt-media": {"tenant": "edt"},
            "unilux-media": {"tenant": "unilux"},
            "shared": {"key": "^(?P<tenant>[^/]+)/"},
        },
        "accounts": {"111111111111": "dhbw", "222222222222": "edt", "333333333333": "unilux"},
        "principals": {":assumed-role/edt-": "edt"},
        "data_events": True,
    }
)
APP = "arn:aws:sts::999999999999:assumed-role/lecture-api/s1"


def pulled(path: Path, *events: str | dict, name: str = "api", minute: str = "10:01") -> tuple[Path, str, Logs]:
    """One pull of log events of dms, a second apart."""
    first = pd.Timestamp(f"{DAY}T{minute}Z")
    rows = [
        {
            "timestamp": first + pd.Timedelta(seconds=place),
            "log_group": name,
            "log_stream": "s",
            "message": event if isinstance(event, str) else json.dumps(event),
        }
        for place, event in enumerate(events)
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=LOG_EVENTS), path / f"{name}.parquet")
    return path / f"{name}.parquet", f"logs/{name}", load_profile("dms").logs


def read(
    pulls: Pulls, declared: LogTenants = DMS, *, folded: bool = True, known: tuple[str, ...] = ()
) -> tuple[pd.DataFrame, LogReach]:
    """Witnesses and reach of some pulls."""
    return read_log_witnesses(pulls, declared, folded=folded, window=WINDOW, objects=PREFIXES, known=known)


def seen(path: Path, *events: str | dict, declared: LogTenants = DMS, known: tuple[str, ...] = ()) -> list[tuple]:
    """Kind, actor, owner and outcome of each witness among some events; None for null."""
    found, _ = read([pulled(path, *events)], declared, known=known)
    return shown(found)


def shown(found: pd.DataFrame) -> list[tuple]:
    """Kind, actor, owner and outcome of each witness; None for null."""
    columns = found[["kind", "actor", "owner", "outcome"]].astype("object")
    return list(columns.where(columns.notna(), None).itertuples(index=False, name=None))


def called(clock: str, name: str, account: str, bucket: str, key: str = "", *, arn: str = "", **more: object) -> dict:
    """One data event of CloudTrail, as a row of CHANGE_RECORDS."""
    stamp = f"{DAY}T{clock}Z"
    record = {
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "eventTime": stamp,
        "eventCategory": "Data",
        "managementEvent": False,
        "requestID": f"r-{clock}-{key}",
        "sourceIPAddress": "192.0.2.7",
        "userIdentity": {"accountId": account, "arn": arn or f"arn:aws:iam::{account}:user/ann"},
        "requestParameters": {"bucketName": bucket, **({"key": key} if key else {})},
        **more,
    }
    return {"timestamp": pd.Timestamp(stamp), "event_id": clock, "name": name, "record": json.dumps(record)}


def trail(*rows: dict) -> pa.Table:
    """A pull of CloudTrail records."""
    return pa.Table.from_pylist(list(rows), schema=CHANGE_RECORDS)


def request_line(
    clock: str, bucket: str, key: str, *, requester: str, status: int = 200, error: str = "-", auth: str = "AuthHeader"
) -> str:
    """One line of an S3 server access log."""
    query = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=f00dfeed" if auth == "QueryString" else ""
    return (
        f"79a59df9 {bucket} [04/Mar/2026:{clock}:00 +0000] 192.0.2.3 {requester} ID{clock} REST.GET.OBJECT {key}"
        f' "GET /{key}{query} HTTP/1.1" {status} {error} 113 113 7 5 "-" "agent "x" 1.0" - s9lz= SigV4'
        f" ECDHE-RSA {auth} {bucket}.s3.amazonaws.com TLSv1.2 - -"
    )


@dataclass(frozen=True)
class Evidence:
    """What `check_tenant_witnesses` reads of a case."""

    profile: Profile
    witnesses: pd.DataFrame
    witness_gaps: pd.DataFrame = field(default_factory=lambda: conform(pd.DataFrame(), GAPS))
    log_reach: LogReach = LogReach()
    sample: tuple[int, int, int] | None = None
    coverage: tuple[Coverage, ...] = ()
    crossings: pd.DataFrame = field(default_factory=lambda: conform(pd.DataFrame(), CROSSINGS))

    @property
    def tenants(self) -> Tenants:
        return self.profile.tenants or Tenants()

    def pulls(self, kind: str) -> list[Coverage]:
        return [row for row in self.coverage if row.pull.split("/")[0] == kind]


def declaring(tenants: dict | Tenants | None) -> Profile:
    """The profile of dms, with another section `tenants`."""
    declared = Tenants.model_validate(tenants) if isinstance(tenants, dict) else tenants
    return load_profile("dms").model_copy(update={"tenants": declared})


def of_logs(path: Path, *events: str | dict, declared: LogTenants = DMS) -> Evidence:
    """What a check reads where there are these log events only."""
    found, reach = read([pulled(path, *events)], declared)
    return Evidence(declaring(Tenants(logs=declared)), found, log_reach=reach)


def of_nothing(tenants: dict | None) -> Evidence:
    """What a check reads where nothing was found."""
    return Evidence(declaring(tenants), conform(pd.DataFrame(), WITNESSES))
