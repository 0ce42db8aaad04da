import numpy as np

from synthetic_humans.characters import cameras

TARGET = np.array([0.0, 950.0, 0.0])


def pitches_deg(from_anywhere):
    """How far down 1,000 cameras look at the target from where they stand."""
    rng = np.random.default_rng(0)
    found = [cameras.photo_camera(rng, TARGET, 0.0, from_anywhere).center for _ in range(1000)]
    away = np.stack(found) - TARGET
    return np.degrees(np.arcsin(away[:, 1] / np.linalg.norm(away, axis=1)))


def test_only_cameras_from_anywhere_look_from_high_above():
    level, anywhere = pitches_deg(False), pitches_deg(True)
    assert (level > 46).sum() == 0 and (level > 30).mean() < 0.04
    # Three of ten are spread from 20 degrees below to 60 above: an eighth of all is over 30.
    assert 0.09 < (anywhere > 30).mean() < 0.17
    assert 55 < anywhere.max() < 61
