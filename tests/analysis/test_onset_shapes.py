"""Where a shift began, how surely, and whether it pulses."""

import numpy as np
from onset_signals import poisson

from ddms_ops.analysis.noise import Noise
from ddms_ops.analysis.pulses import pulses_of, spacing, stretches_of
from ddms_ops.analysis.scan import Segment, Usual, usual_of
from ddms_ops.analysis.shapes import form_of, start_of

COUNTS = Noise(True)


def evidence(values: np.ndarray, expected: float):
    """Counts against a constant expectation."""
    return COUNTS.evidence(values, np.full(len(values), expected))


def test_the_interval_is_narrow_where_the_step_is_clear():
    """A hundredfold step leaves no doubt about its bucket."""
    values = np.r_[poisson(1, 50), poisson(100, 50)]
    start = start_of(evidence(values, 1.0), Segment(48, 100, 50.0))
    assert (start.earliest, start.bucket, start.latest, start.rise) == (50, 50, 50, 0)


def test_the_interval_is_wide_where_the_step_is_faint():
    """A step by half over few events could have begun some buckets earlier or later."""
    values = np.r_[poisson(4, 60, seed=2), poisson(6, 60, seed=2)]
    start = start_of(evidence(values, 4.0), Segment(60, 120, 6.0))
    assert start.latest - start.earliest >= 5
    assert start.earliest <= 60 <= start.latest


def test_the_interval_holds_the_start_in_about_nine_of_ten():
    """Over two hundred random steps."""
    held = 0
    for seed in range(200):
        values = np.r_[poisson(4, 60, seed=seed), poisson(10, 60, seed=seed + 999)]
        start = start_of(evidence(values, 4.0), Segment(60, 120, 9.0))
        held += start.earliest <= 60 <= start.latest
    assert held / 200 >= 0.85


def test_a_shift_is_over_when_the_buckets_after_it_say_so():
    """Many quiet buckets exclude that it goes on; one does not."""
    values = np.r_[poisson(2, 40), poisson(6, 40)]
    ended = evidence(np.r_[values, poisson(2, 40)], 2.0)
    assert form_of(ended, Segment(40, 80, 9.0)).end == 80
    assert form_of(evidence(np.r_[values, [2.0]], 2.0), Segment(40, 80, 9.0)).end is None


def test_a_dip_of_one_bucket_does_not_part_a_shift():
    """A shift with little time between its stretches is one."""
    values = np.r_[np.full(40, 2.0), np.full(60, 60.0)]
    values[[60, 80]] = 0
    assert pulses_of(evidence(values, 2.0), Segment(40, 100, 60.0), 100) == [(40, 100)]


def test_stretches_cost():
    """A gain too small to pay for a stretch of its own is left out."""
    gain = np.full(100, -1.0)
    gain[20:30], gain[60] = 5.0, 3.0
    assert stretches_of(gain) == [(20, 30)]


def test_even_spacing_may_lack_a_pulse():
    """The period is that of the pulses seen; uneven ones have none."""
    assert spacing([(0, 2), (10, 12), (30, 32), (40, 42)]) == 10
    assert spacing([(0, 2), (10, 12), (37, 39), (44, 46)]) is None
    assert spacing([(0, 2), (10, 12), (20, 22)]) is None


def test_what_a_bursty_signal_does_each_day_is_calibrated_away():
    """Scores are divided by what the signal's own stretches reach."""
    score = np.zeros(1200)
    score[50::100] = 40
    assert usual_of(score, 1).calibrated(np.array([40.0]))[0] < 5
    assert usual_of(np.random.default_rng(0).normal(size=1200), 1).factor == 1


def test_scores_beyond_the_usual_worst_are_drawn_in_by_the_tail():
    """Up to the worst they are only divided."""
    usual = Usual(worst=4.0, factor=2.0, tail=3.0)
    assert usual.calibrated(np.array([2.0, 4.0, 10.0])).tolist() == [1.0, 2.0, 3.0]
