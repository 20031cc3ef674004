"""What reached another tenant's document, and what of it disclosed something.

truth.json's `leak` holds, ordered by time where it is a list:

    disclosures: rows of audit_logs that show a tenant a document of another with nothing to excuse it.
    actors, owners: tenants that were shown, and whose documents; cells: [actor, owner, rows] of the disclosures.
    documents: distinct documents disclosed; users: distinct users who were shown them.
    first, last: times of the first and the last disclosure, ISO with Z; None where there is none.
    classes: by name {"rows", "audit_ids", "request_ids", "seqs"}: "cached" (answered from another tenant's cache
        entry; the trail's two tenants agree) and "guessed" (a download by a guessed id) are disclosures, "blocked"
        (denied with 403), "shared" (by a share that holds) and "supported" (within a session with a ticket) are not.
    naive: rows in which tenant_id is not user_tenant_id.
"""

import numpy as np

from ddms_ops.simulate.dms.audit import FIRST_SEQ, audit_ids, is_audited
from ddms_ops.simulate.dms.leaks import CACHED, DISCLOSED, NAMES, Crossings
from ddms_ops.simulate.dms.requests import DOCUMENTS, Requests
from ddms_ops.simulate.ids import uuids

Told = dict[str, object]


def leak_truth(requests: Requests, crossings: Crossings, salt: int) -> Told:
    """The truth about crossings; the module says what is in it."""
    seqs = FIRST_SEQ - 1 + np.cumsum(is_audited(requests))
    classes: dict[str, Told] = {}
    for kind, name in NAMES.items():
        places = crossings.places(kind)
        classes[name] = {
            "rows": len(places),
            "audit_ids": audit_ids(places, salt),
            "request_ids": uuids(places, salt),
            "seqs": seqs[places].tolist(),
        }
    crossed, shown = crossings.places(*NAMES), crossings.places(*DISCLOSED)
    names = np.array(requests.names)
    pairs = np.stack((names[requests.tenant[shown]], names[requests.document[shown] // DOCUMENTS]), axis=1)
    cells, counts = np.unique(pairs, axis=0, return_counts=True)
    times = np.datetime_as_string(requests.time_ms[shown].astype("datetime64[ms]"), timezone="UTC").tolist()
    return {
        "disclosures": len(shown),
        "actors": np.unique(pairs[:, 0]).tolist(),
        "owners": np.unique(pairs[:, 1]).tolist(),
        "cells": [[*cell, count] for cell, count in zip(cells.tolist(), counts.tolist(), strict=True)],
        "documents": len(np.unique(requests.document[shown])),
        "users": len(np.unique(requests.user[shown])),
        "first": times[0] if times else None,
        "last": times[-1] if times else None,
        "classes": classes,
        "naive": len(crossed) - len(crossings.places(CACHED)),
    }
