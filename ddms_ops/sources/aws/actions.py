"""Every AWS operation this package may call, and the IAM action it needs. What is not here cannot be sent.

`docs/iam-policy.json` is made of this table (`policy_document`); a test compares the two, and another compares the
table with the calls that are really made.
"""

READ = {
    "sts": {"GetCallerIdentity": ""},  # needs no permission
    "logs": {
        "DescribeLogGroups": "logs:DescribeLogGroups",
        "FilterLogEvents": "logs:FilterLogEvents",
        "StartQuery": "logs:StartQuery",
        "GetQueryResults": "logs:GetQueryResults",
        "StopQuery": "logs:StopQuery",
        "GetLogRecord": "logs:GetLogRecord",
    },
    "cloudwatch": {
        "GetMetricData": "cloudwatch:GetMetricData",
        "ListMetrics": "cloudwatch:ListMetrics",
        "DescribeAlarms": "cloudwatch:DescribeAlarms",
        "DescribeAlarmHistory": "cloudwatch:DescribeAlarmHistory",
    },
    "cloudtrail": {"LookupEvents": "cloudtrail:LookupEvents"},
    "ce": {"GetCostAndUsage": "ce:GetCostAndUsage"},
    "sqs": {
        "GetQueueUrl": "sqs:GetQueueUrl",
        "GetQueueAttributes": "sqs:GetQueueAttributes",
        "ListDeadLetterSourceQueues": "sqs:ListDeadLetterSourceQueues",
    },
    "stepfunctions": {
        "ListStateMachines": "states:ListStateMachines",
        "DescribeStateMachine": "states:DescribeStateMachine",
        "ListExecutions": "states:ListExecutions",
        "GetExecutionHistory": "states:GetExecutionHistory",
    },
    "lambda": {
        "GetFunctionConfiguration": "lambda:GetFunctionConfiguration",
        "ListVersionsByFunction": "lambda:ListVersionsByFunction",
        "ListAliases": "lambda:ListAliases",
    },
    "dynamodb": {"DescribeTable": "dynamodb:DescribeTable"},
    "ecs": {
        "DescribeServices": "ecs:DescribeServices",
        "DescribeTaskDefinition": "ecs:DescribeTaskDefinition",
        "ListTasks": "ecs:ListTasks",
        "DescribeTasks": "ecs:DescribeTasks",
    },
    "rds": {
        "DescribeDBInstances": "rds:DescribeDBInstances",
        "DescribeDBClusters": "rds:DescribeDBClusters",
        "DescribeEvents": "rds:DescribeEvents",
    },
    "pi": {"GetResourceMetrics": "pi:GetResourceMetrics"},
    "appsync": {"ListGraphqlApis": "appsync:ListGraphqlApis"},
    "apigateway": {"GetRestApis": "apigateway:GET", "GetStages": "apigateway:GET"},
    "secretsmanager": {"GetSecretValue": "secretsmanager:GetSecretValue"},
    "athena": {
        "StartQueryExecution": "athena:StartQueryExecution",
        "GetQueryExecution": "athena:GetQueryExecution",
        "GetQueryResults": "athena:GetQueryResults",
        "StopQueryExecution": "athena:StopQueryExecution",
        "GetWorkGroup": "athena:GetWorkGroup",
    },
    "glue": {"GetTable": "glue:GetTable"},
    "s3": {"GetObject": "s3:GetObject", "HeadObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket"},
}

# What the credential providers of the AWS SDK ask by themselves, to assume a role or to sign in; never asked by us, and
# no part of the policy.
SIGN_IN = {
    "sts": ("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"),
    "sso": ("GetRoleCredentials",),
    "sso-oidc": ("CreateToken",),
    "signin": ("CreateOAuth2Token",),
}

# Calls a second that AWS allows by default for an account and region; 10 where nothing is said.
QUOTAS = {
    ("logs", "FilterLogEvents"): 10.0,
    ("logs", "StartQuery"): 10.0,
    ("logs", "GetQueryResults"): 10.0,
    ("logs", "StopQuery"): 10.0,
    ("logs", "GetLogRecord"): 10.0,
    ("cloudwatch", "GetMetricData"): 50.0,
    ("cloudtrail", "LookupEvents"): 2.0,
    ("ce", "GetCostAndUsage"): 5.0,
}
REGION_QUOTAS = {
    ("logs", "FilterLogEvents", "us-east-1"): 25.0,
    ("logs", "FilterLogEvents", "eu-central-1"): 5.0,
    ("logs", "FilterLogEvents", "sa-east-1"): 5.0,
}
DEFAULT_QUOTA = 10.0


def is_allowed(service: str, operation: str) -> bool:
    """Whether an operation stands in the table."""
    return operation in READ.get(service, {})


def is_sign_in(service: str, operation: str) -> bool:
    """Whether an operation is one by which the AWS SDK gets credentials."""
    return operation in SIGN_IN.get(service, ())


def action_of(service: str, operation: str) -> str:
    """The IAM action an operation needs, empty for none."""
    return READ.get(service, {}).get(operation, f"{service}:{operation}")


def quota(service: str, operation: str, region: str) -> float:
    """Calls a second that AWS allows by default."""
    known = QUOTAS.get((service, operation), DEFAULT_QUOTA)
    return REGION_QUOTAS.get((service, operation, region), known)


def policy_document() -> dict[str, object]:
    """The least IAM policy that lets every pull work, one statement a service."""
    statements = []
    for service, operations in READ.items():
        if actions := sorted({action for action in operations.values() if action}):
            sid = "DdmsOps" + service.capitalize()
            statements.append({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*"})
    return {"Version": "2012-10-17", "Statement": statements}
