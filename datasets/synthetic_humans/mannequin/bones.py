"""The names of the mannequin's bones."""

_LIMB_BONES = ("upper_arm", "forearm", "hand", "thigh", "shank", "foot")
BONE_NAMES = (
    "pelvis",
    "chest",
    "head",
    *(f"{side}_{bone}" for side in "lr" for bone in _LIMB_BONES),
)
NUM_BONES = len(BONE_NAMES)


def bone_index(name: str) -> int:
    """Return the place of the bone called `name`."""
    return BONE_NAMES.index(name)


def split_side(name: str) -> tuple[str, str]:
    """Split "l_thigh" into ("l_", "thigh") and "chest" into ("", "chest")."""
    return (name[:2], name[2:]) if name[1] == "_" else ("", name)
