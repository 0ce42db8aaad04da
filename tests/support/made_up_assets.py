"""A person of boxes and its clothes, motion and photos, in the formats of MakeHuman and CMU."""

import gzip
import json

import numpy as np
from PIL import Image

from synthetic_humans.characters.bones import BONES, PARENTS, bone

# Heads of the bones of trunk and left side, MakeHuman's unit (dm) and frame.
TRUNK = {
    "Hips": (0, 0.5, 0), "LowerBack": (0, 1, 0), "Spine": (0, 2, 0), "Spine1": (0, 3.3, 0),
    "Neck": (0, 5.6, 0), "Neck1": (0, 6.1, 0.1), "Head": (0, 6.7, 0.2),
}  # fmt: skip
LEFT = {
    "LHipJoint": (0, 0.5, 0), "LeftUpLeg": (1.1, 0, 0), "LeftLeg": (1.15, -4.2, 0.1),
    "LeftFoot": (1.2, -8.4, -0.2), "LeftToeBase": (1.3, -8.9, 1.2), "LeftShoulder": (0.3, 5, 0.2),
    "LeftArm": (1.8, 4.8, -0.1), "LeftForeArm": (3.5, 2.9, -0.3), "LeftHand": (4.7, 0.9, 0.5),
    "LeftFingerBase": (4.8, 0.7, 0.6), "LeftHandIndex1": (5.1, 0.2, 0.8), "LThumb": (4.8, 0.7, 1),
}  # fmt: skip
KNUCKLES = {2: (5.1, 0.4, 1.2), 3: (5.2, 0.2, 0.8), 5: (5.1, 0.1, 0.3)}
THICK = {"Hips": 1.2, "LowerBack": 1.2, "Spine": 1.2, "Spine1": 1.3, "Head": 0.8}
CUBE = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
QUADS = np.array(
    [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
)
MIRROR = np.array([-1, 1, 1])
# Which bones' boxes the tights of the base mesh, its last vertices, go round.
TIGHTS = [name for name in BONES if "Hand" not in name and "Thumb" not in name]
TIGHTS = [name for name in TIGHTS if name not in ("Neck", "Neck1", "Head")]
SUBJECTS = ("01", "03")


def heads():
    """Heads [31, 3] of the bones, dm."""
    points = dict(TRUNK)
    for name, place in LEFT.items():
        other = name.replace("Left", "Right") if "Left" in name else "R" + name[1:]
        points |= {name: place, other: MIRROR * place}
    return np.array([points[name] for name in BONES], np.float64)


def tail(name, places):
    """Where a bone's box ends."""
    row = bone(name)
    children = [c for c in np.flatnonzero(row == PARENTS) if "Thumb" not in BONES[c]]
    middle = [c for c in children if BONES[c] in TRUNK] or children
    if name == "Head":
        return places[row] + [0, 2, 0]
    if not middle or np.allclose(places[middle[0]], places[row]):
        return places[row] + 0.3 * (places[row] - places[PARENTS[row]])
    return places[middle[0]]


def box(start, end, thick):
    """Eight corners round the way from start to end."""
    return (start + end) / 2 + CUBE * (np.abs(end - start) / 2 + 0.5 * thick)


def write_obj(path, groups):
    """Write named groups of cubes [8, 3], with texture corners as MakeHuman's files have them."""
    lines, count = ["# made up"], 0
    for name, cubes in groups:
        lines.append(f"g {name}")
        for cube in cubes:
            lines += [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in cube]
            lines += ["f " + " ".join(f"{count + i + 1}/1" for i in quad) for quad in QUADS]
            count += 8
    path.write_text("\n".join(lines) + "\nvt 0 0\n")


def body_boxes():
    places = heads()
    return [box(places[bone(n)], tail(n, places), THICK.get(n, 0.4)) for n in BONES]


def base_groups():
    """Groups of the base mesh; vertex 8 b + i is corner i of the box of bone b."""
    places = heads()
    groups = [("body", body_boxes())]
    groups += [(f"joint-{n}", [places[bone(n)] + 0.05 * CUBE]) for n in BONES]
    for side, sign in (("l", np.ones(3)), ("r", MIRROR)):
        for finger, place in KNUCKLES.items():
            groups.append((f"joint-{side}-finger-{finger}-1", [sign * place + 0.05 * CUBE]))
        eye = sign * np.array([0.3, 7.5, 1.0])
        groups.append((f"helper-{side}-eye", [eye + 0.1 * CUBE]))
    groups.append(("helper-tights", [_wider(body_boxes()[bone(name)], 0.1) for name in TIGHTS]))
    return groups


def _wider(cube, share):
    return cube.mean(axis=0) + (cube - cube.mean(axis=0)) * (1 + share)


def write_garment(folder, name, bones, loose=0.15):
    """Write boxes round the boxes of some bones, tied to their corners by weights and offsets."""
    boxes = body_boxes()
    own = [_wider(boxes[bone(n)], loose) for n in bones]
    write_obj(folder / f"{name}.obj", [(name, own)])
    shares = np.array([0.7, 0.5, -0.2])
    lines = ["# made up", f"obj_file {name}.obj", "verts 0"]
    for scale, axis, pair in (
        ("x_scale", 0, (0, 4)),
        ("y_scale", 1, (0, 2)),
        ("z_scale", 2, (0, 1)),
    ):
        size = abs(boxes[0][pair[0], axis] - boxes[0][pair[1], axis])
        lines.insert(1, f"{scale} {pair[0]} {pair[1]} {size:.6f}")
    for n, cube in zip(bones, own, strict=True):
        for corner, point in enumerate(cube):
            rows = [(corner + step) % 8 for step in (0, 1, 2)]
            offset = point - shares @ boxes[bone(n)][rows]
            anchors = [8 * bone(n) + row for row in rows]
            lines.append(" ".join(f"{v:.6g}" for v in (*anchors, *shares, *offset)))
    lines += ["material late.mhmat", "", "delete_verts"]
    lines += [f"{8 * bone(n)} - {8 * bone(n) + 6} {8 * bone(n) + 7}" for n in bones]
    (folder / f"{name}.mhclo").write_text("\n".join(lines) + "\n")


def motion_angles(frames, seed):
    """Angles [frames, 31, 3] (Z, Y, X, degrees) of a slow motion; the first frame is a T pose."""
    rng = np.random.default_rng(seed)
    speed = rng.normal(size=(2, len(BONES), 3)) * 12
    ways = np.stack([np.sin(0.1 * np.arange(frames)), np.cos(0.1 * np.arange(frames))], axis=-1)
    angles = np.einsum("ft,tbd->fbd", ways, speed)
    angles[0] = 0
    return angles


def zero_offsets():
    """Offsets [31, 3] of the bones in the motion files' zero pose: arms aside, legs splayed."""
    offsets = np.tile([0.0, 1.0, 0.0], (len(BONES), 1))
    tilt = np.radians(20)
    for sign, side in ((1, "Left"), (-1, "Right")):
        for name in ("ForeArm", "Hand", "FingerBase", "HandIndex1"):
            offsets[bone(side + name)] = (sign, 0, 0)
        for name in ("Leg", "Foot"):
            offsets[bone(side + name)] = 4 * np.array([sign * np.sin(tilt), -np.cos(tilt), 0])
        offsets[bone(side + "ToeBase")] = (0, 0, 1)
    return offsets


def write_bvh(path, angles):
    """Write a motion file with the channels Z, Y, X of every bone."""

    def joint(row, depth):
        pad = "\t" * depth
        offset = " ".join(f"{v:.5f}" for v in zero_offsets()[row])
        root = PARENTS[row] < 0
        place = "6 Xposition Yposition Zposition" if root else "3"
        lines = [f"{pad}{'ROOT' if root else 'JOINT'} {BONES[row]}", pad + "{"]
        lines += [
            f"{pad}\tOFFSET {offset}",
            f"{pad}\tCHANNELS {place} Zrotation Yrotation Xrotation",
        ]
        order.append(row)
        children = np.flatnonzero(row == PARENTS)
        for child in children:
            lines += joint(child, depth + 1)
        if not len(children):
            lines += [f"{pad}\tEnd Site", pad + "\t{", f"{pad}\t\tOFFSET 0 0 1", pad + "\t}"]
        return [*lines, pad + "}"]

    order = []
    lines = ["HIERARCHY", *joint(0, 0), "MOTION", f"Frames: {len(angles)}", "Frame Time: 0.0333333"]
    for frame in angles:
        lines.append(" ".join(["0 0 0", *(f"{v:.6f}" for v in frame[order].ravel())]))
    path.write_text("\n".join(lines) + "\n")


def write_assets(folder):
    """Write the whole folder of assets."""
    for name in ("makehuman/targets", "makehuman/clothes", "makehuman/hair", "scene/textures"):
        (folder / name).mkdir(parents=True)
    (folder / "scene/backgrounds/more").mkdir(parents=True)
    human = folder / "makehuman"
    groups = base_groups()
    write_obj(human / "base.obj", groups)
    rig_names = [n.replace("HandIndex1", "HandFinger1") for n in BONES]
    rig = {
        own: {"head": {"strategy": "CUBE", "cube_name": f"joint-{n}"}}
        for own, n in zip(rig_names, BONES, strict=True)
    }
    (human / "rig.cmu_mb.json").write_text(json.dumps(rig))
    total = 8 * sum(len(cubes) for _, cubes in groups)
    weights = {own: [[8 * row + i, 1.0] for i in range(8)] for row, own in enumerate(rig_names)}
    first = total - 8 * len(TIGHTS)
    weights["Head"] += [[i, 1.0] for i in range(8 * len(BONES), first)]
    for place, name in enumerate(TIGHTS):
        weights[name] += [[first + 8 * place + i, 1.0] for i in range(8)]
    (human / "weights.cmu_mb.json").write_text(json.dumps({"weights": weights}))
    tall = "".join(f"{i} 0 .1 0\n" for i in range(8 * bone("Head"), 8 * bone("Head") + 8))
    for name, text in (
        ("caucasian-male-young", tall),
        ("universal-male-young-averagemuscle-averageweight", ""),
    ):
        (human / f"targets/{name}.target.gz").write_bytes(gzip.compress(text.encode()))
    trunk = ["Hips", "LowerBack", "Spine", "Spine1"]
    write_garment(human / "clothes", "suit01", [*trunk, "LeftUpLeg", "RightUpLeg"])
    write_garment(human / "clothes", "shoes01", ["LeftFoot", "RightFoot"])
    write_garment(human / "hair", "hair01", ["Head"], 0.05)
    for seed, subject in enumerate(SUBJECTS):
        (folder / "cmu_mocap" / subject).mkdir(parents=True)
        write_bvh(folder / f"cmu_mocap/{subject}/{subject}_01.bvh", motion_angles(40, seed))
    for number in range(3):
        pixels = np.full((60, 80, 3), 60 + 60 * number, np.uint8)
        place = "more/" if number == 2 else ""
        Image.fromarray(pixels).save(folder / f"scene/backgrounds/{place}{number}.jpg")
    weave = np.random.default_rng(0).integers(0, 255, (16, 16), np.uint8)
    Image.fromarray(weave).save(folder / "scene/textures/weave.png")
    return folder
