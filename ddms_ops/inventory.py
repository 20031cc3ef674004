"""What there is: notebooks, systems, checks, scenarios, reports; what `ddms-ops list` and `ddms-ops diff` print."""

from pathlib import Path

from ddms_ops.checks import CHECKS
from ddms_ops.declaration import Profile
from ddms_ops.profile import known_systems
from ddms_ops.report.compare import difference_lines, reports_lines
from ddms_ops.report.document import open_report
from ddms_ops.settings import assets

POST_MORTEM = "post_mortem"
ORDER = (
    "error_triage", "slow_queries", "pipeline_backlog", "capacity", "access_anomalies", "tenant_leakage_audit",
    "cost_spike",
)  # fmt: skip
"""In which order notebooks run; a later one takes what an earlier one has pulled."""
SECTION = {
    "pipeline_backlog": "pipelines",
    "capacity": "capacity",
    "access_anomalies": "access",
    "tenant_leakage_audit": "tenants",
}
"""The section of a profile that a notebook is about; the others ask of every system."""


def known_notebooks() -> list[str]:
    """Names of the notebooks that investigate, in the order in which they run."""
    names = {path.stem for path in assets("notebooks").glob("*.ipynb")} - {POST_MORTEM}
    return [*(name for name in ORDER if name in names), *sorted(names - set(ORDER))]


def notebooks_for(profile: Profile) -> tuple[list[str], dict[str, str]]:
    """Notebooks to run for a system, and those that are skipped, with the reason."""
    skipped = {
        name: f"the profile of {profile.system} has no section {section!r}"
        for name, section in SECTION.items()
        if not getattr(profile, section)
    }
    return [name for name in known_notebooks() if name not in skipped], skipped


def list_known() -> int:
    """Print systems, notebooks, checks and scenarios."""
    from ddms_ops.simulate import SYSTEMS

    print("systems:   " + ", ".join(known_systems()))
    print("notebooks: " + ", ".join([*known_notebooks(), POST_MORTEM]))
    print("checks:")
    for check in CHECKS:
        print(f"  {check.id:<16} {check.question}")
    for system, simulated in SYSTEMS.items():
        print(f"scenarios (ddms-ops demo {system} --scenario S):")
        for name, scenario in simulated.scenarios.items():
            print(f"  {name:<20} {scenario.title}")
    return 0


def list_reports(out: Path) -> int:
    """Print the reports of a folder, what recurs in them, and how long responses took."""
    print("\n".join(reports_lines(out)))
    return 0


def print_difference(before: Path, after: Path) -> int:
    """Print what one report finds that another does not."""
    print("\n".join(difference_lines(open_report(before), open_report(after))))
    return 0
