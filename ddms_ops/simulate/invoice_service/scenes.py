"""The incidents of the invoice pipeline's runbook that are not about costs, and a quiet day."""

from dataclasses import replace
from functools import partial

from ddms_ops.simulate.cloudtrail import ACCOUNT, DEVELOPER, PLATFORM
from ddms_ops.simulate.invoice.calls import CODE, CONFIGURE, HIDDEN
from ddms_ops.simulate.invoice.catalog import CI, INFERENCE, UPLOAD
from ddms_ops.simulate.invoice_service.queue import GIVEN_UP_MIN, filled_queue, resources
from ddms_ops.simulate.invoice_service.system import (
    ASK_ERROR,
    COLD,
    COLD_WEIGHT,
    DLQ,
    GAUGES,
    INFERENCE_GROUP,
    INNOCENT,
    LATE,
    NEVER,
    NEW,
    NOT_ASKED,
    NOT_PARSED,
    NOT_READ,
    NOT_STORED,
    PARSE_ERROR,
    PROCESSED,
    RARELY,
    READ_ERROR,
    ROLE,
    STREAMS,
    SYSTEM,
    TABLE,
    TIMED_OUT,
    USUAL_CALLS,
    WEIGHT,
)
from ddms_ops.simulate.scenario import Call
from ddms_ops.simulate.scene.declared import Alarm, Expected, Gauge, Scene, Slower, Traffic

ERRORS_ALARM = Alarm("smart-invoice-prod-inference-errors", "inference_errors", above=0, points=3)
DLQ_ALARM = Alarm("smart-invoice-prod-dlq", "dlq_messages", above=0)
DURATION_ALARM = Alarm("smart-invoice-prod-inference-duration", "inference_duration", above=60_000, points=3)
BUCKET_S = 300
DEAD, DEAD_OVER_MIN = 46, 50


def _scene(name: str, title: str, start: str, *changes: Call) -> Scene:
    return Scene(
        name,
        title,
        SYSTEM,
        start,
        STREAMS,
        GAUGES,
        failures=(TIMED_OUT,),
        apis=USUAL_CALLS,
        changes=(*changes, *INNOCENT),
        documents=resources,
        alarms=(ERRORS_ALARM, DLQ_ALARM, DURATION_ALARM),
    )


def _turns(failing: str, share: float, weight: float = NEVER) -> tuple[Traffic, Traffic]:
    """From the onset on a share of the invoices goes another way, which is rare or unknown before."""
    return (
        Traffic(INFERENCE_GROUP, 1 - share, (PROCESSED,)),
        Traffic(INFERENCE_GROUP, share * WEIGHT / weight, (failing,)),
    )


QUIET_DAY = replace(
    _scene("quiet_day", "Nothing planted: two hours with only the usual noise", "2026-09-02T13:00Z"),
    incident_title="A look at an ordinary day",
)
HIGH_ERROR_RATE = replace(
    _scene(
        "high_error_rate", "After a policy change the inference function may not write to its table",
        "2026-09-09T10:00Z",
        Call(-1.2, "iam", "PutRolePolicy",
             {"roleName": ROLE, "policyName": "invoices-table",
              "policyDocument": '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action":'
                                ' ["dynamodb:GetItem", "dynamodb:Query"], "Resource":'
                                f' "arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{TABLE}"}}]}}'},
             PLATFORM, resource=ROLE),
    ),
    incident_title="Invoices are uploaded but never show up", severity="P1", onset_min=46,
    traffic=_turns(NOT_STORED, 0.8),
    expected=Expected("error_triage", ("AccessDenied", "PutItem"), BUCKET_S, change="PutRolePolicy"),
)  # fmt: skip
TEXTRACT_ERRORS = replace(
    _scene("textract_errors", "Textract throttles: its provisioned rate is exceeded", "2026-09-16T14:00Z"),
    incident_title="Many invoices fail while they are read", severity="P1", onset_min=51,
    traffic=_turns(NOT_READ, 0.6, RARELY), slower=(Slower(INFERENCE_GROUP, 1.6, (PROCESSED,)),),
    expected=Expected("error_triage", (READ_ERROR,), BUCKET_S),
).with_gauges(Gauge("textract_time", 8_200, 0.06, then=19_000))  # fmt: skip
BEDROCK_ERRORS = replace(
    _scene(
        "bedrock_errors", "Access to the model is denied after its agreement was deleted", "2026-09-23T09:00Z",
        Call(-2.1, "bedrock", "DeleteFoundationModelAgreement", {"modelId": "anthropic.claude-v2"}, DEVELOPER,
             resource="anthropic.claude-v2"),
    ),
    incident_title="Invoices fail in extraction", severity="P1", onset_min=43,
    traffic=_turns(NOT_ASKED, 0.9),
    expected=Expected("error_triage", (ASK_ERROR,), BUCKET_S, change="DeleteFoundationModelAgreement"),
).with_gauges(Gauge("bedrock_time", 3_900, 0.06, then=240))  # fmt: skip
LAMBDA_TIMEOUTS = replace(
    _scene(
        "lambda_timeouts", "The upload function lets very long documents in: the inference function runs out of time",
        "2026-09-30T11:00Z",
        Call(-6, "lambda", CONFIGURE,
             {"functionName": UPLOAD, "environment": HIDDEN, "description": "MAX_PAGES 40 -> 800"}, DEVELOPER,
             response={"functionName": UPLOAD, "lastUpdateStatus": "InProgress"}, resource=UPLOAD),
    ),
    incident_title="Long invoices are not processed", severity="P2", onset_min=48,
    traffic=_turns(LATE, 0.5, RARELY), slower=(Slower(INFERENCE_GROUP, 1.8, (PROCESSED,)),),
    expected=Expected("capacity", ("inference", "time"), BUCKET_S, change="UpdateFunctionConfiguration"),
)  # fmt: skip
COLD_STARTS = replace(
    _scene(
        "cold_starts", "Provisioned concurrency is deleted: most invocations start cold", "2026-10-07T15:00Z",
        Call(-1.6, "lambda", "DeleteProvisionedConcurrencyConfig20190930",
             {"functionName": INFERENCE, "qualifier": "live"}, PLATFORM, resource=INFERENCE),
    ),
    incident_title="Processing has become slower", severity="P3", onset_min=45,
    traffic=_turns(COLD, 0.75, COLD_WEIGHT),
    expected=Expected("capacity", ("inference", "cold start"), BUCKET_S, change="DeleteProvisionedConcurrencyConfig"),
)  # fmt: skip
DEAD_LETTERS = replace(
    _scene(
        "dlq", "A new version cannot read the model's answers: events are given up into the dead-letter queue",
        "2026-10-14T12:00Z",
        Call(-0.9, "lambda", CODE, {"functionName": INFERENCE, "publish": True, "s3Bucket": "smart-invoice-artifacts",
                                    "s3Key": f"smart-invoice-inference/{NEW}.zip"}, CI,
             response={"functionName": INFERENCE, "version": "58"}, resource=INFERENCE),
    ),
    incident_title="The dead-letter queue fills", severity="P2", onset_min=42,
    traffic=_turns(NOT_PARSED, 0.55), versions={INFERENCE_GROUP: NEW}, documents=partial(filled_queue, messages=DEAD),
    expected=Expected("pipeline_backlog", (DLQ, PARSE_ERROR), 600, change="UpdateFunctionCode"),
).with_gauges(
    Gauge("dlq_messages", 0, 0, then=DEAD, climb_min=DEAD_OVER_MIN, after_min=GIVEN_UP_MIN, is_whole=True),
    Gauge("dlq_age", 0, 0, then=75 * 60, climb_min=75, after_min=GIVEN_UP_MIN, is_whole=True),
)  # fmt: skip
INVOICE_SCENES: dict[str, Scene] = {
    scene.name: scene
    for scene in (
        QUIET_DAY,
        HIGH_ERROR_RATE,
        TEXTRACT_ERRORS,
        BEDROCK_ERRORS,
        LAMBDA_TIMEOUTS,
        COLD_STARTS,
        DEAD_LETTERS,
    )
}
"""The scenes by name, in the order in which they are listed."""
