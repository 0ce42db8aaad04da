"""Random body shapes: a mix of MakeHuman's targets of origin, sex, age and build."""

from collections.abc import Iterable

import numpy as np

_ORIGINS = ("caucasian", "african", "asian")
_LEVELS = ("min", "average", "max")
_YOUNG_SHARE = (4.0, 1.2)  # beta distribution: most are young


def _build_levels(rng: np.random.Generator, spread: float) -> np.ndarray:
    """Return the weights of min, average and max, sum 1."""
    value = np.clip(rng.normal(0, spread), -1, 1)
    return np.array([max(-value, 0), 1 - abs(value), max(value, 0)])


def random_shape(rng: np.random.Generator, known: Iterable[str]) -> dict[str, float]:
    """Return targets and their weights.

    Args:
      rng: source of randomness.
      known: names of the targets there are; others are left out.
    """
    female = np.clip(rng.beta(0.25, 0.25), 0, 1)  # mostly near one end
    young = rng.beta(*_YOUNG_SHARE)
    origins = rng.dirichlet(np.full(len(_ORIGINS), 0.6))
    muscle, weight = _build_levels(rng, 0.45), _build_levels(rng, 0.4)
    mix = {}
    for sex, sex_share in (("female", female), ("male", 1 - female)):
        for origin, share in zip(_ORIGINS, origins, strict=True):
            mix[f"{origin}-{sex}-young"] = sex_share * share * young
            mix[f"{origin}-{sex}-old"] = sex_share * share * (1 - young)
        for a, muscle_share in zip(_LEVELS, muscle, strict=True):
            for b, weight_share in zip(_LEVELS, weight, strict=True):
                name = f"universal-{sex}-young-{a}muscle-{b}weight"
                mix[name] = sex_share * muscle_share * weight_share
    names = set(known)
    return {name: share for name, share in mix.items() if share > 1e-3 and name in names}
