"""Which finding leads, and what the headline says of the others."""

from pathlib import Path

from report_builders import check, finding, pull, report_folder

from ddms_ops.report import open_report
from ddms_ops.report.summary import summary_lines

LATER = "2026-03-04T10:42:00Z"
ALONE = "2026-03-04T11:30:00Z"
TWO_KINDS = [{"pull": "logs/api", "rows": 1, "ids": []}, {"pull": "metrics", "rows": 1, "ids": []}]


def of(notebook: str, name: str, statement: str = "", **changes: object) -> dict:
    """A check of another notebook with one finding."""
    return check(name, finding(name, statement or f"{name} rose", **changes), notebook=notebook)


def leading(folder: Path, *checks: dict) -> str:
    """The check whose finding leads a report."""
    lead = open_report(report_folder(folder, *checks)).leading
    return lead.check if lead else ""


def test_worse_leads(tmp_path: Path):
    """Severity goes before agreement and time."""
    strong = of("capacity", "throttling", severity="critical", first_seen=ALONE)
    assert leading(tmp_path, of("cost_spike", "cost_rise"), strong) == "throttling"


def test_more_kinds_of_evidence_lead(tmp_path: Path):
    """Among equals of severity, also where it is the later notebook's and began later."""
    agreed = of("capacity", "throttling", evidence=TWO_KINDS, first_seen=LATER)
    assert leading(tmp_path, of("error_triage", "latency"), agreed) == "throttling"


def test_what_others_see_begin_leads(tmp_path: Path):
    """One that began alone comes after two that began together, and of those the earlier comes first."""
    alone = of("access_anomalies", "unusual_calls", first_seen="2026-03-04T08:00:00Z")
    pair = [of("slow_queries", "slow_statements", first_seen=LATER), of("error_triage", "latency")]
    assert leading(tmp_path, alone, *pair) == "latency"


def test_a_bill_began_with_what_began_in_its_hour(tmp_path: Path):
    """It tells no minutes; a log that began half an hour later did not begin with another log."""
    bill = [{"pull": "costs", "rows": 1, "ids": []}]
    late = of("error_triage", "latency", first_seen="2026-03-04T10:40:00Z")
    cost = of("cost_spike", "cost_rise", evidence=bill, first_seen="2026-03-04T10:00:00Z")
    assert leading(tmp_path, of("a", "alone", first_seen="2026-03-04T08:50:00Z"), late, cost) == "cost_rise"


def test_the_place_in_the_list_does_not_matter(tmp_path: Path):
    """The same findings in another order lead alike."""
    checks = [of("b", "second"), of("a", "first"), of("c", "third")]
    assert leading(tmp_path, *checks) == leading(tmp_path, *reversed(checks))


def test_a_notebook_leads_with_its_own_first_finding(tmp_path: Path):
    """A later finding of the same notebook does not pass it by evidence."""
    later = check("alerts", finding("alerts", "Alert", rank=2, evidence=TWO_KINDS))
    assert leading(tmp_path, check("new", finding("new", "New")), later) == "new"


def test_what_explains_does_not_lead(tmp_path: Path):
    """A change before something else is no headline where there is something else."""
    change = check("changes_before", finding("changes_before", "Deploy", severity="critical"))
    assert leading(tmp_path, change, check("new", finding("new", "New", rank=2))) == "new"


def test_every_other_notebook_has_its_place_in_the_headline(tmp_path: Path):
    """All of seven notebooks' first findings, in at most 15 lines, and in the summary."""
    names = ("error_triage", "slow_queries", "tenant_leakage_audit", "cost_spike", "capacity", "access_anomalies")
    checks = [of("pipeline_backlog", "stuck_work", "Jobs are stuck", severity="critical")]
    checks += [of(name, f"check_{name}", f"planted in {name}") for name in names]
    report = open_report(report_folder(tmp_path, *checks))
    for lines in (report.headline().text.splitlines(), summary_lines(report)):
        assert len(lines) <= 15
        assert [
            name for name in names if not any(f"planted in {name}" in line.replace("\\", "") for line in lines)
        ] == []


def test_of_a_leak_the_owners_are_hit(tmp_path: Path):
    """And not whom another notebook's finding hits."""
    leak = of("tenant_leakage_audit", "tenant_leaks", subject={"actors": "a", "owners": "b, c"}, severity="critical")
    other = check("who_is_hit", finding("who_is_hit", "26 of 40 tenants hit", severity="info"))
    text = open_report(report_folder(tmp_path, other, leak)).headline().text
    assert "Who is hit | b, c | fact [1]" in text
    assert "Where | who: a, whose: b, c" in text


def test_of_costs_it_is_whose_use(tmp_path: Path):
    """Not who is hit by errors."""
    rise = of("cost_spike", "cost_rise")
    users = finding("tenant_costs", "tenant-3 uses 60%", severity="info", subject={"explains": "cost_rise-1"})
    hit = check("who_is_hit", finding("who_is_hit", "26 of 40 tenants hit", severity="info"))
    report = open_report(report_folder(tmp_path, hit, rise, check("tenant_costs", users, notebook="cost_spike")))
    assert "Who is hit | tenant-3 uses 60%" in report.headline().text


def test_notebooks_that_were_not_run_are_named(tmp_path: Path):
    """With the reason that findings.json gives."""
    skipped = {"capacity": "the profile declares nothing under capacity"}
    report = open_report(report_folder(tmp_path, check("new", finding("new", "X")), skipped=skipped))
    assert "capacity | the profile declares nothing under capacity" in report.pulls().text
    assert "1 notebook not run" in report.headline().text


def test_impact_says_what_no_finding_says(tmp_path: Path):
    """Tenants, those unaffected and requests by clause; money is unknown, with the reason of its check."""
    words = "506 of 5,219 requests hit (9.7%); 27 of 40 tenants hit (68%); 13 tenants had traffic and no such failure"
    checks = [check("new", finding("new", "New")), check("who_is_hit", finding("who_is_hit", words, severity="info"))]
    lack = check("cost_rise", status="not_checked", reason="no costs/ in the export", notebook="cost_spike")
    lines = open_report(report_folder(tmp_path, *checks, lack)).impact().text.splitlines()
    assert lines[1:7] == [
        "Tenants hit | 27 of 40 tenants hit (68%) | fact [1]",
        "Tenants verified unaffected | 13 tenants had traffic and no such failure | fact [1]",
        "Requests, jobs or messages | 506 of 5,219 requests hit (9.7%) | fact [1]",
        "Records | unknown: no finding says it | –",
        "Money | unknown: no costs/ in the export | counted",
        "Minutes | 82 min from the first to the last event or period in the window"
        " | 2026-03-04 10:37:00 to 2026-03-04 11:59:00 UTC"
        " | fact [1]",
    ]


def test_a_finding_is_weighed(tmp_path: Path):
    """For it, against it and what coincides, each under its word; an incomplete pull is against it."""
    change = finding("changes_before", "Deploy 3 min before", severity="low", subject={"explains": "new-1"})
    checks = [check("new", finding("new", "New")), check("changes_before", change), check("latency")]
    checks.append(of("capacity", "throttling", "Throttled", first_seen=LATER, severity="medium"))
    coverage = (pull("logs/api", "truncated", "cut at the limit"), pull("logs.baseline/api", "empty"))
    text = open_report(report_folder(tmp_path, *checks, coverage=coverage)).findings().text
    assert "for: evidence | logs/api (508 rows) | fact [2]" in text
    assert "coincides: began within 10 min, capacity | Throttled | coincides [2]" in text
    assert "against: latency clear | Question of latency? | counted" in text
    assert "against: its data | logs/api is truncated: cut at the limit; confidence medium | fact [2]" in text
    assert "the baseline logs.baseline/api is empty" in text
    assert "coincides: change | Deploy 3 min before | coincides [2]" in text


def test_what_changed_before_is_before(tmp_path: Path):
    """Not a change that was made after it, nor one that another notebook found for something else."""
    later = finding("changes_before", "Deploy after it", severity="low", first_seen=LATER)
    other = finding("cost_changes", "Of the bill", severity="low", subject={"explains": "cost_rise-1"})
    checks = [
        check("new", finding("new", "New")),
        check("changes_before", later),
        check("cost_changes", other, notebook="cost_spike"),
    ]
    report = open_report(report_folder(tmp_path, *checks))
    assert "Changed just before | nothing found" in report.headline().text
    assert report.leading is not None
    checks[1] = check("changes_before", later | {"subject": {"explains": report.leading.id}})
    text = open_report(report_folder(tmp_path, *checks)).headline().text
    assert "Changed just before | Deploy after it" in text


def test_impact_is_of_what_leads(tmp_path: Path):
    """A clause of a low finding about something else is none of it; of another notebook's first it is named."""
    low = of("capacity", "cold_starts", "3 events of cold starts", severity="low", rank=2)
    text = open_report(report_folder(tmp_path, check("new", finding("new", "New")), low)).impact().text
    assert "Requests, jobs or messages | unknown: no finding says it" in text
    high = of("capacity", "throttling", "70 requests refused", severity="medium")
    text = open_report(report_folder(tmp_path, check("new", finding("new", "New")), low, high)).impact().text
    assert "Requests, jobs or messages | capacity: 70 requests refused" in text


def test_records_of_all_leaks_are_told(tmp_path: Path):
    """Each finding counts its own."""
    leaks = [finding("tenant_leaks", f"4 tenants got {n} records", subject={"owner": f"t{n}"}) for n in (14, 1)]
    checks = [check("tenant_leaks", *leaks, notebook="tenant_leakage_audit")]
    text = open_report(report_folder(tmp_path, *checks)).impact().text
    [row] = [line for line in text.splitlines() if line.startswith("Records")]
    assert "got 14 records" in row
    assert "got 1 records" in row
