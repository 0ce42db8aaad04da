import numpy as np
import reference

from hg3d_tf import decode, targets


def one_peak(size, row, column, neighbours=()):
    heatmaps = np.zeros((1, size, size, 16), np.float32)
    heatmaps[0, row, column] = 1.0
    for r, c in neighbours:
        heatmaps[0, r, c] = 0.5
    return heatmaps


def cells(joints_2d_norm, size):
    return (joints_2d_norm.numpy()[0, 0] + 1) / 2 * size


def test_a_lone_peak_is_at_its_cells_centre():
    joints, confidence = decode.decode_heatmaps(one_peak(16, 4, 9))
    np.testing.assert_allclose(cells(joints, 16), [9.5, 4.5], atol=1e-5)
    np.testing.assert_allclose(confidence, 1.0)


def test_the_peak_moves_a_quarter_towards_the_higher_neighbour_in_x_and_y():
    joints, _ = decode.decode_heatmaps(one_peak(16, 4, 9, [(4, 10), (3, 9)]))
    np.testing.assert_allclose(cells(joints, 16), [9.75, 4.25], atol=1e-5)


def test_a_peak_in_the_corner_stays():
    joints, _ = decode.decode_heatmaps(one_peak(16, 0, 15, [(1, 15), (0, 14)]))
    np.testing.assert_allclose(cells(joints, 16), [15.5, 0.5], atol=1e-5)


def test_decoding_what_was_drawn_gives_the_joint_within_half_a_cell():
    rng = np.random.default_rng(0)
    joints = rng.uniform(-0.99, 0.99, (8, 16, 2)).astype(np.float32)
    heatmaps = targets.draw_heatmaps(joints, np.ones((8, 16), bool), 32)
    decoded, _ = decode.decode_heatmaps(heatmaps)
    assert np.abs(decoded - joints).max() <= 0.5 * 2 / 32 + 1e-6


def test_canonical_mm_has_the_bone_sum_and_the_pelvis_at_zero():
    joints = np.random.default_rng(0).normal(size=(5, 16, 3))
    scaled = decode.to_canonical_mm(joints).numpy()
    sums = [reference.bone_sum(pose) for pose in scaled]
    np.testing.assert_allclose(sums, 4296.99233013, rtol=1e-5)
    np.testing.assert_array_equal(scaled[:, 6], 0)
    moved = decode.to_canonical_mm(joints * 3.7 + 11).numpy()
    np.testing.assert_allclose(moved, scaled, rtol=1e-4, atol=1e-2)
