"""A deploy whose cache key no longer names the tenant: some reads are answered with another tenant's document."""

from ddms_ops.simulate.dms.catalog import API_FUNCTION
from ddms_ops.simulate.dms.scenarios.calls import INNOCENT, deploy
from ddms_ops.simulate.dms.scenarios.choice import one_of
from ddms_ops.simulate.scenario import Leak, Scenario

VERSION, NUMBER = "2.17.0", 44

TENANT_LEAK = Scenario(
    name="tenant_leak",
    title="A deploy drops the tenant from a cache key: some reads show another tenant's document",
    start="2026-04-30T10:00Z",
    incident_title="A customer was shown somebody else's document",
    severity="P1",
    onset_min=34,
    detected_min=47,
    kind="leak",
    new_version=VERSION,
    leak=Leak(actors=4, owners=3, share=0.4),
    changes=(*deploy(API_FUNCTION, VERSION, NUMBER), *INNOCENT),
    vary=one_of(
        {"leak": Leak(actors=2, owners=2, share=0.5, guesses=9, served=2)},
        {"leak": Leak(actors=6, owners=4, share=0.3, guesses=20, served=5)},
        {"leak": Leak(actors=3, owners=2, share=0.45, guesses=12, served=3)},
    ),
)
