"""One moto server for all tests of a run; tests name what they plant so that none sees another's."""

from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer
from servers import REGION, point_at

from ddms_ops.deployment import Account
from ddms_ops.sources.aws.session import AwsSession


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Where moto answers."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    """A session at moto."""
    point_at(moto_url, monkeypatch)
    return AwsSession(Account(region=REGION))
