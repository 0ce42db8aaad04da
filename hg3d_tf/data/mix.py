"""A mix of datasets: the probability that a sample is of each, by name."""

from hg3d_tf.data.names import full_name


def parse_mix(mix: str) -> dict[str, float]:
    """Return normalised weights by dataset name from "name:weight,name:weight".

    Raises:
      ValueError: where a part is not name:weight, a weight is negative, or they sum to zero.
    """
    weights = {}
    for part in mix.split(","):
        name, colon, weight = part.strip().rpartition(":")
        try:
            value = float(weight) if colon else 1.0
        except ValueError:
            raise ValueError(f"mix {mix!r}: {weight!r} in {part!r} is not a number") from None
        name = name if colon else part.strip()
        again = full_name(name) in map(full_name, weights)
        if not name or not value >= 0 or value == float("inf") or again:
            raise ValueError(f"mix {mix!r}: {part!r} is not dataset:weight with each named once")
        weights[name] = value
    total = sum(weights.values())
    if not total:
        raise ValueError(f"mix {mix!r}: the weights sum to zero")
    return {name: weight / total for name, weight in weights.items() if weight}


def exact_counts(batch_size: int, weights: dict[str, float]) -> list[int]:
    """Return the number of samples of each dataset in every batch.

    Raises:
      ValueError: where a share is not a whole number.
    """
    counts = [batch_size * weight for weight in weights.values()]
    if any(abs(count - round(count)) > 1e-6 for count in counts):
        shares = ", ".join(f"{name} {n:g}" for name, n in zip(weights, counts, strict=True))
        raise ValueError(f"mix_exact: a batch of {batch_size} would hold {shares} samples")
    return [round(count) for count in counts]
