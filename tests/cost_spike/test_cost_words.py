"""Findings about money read right, also where names look like secrets."""

from decimal import Decimal

import pytest

from ddms_ops.checks.cost_words import kind_name, money, number
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("1204.5", "1,204.50 USD"),
        ("0.0312", "0.0312 USD"),
        ("0.0000031", "0.00000310 USD"),
        ("-3", "-3.00 USD"),
        ("0", "0.00 USD"),
    ],
)
def test_money_has_no_exponent(amount: str, words: str):
    """Cents, and of little money three digits."""
    assert money(Decimal(amount), "USD") == words


@pytest.mark.parametrize(
    ("value", "words"), [(12400, "12,400"), (4.977, "4.98"), (3e-06, "0.00000300"), (float("nan"), "unknown")]
)
def test_numbers_have_no_exponent(value: float, words: str):
    """Prices of a token are readable."""
    assert number(value) == words


def test_a_kind_whose_name_sounds_secret_keeps_its_amount():
    """No colon stands between a name and an amount: it would look like a secret's value."""
    statement = f"{kind_name('Amazon Bedrock', 'USE1-ClaudeV2-input-tokens')} costs 194.10 USD a day since 2026-03-17"
    assert redact(statement) == statement


def test_a_finding_takes_no_number_that_is_none():
    """NaN would break findings.json; what is not known is left out."""
    with pytest.raises(ValueError, match="leave out what is not known"):
        Finding("c", Severity.LOW, "x", {}, (EvidenceRef("costs", 1),), baseline=float("nan"))
