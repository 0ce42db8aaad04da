"""The page of poses in 3D: what it holds, its size, and that a browser shows it."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from hg3d_tf.pictures import view_3d
from hg3d_tf.pictures.view_3d import Shot, ShownPerson, ShownSpace


def person(seed=0, left=300.0):
    rng = np.random.default_rng(seed)
    joints_2d = rng.uniform(0, 100, (16, 2)) + np.array([left, 200.0])
    unclear = np.arange(16) == 3
    return ShownPerson(joints_2d, rng.normal(0, 400, (16, 3)), unclear)


def noise(height=900, width=1600):
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)


def film(count, image_every=1, people=1):
    image = noise(200, 500)
    return [
        Shot(
            [person(i, 100.0 * j) for j in range(people)],
            None if i % image_every else image,
            i / 30,
        )
        for i in range(count)
    ]


def page_of(path):
    page = path.read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    return page, json.loads(data)


def test_a_page_needs_nothing_from_elsewhere_and_holds_the_photo(tmp_path):
    people = [person(left=700.0), person(1, left=300.0)]
    view_3d.write(tmp_path / "a.html", "a <photo> & more.jpg", [Shot(people, noise())])
    page, data = page_of(tmp_path / "a.html")
    assert "http" not in page and "%" not in re.sub(r"\d%|100% ", "", page.split("<script")[0])
    assert "<h1>a &lt;photo&gt; &amp; more.jpg</h1>" in page
    assert data["draws"] and data["images"][0]["src"].startswith("data:image/jpeg;base64,")
    shown = data["frames"][0]["people"]
    assert len(shown) == 2  # in their order from the left
    np.testing.assert_allclose(shown[0]["xyz"], people[1].joints_3d, atol=0.5)
    assert shown[0]["unclear"] == [0, 0, 0, 1] + [0] * 12


@pytest.mark.parametrize("place", [(-500, 0), (500, 0), (0, -500), (0, 500)])
def test_somebody_outside_of_the_photo_is_shown_with_its_border(tmp_path, place):
    outside = person(left=0)
    outside = outside._replace(joints_2d=outside.joints_2d - (0, 150) + place)
    view_3d.write(tmp_path / "a.html", "a", [Shot([outside], noise(100, 100))])
    width, height = page_of(tmp_path / "a.html")[1]["images"][0]["size"]
    assert 0 < width <= 100 and 0 < height <= 100


@pytest.mark.parametrize(
    ("space", "away_mm", "floor", "words"),
    [
        (("average", "pelvis", "camera"), 0, None, ["a person of average size", "side by side"]),
        (("metric", "pelvis", "camera"), 0, None, ["the persons' own", "side by side"]),
        (("metric", "camera", "camera"), 5000, 700, ["lowest joint of all", "where they were"]),
        (("metric", "floor", "level"), 5000, 0, ["the ground's", "where they were"]),
        (("metric", "floor", "level"), 0, 0, ["the ground's", "side by side"]),
    ],
)
def test_a_page_says_what_its_millimetres_mean(tmp_path, space, away_mm, floor, words):
    joints = np.zeros((16, 3))
    joints[0, 1], joints[:, 2] = 700, away_mm
    people = [person()._replace(joints_3d=joints)]
    view_3d.write(tmp_path / "a.html", "a", [Shot(people)], space=ShownSpace(*space))
    page, data = page_of(tmp_path / "a.html")
    assert all(word in page for word in words)
    assert data["floor"] == floor and data["placed"] == bool(away_mm)
    assert data["origin"].endswith(space[1])


def test_joints_lie_in_the_part_of_the_photo_that_is_shown(tmp_path):
    one = person(left=1200.0)
    view_3d.write(tmp_path / "a.html", "a", [Shot([one], noise())])
    _, data = page_of(tmp_path / "a.html")
    width, height = data["images"][0]["size"]
    joints = np.array(data["frames"][0]["people"][0]["xy"])
    assert width < 200 and height < 200  # the person, not the photo
    assert (joints >= 0).all() and (joints <= [width, height]).all()
    spread = np.ptp(joints, axis=0) / np.ptp(one.joints_2d, axis=0)
    np.testing.assert_allclose(spread, 1, atol=0.05)


@pytest.mark.parametrize(("count", "people"), [(100_000, 1), (3_000, 5)])
def test_a_long_film_is_thinned_to_the_largest_page(tmp_path, count, people):
    kept = view_3d.thinned(count, people)
    assert kept[0] == 0 and kept[-1] == count - 1 and len(kept) > 100
    shots = film(len(kept), image_every=len(kept) // 60, people=people)
    view_3d.write(tmp_path / "a.html", "a", shots, drawn=True)
    assert (tmp_path / "a.html").stat().st_size <= view_3d.MAX_BYTES
    assert len(page_of(tmp_path / "a.html")[1]["frames"]) == len(kept)


def test_images_take_the_room_that_poses_leave(tmp_path):
    large = person()._replace(joints_2d=6 * person().joints_2d)
    view_3d.write(tmp_path / "a.html", "a", [Shot([large], noise(1800, 2400))] * 12, drawn=True)
    assert 0.7 * view_3d.MAX_BYTES < (tmp_path / "a.html").stat().st_size <= view_3d.MAX_BYTES


def test_a_short_film_is_whole():
    assert view_3d.thinned(40).tolist() == list(range(40))


@pytest.mark.slow
def test_a_browser_shows_the_film_without_a_fault(tmp_path):
    view_3d.write(tmp_path / "a.html", "a", film(7, image_every=3), drawn=True)
    dom = shown(tmp_path / "a.html")
    assert 'max="6"' in dom and ">0.00 s</span>" in dom
    assert len(re.findall(r'<canvas[^>]* width="\d+"', dom)) == 2


@pytest.mark.slow
def test_bones_of_many_people_are_thinner(tmp_path):
    widths = [width_of_bones(tmp_path / f"{people}.html", people) for people in (1, 2, 8)]
    assert widths[0] == 8 and 1 / 8 < widths[2] / widths[0] < 1 / 2
    assert widths[2] < widths[1] <= widths[0]


@pytest.mark.slow
def test_words_at_the_floor_stay_on_a_narrow_canvas(tmp_path):
    view_3d.write(tmp_path / "a.html", "a", film(1))
    script = """
      space.style.width = "150px";
      const outside = [];
      CanvasRenderingContext2D.prototype.fillText = function (text, x) {
        const { width } = this.measureText(text);
        if (x < 0 || x + width > this.canvas.clientWidth) outside.push(text);
      };
      for (view.azimuth = 0; view.azimuth < 360; view.azimuth += 15) draw();
      document.title = `${space.clientWidth}: ${outside}`;
    """
    assert title_after(tmp_path / "a.html", script) == "150: "


@pytest.mark.slow
@pytest.mark.parametrize("people", [1, 4])
def test_words_at_the_rule_stand_beside_the_people(tmp_path, people):
    view_3d.write(tmp_path / "a.html", "a", film(1, people=people))
    script = """
      space.style.width = "350px";
      const ends = [];
      CanvasRenderingContext2D.prototype.fillText = function (text, x) {
        if (text.endsWith("mm")) ends.push(x + this.measureText(text).width);
      };
      let isBeside = true;
      for (view.azimuth = -60; view.azimuth <= 60; view.azimuth += 15) {
        draw();
        const joints = spots.get(space).map((spot) => spot.x);
        isBeside &&= Math.max(...ends.splice(0)) < Math.min(...joints);
      }
      document.title = isBeside;
    """
    assert title_after(tmp_path / "a.html", script) == "true"


@pytest.mark.slow
@pytest.mark.parametrize("width", [370, 1000])
def test_texts_over_a_film_are_readable_and_apart(tmp_path, width):
    texts = dict.fromkeys(range(16), "45\N{DEGREE SIGN}")
    shot = Shot([person()._replace(texts=texts)], noise(1080, 1920))
    view_3d.write(tmp_path / "a.html", "a", [shot], drawn=True, text_px=27.0)
    script = f"""
      byId("photo-pane").style.width = "{width}px";
      const sizes = [], boxes = [];
      CanvasRenderingContext2D.prototype.fillText = function (text) {{
        sizes.push(parseFloat(this.font.match(/([\\d.]+)px/)[1]));
      }};
      CanvasRenderingContext2D.prototype.fillRect = (...box) => boxes.push(box);
      drawPhoto();
      const overlap = ([x, y, w, h], [u, v, s, t]) =>
        x < u + s && u < x + w && y < v + t - 0.01 && v < y + h - 0.01;
      const pairs = boxes.flatMap((box, i) => boxes.slice(i + 1).map((other) => [box, other]));
      const count = pairs.filter((pair) => overlap(...pair)).length;
      document.title = [sizes.length, Math.min(...sizes) >= 14, count];
    """
    assert title_after(tmp_path / "a.html", script) == "16,true,0"


def width_of_bones(path, people):
    """Return the width, px, in a pane of 600 px and room for words, of a page of so many people."""
    view_3d.write(path, "a", film(1, people=people))
    return float(title_after(path, "document.title = boneWidth(projection(650, 600), 650, 600);"))


def title_after(path, script):
    """Return the title of a page that a script, run at its end, has given it."""
    page = path.read_text("utf-8").replace("</body>", f"<script>{script}</script></body>")
    path.write_text(page, "utf-8")
    [title] = re.findall("<title>(.*)</title>", shown(path))
    return title


def shown(path):
    """Return a page as Chromium holds it, without a line on its console."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    process = subprocess.run(
        [chromium, *flags, f"--user-data-dir={path.parent / 'profile'}", f"file://{path}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in process.stderr, process.stderr
    return process.stdout
