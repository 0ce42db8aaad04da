"""Pictures and labels of characters, on made-up assets and, where they are, on the real ones."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image
from support import made_up_assets

from hg3d_tf import cli
from hg3d_tf.data.schema import TRUTH_3D
from hg3d_tf.skeleton import JOINT_NAMES, joint_index
from synthetic_humans.camera import frame_person, look_at, project
from synthetic_humans.characters import assets, examples, looks, rendering, scene, tracing
from synthetic_humans.characters import stock as stocks
from synthetic_humans.characters import subject as subjects
from synthetic_humans.light import random_light
from synthetic_humans.occlusion import occluded_joints
from synthetic_humans.parts import PART_NAMES
from synthetic_humans.synthetic_humans_dataset_builder import Builder, render_all
from synthetic_humans.task import Task

SIZE = 64
REAL = Path(os.environ.get("HG3D_DATA", "nowhere"))
MISSING = not (REAL / "makehuman/base.obj").exists() or not (REAL / "scene").exists()


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    return str(made_up_assets.write_assets(tmp_path_factory.mktemp("assets")))


def task(folder, config="wild_makehuman", split="train", index=0, seed=0, size=SIZE):
    return Task(config, split, index, seed, size, folder)


class Shot:
    """A character before a grey backdrop, seen by a camera 4 m in front or at another angle."""

    def __init__(self, folder, index, turn_deg, size=160):
        first = task(folder, index=index)
        self.subject = subjects.draw_subject(
            np.random.default_rng(index),
            stocks.block_character(first, 1),
            stocks.stock(folder, "train").pool,
            "studio",
            np.zeros(2),
        )
        turn = np.radians(turn_deg)
        center = np.array([4000 * np.sin(turn), 1100, 4000 * np.cos(turn)])
        self.camera = look_at(center, np.array([0.0, 900, 0]))
        self.joints = self.camera.to_camera(self.subject.joints)
        self.intrinsics, _, _ = frame_person(self.joints, size)
        self.things = [subjects.soup_of(self.subject, 0, True)]
        self.tracer = tracing.Tracer(self.things, self.camera)
        rng = np.random.default_rng(0)
        drawn = looks.random_looks(rng, self.subject.character.slots, 0)
        self.scene = scene.Scene(
            self.things,
            None,
            0,
            None,
            looks.make_looks(rng, drawn, np.zeros((0, 256, 256), np.float32)),
            random_light(rng, False),
            np.full((size, size, 3), 0.5, np.float32),
        )

    def render(self):
        rng = np.random.default_rng(0)
        return rendering.render(self.scene, self.tracer, self.camera, self.intrinsics, rng)

    def occluded(self):
        return occluded_joints(self.tracer, self.camera, self.joints, 1.0)


OWN = {"wrist": "arm hand", "elbow": "arm", "knee": "leg", "ankle": "leg foot"}


def visible_joints_off_their_limbs(shot):
    """Count the visible limb joints, and those of them not on their own limb's pixels."""
    parts, hidden = shot.render().parts, shot.occluded()
    checked, wrong = 0, 0
    for row, (x, y) in enumerate(project(shot.joints, shot.intrinsics)):
        side, name = JOINT_NAMES[row][:2], JOINT_NAMES[row][2:]
        if name in OWN and not hidden[row]:
            near = parts[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2]
            wanted = [PART_NAMES.index(side + part) for part in OWN[name].split()]
            checked, wrong = checked + 1, wrong + (not np.isin(near, wanted).any())
    return checked, wrong


@pytest.mark.parametrize("turn_deg", [0, 130])
def test_visible_joints_lie_on_their_own_limbs(made_up, turn_deg):
    checked, wrong = visible_joints_off_their_limbs(Shot(made_up, 3, turn_deg))
    assert checked >= 5 and wrong == 0


@pytest.mark.slow
@pytest.mark.skipif(MISSING, reason="HG3D_DATA names no folder with makehuman and scene")
def test_visible_joints_of_real_bodies_lie_on_their_own_limbs():
    counts = [visible_joints_off_their_limbs(Shot(str(REAL), 16 * i, 57 * i)) for i in range(12)]
    checked, wrong = np.sum(counts, axis=0)
    assert checked > 60 and wrong <= 1


def test_pixels_change_where_the_person_is_and_nowhere_else(made_up):
    shot = Shot(made_up, 0, 20)
    picture = shot.render()
    body = picture.parts >= 0
    changed = np.abs(picture.image - 0.5).max(axis=-1) > 1e-3
    outline = np.zeros_like(body)
    outline[1:-1, 1:-1] = np.lib.stride_tricks.sliding_window_view(body, (3, 3)).any(axis=(2, 3))
    assert changed[body].mean() > 0.95 and not changed[~outline].any()


def test_labels_agree_with_each_other(made_up):
    for config in ("studio_makehuman", "wild_makehuman", "sport_makehuman"):
        for index in range(6):
            example = examples.make_example(task(made_up, config, index=index))
            truth, joints_2d = example["truth"], example["joints_2d"]
            np.testing.assert_allclose(project(truth, example["intrinsics"]), joints_2d, atol=1e-3)
            assert np.all(np.abs(joints_2d - example["crop_center"]) < example["crop_side"] / 2)
            assert example["has_depth"] == (config != "wild_makehuman")
            assert np.any(example["joints_3d"]) == example["has_depth"]
            assert truth[:, 2].min() > 500
            assert Image.open(io.BytesIO(example["image"])).size == (SIZE, SIZE)


def test_half_of_the_sport_is_upright_and_most_of_the_street(made_up):
    def upright(config):
        shots = (task(made_up, config, index=index, size=16) for index in range(80))
        return np.mean([examples.make_example(shot)["pose_kind"] == "upright" for shot in shots])

    assert 0.35 < upright("sport_makehuman") < 0.65
    assert upright("street_makehuman") > 0.75


@pytest.mark.slow
def test_another_process_makes_the_same_examples(made_up):
    tasks = [task(made_up, index=i) for i in (15, 16)]  # of two characters
    for one, other in zip(render_all(tasks, 1), render_all(tasks, 2), strict=True):
        assert one["image"] == other["image"] and one["key"] == other["key"]
        np.testing.assert_array_equal(one["truth"], other["truth"])


def test_an_example_does_not_depend_on_those_before_it(made_up):
    again = [examples.make_example(task(made_up, index=i)) for i in (40, 5, 5)]
    stocks._character.cache_clear()
    fresh = examples.make_example(task(made_up, index=5))
    assert again[1]["image"] == again[2]["image"] == fresh["image"] != again[0]["image"]
    others = [task(made_up, index=5, seed=1), task(made_up, index=5, split="test")]
    assert all(examples.make_example(t)["image"] != fresh["image"] for t in others)


def test_a_seated_person_sits_on_something(made_up):
    shot = Shot(made_up, 0, 0)
    subject = shot.subject._replace(pose=shot.subject.pose._replace(seated=True))
    ((vertices, _),) = subjects.seat(subject)
    hip = subject.joints[joint_index("l_hip")]
    assert vertices[:, 1].min() == 0 and 0 < hip[1] - vertices[:, 1].max() < 200
    assert not subjects.seat(shot.subject._replace(pose=shot.subject.pose._replace(seated=False)))


def test_the_dataset_tells_its_bodies(made_up, tmp_path):
    builder = Builder(
        config="wild_makehuman",
        data_dir=tmp_path,
        image_size=32,
        num_train=2,
        num_validation=1,
        num_test=1,
        num_processes=1,
        assets_dir=made_up,
    )
    builder.download_and_prepare()
    stored = tfds.builder_from_directory(builder.data_dir)
    assert stored.info.metadata["bodies"] == "makehuman"
    assert stored.info.metadata["assets"] == assets.fingerprint(Path(made_up))
    read = tfds.ReadConfig(try_autocache=False)
    (first, *_) = tfds.as_numpy(stored.as_dataset("train", read_config=read))
    assert first[TRUTH_3D].any() and not first["joints_3d"].any()


@pytest.mark.parametrize(
    "config, lacks, message",
    [
        ("wild_makehuman", None, "--assets_dir is missing"),
        ("wild_makehuman", "cmu_mocap/01/01_01.bvh", r"no cmu_mocap.*subjects other than 03"),
        ("wild_makehuman", "makehuman/rig.cmu_mb.json", r"no makehuman/rig.cmu_mb.json"),
        ("wild", "", "wild shows the mannequin; build wild_makehuman"),
    ],
)
def test_mistakes_get_one_line(tmp_path, config, lacks, message):
    folder = made_up_assets.write_assets(tmp_path / "assets")
    if lacks:
        (folder / lacks).unlink()
    with pytest.raises(cli.UserError, match=message) as caught:
        Builder(
            config=config,
            data_dir=tmp_path / "data",
            num_train=1,
            num_processes=1,
            assets_dir=None if lacks is None else str(folder),
        ).download_and_prepare()
    assert "\n" not in str(caught.value)
