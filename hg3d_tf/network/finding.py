"""By what people are found in pictures: the same in the served graph and in NumPy.

The finder looks at a picture in a square, grey round it, and says of every cell of 8 px whether a
person's box has its middle there, how far the box's sides are, and how well that box fits.
"""

import numpy as np

from hg3d_tf.skeleton import JOINT_NAMES

GREY = 127  # of 255, round a picture that is no square, as in training
STRIDE_PX = 8  # of the finder's input, for a cell
UNIT_PX = 16.0  # of the distances to a box's sides
# Boxes below this score are not even counted.
LEAST_COUNTED_SCORE = 0.05
# Score from which a box counts as a person, chosen on everyday photos (see
# experiments/results/finding_people.md).
LEAST_SCORE = 0.54
# Of two boxes that overlap more (intersection over union) the better one stays.
MOST_OVERLAP = 0.55
MOST_BOXES = 50
# Poses that are more alike (object keypoint similarity) are one person's: two boxes held them.
SAME_PERSON = 0.9
# COCO's tolerances by joint, in roots of the person's area; those of the trunk, neck and head,
# which COCO does not have, are between its shoulders' and its hips'.
_SIGMAS = {"hip": 0.107, "ankle": 0.089, "knee": 0.087, "shoulder": 0.079, "elbow": 0.072}
_SIGMAS |= {"wrist": 0.062}
JOINT_TOLERANCES = 2 * np.array([_SIGMAS.get(name[2:], 0.09) for name in JOINT_NAMES])
