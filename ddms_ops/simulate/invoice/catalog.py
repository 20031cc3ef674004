"""What the simulated invoice pipeline is made of, how much it does, and what that costs."""

from dataclasses import dataclass
from decimal import Decimal

from ddms_ops.simulate.bill import Product
from ddms_ops.simulate.cloudtrail import ACCOUNT, REGION

UPLOAD, INFERENCE = "smart-invoice-prod-upload", "smart-invoice-prod-inference"
GROUPS = {"upload": f"/aws/lambda/{UPLOAD}", "inference": f"/aws/lambda/{INFERENCE}"}
CI = "smart-invoice-ci-deploy"
OLD_VERSION, NEW_VERSION = "1.4.2", "1.5.0"
CUSTOMERS = ("acme", "bolt-logistics", "cedar-foods", "delta-retail", "evergreen", "fairway-hotels", "granite-build",
             "harbor-shipping")  # fmt: skip
SHARES = (0.24, 0.18, 0.15, 0.12, 0.10, 0.09, 0.07, 0.05)
MODEL = "anthropic.claude-v2"

WEEKDAYS = (1.15, 1.06, 1.0, 1.02, 0.97, 0.45, 0.38)  # Monday first
HOURS = (
    0.3, 0.25, 0.22, 0.2, 0.22, 0.3, 0.55, 0.9, 1.3, 1.65, 1.8, 1.75, 1.55, 1.6, 1.75, 1.85, 1.8, 1.6, 1.35, 1.1, 0.9,
    0.75, 0.55, 0.4,
)  # fmt: skip

PAGES_A_DAY = 7_800
TOKENS_A_PAGE, TOKENS_A_CALL = 1_280, 400
ANSWER_A_PAGE, ANSWER_A_CALL = 55, 60
CACHED = 0.3
SECONDS_A_PAGE, SECONDS_A_CALL = 30.0, 4.0
MEMORY_GB = 4
LOG_BYTES_A_PAGE, LOG_BYTES_AN_UPLOAD = 300_000, 20_000
NAT_BYTES_A_PAGE = 25_000_000
CDN_BYTES_A_DAY = 380_000_000_000
WRITES_A_PAGE, REQUESTS_A_PAGE = 200, 100


@dataclass(frozen=True, slots=True)
class Charge:
    """One kind of line: what is billed of a series of the work, in which unit, at what price.

    `a_unit` is how much of the series one unit is.
    """

    series: str
    product: Product
    usage_type: str
    operation: str
    unit: str
    rate: Decimal
    a_unit: float = 1.0
    resource: str = ""
    component: str = ""
    tier: tuple[float, Decimal] | None = None  # so many units of a month cost `rate`, those beyond the second


def _product(code: str, name: str, category: str, family: str = "", explorer: str = "") -> Product:
    return Product(code, name, category, family, explorer)


TEXTRACT = _product("AmazonTextract", "Amazon Textract", "AI and Machine Learning")
BEDROCK = _product("AmazonBedrock", "Amazon Bedrock", "AI and Machine Learning")
LAMBDA = _product("AWSLambda", "AWS Lambda", "Compute", "Serverless")
WATCH = _product("AmazonCloudWatch", "AmazonCloudWatch", "Management and Governance")
CDN = _product("AmazonCloudFront", "Amazon CloudFront", "Networking", "Data Transfer")
DYNAMO = _product("AmazonDynamoDB", "Amazon DynamoDB", "Databases")
S3 = _product("AmazonS3", "Amazon Simple Storage Service", "Storage", "Storage")
API = _product("AmazonApiGateway", "Amazon API Gateway", "Networking")
KMS = _product("awskms", "AWS Key Management Service", "Security")
SQS = _product("AWSQueueService", "Amazon Simple Queue Service", "Integration")
EC2 = _product("AmazonEC2", "Amazon Elastic Compute Cloud", "Compute", "Compute Instance",
               "Amazon Elastic Compute Cloud - Compute")  # fmt: skip
EC2_OTHER = _product("AmazonEC2", "Amazon Elastic Compute Cloud", "Networking", "NAT Gateway", "EC2 - Other")
EBS = _product("AmazonEC2", "Amazon Elastic Compute Cloud", "Storage", "Storage", "EC2 - Other")
RDS = _product("AmazonRDS", "Amazon Relational Database Service", "Databases", "Database Instance")
SAGEMAKER = _product("AmazonSageMaker", "Amazon SageMaker", "AI and Machine Learning")
PLANS = _product("ComputeSavingsPlans", "Savings Plans for AWS Compute usage", "Compute")
ROUTE53 = _product("AmazonRoute53", "Amazon Route 53", "Networking", "DNS Zone")
SUPPORT = _product("AWSSupportBusiness", "AWS Support (Business)", "Management and Governance")

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
NAT_GATEWAY = f"arn:aws:ec2:{REGION}:{ACCOUNT}:natgateway/nat-smart-invoice-prod"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/smart-invoice-prod-invoices"
BUCKET = "smart-invoice-prod-invoices"
GIB, GB = float(2**30), 1e9
COMPUTE_RATE = Decimal("0.0000166667")


def _charge(
    series: str, product: Product, usage_type: str, operation: str, unit: str, rate: str, **more: object
) -> Charge:
    return Charge(series, product, usage_type, operation, unit, Decimal(rate), **more)  # type: ignore[arg-type]


CHARGES: dict[str, Charge] = {
    "textract": _charge("pages", TEXTRACT, "USE1-AnalyzeExpensePages", "AnalyzeExpense", "Pages", "0.01",
                        component="inference"),
    "bedrock_input": _charge("input_tokens", BEDROCK, "USE1-ClaudeV2-input-tokens", "InvokeModelInference",
                             "1K tokens", "0.008", a_unit=1000, component="inference"),
    "bedrock_output": _charge("output_tokens", BEDROCK, "USE1-ClaudeV2-output-tokens", "InvokeModelInference",
                              "1K tokens", "0.024", a_unit=1000, component="inference"),
    "lambda": _charge("inference_gb_s", LAMBDA, "Lambda-GB-Second", "Invoke", "Lambda-GB-Second", str(COMPUTE_RATE),
                      resource=FUNCTION + INFERENCE, component="inference"),
    "upload_lambda": _charge("upload_gb_s", LAMBDA, "Lambda-GB-Second", "Invoke", "Lambda-GB-Second",
                             str(COMPUTE_RATE), resource=FUNCTION + UPLOAD, component="upload"),
    "lambda_requests": _charge("invocations", LAMBDA, "Request", "Invoke", "Requests", "0.0000002",
                               resource=FUNCTION + INFERENCE, component="inference"),
    "upload_requests": _charge("uploads", LAMBDA, "Request", "Invoke", "Requests", "0.0000002",
                               resource=FUNCTION + UPLOAD, component="upload"),
    "log_ingestion": _charge("inference_log_bytes", WATCH, "USE1-DataProcessing-Bytes", "PutLogEvents", "GB", "0.5",
                             a_unit=GB, resource=LOG_GROUP + GROUPS["inference"], component="inference"),
    "upload_logs": _charge("upload_log_bytes", WATCH, "USE1-DataProcessing-Bytes", "PutLogEvents", "GB", "0.5",
                           a_unit=GB, resource=LOG_GROUP + GROUPS["upload"], component="upload"),
    "nat": _charge("nat_bytes", EC2_OTHER, "NatGateway-Bytes", "NatGateway", "GB", "0.045", a_unit=GIB,
                   resource=NAT_GATEWAY, component="network"),
    "nat_hours": _charge("hours", EC2_OTHER, "NatGateway-Hours", "NatGateway", "Hrs", "0.045", resource=NAT_GATEWAY,
                         component="network"),
    "cdn": _charge("cdn_bytes", CDN, "US-DataTransfer-Out-Bytes", "GET", "GB", "0.085", a_unit=GIB,
                   resource=f"arn:aws:cloudfront::{ACCOUNT}:distribution/smart-invoice-prod", component="web",
                   tier=(10_240.0, Decimal("0.080"))),
    "cdn_requests": _charge("cdn_requests", CDN, "US-Requests-Tier2-HTTPS", "GET", "Requests", "0.000001",
                            resource=f"arn:aws:cloudfront::{ACCOUNT}:distribution/smart-invoice-prod",
                            component="web"),
    "table": _charge("table_writes", DYNAMO, "WriteRequestUnits", "PayPerRequestThroughput", "WriteRequestUnits",
                     "0.00000125", resource=TABLE, component="upload"),
    "table_reads": _charge("table_reads", DYNAMO, "ReadRequestUnits", "PayPerRequestThroughput", "ReadRequestUnits",
                           "0.00000025", resource=TABLE, component="upload"),
    "bucket": _charge("bucket_requests", S3, "Requests-Tier1", "PutObject", "Requests", "0.000005", resource=BUCKET,
                      component="upload"),
    "bucket_storage": _charge("stored_gb_months", S3, "TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", "0.023",
                              resource=BUCKET, component="upload"),
    "api": _charge("uploads", API, "USE1-ApiGatewayRequest", "ApiGatewayRequest", "Requests", "0.0000035",
                   component="upload"),
    "kms": _charge("bucket_requests", KMS, "us-east-1-KMS-Requests", "GenerateDataKey", "Requests", "0.000003"),
    "queue": _charge("invocations", SQS, "USE1-Requests-Tier1", "SendMessage", "Requests", "0.0000004"),
    "instances": _charge("hours", EC2, "BoxUsage:m5.xlarge", "RunInstances", "Hrs", "0.192",
                         resource="i-0a1b2c3d4e5f60001", component="portal"),
    "volumes": _charge("volume_gb_months", EBS, "EBS:VolumeUsage.gp3", "CreateVolume-Gp3", "GB-Mo", "0.08",
                       component="portal"),
    "database_storage": _charge("database_gb_months", RDS, "RDS:GP3-Storage", "CreateDBInstance:0014", "GB-Mo",
                                "0.115", component="portal"),
}  # fmt: skip
"""What is billed by the hour; commitments, instances under them, and monthly charges are apart."""
