"""The parts of a body, by which faces of any person are told apart."""

PART_NAMES = (
    "torso",
    "neck",
    "head",
    "long_hair",
    "nose",
    "l_ear",
    "r_ear",
    "l_arm",
    "r_arm",
    "l_hand",
    "r_hand",
    "l_thumb",
    "r_thumb",
    "l_leg",
    "r_leg",
    "l_foot",
    "r_foot",
)


def part_index(name: str) -> int:
    """Return the place of the part called `name`, e.g. "torso" or "l_arm"."""
    return PART_NAMES.index(name)
