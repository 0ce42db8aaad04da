import numpy as np
from support import painted_people, reference

from hg3d_tf.network import targets
from hg3d_tf.skeleton import THORAX


def test_heatmaps_equal_the_loop_also_for_joints_outside():
    rng = np.random.default_rng(0)
    joints = rng.uniform(-1.3, 1.3, (4, 16, 2)).astype(np.float32)
    visible = rng.random((4, 16)) < 0.7
    heatmaps = targets.draw_heatmaps(joints, visible, 16).numpy()
    assert heatmaps.shape == (4, 16, 16, 16)
    for b in range(4):
        for j in range(16):
            expected = reference.heatmap(*joints[b, j], 16) * visible[b, j]
            np.testing.assert_allclose(heatmaps[b, :, :, j], expected, atol=1e-6)


def test_a_joint_outside_is_drawn_broadly_at_the_border_where_that_is_asked_for():
    # In cells of 16: inside, below, beyond a corner, below without a label.
    cells = np.array([[5, 7], [5, 40], [-9, -3], [5, 40]], np.float32)
    joints = np.tile((cells[0] + 0.5) / 8 - 1, (1, 16, 1)).astype(np.float32)
    joints[0, :4] = (cells + 0.5) / 8 - 1
    visible = np.ones((1, 16), bool)
    visible[0, 3] = False
    heatmaps = targets.draw_heatmaps(joints, visible, 16, 1.0, outside_sigma=2.0).numpy()[0]
    y, x = np.mgrid[:16, :16]
    for joint, (column, row, sigma) in enumerate([(5, 7, 1.0), (5, 15, 2.0), (0, 0, 2.0)]):
        expected = np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * sigma**2))
        expected[np.maximum(abs(x - column), abs(y - row)) > 3 * sigma] = 0
        np.testing.assert_allclose(heatmaps[:, :, joint], expected, atol=1e-6)
    assert not heatmaps[:, :, 3].any()


def test_depth_is_z_at_the_scale_of_the_image():
    # Seen by a camera without perspective, 0.1 px a mm: z becomes 0.1 z px = z / 640 half sides.
    joints_3d = painted_people.random_person(np.random.default_rng(0)).astype(np.float32)
    depth = targets.normalized_depth(joints_3d, joints_3d[:, :2] * 0.1 + 7, 128).numpy()
    expected = (joints_3d[:, 2] - joints_3d[THORAX, 2]) * 0.1 / 64
    np.testing.assert_allclose(depth, expected, atol=1e-5)
