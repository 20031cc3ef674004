"""What the simulated document management system is made of: endpoints, tenants, names, background errors."""

from dataclasses import dataclass

from ddms_ops.simulate.cloudtrail import ACCOUNT as ACCOUNT
from ddms_ops.simulate.cloudtrail import DEVELOPER as DEVELOPER
from ddms_ops.simulate.cloudtrail import ON_CALL as ON_CALL
from ddms_ops.simulate.cloudtrail import PLATFORM as PLATFORM
from ddms_ops.simulate.cloudtrail import REGION as REGION
from ddms_ops.simulate.scenario import ErrorKind

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
API_FUNCTION = "dms-api-handler-prod"
WORKER_FUNCTION = "dms-processing-worker-prod"
API_GROUP = f"/aws/lambda/{API_FUNCTION}"
WORKER_GROUP = f"/aws/lambda/{WORKER_FUNCTION}"
SCAN_GROUP = "/ecs/malware-scan-service"
CI = "dms-ci-deploy"
OLD_VERSION = "2.14.2"
OLD_LAMBDA, WORKER_LAMBDA = 42, 17
TENANTS = 40
ZIPF = 0.9
UPLOADS = ("document.create", "document.upload")
MAX_CONNECTIONS = 400


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route of the API, its share of the requests and its usual latency."""

    method: str
    path: str
    weight: float
    median_ms: float
    action: str
    ok: int = 200

    @property
    def name(self) -> str:
        """Method and path, e.g. `GET /documents/{id}`."""
        return f"{self.method} {self.path}"


ENDPOINTS = (
    Endpoint("GET", "/documents", 0.17, 55, "document.list"),
    Endpoint("GET", "/documents/{id}", 0.16, 35, "document.view"),
    Endpoint("POST", "/documents", 0.10, 120, "document.create", 201),
    Endpoint("POST", "/documents/{id}/versions", 0.14, 140, "document.upload", 201),
    Endpoint("GET", "/documents/{id}/versions", 0.05, 45, "document.versions"),
    Endpoint("GET", "/documents/{id}/download", 0.14, 80, "document.download"),
    Endpoint("PATCH", "/documents/{id}", 0.04, 90, "document.update"),
    Endpoint("DELETE", "/documents/{id}", 0.01, 70, "document.delete", 204),
    Endpoint("GET", "/search", 0.12, 170, "document.search"),
    Endpoint("GET", "/folders/{id}", 0.04, 40, "folder.view"),
    Endpoint("POST", "/documents/{id}/share", 0.02, 100, "document.share"),
    Endpoint("GET", "/tenants/me/usage", 0.01, 60, "tenant.usage"),
)

CLIENTS = (  # name, share of the users, user agents
    ("web", 0.58, ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/132.0", "Mozilla/5.0 (Macintosh) Safari/17.6",
                   "Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Firefox/134.0")),
    ("mobile", 0.17, ("DmsMobile/5.4.1 (iOS 18.2)", "DmsMobile/5.4.0 (Android 15)")),
    ("desktop-sync", 0.15, ("DmsSync/3.9.2 (Windows)", "DmsSync/3.8.7 (macOS)")),
    ("api", 0.10, ("dms-sdk-python/1.12.0", "dms-sdk-java/2.3.1", "curl/8.5.0")),
)  # fmt: skip
BOTS = ("DocIndexBot/2.1 (+https://bots.example.com)", "python-requests/2.31.0", "Go-http-client/2.0")

FILES = (
    "contract-final.pdf", "Q1 report.xlsx", "scan_0041.tiff", "見積書_2026年3月.pdf", "契約書(最終).docx",
    "عقد الإيجار.pdf", "فاتورة ١٢٣.pdf", "Übergabeprotokoll.pdf", "relevé d'identité.pdf", "team 🎉 photo.png",
    "invoice \"draft\".pdf", "日本語メモ 📝.txt",
)  # fmt: skip

ON_READS = (
    "document.list", "document.view", "document.versions", "document.download", "document.update", "folder.view",
)  # fmt: skip

BACKGROUND = (
    ErrorKind(
        "SlowDown",
        "Please reduce your request rate. (Service: S3, Status Code: 503, Request ID: {hex}, {size} bytes sent)",
        503,
        frames=("throwDefaultError (/var/task/node_modules/@smithy/smithy-client/dist-cjs/index.js:388:20)",
                "putObject (/var/task/src/storage/s3.js:87:11)"),
        rate=0.0002,
        actions=(*UPLOADS, "document.download"),
    ),
    ErrorKind(
        "TimeoutError",
        "OpenSearch request POST /documents-v3/_search timed out after {ms} ms",
        504,
        frames=("onTimeout (/var/task/node_modules/@opensearch-project/opensearch/lib/Connection.js:111:16)",
                "search (/var/task/src/search/client.js:52:7)"),
        rate=0.012,
        actions=("document.search",),
        took_ms=10_000,
    ),
    ErrorKind(
        "ECONNRESET",
        "read ECONNRESET {ip}:443",
        502,
        frames=("TLSWrap.onStreamRead (node:internal/stream_base_commons:217:20)",),
        rate=0.0035,
        actions=ON_READS,
    ),
    ErrorKind("TokenExpiredError", "jwt expired {n} s ago", 401, "warn", rate=0.012),
    ErrorKind(
        "ValidationError",
        "\"metadata.title\" length must be less than or equal to 255 characters long, got {n} in '{file}'",
        400,
        "warn",
        rate=0.02,
        actions=(*UPLOADS, "document.update", "document.share"),
    ),
    ErrorKind("NotFoundError", "document {uuid} not found", 404, "warn", rate=0.008,
              actions=("document.view", "document.download", "document.versions")),
    ErrorKind("ConflictError", "document {uuid} is at revision {n}, not at the revision given", 409, "warn", rate=0.01,
              actions=("document.update", "document.upload")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobType:
    """One kind of processing job and how often an upload leads to it."""

    name: str
    share: float
    median_ms: float


JOBS = (
    JobType("textract-ocr", 0.40, 9_000),
    JobType("thumbnail", 0.25, 900),
    JobType("index", 0.40, 350),
    JobType("malware-scan", 0.15, 2_500),
)
THROTTLED = ErrorKind(
    "ThrottlingException",
    "Rate exceeded (Service: Textract, Status Code: 400, Request ID: {uuid}, retry in {n} ms)",
    0,
    rate=0.02,
    actions=("textract-ocr",),
)
UNSUPPORTED = ErrorKind(
    "UnsupportedDocumentException",
    "Request has unsupported document format: '{file}', {size} bytes",
    0,
    rate=0.003,
    actions=("textract-ocr", "thumbnail"),
)
