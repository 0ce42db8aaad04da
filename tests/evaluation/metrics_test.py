import numpy as np

from hg3d_tf.evaluation import metrics


def test_distances_equal_the_loop():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 6, 16, 3))
    expected = [[np.sqrt(((a[n, j] - b[n, j]) ** 2).sum()) for j in range(16)] for n in range(6)]
    np.testing.assert_allclose(metrics.distances(a, b), expected)


def test_pck_is_strict_and_counts_visible_joints_only():
    distances = np.array([[0.0, 1.0, 2.0, 3.0]])
    assert metrics.pck(distances, 2.0) == 0.5
    assert metrics.pck(distances, 2.0, np.array([[True, False, False, True]])) == 0.5
    assert metrics.pck(distances, np.array([[10.0]])) == 1.0


def test_symmetry_errors_are_left_right_differences():
    joints = np.zeros((1, 16, 3))
    joints[0, 11] = (3, 4, 0)  # right elbow: 5 from the shoulder and from the wrist
    joints[0, 1] = (0, 0, 2)  # right knee: 2 from hip and ankle
    joints[0, 4] = (0, 0, 3)  # left knee
    errors = metrics.symmetry_errors(joints)
    assert {name: value[0] for name, value in errors.items()} == {
        "upper_arm": 5,
        "lower_arm": 5,
        "upper_leg": 1,
        "lower_leg": 1,
    }
