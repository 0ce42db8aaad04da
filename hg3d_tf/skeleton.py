"""The 16-joint MPII skeleton: joints by name, bones, mirror map, bone groups, canonical lengths.

Everything else is derived from the names, so that no index table can get out of step.
"""

import itertools

import numpy as np

JOINT_NAMES = (
    "r_ankle",
    "r_knee",
    "r_hip",
    "l_hip",
    "l_knee",
    "l_ankle",
    "pelvis",
    "thorax",
    "upper_neck",
    "head_top",
    "r_wrist",
    "r_elbow",
    "r_shoulder",
    "l_shoulder",
    "l_elbow",
    "l_wrist",
)
NUM_JOINTS = len(JOINT_NAMES)
# Confidence of a joint, how likely it is right, above which it counts as seen; below, it may be
# guessed.
SEEN_CONFIDENCE = 0.7


def joint_index(name: str) -> int:
    """Return the place of the joint called `name` in MPII order."""
    return JOINT_NAMES.index(name)


PELVIS = joint_index("pelvis")
THORAX = joint_index("thorax")
UPPER_NECK = joint_index("upper_neck")
R_HIP, L_HIP = joint_index("r_hip"), joint_index("l_hip")
R_SHOULDER, L_SHOULDER = joint_index("r_shoulder"), joint_index("l_shoulder")
# Joints that MPII puts half way between two others.
MIDDLES = {PELVIS: [R_HIP, L_HIP], THORAX: [R_SHOULDER, L_SHOULDER]}

_LIMB_JOINTS = ("ankle", "knee", "hip", "wrist", "elbow", "shoulder")
LIMB_JOINTS = tuple(i for i, name in enumerate(JOINT_NAMES) if name[2:] in _LIMB_JOINTS)


def mirrored_name(name: str) -> str:
    """Return the name of the joint on the other side; a middle joint is its own mirror image."""
    sides = {"l_": "r_", "r_": "l_"}
    return sides.get(name[:2], name[:2]) + name[2:]


# joints[MIRROR] are the joints of the mirrored person.
MIRROR = tuple(joint_index(mirrored_name(name)) for name in JOINT_NAMES)


def _bones_along(*path: str) -> tuple[tuple[int, int], ...]:
    return tuple((joint_index(a), joint_index(b)) for a, b in itertools.pairwise(path))


# The 14 bones whose lengths are summed for scale, and which are drawn (method: authors' tools).
BONES = (
    _bones_along("r_ankle", "r_knee", "r_hip", "pelvis", "l_hip", "l_knee", "l_ankle")
    + _bones_along(
        "r_wrist", "r_elbow", "r_shoulder", "upper_neck", "l_shoulder", "l_elbow", "l_wrist"
    )
    + _bones_along("pelvis", "upper_neck", "head_top")
)

# The groups R_i of the geometry loss: within one, bones keep their length ratios in every person.
BONE_GROUPS = {
    "legs": _bones_along("r_ankle", "r_knee", "r_hip") + _bones_along("l_hip", "l_knee", "l_ankle"),
    "arms": _bones_along("r_wrist", "r_elbow", "r_shoulder")
    + _bones_along("l_shoulder", "l_elbow", "l_wrist"),
    "hips": _bones_along("r_hip", "pelvis", "l_hip"),
    "shoulders": _bones_along("r_shoulder", "upper_neck", "l_shoulder"),
}

# Left-right pairs whose lengths the symmetry metric compares, right bone first.
SYMMETRY_PAIRS = {
    "upper_arm": (("r_elbow", "r_shoulder"), ("l_elbow", "l_shoulder")),
    "lower_arm": (("r_wrist", "r_elbow"), ("l_wrist", "l_elbow")),
    "upper_leg": (("r_knee", "r_hip"), ("l_knee", "l_hip")),
    "lower_leg": (("r_ankle", "r_knee"), ("l_ankle", "l_knee")),
}

# Skeleton B of the authors' tools, mm: the one the published weights come from. Keyed by the
# names of the two ends without their side.
CANONICAL_LENGTHS_MM = {
    frozenset(("ankle", "knee")): 452.125519758,
    frozenset(("knee", "hip")): 456.008604234,
    frozenset(("hip", "pelvis")): 134.201602044,
    frozenset(("pelvis", "thorax")): 421.517337247,
    frozenset(("thorax", "upper_neck")): 77.938555657,
    frozenset(("upper_neck", "head_top")): 182.550526846,
    frozenset(("wrist", "elbow")): 249.772589249,
    frozenset(("elbow", "shoulder")): 284.125346475,
    # The authors measure the shoulders from the thorax; the group's bones end at the upper neck.
    frozenset(("shoulder", "upper_neck")): 180.776851782,
}

# Sum of the 14 bones of the authors' canonical skeleton, mm: what predictions are scaled to.
CANONICAL_BONE_SUM_MM = 4296.99233013


def canonical_length_mm(bone: tuple[int, int]) -> float:
    """Return the canonical length of a bone given by its two joint indices, in mm.

    Raises:
      KeyError: for two joints that no canonical bone connects.
    """
    sideless = (JOINT_NAMES[joint].removeprefix("l_").removeprefix("r_") for joint in bone)
    return CANONICAL_LENGTHS_MM[frozenset(sideless)]


# Height of the ankle joint above the ground in parts of the stature (Drillis & Contini 1966).
ANKLE_HEIGHT = 0.039
_UPRIGHT = ("r_ankle", "r_knee", "r_hip"), ("pelvis", "thorax", "upper_neck", "head_top")


def canonical_stature_mm() -> float:
    """Return how tall the canonical skeleton stands, from the ground to the top of the head."""
    bones = [bone for path in _UPRIGHT for bone in _bones_along(*path)]
    return sum(canonical_length_mm(bone) for bone in bones) / (1 - ANKLE_HEIGHT)


def _length_along(bone: tuple[int, int]) -> float:
    if bone != (PELVIS, UPPER_NECK):
        return canonical_length_mm(bone)
    return sum(canonical_length_mm(part) for part in ((PELVIS, THORAX), (THORAX, UPPER_NECK)))


# What each of BONES has of their canonical sum.
CANONICAL_SHARES = np.array([_length_along(bone) for bone in BONES])
CANONICAL_SHARES /= CANONICAL_SHARES.sum()


def canonical_scale(joints: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Return [...]: mm per unit of joints [..., 16, 3] if the person is of the canonical size.

    What a photo does not show is guessed too short, so a bone counts by how sure its ends are.

    Args:
      joints: in any one unit.
      confidence: [..., 16] of the joints.
    """
    start, end = np.array(BONES).T
    weights = bone_weights(confidence[..., start], confidence[..., end])
    mm = CANONICAL_BONE_SUM_MM * (weights * CANONICAL_SHARES).sum(axis=-1)
    return mm / np.maximum((weights * bone_lengths(joints)).sum(axis=-1), 1e-6)


def bone_weights(start, end):
    """Return what bones count of which the ends have these confidences, arrays or tensors.

    What chose the power: experiments/results/photos.md. Where nothing is sure all count alike.
    """
    return (start * end) ** 2 + 1e-4


def bone_lengths(joints: np.ndarray, bones=BONES) -> np.ndarray:
    """Return the lengths [..., len(bones)] of `bones` of `joints` [..., 16, D], in their unit."""
    start, end = np.array(bones).T
    return np.linalg.norm(joints[..., start, :] - joints[..., end, :], axis=-1)
