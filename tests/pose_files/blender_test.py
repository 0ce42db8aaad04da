"""BVH and GLB in Blender, with its importers' defaults; wants its module bpy (Python 3.11).

It lives best in an environment of its own:
pip install bpy==5.0.1 pytest pillow absl-py pygltflib
pytest --noconftest tests/pose_files/blender_test.py
"""

import numpy as np
import pytest
from support import fitting, walks

from hg3d_tf.pose_files import formats, rig
from hg3d_tf.skeleton import joint_index


@pytest.fixture
def film():
    walk = walks.walk()
    noise = np.random.default_rng(0).normal(0, 15, walk.joints_3d.shape)
    return walks.as_film(walk, joints_3d=walk.joints_3d + noise)


# Blender's reader of BVH leaves its file open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("form", ["bvh", "glb"])
def test_blender_shows_the_bones_on_the_fitted_joints_in_metres(film, tmp_path, form):
    bpy = pytest.importorskip("bpy", reason="bpy, Blender as a module, is not installed")
    path = tmp_path / f"walk.{form}"
    formats.write(path, film)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = 30
    if form == "bvh":
        bpy.ops.import_anim.bvh(filepath=str(path))
    else:
        bpy.ops.import_scene.gltf(filepath=str(path))
    [armature] = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    assert set(armature.data.bones.keys()) == set(rig.NAMES)
    fitted = fitting.fitted_joints(film)
    for frame in (0, 13, 50, 88):
        scene.frame_set(frame + (form == "bvh"))  # BVH begins at frame 1
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        for bone in rig.BONES:
            found = np.array(posed.matrix_world @ posed.pose.bones[bone.name].head)
            x, y, z = fitted[frame, joint_index(bone.joint)] / 1000
            np.testing.assert_allclose(found, [x, -z, y], atol=1e-5, err_msg=bone.name)
    # At rest it stands upright (z) and faces the front view (-y), arms sideways.
    rest = {bone.name: armature.matrix_world @ bone.tail_local for bone in armature.data.bones}
    assert rest["Head"].z > 0.5 and rest["LeftHand"].x > 0.5 and rest["LeftFoot"].y < 0
