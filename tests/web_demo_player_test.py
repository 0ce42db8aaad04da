"""The page's player, without a browser."""

import json
import shutil
import subprocess

import pytest
from web_demo_test import WEB, node

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is absent")


def played(**film):
    """What comes of a film: the frames looked at, and the counts at its end."""
    script = str(WEB / "test/player.mjs")
    done = subprocess.run(
        ["node", script], input=json.dumps(film), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_frame_is_taken_twice_at_one_time():
    # A busy browser counts frames before its clock moves.
    seen = played(times=[0, 0, 0.1, 0.1, 0.1, 0.2, 0.4])["seen"]
    assert [frame["seconds"] for frame in seen] == [0, 0.1, 0.2, 0.4]


def test_every_frame_of_a_film_is_looked_at_by_its_own_time():
    times = [0, 0.04, 0.08, 0.1, 0.2, 0.24]  # as phones film: not at one rate
    result = played(times=times, isStepped=True)
    assert result["seen"] == [
        {"frame": number, "seconds": seconds} for number, seconds in enumerate(times)
    ]
    assert result["over"] == {"seen": 6, "all": 6}


def test_frames_that_the_browser_passes_over_are_counted_and_the_film_plays_slower():
    times = [number / 20 for number in range(8)]
    result = played(times=times, isStepped=True, passedOver=[3, 4])
    assert [frame["frame"] for frame in result["seen"]] == [0, 1, 2, 5, 6, 7]
    assert result["over"] == {"seen": 6, "all": 8}
    # A frame of 1/20 s lasts long enough at full speed; after frame 5 it is shown for longer.
    assert result["rates"][2] == pytest.approx(1) and result["rates"][4] < 0.7


@pytest.mark.parametrize(("frames", "seconds", "said"), [(2, 5, "0.4"), (12, 1, "12")])
def test_slow_rates_have_a_decimal(frames, seconds, said):
    program = f"""
        import {{ Times }} from "./src/times.js";
        let now = 0;
        performance.now = () => now;
        const rate = {{}};
        const rest = {{ replaceChildren() {{}} }};
        const times = new Times({{ querySelector: (name) => (name === ".rate" ? rate : rest) }});
        for (let i = 1; i < {frames}; i++) times.add({{}});
        now = 1000 * {seconds};
        times.add({{}});
        console.log(rate.textContent);
    """
    assert node("--input-type=module", "--eval", program).strip() == f"{said} frames a second"
