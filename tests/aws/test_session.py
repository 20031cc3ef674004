"""The session: read-only, paced, patient with throttling, and at the declared account only."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import NoCredentialsError
from builders import at, window
from servers import REGION, Canned, Refusal, point_at, session_at

from ddms_ops.coverage import Status
from ddms_ops.deployment import Account
from ddms_ops.sources.aws.collect import collect
from ddms_ops.sources.aws.faults import AwsFault, ReadOnlyViolation, fault_of
from ddms_ops.sources.aws.pacer import Pacer, Pacers
from ddms_ops.sources.aws.session import AwsSession, first_that_may
from ddms_ops.sources.base import CHANGE_RECORDS, RECORDS, ChangeQuery, Provenance, Pull, RecordQuery
from ddms_ops.sources.json_files import FAULT, Row

HOUR = window("10:00", "11:00")
WHO = "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/dev</Arn>"


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def pacer(clock: Clock, per_second: float) -> Pacer:
    """A pacer on that clock."""
    return Pacer(per_second, clock=clock, sleep=clock.sleep)


def change(name: str, clock: str = "10:30") -> Row:
    """A row of CHANGE_RECORDS."""
    return {"timestamp": at(clock).isoformat(), "event_id": name, "name": name, "record": "{}"}


def collected(rows: Iterator[Row]) -> Pull:
    """The pull of some changes."""
    return collect(rows, ChangeQuery(HOUR), pull="changes", schema=CHANGE_RECORDS, provenance=Provenance("live"))


@pytest.mark.parametrize(
    ("service", "call"), [("sqs", "delete_queue"), ("sqs", "purge_queue"), ("sqs", "receive_message")]
)
def test_what_changes_anything_is_never_sent(service: str, call: str, monkeypatch: pytest.MonkeyPatch):
    """Not even through a client taken from the session."""
    with Canned() as server:
        client = session_at(server, monkeypatch).client(service)
        with pytest.raises(ReadOnlyViolation, match="nothing was sent"):
            getattr(client, call)(QueueUrl=f"{server.url}/1/orders")
    assert server.asked == []


def test_a_call_must_stand_in_the_table(monkeypatch: pytest.MonkeyPatch):
    """An operation that is not allowed is refused before a client is made."""
    with Canned() as server:
        session = session_at(server, monkeypatch)
        with pytest.raises(ReadOnlyViolation, match="dynamodb Scan"):
            session.call("dynamodb", "Scan", TableName="t")


def test_throttling_is_waited_out(monkeypatch: pytest.MonkeyPatch):
    """The answer after it is the answer, and the pacer has slowed down."""
    with Canned(LookupEvents=[Refusal("ThrottlingException"), {"Events": []}]) as server:
        session = session_at(server, monkeypatch)
        assert session.call("cloudtrail", "LookupEvents")["Events"] == []
        assert session.pacer("cloudtrail", "LookupEvents").rate < 2 * 0.95
    assert len(server.asked) == 2


def test_a_token_that_comes_back_ends_the_pages(monkeypatch: pytest.MonkeyPatch):
    """What came is kept, the rest is said to be missing; nothing loops."""
    with Canned(LookupEvents=[{"Events": [], "NextToken": "same"}]) as server:
        session = session_at(server, monkeypatch)
        with pytest.raises(AwsFault, match="same page token twice"):
            list(session.pages("cloudtrail", "LookupEvents", ask="NextToken", answer="NextToken"))
    assert len(server.asked) == 2


def test_the_account_must_be_the_declared_one(monkeypatch: pytest.MonkeyPatch):
    """Credentials of another account are refused by its number."""
    with Canned(GetCallerIdentity=[WHO]) as server:
        assert session_at(server, monkeypatch).identity[0] == "123456789012"
        with pytest.raises(AwsFault, match="of account 123456789012, the profile declares 999999999999"):
            _ = session_at(server, monkeypatch, account="9" * 12).identity


def test_a_named_profile_must_exist(monkeypatch: pytest.MonkeyPatch):
    """The words name what to look at, and no path."""
    with Canned() as server:
        session_at(server, monkeypatch)
        with pytest.raises(AwsFault, match="not configured here"):
            _ = AwsSession(Account(region="us-east-1", aws_profile="nobody")).identity


def test_a_closed_door_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    """No server there: said in words."""
    with Canned() as server:
        session = session_at(server, monkeypatch)
    with pytest.raises(AwsFault, match="dynamodb DescribeTable: the connection failed"):
        session.call("dynamodb", "DescribeTable", TableName="t")


def test_missing_credentials_are_named():
    """With what to do about them."""
    fault = fault_of(NoCredentialsError(), "sts", "GetCallerIdentity")
    assert (fault.status, fault.words[:24]) == (Status.FAILED, "no AWS credentials found")


def test_calls_are_evenly_spaced_below_the_quota():
    """Ten calls at 10 a second take nine steps of 1/9.5 s."""
    clock = Clock()
    paced = pacer(clock, 10)
    for _ in range(10):
        paced.wait()
    assert clock.now == pytest.approx(9 / 9.5)
    assert clock.slept == pytest.approx([1 / 9.5] * 9)


def test_throttles_halve_the_rate_once_a_second():
    """Many threads throttled at once are one throttle; it never stops altogether."""
    clock = Clock()
    paced = pacer(clock, 10)
    paced.throttled()
    paced.throttled()
    assert paced.rate == pytest.approx(9.5 / 2)
    for _ in range(20):
        clock.now += 1
        paced.throttled()
    assert paced.rate == pytest.approx(9.5 * 0.05)


def test_calls_that_work_bring_the_rate_back():
    """Up to the quota's 95 %, not above."""
    paced = pacer(Clock(), 10)
    paced.throttled()
    for _ in range(100):
        paced.worked()
    assert paced.rate == pytest.approx(9.5)


def test_one_pacer_for_each_key():
    """Sessions of a source share it."""
    pacers = Pacers()
    assert pacers.of(("1", "us-east-1", "logs", "StartQuery"), 10) is pacers.of(
        ("1", "us-east-1", "logs", "StartQuery"), 10
    )
    assert pacers.of(("1", "us-east-1"), 10) is not pacers.of(("2", "us-east-1"), 10)


def test_rows_become_a_complete_pull():
    """Trimmed to the window, in order, all of them counted."""
    pull = collected(iter([change("b", "10:40"), change("a", "10:20"), change("c", "11:00")]))
    assert pull.table["name"].to_pylist() == ["a", "b"]
    assert (pull.coverage.matched, pull.coverage.status) == (2, Status.COMPLETE)


def test_a_fault_row_makes_it_partial():
    """Its words are the reason; how many there are in all is not known."""
    coverage = collected(iter([change("a"), {FAULT: "half is missing"}])).coverage
    assert (coverage.status, coverage.reason, coverage.matched) == (Status.PARTIAL, "half is missing", None)


def test_many_faults_are_counted():
    """Ten are told, the others by number."""
    coverage = collected(iter([change("a"), *({FAULT: f"f{n}"} for n in range(13))])).coverage
    assert coverage.reason.endswith("f9; and 3 more faults")


def test_a_refusal_without_rows_keeps_its_status():
    """A pull that was not allowed is told apart from one that failed."""

    def rows() -> Iterator[Row]:
        raise AwsFault(Status.NO_PERMISSION, "not allowed: x:Y")
        yield {}

    coverage = collected(rows()).coverage
    assert (coverage.status, coverage.reason, coverage.rows) == (Status.NO_PERMISSION, "not allowed: x:Y", 0)


def test_ctrl_c_keeps_what_came():
    """The pull is partial and says that somebody stopped it."""

    def rows() -> Iterator[Row]:
        yield change("a")
        raise KeyboardInterrupt

    pull = collected(rows())
    assert (pull.is_interrupted, pull.table.num_rows, pull.coverage.reason) == (True, 1, "stopped by hand")
    assert pull.coverage.status is Status.PARTIAL


def test_present_states_are_not_trimmed():
    """A record without a time stays in."""
    row = {"timestamp": None, "kind": "queue", "id": "q", "record": "{}"}
    query = RecordQuery(HOUR, "queues")
    pull = collect(iter([row]), query, pull="queues", schema=RECORDS, provenance=Provenance("live"))
    assert (pull.table.num_rows, pull.coverage.status, pull.coverage.got) == (1, Status.COMPLETE, None)


def test_a_role_is_assumed_by_the_sdk_and_by_nobody_else(
    moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Signing in is the credential provider's own call; through us it cannot be asked for."""
    point_at(moto_url, monkeypatch)
    lines = ["[profile base]", "aws_access_key_id = a", "aws_secret_access_key = b"]
    lines += ["[profile ops]", "role_arn = arn:aws:iam::123456789012:role/ops", "source_profile = base"]
    (tmp_path / "config").write_text("\n".join(lines))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    session = AwsSession(Account(region=REGION, aws_profile="ops"))
    assert "assumed-role/ops" in session.identity[1]
    with pytest.raises(ReadOnlyViolation):
        session.call("sts", "AssumeRole", RoleArn="arn:aws:iam::123456789012:role/ops", RoleSessionName="x")


def test_the_first_account_that_may_answers(monkeypatch: pytest.MonkeyPatch):
    """The others' faults are lost then; where none may, the first one's is told, with its name."""
    with Canned(GetCallerIdentity=[WHO]) as server:
        point_at(server.url, monkeypatch)
        one, two = (AwsSession(Account(region=REGION), name=name) for name in ("one", "two"))

        def asked(session: AwsSession) -> str:
            if session is one:
                raise AwsFault(Status.NO_PERMISSION, "not allowed", code="AccessDenied")
            return "answer"

        assert first_that_may([one, two], asked) == (two, "answer")
        with pytest.raises(AwsFault, match="^one: not allowed$") as told:
            first_that_may([one], asked)
    assert (told.value.status, told.value.code) == (Status.NO_PERMISSION, "AccessDenied")


def test_models_of_services_are_read_once():
    """For all sessions: they are the same for each."""
    sessions = [AwsSession(Account(region=REGION)) for _ in range(2)]
    loaders = {id(session.botocore.get_component("data_loader")) for session in sessions}
    assert len(loaders) == 1
