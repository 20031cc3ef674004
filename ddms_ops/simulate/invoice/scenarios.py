"""The cost incidents that can be planted, in the order in which they are listed."""

from dataclasses import replace

import numpy as np

from ddms_ops.simulate.invoice.calls import (
    BEGIN_ENDPOINT,
    DELETE_ENDPOINT,
    END_FLEET,
    RESERVE,
    configure,
    deploy,
    resize,
)
from ddms_ops.simulate.invoice.catalog import CUSTOMERS, INFERENCE, NEW_VERSION
from ddms_ops.simulate.invoice.scenario import CostScenario

DEPLOY = deploy(INFERENCE, NEW_VERSION, 58)


def _by_factor(scenario: CostScenario, rng: np.random.Generator) -> CostScenario:
    return replace(scenario, factor=round(float(rng.uniform(2.5, 6.0)), 2))


def _by_customer(scenario: CostScenario, rng: np.random.Generator) -> CostScenario:
    return replace(_by_factor(scenario, rng), customer=int(rng.integers(0, len(CUSTOMERS))))


def _by_price(scenario: CostScenario, rng: np.random.Generator) -> CostScenario:
    driver = ("textract", "bedrock_input")[int(rng.integers(0, 2))]
    return replace(scenario, factor=round(float(rng.uniform(1.4, 2.2)), 2), driver=driver)


def _by_peak(scenario: CostScenario, rng: np.random.Generator) -> CostScenario:
    return replace(scenario, monday=round(float(rng.uniform(1.8, 2.8)), 2))


def _by_lateness(scenario: CostScenario, rng: np.random.Generator) -> CostScenario:
    return replace(scenario, factor=round(float(rng.uniform(1.0, 1.15)), 2))


RISES = (
    CostScenario(
        "textract_retry_loop", "After a deploy the same invoices are processed again and again", "2026-03-10T00:00Z",
        "Spend on Textract is far above plan", "P2", onset_h=14, effect="repeats", factor=4.0, driver="textract",
        step="calls", bar="usage", changes=DEPLOY, vary=_by_factor,
    ),
    CostScenario(
        "upload_burst", "One customer uploads many times its usual invoices", "2026-03-17T00:00Z",
        "Spend is far above plan", "P2", onset_h=9, effect="uploads", factor=3.0, driver="textract", step="documents",
        bar="usage", customer=1, vary=_by_customer,
    ),
    CostScenario(
        "bedrock_prompt", "After a deploy the prompt is four times as long, for as many calls", "2026-03-24T00:00Z",
        "Spend on Bedrock is far above plan", "P2", onset_h=11, effect="prompt", factor=4.0, driver="bedrock_input",
        step="tokens", bar="usage", changes=DEPLOY, vary=_by_factor,
    ),
    CostScenario(
        "cache_misses", "The cache before Bedrock is switched off", "2026-04-14T00:00Z",
        "Spend on Bedrock is above plan", "P3", onset_h=16, effect="cache", factor=3.2, driver="bedrock_input",
        step="misses", bar="usage", changes=configure(INFERENCE, "ANSWER_CACHE on -> off"), vary=_by_factor,
    ),
    CostScenario(
        "debug_logging", "The log level is set to debug", "2026-04-21T00:00Z", "Spend on CloudWatch is above plan",
        "P3", onset_h=13, effect="debug", factor=4.0, driver="log_ingestion", step="bytes", bar="usage",
        changes=configure(INFERENCE, "LOG_LEVEL info -> debug"), vary=_by_factor,
    ),
    CostScenario(
        "nat_traffic", "A VPC endpoint is deleted: its traffic goes through the NAT gateway", "2026-05-12T00:00Z",
        "Spend on EC2 (other) is above plan", "P3", onset_h=10, effect="nat", factor=4.0, driver="nat", step="bytes",
        bar="usage", changes=(DELETE_ENDPOINT,), vary=_by_factor,
    ),
    CostScenario(
        "memory_doubled", "The inference function is given twice its memory", "2026-05-19T00:00Z",
        "Spend on Lambda is above plan", "P3", onset_h=15, effect="memory", factor=2.0, driver="lambda",
        step="billed", bar="usage", changes=resize(INFERENCE, 8192),
    ),
    CostScenario(
        "price_change", "A price goes up, usage is flat", "2026-06-16T00:00Z", "Spend is above plan", "P3",
        onset_h=0, effect="price", factor=1.6, driver="textract", step="price", bar="price", vary=_by_price,
    ),
    CostScenario(
        "offsets", "A fleet ends and an endpoint begins, for as much a day", "2026-06-23T00:00Z",
        "Review of the week's spend", "P3", onset_h=10, effect="offsets", factor=5.0, bar="new",
        changes=(BEGIN_ENDPOINT, END_FLEET), vary=_by_factor,
    ),
)  # fmt: skip
NO_RISES = (
    CostScenario(
        "reservation_purchase", "Databases are reserved for a year and paid at once", "2026-07-14T00:00Z",
        "Spend of one day is far above plan", "P3", onset_h=12, effect="reservation", bar="commitment",
        changes=(RESERVE,),
        instead="A reservation was paid for a year in advance; spread over what it covers, spending went down.",
    ),
    CostScenario(
        "credit_expiring", "A daily credit has run out, usage is flat", "2026-07-21T00:00Z", "Spend is above plan",
        "P3", onset_h=24, effect="credit", factor=4.0, bar="credits", vary=_by_factor,
        instead="A daily credit ended; usage and prices are as before.",
    ),
    CostScenario(
        "unfinished_days", "The last two days of the bill are not complete yet", "2026-08-11T00:00Z",
        "Spend has fallen", "P3", effect="unfinished", vary=_by_lateness,
        instead="The last two days are not finished; they are left out. The finished day is as usual.",
    ),
    CostScenario(
        "month_end", "The window holds the first of a month with its monthly charges", "2026-03-31T00:00Z",
        "Spend of one day is far above plan", "P3", bar="fees",
        instead="Support, tax and zones are charged once a month, on the first; usage is as before.",
    ),
    CostScenario(
        "monday_peak", "Mondays are always busy; the baseline has none", "2026-09-13T00:00Z",
        "Spend is above that of the days before", "P3", baseline="previous", monday=2.2, bar="usage", vary=_by_peak,
        instead="Mondays always cost this much.",
    ),
    CostScenario(
        "quiet_cost_month", "Nothing planted: only the usual ups and downs", "2026-02-17T00:00Z", "Quiet days",
        instead="Nothing has changed beyond the usual.",
    ),
)  # fmt: skip
COST_SCENARIOS: dict[str, CostScenario] = {scenario.name: scenario for scenario in (*RISES, *NO_RISES)}
