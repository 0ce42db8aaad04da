"""A file that is kept as what differs from another comes back whole."""

import numpy as np
import pytest

from hg3d_tf.tflite import delta


def test_a_delta_gives_back_what_it_was_made_from():
    rng = np.random.default_rng(0)
    base = rng.integers(0, 256, 20000, np.uint8)
    changed = base.copy()
    changed[::50] += 1
    content = b"news" + changed[4000:].tobytes() + bytes(300) + base[:3000].tobytes()
    made = delta.make(base.tobytes(), content)
    assert delta.join(base.tobytes(), made) == content
    assert len(made) < len(content) / 4
    with pytest.raises(ValueError, match="another file"):
        delta.join(content, made)
