"""What one log event says of tenants, as SQL for DuckDB.

`lines` gives a row for each JSON event of a pull that says anything of it:

    place row timestamp request_id user path status
    token objects keys      lists: tenants of the caller, tenants of what was returned, S3 keys
    path_tenant path_raw    tenant on the path, percent escapes resolved, and as it stands there
    cache_key cache_owner   of an answer out of a cache: its key, and the tenant on it
    is_request is_search is_filtered

Patterns travel as parameters, see `parameters`; RE2 reads them.
"""

import re
from collections.abc import Mapping

from ddms_ops.declaration import Logs
from ddms_ops.normalize.json_fields import JsonFields
from ddms_ops.normalize.log_text import HEAD_CHARS, payload, request_id
from ddms_ops.tenancy import TENANT_GROUP, LogTenants, Objects
from ddms_ops.tenant_ids import folded_sql

OURS = ("request_id", "user", "path", "method", "status")
NOTHING = "NULL::VARCHAR"
NOBODY = r"(?i)\s*(-|null|none|undefined)?\s*"
"""What stands in a field that names no tenant. No IN (…): of five items or more DuckDB makes a join each time."""
RECORD_CHARS, TENANT_CHARS = 1000, 80
S3_URI = "^s3://([^/]+)/(.*)$"


def tenant_sql(column: str, *, folded: bool) -> str:
    """SQL of a tenant id as it is compared, NULL where it names nobody."""
    named = f"CASE WHEN NOT regexp_full_match({column}, '{NOBODY}') THEN {column} END"
    return folded_sql(named) if folded else named


def lines(logs: Logs, declared: LogTenants, place: int, *, folded: bool) -> str:
    """SQL of the rows that the module docstring describes, for the pull whose evidence file is $path<place>."""
    fields = JsonFields(logs.model_copy(update={"fields": {k: v for k, v in logs.fields.items() if k in OURS}}))
    field = fields.field
    said = {
        "token": _first(fields, declared.token_tenant),
        "objects": _first(fields, declared.object_tenant),
        "keys": _first(fields, declared.object_key),
        "cache": _first(fields, (declared.cache,) if declared.cache else ()),
        "cache_key": _first(fields, (declared.cache_key,) if declared.cache_key else ()),
        "filtered": _first(fields, declared.search_filter),
    }
    named = ", ".join(f"{value} AS {name}" for name, value in said.items())
    ours = ", ".join(f"{field.get(name, NOTHING)} AS {name}" for name in OURS[1:])
    source = f"""(SELECT file_row_number AS row, timestamp, message, {payload()} AS json,
        CASE WHEN NOT starts_with(ltrim(message), '{{') THEN left(message, {HEAD_CHARS}) END AS head
        FROM read_parquet($path{place}, file_row_number = true) WHERE timestamp >= $start AND timestamp < $end)"""
    values = f"""SELECT row, timestamp, coalesce({field.get("request_id", NOTHING)}, {request_id()}) AS request_id,
        {ours}, {named} FROM ({fields.extracted(source)}) WHERE x IS NOT NULL"""
    return f"""SELECT {place} AS place, row, timestamp, request_id, user, split_part(path, '?', 1) AS path, status,
        path IS NOT NULL OR status IS NOT NULL AS is_request, {_of_tenants(declared, folded=folded)}
        FROM ({values})"""


def _of_tenants(declared: LogTenants, *, folded: bool) -> str:
    """SQL of the columns that are about tenants."""
    on_path, on_key = (_on(pattern, text, name) for pattern, text, name in (
        (declared.path_tenant, "split_part(path, '?', 1)", "path_tenant"),
        (declared.cache_tenant, "cache_key", "cache_tenant"),
    ))  # fmt: skip
    is_hit = "list_contains($cache_hits, cache)" if declared.cache_tenant and declared.cache_key else "false"
    is_search = "regexp_matches(path, $search_path)" if declared.search_path and declared.search_filter else "false"
    return f"""{_tenants("token", folded=folded)} AS token, {_tenants("objects", folded=folded)} AS objects,
        {_listed("keys")} AS keys,
        {tenant_sql(unescaped(on_path), folded=folded)} AS path_tenant,
        {tenant_sql(on_path, folded=folded)} AS path_raw,
        CASE WHEN {is_hit} THEN cache_key END AS cache_key,
        CASE WHEN {is_hit} THEN {tenant_sql(on_key, folded=folded)} END AS cache_owner,
        coalesce({is_search} AND upper(coalesce(method, '')) <> 'OPTIONS', false) AS is_search,
        filtered IS NOT NULL AS is_filtered"""


def parameters(declared: LogTenants, objects: Objects) -> dict[str, object]:
    """What the patterns in the SQL of this module stand for; only those that it uses."""
    found: dict[str, object] = {}
    if declared.path_tenant:
        found["path_tenant"] = declared.path_tenant
    if declared.cache_tenant and declared.cache_key:
        found |= {"cache_tenant": declared.cache_tenant, "cache_hits": list(declared.cache_hits)}
    if declared.search_path and declared.search_filter:
        found["search_path"] = declared.search_path
    return found | bucket_parameters(objects)


def bucket_parameters(objects: Objects) -> dict[str, object]:
    """What stands for the names, tenants and patterns of the declared buckets."""
    found: dict[str, object] = {}
    for place, (name, bucket) in enumerate(objects.buckets.items()):
        found |= {f"bucket{place}": name, f"of_bucket{place}": bucket.tenant or bucket.key}
    return found


def owner_sql(objects: Objects, bucket: str, key: str) -> str:
    """SQL of the tenant that a declared bucket, or the pattern on its keys, says an object is of; not yet folded."""
    cases = " ".join(
        f"WHEN $bucket{place} THEN {_whose(declared.key, place, key)}"
        for place, declared in enumerate(objects.buckets.values())
    )
    return f"CASE {bucket} {cases} END" if cases else NOTHING


def key_owner_sql(objects: Objects, key: str) -> str:
    """The same of a key in a log event: of `s3://bucket/key` by its bucket, of a bare key by any bucket's pattern."""
    patterns = {declared.key: place for place, declared in enumerate(objects.buckets.values()) if declared.key}
    bare = [_whose(pattern, place, key) for pattern, place in patterns.items()]
    uri = owner_sql(objects, f"regexp_extract({key}, '{S3_URI}', 1)", f"regexp_extract({key}, '{S3_URI}', 2)")
    return f"CASE WHEN starts_with({key}, 's3://') THEN {uri} ELSE coalesce({', '.join([*bare, 'NULL'])}) END"


def unescaped(text: str) -> str:
    """SQL of a text with its percent escapes resolved; as it is where they are none."""
    return f"CASE WHEN contains({text}, '%') THEN coalesce(try(url_decode({text})), {text}) ELSE {text} END"


def group_of(pattern: str) -> int:
    """Number of the pattern's group `tenant`."""
    return re.compile(pattern).groupindex[TENANT_GROUP]


def _whose(pattern: str, place: int, key: str) -> str:
    if not pattern:
        return f"$of_bucket{place}"
    return f"nullif(regexp_extract({key}, $of_bucket{place}, {group_of(pattern)}), '')"


def _on(pattern: str, text: str, name: str) -> str:
    """SQL of what a pattern's group finds."""
    return f"nullif(regexp_extract({text}, ${name}, {group_of(pattern)}), '')" if pattern else NOTHING


def _first(fields: JsonFields, names: tuple[str, ...]) -> str:
    """SQL of the first of some fields that is not empty; a name with dots is one key, or leads through several."""
    ways = [way for name in names for way in dict.fromkeys(((name,), tuple(name.split("."))))]
    values = [f"nullif({fields.value(way)}, '')" for way in ways]
    return f"coalesce({', '.join(values)}, NULL)" if values else NOTHING


def _items(value: str) -> str:
    """SQL of the items of a value that is a list: a JSON array, or `[a, b]`."""
    bare = f"list_transform(string_split({value}[2:-2], ','), lambda item: trim(item, ' \"'))"
    return f"CASE WHEN json_valid({value}) THEN json_extract_string({value}, '$[*]') ELSE {bare} END"


def _is_list(value: str) -> str:
    return f"starts_with({value}, '[') AND ends_with({value}, ']')"


def _listed(value: str) -> str:
    """SQL of a value as a list: its items, else the one value."""
    return f"CASE WHEN {_is_list(value)} THEN {_items(value)} WHEN {value} IS NOT NULL THEN [{value}] END"


def _tenants(value: str, *, folded: bool) -> str:
    """SQL of the tenants that a value names, in order, each once; NULL where it names none."""
    if value == NOTHING:
        return "NULL::VARCHAR[]"
    each = f"list_transform({_items(value)}, lambda item: {tenant_sql('item', folded=folded)})"
    several = f"nullif(list_sort(list_distinct(list_filter({each}, lambda item: item IS NOT NULL))), [])"
    one = tenant_sql(value, folded=folded)
    return f"CASE WHEN {_is_list(value)} THEN {several} WHEN {one} IS NOT NULL THEN [{one}] END"


def used(parameters: Mapping[str, object], query: str) -> dict[str, object]:
    """Those of the parameters that a query names; DuckDB refuses others."""
    return {name: value for name, value in parameters.items() if re.search(rf"\${name}\b", query)}
