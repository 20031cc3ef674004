"""Clients of one account and region: read-only by construction, paced, retried by botocore's standard mode."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property
from typing import Any, TypeVar

import botocore.session
from botocore import xform_name
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader, create_loader
from botocore.parsers import ResponseParserError

from ddms_ops import __version__
from ddms_ops.coverage import Status
from ddms_ops.deployment import Account
from ddms_ops.sources.aws.actions import action_of, is_allowed, is_sign_in, quota
from ddms_ops.sources.aws.faults import THROTTLES, AwsFault, ReadOnlyViolation, fault_of
from ddms_ops.sources.aws.log_pages import LogParserFactory
from ddms_ops.sources.aws.pacer import Pacer, Pacers

ATTEMPTS = 3  # by botocore, for one call
THROTTLED_ATTEMPTS = 8  # by us, each after those
CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 20.0
POOL = 16
PAGES = 10_000
FORGET_S = 300.0  # how long it is remembered that nobody could be asked who we are
Answer = TypeVar("Answer")


class AwsSession:
    """Clients of one account and region. Threads may share it.

    Args:
        account: region, expected account id, named AWS profile.
        name: what the profile calls this account, "" where there is only one.
        pacers: shared by all sessions of a source.
        read_timeout_s: how long one answer may be silent.
    """

    def __init__(
        self,
        account: Account,
        *,
        name: str = "",
        pacers: Pacers | None = None,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self.account, self.name, self.region = account, name, account.region
        self._pacers = pacers or Pacers()
        self._read_timeout_s = read_timeout_s
        self._lock = threading.Lock()
        self._clients: dict[str, BaseClient] = {}
        self._refused: set[tuple[str, str]] = set()
        self._nobody: tuple[float, AwsFault] | None = None

    @cached_property
    def botocore(self) -> botocore.session.Session:
        """The guarded botocore session.

        Raises:
            AwsFault: the named AWS profile is not configured here.
        """
        session = botocore.session.Session(profile=self.account.aws_profile or None)
        try:
            session.get_scoped_config()
        except BotoCoreError as error:
            raise fault_of(error, "sts", "GetCallerIdentity") from None
        session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
        session.register_component("response_parser_factory", LogParserFactory())
        session.register("before-parameter-build", _refuse_mutation, unique_id="ddms-ops-guard")
        session.register("before-send", self._pace, unique_id="ddms-ops-pace")
        session.register("needs-retry", self._note_throttle, unique_id="ddms-ops-throttle")
        return session

    def client(self, service: str) -> BaseClient:
        """The client of a service, made once."""
        with self._lock:
            if service not in self._clients:
                config = Config(
                    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                    connect_timeout=CONNECT_TIMEOUT_S,
                    read_timeout=self._read_timeout_s,
                    max_pool_connections=POOL,
                    user_agent_extra=f"ddms-ops/{__version__}",
                )
                try:
                    self._clients[service] = self.botocore.create_client(service, self.region, config=config)
                except ValueError:
                    words = "no client for AWS can be made: the region or AWS_ENDPOINT_URL is none; write https://host"
                    raise AwsFault(Status.FAILED, words) from None
            return self._clients[service]

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one call.

        Raises:
            AwsFault: not answered, or with an error; throttling is waited out first, and an answer that was cut off is
                asked for again.
            ReadOnlyViolation: the operation is not allowed.
        """
        if not is_allowed(service, operation):
            raise ReadOnlyViolation(f"{service} {operation} is not among the read-only operations")
        try:
            answer = self._patiently(service, operation, parameters)
        except AwsFault:
            self._refused.add((service, operation))
            raise
        self._refused.discard((service, operation))
        return answer

    def was_refused(self, service: str, operation: str) -> bool:
        """Whether the last call of an operation ended in a fault: what can do without need not ask again."""
        return (service, operation) in self._refused

    def _patiently(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        for attempt in range(THROTTLED_ATTEMPTS):
            try:
                return self._send(service, operation, parameters)
            except ClientError as error:
                fault = fault_of(error, service, operation)
                if fault.code not in THROTTLES or attempt == THROTTLED_ATTEMPTS - 1:
                    raise fault from None
            except BotoCoreError as error:
                raise fault_of(error, service, operation) from None
            except ResponseParserError:
                if attempt >= ATTEMPTS - 1:
                    words = f"{service} {operation}: the answer was cut off, or is none of AWS"
                    raise AwsFault(Status.FAILED, words) from None
        raise AssertionError("the loop returns or raises")

    def _send(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.client(service), xform_name(operation))(**parameters)
        return answer

    def pages(self, service: str, operation: str, *, ask: str, answer: str, **parameters: Any) -> Iterator[dict]:
        """The answers to a call, following its token.

        Args:
            ask, answer: names of the token in the request and in the answer.

        Raises:
            AwsFault: as `call`; also a token that comes back a second time, and more than 10,000 pages.
        """
        seen: set[str] = set()
        for _ in range(PAGES):
            page = self.call(service, operation, **parameters)
            yield page
            token = page.get(answer)
            if not token:
                return
            if token in seen:
                words = f"{service} {operation} gave the same page token twice; what follows it cannot be had"
                raise AwsFault(Status.PARTIAL, words)
            seen.add(token)
            parameters[ask] = token
        raise AwsFault(Status.PARTIAL, f"{service} {operation}: more than {PAGES:,} pages; ask for less")

    @cached_property
    def identity(self) -> tuple[str, str]:
        """Account id and ARN of the caller.

        Raises:
            AwsFault: no usable credentials, or those of another account than declared.
        """
        if self._nobody is not None and time.monotonic() - self._nobody[0] < FORGET_S:
            raise self._nobody[1]
        try:
            answer = self.call("sts", "GetCallerIdentity")
        except AwsFault as fault:
            self._nobody = time.monotonic(), fault
            raise
        account, arn = str(answer.get("Account", "")), str(answer.get("Arn", ""))
        if self.account.account and account != self.account.account:
            words = f"these credentials are of account {account}, the profile declares {self.account.account}"
            raise AwsFault(Status.NO_PERMISSION, words)
        return account, arn

    def named(self, fault: AwsFault) -> AwsFault:
        """The fault with the account's name, where it has one."""
        return AwsFault(fault.status, f"{self.of}{fault.words}", code=fault.code)

    @property
    def of(self) -> str:
        """What words about this account begin with: its name, where it has one."""
        return f"{self.name}: " if self.name else ""

    def secret_value(self, name: str) -> str:
        """The text of a Secrets Manager secret.

        Raises:
            AwsFault: it cannot be read.
        """
        return str(self.call("secretsmanager", "GetSecretValue", SecretId=name).get("SecretString", ""))

    def database_token(self, host: str, port: int, user: str) -> str:
        """A password for one connection to RDS, good for 15 minutes; made here, without a call.

        Raises:
            AwsFault: no usable credentials.
        """
        try:
            token = self.client("rds").generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user)
        except BotoCoreError as error:
            raise fault_of(error, "rds", "GenerateDbAuthToken") from None
        return str(token)

    def pacer(self, service: str, operation: str) -> Pacer:
        """The pacer of an operation in this account and region."""
        who = self.account.account or self.account.aws_profile
        return self._pacers.of((who, self.region, service, operation), quota(service, operation, self.region))

    def _pace(self, event_name: str, **_: object) -> None:
        self.pacer(*_operation(event_name)).wait()

    def _note_throttle(self, event_name: str, response: object = None, **_: object) -> None:
        parsed = response[1] if isinstance(response, tuple) else None
        code = (parsed or {}).get("Error", {}).get("Code", "") if isinstance(parsed, dict) else ""
        pacer = self.pacer(*_operation(event_name))
        if code in THROTTLES:
            pacer.throttled()
        elif isinstance(parsed, dict) and not code:
            pacer.worked()


def first_that_may(sessions: Iterable[AwsSession], asked: Callable[[AwsSession], Answer]) -> tuple[AwsSession, Answer]:
    """The first account that answers, and its answer.

    Raises:
        AwsFault: none does; that of the first.
    """
    faults = []
    for session in sessions:
        try:
            _ = session.identity
            return session, asked(session)
        except AwsFault as fault:
            faults.append(session.named(fault))
    raise faults[0]


@cache
def _loader(paths: str | None) -> Loader:
    """What reads the models of services, and remembers them: one for all sessions, as they are the same for each."""
    return create_loader(paths)


def _operation(event_name: str) -> tuple[str, str]:
    _, service, operation = event_name.split(".", 2)
    return NAMES.get(service, service), operation


def _refuse_mutation(event_name: str, **_: object) -> None:
    service, operation = _operation(event_name)
    if not is_allowed(service, operation) and not is_sign_in(service, operation):
        action = action_of(service, operation)
        raise ReadOnlyViolation(f"{action} is not among the read-only operations; nothing was sent")


# botocore's event names use service ids; these differ from the client names.
NAMES = {
    "cloudwatch-logs": "logs",
    "cost-explorer": "ce",
    "sfn": "stepfunctions",
    "api-gateway": "apigateway",
    "secrets-manager": "secretsmanager",
}
