"""From the frame of a crop to the camera's.

A crop shows a person as if the camera looked at the crop's middle. Away from the picture's middle
that is another direction than the camera's axis: a pose read from a crop is turned from one to the
other.
"""

import numpy as np

# Focal length of a camera of which nothing is known, in longer sides of its picture: 45 degrees.
ASSUMED_FOCAL = 1.2


def turned(joints, off_axis, sqrt=np.sqrt):
    """Return x, y, z [...] in the camera's frame of points x, y, z [...] in a crop's.

    The turn is the smallest that takes the camera's axis to the line of sight.

    Args:
      joints: x, y and z [..., 16], x right, y down, z forwards along the line of sight.
      off_axis: x and y [..., 1] of the crop's middle from the picture's, in focal lengths.
      sqrt: tf.sqrt, where numbers are TensorFlow's. (Its powers and reciprocals of roots round by
        the size of the batch.)
    """
    x, y, z = joints
    square = off_axis[0] * off_axis[0] + off_axis[1] * off_axis[1] + 1
    c = sqrt(square) / square
    a, b = off_axis[0] * c, off_axis[1] * c
    along = a * x + b * y
    forwards = z - along / (1 + c)
    return x + a * forwards, y + b * forwards, c * z - along
