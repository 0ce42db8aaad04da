import numpy as np
from support import reference

from hg3d_tf import skeleton
from hg3d_tf.network import joint_decoding, targets
from hg3d_tf.skeleton import PELVIS, joint_index


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


def test_what_is_not_seen_does_not_tell_the_size():
    rng = np.random.default_rng(0)
    joints = rng.normal(size=(3, 16, 3)).astype(np.float32)
    confidence = np.full((3, 16), 0.9, np.float32)
    all_alike = joint_decoding.to_canonical_mm(joints, confidence)
    np.testing.assert_allclose(all_alike, joint_decoding.to_canonical_mm(joints), rtol=1e-5)

    legs = [joint_index(f"{side}_{name}") for side in "lr" for name in ("knee", "ankle")]
    confidence[:, legs] = 0
    guessed = joints.copy()
    guessed[:, legs] = joints[:, [PELVIS]]  # as far off as can be
    left = np.setdiff1d(np.arange(16), legs)
    once, again = (
        joint_decoding.to_canonical_mm(j, confidence).numpy()[:, left] for j in (joints, guessed)
    )
    np.testing.assert_allclose(once, again, rtol=2e-3)
    by_hand = [canonical_scale_of_seen(pose, legs) for pose in joints.astype(float)]
    np.testing.assert_allclose(skeleton.canonical_scale(joints, confidence), by_hand, rtol=2e-3)
    in_units = (joints - joints[:, [PELVIS]])[:, left]
    np.testing.assert_allclose(once, in_units * np.reshape(by_hand, (3, 1, 1)), rtol=2e-3)


def canonical_scale_of_seen(joints, hidden):
    """What the seen bones have of the canonical sum, over what they are long."""
    lengths = {tuple(sorted(bone)): mm for bone, mm in reference.CANONICAL.items()}
    lengths |= {(6, 8): 421.517337247 + 77.938555657, (8, 9): 182.550526846}
    canonical = seen = 0.0
    for (a, b), length in lengths.items():
        if a not in hidden and b not in hidden:
            canonical += length
            seen += np.linalg.norm(joints[a] - joints[b])
    return 4296.99233013 * canonical / sum(lengths.values()) / seen


def test_nothing_sure_is_scaled_by_all_bones():
    joints = np.random.default_rng(0).normal(size=(2, 16, 3))
    scaled = joint_decoding.to_canonical_mm(joints, np.zeros((2, 16), np.float32)).numpy()
    sums = [reference.bone_sum(pose) for pose in scaled]
    np.testing.assert_allclose(sums, 4296.99233013, rtol=1e-4)


def test_canonical_mm_has_the_bone_sum_and_the_pelvis_at_zero():
    joints = np.random.default_rng(0).normal(size=(5, 16, 3))
    scaled = joint_decoding.to_canonical_mm(joints).numpy()
    sums = [reference.bone_sum(pose) for pose in scaled]
    np.testing.assert_allclose(sums, 4296.99233013, rtol=1e-5)
    np.testing.assert_array_equal(scaled[:, 6], 0)
    moved = joint_decoding.to_canonical_mm(joints * 3.7 + 11).numpy()
    np.testing.assert_allclose(moved, scaled, rtol=1e-4, atol=1e-2)
