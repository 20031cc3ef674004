"""What the runbook's actions would have saved."""

from decimal import Decimal

from driver_builders import COSTS_OF, TEXTRACT, TOKENS, amounts, bridge, row, told

from ddms_ops.analysis.savings import savings
from ddms_ops.spending import Costs

STEPS = {"documents": (100, 200), "calls": (100, 1000), "pages": (300, 3000)}
WORK = amounts({f"textract/{step}": pair for step, pair in STEPS.items()})
TOLD = told("textract", bridge(row(TEXTRACT, 10, 100, (21_600, 216_000))), WORK)


def saved(**actions: dict) -> dict[str, Decimal]:
    """Savings of some actions on Textract."""
    costs = Costs.model_validate(
        {"drivers": COSTS_OF.model_dump()["drivers"],
         "actions": {name: {"title": name, "driver": "textract", **each} for name, each in actions.items()}}
    )  # fmt: skip
    return {saving.action: saving.amount for saving in savings(costs, {"textract": TOLD}, 3)}


def test_a_step_put_back_saves_what_it_has_grown_by():
    """Five times the calls a document: four fifths; twice the documents: half; all of the chain: nine tenths."""
    found = saved(calls={"step": "calls"}, documents={"step": "documents"}, chain={}, end={"to": "none"})
    assert found == {"end": 100, "chain": 90, "calls": 80, "documents": 50}


def test_savings_of_nothing_are_left_out():
    """A step that did not grow; a driver that the bill does not know."""
    assert saved(pages={"step": "pages"}, other={"driver": "bucket"}) == {}


def test_the_words_say_how_it_is_reckoned():
    """What is put back, and its share of the driver's cost."""
    [first, *_] = savings(COSTS_OF, {"textract": TOLD}, 3)
    assert (first.title, first.amount) == ("Stop the retry loop", Decimal(80))
    assert first.words == (
        "Textract calls (calls/invoices) as in the baseline: 80% of what Textract pages cost in the window's 3 days"
    )


def test_a_step_that_telemetry_does_not_know_saves_nothing():
    """Only ending the spending can be reckoned."""
    blind = told("bedrock_input", bridge(row(TOKENS, 10, 40, (1, 4))), amounts({}))
    assert [(each.action, each.amount) for each in savings(COSTS_OF, {"bedrock_input": blind}, 3)] == [
        ("rule_based", Decimal(40))
    ]  # fmt: skip
