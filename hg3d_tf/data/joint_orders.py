"""Joint orders of the datasets, by name, and the index maps between them and the MPII order.

A map is a tuple of source indices: `joints[..., map, :]` are the joints in the wanted order.
"""

from hg3d_tf.skeleton import JOINT_NAMES

# The 17 of Human3.6M's 32 joints that move. The comment of the release calls "upper_neck" thorax:
# it is the base of the neck, and the authors' 16-joint form uses it as the upper neck.
H36M_17_FROM_32 = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)
H36M_17_NAMES = (
    "pelvis",
    *("r_hip", "r_knee", "r_ankle"),
    *("l_hip", "l_knee", "l_ankle"),
    *("spine", "upper_neck", "nose", "head_top"),
    *("l_shoulder", "l_elbow", "l_wrist"),
    *("r_shoulder", "r_elbow", "r_wrist"),
)

MPI_INF_3DHP_28_NAMES = (
    *("spine3", "spine4", "spine2", "spine", "pelvis", "upper_neck", "head", "head_top"),
    *("l_clavicle", "l_shoulder", "l_elbow", "l_wrist", "l_hand"),
    *("r_clavicle", "r_shoulder", "r_elbow", "r_wrist", "r_hand"),
    *("l_hip", "l_knee", "l_ankle", "l_foot", "l_toe"),
    *("r_hip", "r_knee", "r_ankle", "r_foot", "r_toe"),
)
# The "relevant" joints: all that the test set has, in its order.
MPI_INF_3DHP_17_NAMES = (
    *("head_top", "upper_neck"),
    *("r_shoulder", "r_elbow", "r_wrist"),
    *("l_shoulder", "l_elbow", "l_wrist"),
    *("r_hip", "r_knee", "r_ankle"),
    *("l_hip", "l_knee", "l_ankle"),
    *("pelvis", "spine", "head"),
)

LSP_14_NAMES = (
    *("r_ankle", "r_knee", "r_hip", "l_hip", "l_knee", "l_ankle"),
    *("r_wrist", "r_elbow", "r_shoulder", "l_shoulder", "l_elbow", "l_wrist"),
    *("neck", "head_top"),
)


def joint_map(
    source: tuple[str, ...], wanted: tuple[str, ...], **stand_ins: str
) -> tuple[int, ...]:
    """Return where in `source` each joint of `wanted` is found.

    Args:
      source: names of the joints that are there.
      wanted: names of the joints to be found.
      **stand_ins: name of the source joint that stands in for a wanted one.

    Raises:
      ValueError: if a wanted joint is not in `source` and has no stand-in.
    """
    return tuple(source.index(stand_ins.get(name, name)) for name in wanted)


# The thorax has no counterpart in either set; the spine is what the authors' form carries there.
# `skeleton.THORAX` is then moved to the shoulders' mid-point by whoever needs MPII's thorax.
MPII_16_FROM_H36M_17 = joint_map(H36M_17_NAMES, JOINT_NAMES, thorax="spine")
MPII_16_FROM_MPI_INF_3DHP_17 = joint_map(MPI_INF_3DHP_17_NAMES, JOINT_NAMES, thorax="spine")
MPI_INF_3DHP_17_FROM_28 = joint_map(MPI_INF_3DHP_28_NAMES, MPI_INF_3DHP_17_NAMES)
