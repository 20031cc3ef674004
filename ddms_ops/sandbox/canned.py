"""Answers that a test, or a fixed incident, gives word for word; checked against AWS's own description first."""

from typing import Any

from botocore.validate import ParamValidator
from moto.core.utils import get_service_model

from ddms_ops.errors import BadInput


class CannedAnswers(dict[tuple[str, str], dict[str, Any]]):
    """Answers by service and operation, e.g. `canned["ce", "GetCostAndUsage"] = {…}`; each is given every time.

    Raises:
        BadInput: on setting one that is not of the operation's shape.
    """

    def __setitem__(self, called: tuple[str, str], answer: dict[str, Any]) -> None:
        check_shape(*called, answer)
        super().__setitem__(called, answer)


def check_shape(service: str, operation: str, answer: dict[str, Any]) -> None:
    """Compare an answer with the operation's output shape.

    Raises:
        BadInput: a member is unknown, missing or of another type; or there is no such operation.
    """
    model = get_service_model(service)
    if operation not in model.operation_names:
        raise BadInput(
            f"sandbox: {service} has no operation {operation}; names are as in the API, e.g. GetCostAndUsage"
        )
    shape = model.operation_model(operation).output_shape
    known = set(shape.members) if shape is not None else set()
    if unknown := sorted(set(answer) - known):
        raise BadInput(
            f"sandbox: {service} {operation} answers have no {unknown[0]}; known: {', '.join(sorted(known))}"
        )
    if shape is not None:
        report = ParamValidator().validate(answer, shape)
        if report.has_errors():
            words = " ".join(report.generate_report().split())
            raise BadInput(f"sandbox: not an answer of {service} {operation}: {words}")


# What the services say where a test says nothing.
DEFAULTS: dict[tuple[str, str], dict[str, Any]] = {
    ("pi", "GetResourceMetrics"): {"MetricList": []},
    ("pi", "DescribeDimensionKeys"): {"PartitionKeys": [], "Keys": []},
}
