"""What went wrong at AWS, in words for coverage; never the message of the service, which may hold anything."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)

from ddms_ops.coverage import Status
from ddms_ops.errors import DdmsOpsError
from ddms_ops.sources.aws.actions import action_of

DENIED = frozenset({
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized",
    "AuthorizationErrorException", "NotAuthorizedException", "403",
})  # fmt: skip
STALE = frozenset({
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnrecognizedClientException", "InvalidClientTokenId",
    "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure", "MissingAuthenticationToken",
    "NoCredentials", "SignedOut",
})  # fmt: skip
ABSENT = frozenset({
    "ResourceNotFoundException", "ResourceNotFound", "NotFoundException", "StateMachineDoesNotExist", "404",
    "QueueDoesNotExist", "QueueDoesNotExistException", "AWS.SimpleQueueService.NonExistentQueue",
    "DBInstanceNotFound", "DBInstanceNotFoundFault", "DBClusterNotFound", "DBClusterNotFoundFault",
    "ClusterNotFoundException", "ServiceNotFoundException", "NoSuchBucket", "NoSuchKey",
})  # fmt: skip
THROTTLES = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
    "RequestThrottled", "RequestThrottledException", "LimitExceededException", "ProvisionedThroughputExceededException",
    "SlowDown", "BandwidthLimitExceeded",
})  # fmt: skip
REFRESH = "refresh your credentials (aws sso login, or a new session token)"
TIMED_OUT = (ReadTimeoutError, ConnectTimeoutError)
DROPPED = (ConnectionClosedError, EndpointConnectionError, HTTPClientError)
NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError)
SIGNED_OUT = (SSOError, TokenRetrievalError)


class AwsFault(DdmsOpsError):
    """A call that was not answered; `status` and `words` are for coverage."""

    def __init__(self, status: Status, words: str, *, code: str = "") -> None:
        self.status, self.words, self.code = status, words, code
        super().__init__(words)

    @property
    def is_signed_out(self) -> bool:
        """Whether the credentials are what is wrong, so that no other call can be answered either."""
        return self.code in STALE


class ReadOnlyViolation(DdmsOpsError):
    """An operation that is not in the table of allowed ones was about to be sent."""


def fault_of(error: ClientError | BotoCoreError, service: str, operation: str) -> AwsFault:
    """The fault in words."""
    what = f"{service} {operation}"
    if isinstance(error, ClientError):
        return _answered(error, service, operation)
    if isinstance(error, NO_CREDENTIALS):
        words = "no AWS credentials found; set AWS_PROFILE, or sign in (aws sso login)"
        return AwsFault(Status.FAILED, words, code="NoCredentials")
    if isinstance(error, ProfileNotFound):
        return AwsFault(
            Status.FAILED,
            "the AWS profile asked for (AWS_PROFILE, or aws_profile of the account) is not configured here",
        )
    if isinstance(error, NoRegionError):
        return AwsFault(Status.FAILED, "no AWS region; set it in the profile's environment")
    if isinstance(error, SIGNED_OUT):
        return AwsFault(Status.FAILED, f"the sign-in has ended; {REFRESH}", code="SignedOut")
    if isinstance(error, TIMED_OUT):
        return AwsFault(Status.FAILED, f"{what} was not answered in time")
    if isinstance(error, DROPPED):
        return AwsFault(Status.FAILED, f"{what}: the connection failed")
    return AwsFault(Status.FAILED, f"{what} failed ({type(error).__name__})")


def _answered(error: ClientError, service: str, operation: str) -> AwsFault:
    code = str(error.response.get("Error", {}).get("Code", ""))
    what = f"{service} {operation}"
    if code in DENIED:
        words = f"not allowed: {action_of(service, operation)}; add it to the policy (docs/iam-policy.json)"
        return AwsFault(Status.NO_PERMISSION, words, code=code)
    if code in STALE:
        return AwsFault(Status.FAILED, f"{what}: {code}; {REFRESH}", code=code)
    if code in ABSENT:
        return AwsFault(Status.NOT_CONFIGURED, "there is none of that name in this account and region", code=code)
    if code in THROTTLES:
        return AwsFault(Status.FAILED, f"{what}: throttled, also after waiting and asking again", code=code)
    number = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    return AwsFault(Status.FAILED, f"{what} failed: {code or 'no code'} ({number})", code=code)
