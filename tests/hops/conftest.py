"""Two simulated incidents that the tests of hops only look at, and a folder of logs alone."""

from pathlib import Path

import pytest
import yaml
from builders import failure, minutes, open_export, request, write_logs
from hop_export import API, WORKER

from ddms_ops.case import Case, open_case
from ddms_ops.simulate import write_case


def opened(root: Path, scenario: str) -> Case:
    """The case of a simulated incident of dms."""
    written = write_case("dms", scenario, root, events=4_000)
    parameters = yaml.safe_load(written.incident.read_text())
    return open_case(out=str(root / "reports"), **parameters)


@pytest.fixture(scope="session")
def deploy_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the export of `deploy` is."""
    return tmp_path_factory.mktemp("deploy")


@pytest.fixture(scope="session")
def deploy(deploy_root: Path) -> Case:
    """A deployment after which an endpoint fails."""
    return opened(deploy_root, "bad_deploy")


@pytest.fixture(scope="session")
def leak_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the export of `leak` is."""
    return tmp_path_factory.mktemp("leak")


@pytest.fixture(scope="session")
def leak(leak_root: Path) -> Case:
    """A deployment after which tenants see each other's documents."""
    return opened(leak_root, "tenant_leak")


HOSTILE = "<img src=x onerror=alert(1)> '); DROP TABLE x; -- | .* password=hunter2"


@pytest.fixture(scope="session")
def logs_alone(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Logs and nothing else; one group has a damaged file, one event a hostile text."""
    root = tmp_path_factory.mktemp("logs")
    usual = [request(clock, tenant="t1") for clock in (minutes(0, 60, 9) + minutes(0, 60))[::10]]
    write_logs(
        root, API, *usual, failure("10:30:01", HOSTILE, tenant="t2"), request("10:30:01", status=500, tenant="t2")
    )
    write_logs(root, WORKER, request("10:10:00", tenant="t1"))
    (root / "logs" / WORKER.replace("/", "__") / "part-1.jsonl.gz").write_bytes(b"\x1f\x8b\x08 no gzip")
    return open_export(root)
