import numpy as np
import pytest

from hg3d_tf.skeleton import JOINT_NAMES, joint_index
from synthetic_humans import rooms
from synthetic_humans.blocks import merge_blocks, place_block
from synthetic_humans.camera import frame_person, look_at, project
from synthetic_humans.light import Light
from synthetic_humans.mannequin import people, rendering, subject
from synthetic_humans.mannequin.body_parts import PARTS
from synthetic_humans.mannequin.bones import NUM_BONES, bone_index
from synthetic_humans.mannequin.mesh import TEMPLATE
from synthetic_humans.mannequin.poses import Pose
from synthetic_humans.materials import Material, make_table
from synthetic_humans.meshes import vertex_normals
from synthetic_humans.occlusion import occluded_joints
from synthetic_humans.parts import PART_NAMES
from synthetic_humans.rays import ray_directions
from synthetic_humans.rotations import axis_rotations

SIZE = 96


class Shot:
    """A person with raised arms, turned about the vertical axis, before a camera at z = 4 m."""

    def __init__(self, turn_deg=0.0, block=None, arms_deg=60):
        person = people.random_person(np.random.default_rng(3), variety=False)
        angles = np.zeros((NUM_BONES, 3))
        for side in "lr":
            angles[bone_index(f"{side}_upper_arm")] = (0, arms_deg, 0)
            angles[bone_index(f"{side}_thigh")] = (0, 8, 0)
        root = axis_rotations(np.radians(turn_deg), 1)
        pose = Pose(angles, root, 0.0, "upright")
        self.subject = subject.place(person, pose, np.zeros(2))
        self.camera = look_at(np.array([0.0, 1000.0, 4000.0]), np.array([0.0, 900.0, 0.0]))
        self.joints = self.camera.to_camera(self.subject.joints)
        self.intrinsics, _, _ = frame_person(self.joints, SIZE)
        self.blocks = [] if block is None else [self.block_before(block)]
        self.scene = self.make_scene(self.subject)
        self.tracer = rendering.Tracer(self.scene, self.camera)

    def block_before(self, name):
        joint = self.subject.joints[joint_index(name)]
        middle = self.camera.center + 0.8 * (joint - self.camera.center)
        return place_block(0, np.full(3, 50.0), np.eye(3), middle - [0, 50, 0])

    def make_scene(self, subject):
        grey = Material(np.full(3, 0.5), grain=0.0)
        materials = subject.person.outfit.materials
        return rendering.Scene(
            subject.person,
            subject.vertices,
            subject.normals,
            merge_blocks(self.blocks, len(materials) + 5),
            rooms.Room(np.full(2, -5000.0), np.full(2, 5000.0), (grey,) * 5, False),
            len(materials),
            make_table([*materials, *(grey,) * 6]),
            Light(np.array([0.0, 1.0, 0.0]), np.full(3, 0.5), np.full(3, 0.5)),
            np.zeros((SIZE, SIZE, 3), np.float32),
        )

    def render(self):
        return rendering.render(self.scene, self.tracer, self.camera, self.intrinsics, SIZE)

    def occluded(self):
        scale = self.subject.person.scale
        hidden = occluded_joints(self.tracer, self.camera, self.joints, scale)
        return {name for name, is_hidden in zip(JOINT_NAMES, hidden, strict=True) if is_hidden}

    def joints_2d(self):
        return project(self.joints, self.intrinsics)


def test_right_hand_of_a_person_who_faces_the_camera_is_on_the_image_left():
    right, left = joint_index("r_wrist"), joint_index("l_wrist")
    facing, away = Shot(0).joints_2d(), Shot(180).joints_2d()
    assert facing[right, 0] < facing[left, 0] - 20
    assert away[right, 0] > away[left, 0] + 20
    parts = Shot(0).render().parts
    hands = [np.nonzero(parts == PART_NAMES.index(f"{s}_hand"))[1].mean() for s in "rl"]
    assert hands[0] < hands[1] - 20


@pytest.mark.parametrize("turn_deg", [0, 180, 40, -130])
def test_each_visible_joint_lies_on_its_own_limb(turn_deg):
    shot = Shot(turn_deg)
    parts, occluded = shot.render().parts, shot.occluded()
    own = {"wrist": "arm hand", "elbow": "arm", "knee": "leg", "ankle": "leg foot"}
    checked = 0
    for name, (x, y) in zip(JOINT_NAMES, shot.joints_2d(), strict=True):
        near = parts[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2]
        if name[2:] in own and name not in occluded:
            checked += 1
            wanted = [PART_NAMES.index(name[:2] + part) for part in own[name[2:]].split()]
            assert np.isin(near, wanted).any(), name
    assert checked >= 5


def test_pixels_change_exactly_where_the_body_is():
    shot = Shot()
    picture = shot.render()
    nobody = shot.subject._replace(vertices=shot.subject.vertices - [0, 9000, 0])
    shot.scene = shot.make_scene(nobody)
    shot.tracer = rendering.Tracer(shot.scene, shot.camera)
    changed = np.abs(picture.image - shot.render().image).max(axis=-1) > 0.02
    body = picture.parts >= 0
    assert np.mean(changed[body]) > 0.95
    for x, y in shot.joints_2d():
        assert body[int(y), int(x)] and changed[int(y), int(x)]


def test_nothing_hides_the_joints_of_a_person_seen_from_the_front():
    assert Shot(0).occluded() == set()


@pytest.mark.parametrize("name", ["r_knee", "l_wrist", "head_top", "pelvis"])
def test_a_block_hides_the_joint_behind_it(name):
    hidden = Shot(0, block=name).occluded()
    assert name in hidden
    assert len(hidden) <= (4 if name == "pelvis" else 1)  # the hips are the pelvis' neighbours


def test_the_far_limbs_are_hidden_in_profile():
    # Turned to the image left: the left side is towards the camera.
    hidden = Shot(-90, arms_deg=12).occluded()
    limbs = ("ankle", "knee", "elbow", "shoulder")  # the hanging arm may hide the hip
    assert not hidden & {f"l_{limb}" for limb in limbs}
    assert {"r_hip", "r_shoulder", "r_elbow"} <= hidden


def test_floor_is_lit_but_for_the_shadow_under_the_person():
    shot = Shot()
    pixels = project(
        shot.camera.to_camera(np.array([[0.0, 0.0, 150.0], [700.0, 0.0, 600.0]])), shot.intrinsics
    )
    surface = shot.tracer.surfaces(ray_directions(shot.camera, shot.intrinsics, pixels))
    np.testing.assert_allclose(surface.points[1], [700, 0, 600], atol=0.5)
    np.testing.assert_allclose(surface.normals[1], [0, 1, 0], atol=1e-6)
    assert shot.tracer.lit(surface)[1]


def test_template_normals_point_outwards():
    person = people.random_person(np.random.default_rng(0), True)
    normals = vertex_normals(person.vertices, TEMPLATE.faces)
    outwards = []
    for part in range(len(PART_NAMES)):
        mine = TEMPLATE.vertex_parts == part
        from_middle = person.vertices[mine] - person.vertices[mine].mean(axis=0)
        outwards.append(np.mean(np.sum(from_middle * normals[mine], axis=-1) > 0))
    assert min(outwards) > 0.8


def test_camera_looks_at_its_target():
    camera = look_at(np.array([1000.0, 2000.0, 3000.0]), np.array([0.0, 500.0, 0.0]))
    np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(camera.rotation) == pytest.approx(1)
    np.testing.assert_allclose(camera.to_camera(np.array([0.0, 500.0, 0.0]))[:2], 0, atol=1e-9)
    assert camera.to_camera(np.array([0.0, 600.0, 0.0]))[1] < 0  # higher is up in the image


def test_the_parts_of_the_mesh_have_the_names_that_all_bodies_share():
    sides = {False: ("",), True: ("l_", "r_")}
    assert [side + part.name for part in PARTS for side in sides[part.sided]] == list(PART_NAMES)
