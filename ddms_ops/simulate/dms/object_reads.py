"""Reads of the documents' bucket, as CloudTrail records its data events: a sample of the downloads.

Nearly all are by a pre-signed URL: signed by the API's role, used from the address of the user.
"""

import numpy as np

from ddms_ops.simulate.dms.audit import address_of
from ddms_ops.simulate.dms.catalog import ACCOUNT, CLIENTS
from ddms_ops.simulate.dms.leaks import DOWNLOAD, OWN, Crossings
from ddms_ops.simulate.dms.requests import DOCUMENTS, Requests
from ddms_ops.simulate.ids import hexes, mix, uuids
from ddms_ops.simulate.scenario import Call

BUCKET = "dms-documents-prod"
ROLE = "dms-api-handler-prod-role"
MOST, ONE_IN = 300, 4  # downloads that are recorded; all of those that cross tenants
VALID_S = 900
PROXIED = 10  # percent of the downloads that go through the API
Read = tuple[int, Call, dict[str, object]]


def object_reads(requests: Requests, crossings: Crossings, salt: int) -> list[Read]:
    """Time (epoch ms), call, and what a data event's record holds beside a management event's, for each read."""
    served = np.flatnonzero(requests.does(DOWNLOAD) & (requests.status == 200) & (requests.error < 0))
    step = max(ONE_IN, -(-len(served) // MOST))
    is_crossing = crossings.kind[served] != OWN
    places = served[is_crossing | (np.arange(len(served)) % step == 0)]
    documents = uuids(requests.document[places].astype(np.int64), salt + 3)
    draws = mix(places, salt + 73).tolist()
    host_ids = hexes(places, salt + 79)
    return [
        (int(requests.time_ms[place]), *_read(requests, place, document, draw, host_id))
        for place, document, draw, host_id in zip(places.tolist(), documents, draws, host_ids, strict=True)
    ]


def _read(requests: Requests, place: int, document: str, draw: int, host_id: str) -> tuple[Call, dict[str, object]]:
    """A read of the object that a request was for."""
    key = f"{requests.names[requests.document[place] // DOCUMENTS]}/{document}"
    is_signed, user = draw % 100 >= PROXIED, int(requests.user[place])
    parameters = {"bucketName": BUCKET, "key": key, "Host": f"{BUCKET}.s3.amazonaws.com"}
    if is_signed:
        parameters |= {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Expires": str(VALID_S)}
    further: dict[str, object] = {
        "additionalEventData": {
            "SignatureVersion": "SigV4",
            "CipherSuite": "TLS_AES_128_GCM_SHA256",
            "bytesTransferredIn": 0,
            "AuthenticationMethod": "QueryString" if is_signed else "AuthHeader",
            "x-amz-id-2": host_id,
            "bytesTransferredOut": 4_096 + draw // 100 % 4_000_000,
        },
        "resources": [
            {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{BUCKET}/{key}"},
            {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{BUCKET}"},
        ],
        "managementEvent": False,
        "eventCategory": "Data",
    }
    if is_signed:
        agents = CLIENTS[0][2]
        further |= {"sourceIPAddress": address_of(user), "userAgent": f"[{agents[user % len(agents)]}]"}
    return Call(0, "s3", "GetObject", parameters, ROLE), further
