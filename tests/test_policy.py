"""The policy document, the table of operations, doctor's probes and AWS's own description say the same."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from ddms_ops.doctor.lacks import LACK
from ddms_ops.doctor.probes import PROBES, UNASKED, Asked
from ddms_ops.profile import load_profile
from ddms_ops.sources.aws.actions import READ, action_of, policy_document

SERVICES = Session()
OPERATIONS = [(service, operation) for service, operations in READ.items() for operation in operations]
READING = ("Get", "List", "Describe", "Lookup", "Filter", "Head")
# They start and stop a reading query, and change nothing of the account's.
QUERIES = {"StartQuery", "StopQuery", "StartQueryExecution", "StopQueryExecution"}


def test_the_shipped_policy_is_the_table(root: Path):
    """docs/iam-policy.json is `json.dumps(policy_document(), indent=2)`, so that it allows what is called, no more."""
    text = (root / "docs/iam-policy.json").read_text()
    assert text == json.dumps(policy_document(), indent=2) + "\n"


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=lambda name: name)
def test_each_operation_exists(service: str, operation: str):
    """AWS knows every operation of the table by that name."""
    assert operation in SERVICES.get_service_model(service).operation_names


@pytest.mark.parametrize("operation", sorted({operation for _, operation in OPERATIONS}))
def test_no_operation_changes_anything(operation: str):
    """Its verb reads; the four that start or stop a query are named."""
    assert operation.startswith(READING) or operation in QUERIES


def test_no_action_is_a_wildcard():
    """Each action is spelt out, and is of the service that the statement is about."""
    for statement in policy_document()["Statement"]:
        assert not [action for action in statement["Action"] if "*" in action]
        assert len({action.split(":")[0] for action in statement["Action"]}) == 1


def test_what_each_lacking_permission_costs_is_known():
    """Every action of the policy has its consequence, and no other."""
    actions = {action for operations in READ.values() for action in operations.values() if action}
    assert set(LACK) == actions


def probed() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every call of every probe, for a profile that names one of everything."""
    athena = {"database": "lake", "trail": "trail"}
    named = {kind: ["a"] for kind in type(load_profile("dms").resources).model_fields}
    database = {"dsn_variable": "URL", "secret": "secret"}
    raw = {**load_profile("dms").model_dump(exclude_none=True), "athena": athena, "database": database}
    raw |= {"costs": {"bill": {"s3": "s3://bills/cur"}}, "resources": {**named, "services": ["a/b"]}}
    profile = type(load_profile("dms")).model_validate(raw)
    answer = {
        "DBInstances": [{"PerformanceInsightsEnabled": True, "DbiResourceId": "db-A"}],
        "WorkGroup": {"Configuration": {"ResultConfiguration": {"OutputLocation": "s3://bucket/results/"}}},
    }
    for probe in PROBES:
        calls = probe(Asked(profile, "111122223333", "us-east-1", dt.datetime(2026, 3, 4, 10, tzinfo=dt.UTC)))
        call = next(calls)
        while call:
            yield call
            try:
                call = calls.send(answer)
            except StopIteration:
                break


def test_every_permission_is_tried_or_said_to_be_untried():
    """What the package may call is what doctor tries, but for what costs money."""
    tried = {(service, operation) for service, operation, _ in probed()}
    known = {(service, operation) for service, operations in READ.items() for operation in operations}
    assert {action_of(*called) for called in known - tried - {("sts", "GetCallerIdentity")}} == set(UNASKED)


def test_every_probe_is_well_formed():
    """AWS's own description of each call takes its parameters, so that a refusal is about rights."""
    for service, operation, parameters in probed():
        shape = SERVICES.get_service_model(service).operation_model(operation).input_shape
        assert ParamValidator().validate(parameters, shape).generate_report() == "", operation
