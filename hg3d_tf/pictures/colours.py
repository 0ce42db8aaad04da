"""The colours of a skeleton: orange right, blue left, green middle."""

from hg3d_tf.skeleton import JOINT_NAMES

RIGHT, LEFT, MIDDLE = "#e4572e", "#17a2d6", "#7a9e3f"


def bone_colour(bone: tuple[int, int]) -> str:
    """Return the colour of a bone's side."""
    names = [JOINT_NAMES[joint] for joint in bone]
    for prefix, colour in (("r_", RIGHT), ("l_", LEFT)):
        if any(name.startswith(prefix) for name in names):
            return colour
    return MIDDLE
