"""What each service and usage type cost a day, through Cost Explorer."""

from collections.abc import Iterator

from ddms_ops.progress import report_progress
from ddms_ops.sources.aws.resource_rows import record_row
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import Row
from ddms_ops.window import Window

METRICS = ["UnblendedCost", "AmortizedCost", "UsageQuantity"]
GROUPS = [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"}]


def cost_records(session: AwsSession, window: Window) -> Iterator[Row]:
    """One row a day, service and usage type; amounts stay the text that AWS gives.

    Costs are known by whole UTC days: those that the window touches are asked for, and each row carries its day as
    TimePeriod. An `Estimated` day is not final. Every page costs 0.01 USD. AWS answers from us-east-1 for all regions.

    Raises:
        AwsFault: not answered.
    """
    start, end = window.start.floor("D"), window.end.ceil("D")
    report_progress(f"costs: whole days {start:%Y-%m-%d} to {end:%Y-%m-%d} (the end is not in it)")
    pages = session.pages(
        "ce",
        "GetCostAndUsage",
        ask="NextPageToken",
        answer="NextPageToken",
        TimePeriod={"Start": f"{start:%Y-%m-%d}", "End": f"{end:%Y-%m-%d}"},
        Granularity="DAILY",
        Metrics=METRICS,
        GroupBy=GROUPS,
    )
    for page in pages:
        for day in page["ResultsByTime"]:
            same = {"TimePeriod": day["TimePeriod"], "Estimated": day.get("Estimated", False)}
            stamp = f"{day['TimePeriod']['Start']}T00:00:00Z"
            for group in day.get("Groups", []):
                row = record_row("cost", "/".join(group["Keys"]), {**same, **group})
                yield {**row, "timestamp": stamp}
