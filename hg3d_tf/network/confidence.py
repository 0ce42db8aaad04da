"""A joint's confidence: how likely it lies within 0.1 of the longer side of its person's box.

A network's heat maps tell it by their peaks, but what a height is worth differs from network to
network: a monotone map, linear between its knots (peak, share), makes one of the other. Validation
fits it (`hg3d_tf/evaluation/confidence_fit.py`); it is part of `ModelConfig`.
"""

import itertools

import tensorflow as tf

Knots = tuple[tuple[float, float], ...]

# Of a network that nobody has measured: roughly that in the package. Its confidences are no more
# than an order, but what is clear by them is about what would be clear by measured ones.
UNMEASURED: Knots = ((0.0, 0.2), (0.25, 0.7), (0.45, 0.87), (1.0, 0.96))


def checked(knots) -> Knots:
    """Return knots as tuples, as which JSON does not keep them.

    Raises:
      ValueError: unless there are none, or two and more of which both numbers rise.
    """
    try:
        knots = tuple((float(peak), float(share)) for peak, share in knots)
    except (TypeError, ValueError):
        raise ValueError(f"confidence_knots is {knots!r}, must be pairs of numbers") from None
    rises = all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(knots))
    if len(knots) == 1 or not rises or any(not 0 <= share <= 1 for _, share in knots):
        raise ValueError(
            f"confidence_knots is {knots}, must be two or more (peak, share), both rising, shares"
            " in [0, 1]"
        )
    return knots


def from_peaks(peaks, knots: Knots) -> tf.Tensor:
    """Return confidences, of any shape, of peaks; without knots the peaks themselves.

    A sum of clipped pieces: operators that every TensorFlow Lite runtime has, and none that an int8
    file rounds (see `conversion`).
    """
    if not knots:
        return tf.convert_to_tensor(peaks)
    peak, share = zip(*knots, strict=True)
    slopes = [(s1 - s0) / (p1 - p0) for (p0, s0), (p1, s1) in itertools.pairwise(knots)]
    pieces = tf.minimum(tf.maximum(peaks[..., tf.newaxis], peak[:-1]), peak[1:])
    # All pieces are at their start where the peak is at the first knot.
    offset = sum(slope * start for slope, start in zip(slopes, peak, strict=False)) - share[0]
    return tf.reduce_sum(pieces * slopes, axis=-1) - offset
