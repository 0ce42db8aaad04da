import numpy as np
from support import reference

from hg3d_tf.network import joint_decoding, targets


def one_peak(size, row, column, neighbours=()):
    heatmaps = np.zeros((1, size, size, 16), np.float32)
    heatmaps[0, row, column] = 1.0
    for r, c in neighbours:
        heatmaps[0, r, c] = 0.5
    return heatmaps


def cells(joints_2d_norm, size):
    return (joints_2d_norm.numpy()[0, 0] + 1) / 2 * size


def test_a_lone_peak_is_at_its_cells_centre():
    joints, confidence = joint_decoding.decode_heatmaps(one_peak(16, 4, 9))
    np.testing.assert_allclose(cells(joints, 16), [9.5, 4.5], atol=1e-5)
    np.testing.assert_allclose(confidence, 1.0)


def test_the_peak_moves_a_quarter_towards_the_higher_neighbour_in_x_and_y():
    joints, _ = joint_decoding.decode_heatmaps(one_peak(16, 4, 9, [(4, 10), (3, 9)]))
    np.testing.assert_allclose(cells(joints, 16), [9.75, 4.25], atol=1e-5)


def test_a_peak_in_the_corner_stays():
    joints, _ = joint_decoding.decode_heatmaps(one_peak(16, 0, 15, [(1, 15), (0, 14)]))
    np.testing.assert_allclose(cells(joints, 16), [15.5, 0.5], atol=1e-5)


def test_decoding_what_was_drawn_gives_the_joint_within_half_a_cell():
    rng = np.random.default_rng(0)
    joints = rng.uniform(-0.99, 0.99, (8, 16, 2)).astype(np.float32)
    heatmaps = targets.draw_heatmaps(joints, np.ones((8, 16), bool), 32)
    decoded, _ = joint_decoding.decode_heatmaps(heatmaps)
    assert np.abs(decoded - joints).max() <= 0.5 * 2 / 32 + 1e-6


def test_softmax_maps_give_the_mean_of_the_cells_round_the_peak():
    rng = np.random.default_rng(0)
    heatmaps = rng.random((3, 24, 24, 16), np.float32) ** 4
    heatmaps[0, 0, 23] = heatmaps[1, 12, 7] = heatmaps[2, 23, 11] = 1.5
    joints, confidence = joint_decoding.decode_heatmaps(heatmaps, "softmax")
    np.testing.assert_allclose(confidence, 1.5)
    for i, (row, column) in enumerate([(0, 23), (12, 7), (23, 11)]):
        top, left = max(row - 3, 0), max(column - 3, 0)
        part = heatmaps[i, top : row + 4, left : column + 4]
        y, x = np.indices(part.shape[:2]) + 0.5
        mean = [np.average(axis, weights=part[..., 0]) for axis in (x + left, y + top)]
        decoded = (joints.numpy()[i, 0] + 1) * 12
        np.testing.assert_allclose(decoded, mean, rtol=1e-5)


def test_softmax_maps_decode_what_was_drawn_and_ignore_what_is_far_away():
    rng = np.random.default_rng(1)
    joints = rng.uniform(-0.6, 0.6, (4, 16, 2)).astype(np.float32)
    heatmaps = targets.draw_heatmaps(joints, np.ones((4, 16), bool), 48).numpy()
    centre = (np.floor((joints + 1) * 24) + 0.5) / 24 - 1
    decoded, _ = joint_decoding.decode_heatmaps(heatmaps, "softmax")
    np.testing.assert_allclose(decoded, centre, atol=1e-5)
    heatmaps[:, 0, 0] = 0.9  # another place that the joint may be at
    decoded, _ = joint_decoding.decode_heatmaps(heatmaps, "softmax")
    np.testing.assert_allclose(decoded, centre, atol=1e-5)


def test_canonical_mm_has_the_bone_sum_and_the_pelvis_at_zero():
    joints = np.random.default_rng(0).normal(size=(5, 16, 3))
    scaled = joint_decoding.to_canonical_mm(joints).numpy()
    sums = [reference.bone_sum(pose) for pose in scaled]
    np.testing.assert_allclose(sums, 4296.99233013, rtol=1e-5)
    np.testing.assert_array_equal(scaled[:, 6], 0)
    moved = joint_decoding.to_canonical_mm(joints * 3.7 + 11).numpy()
    np.testing.assert_allclose(moved, scaled, rtol=1e-4, atol=1e-2)
