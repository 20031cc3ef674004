"""A difference of two products, split over their factors without a rest.

For C = x1 × x2 × … the logarithmic mean Divisia index (LMDI-I) gives the factor k

    L(C_now, C_before) × ln(x_k,now / x_k,before),    L(a, b) = (a − b) / ln(a / b),    L(a, a) = a

which adds up to C_now − C_before whatever the order of the factors (Ang, "The LMDI approach to decomposition analysis:
a practical guide", Energy Policy 33, 2005; "LMDI decomposition approach: a guide for implementation", 86, 2015). Where
one product is zero the limit for a vanishing factor holds: the factor that is zero takes the whole difference (Ang and
Liu, "Handling zero values in the logarithmic mean Divisia index decomposition approach", Energy Policy 35, 2007).
"""

import math
from collections.abc import Sequence
from decimal import Decimal

from ddms_ops.analysis.cost_course_amounts import EXACT, ZERO, total

STEP = Decimal("1e-9")
NEAR = 1e-5
"""Below this ln(a / b) the mean is read from its series: the quotient of two small numbers would lose digits."""
Pair = tuple[float, float]


def effects(factors: Sequence[Pair], before: Decimal, now: Decimal) -> list[Decimal]:
    """What each factor adds to a difference.

    Args:
        factors: (before, now) of each, from 0 on, whose products are proportional to `before` and `now`; NaN where it
            is not defined, as a ratio to zero.
        before, now: the products, from 0 on.

    Returns:
        Multiples of 1e-9, in the factors' order, which sum to now - before exactly: what rounding leaves goes to the
        largest. Of a product that is zero on one side, all to the first factor that is zero there (the last where none
        is).
    """
    delta = total([now, -before])
    if not factors:
        return []
    if before == 0 or now == 0:
        side = 0 if before == 0 else 1
        zero = next((place for place, pair in enumerate(factors) if pair[side] == 0), len(factors) - 1)
        return [delta if place == zero else ZERO for place in range(len(factors))]
    mean = log_mean(float(now), float(before))
    found = [
        Decimal(mean * math.log(after / first)).quantize(STEP, context=EXACT) if first > 0 and after > 0 else ZERO
        for first, after in factors
    ]
    largest = max(range(len(found)), key=lambda place: (abs(found[place]), -place))
    found[largest] = total([delta, *(-each for place, each in enumerate(found) if place != largest)])
    return found


def log_mean(one: float, other: float) -> float:
    """Logarithmic mean of two positive numbers."""
    log = math.log(one / other)
    return (one + other) / 2 * (1 - log**2 / 12) if abs(log) < NEAR else (one - other) / log
