"""Names of joints as tools and public datasets write them, by their meaning."""

import re

_SIDES = {"l": "l", "lt": "l", "left": "l", "r": "r", "rt": "r", "right": "r"}
# Words for the parts that lie left and right, without their side.
_LIMBS = {
    "ankle": ("ankle", "ank"),
    "knee": ("knee", "kne"),
    "hip": ("hip", "hipjoint"),
    "wrist": ("wrist", "wri"),
    "elbow": ("elbow", "elb"),
    "shoulder": ("shoulder", "sho", "shldr"),
}
_MIDDLE = {
    "pelvis": ("pelvis", "root", "hip", "hips", "midhip", "hipcenter", "hipcentre", "centerhip"),
    "thorax": ("thorax", "midshoulder", "shouldercenter", "shouldercentre"),
    # PoseTrack18's head_bottom.
    "upper_neck": ("upperneck", "headbottom", "bottomhead"),
    "head_top": ("headtop", "tophead", "topofhead", "topofthehead"),
}
_LIMB_OF = {word: limb for limb, words in _LIMBS.items() for word in words}
_MIDDLE_OF = {word: joint for joint, words in _MIDDLE.items() for word in words}
# Joints of public datasets that MPII has not, nor at the same place: "neck" is the base of the neck
# in some, its top in others.
_UNUSED = re.compile(
    r"nose|eye|ear|face|mouth|lip|jaw|chin|brow|neck|head|belly|spine|chest|torso|clavicle|collar"
    r"|hand|palm|finger|thumb|index|ring|pinky|middle|foot|toe|heel|sole|tail"
)
# Words that say nothing.
_FILLERS = ("joint", "point", "keypoint", "kp")


def our_names(names: list[str]) -> list[str | None]:
    """Return the joint of `JOINT_NAMES` that each name means, None where there is none.

    "left_hip", "Left Hip", "L_Hip", "lhip", "leftHip", "hip.L" and "hip (left)" are all l_hip.
    """
    joints = [_joint(name) for name in names]
    if "l_hip" not in joints or "r_hip" not in joints:
        # One hip may be that of either side, seen from there, and not their middle.
        joints = [
            None if joint == "pelvis" and _squeezed(name) in ("hip", "hips") else joint
            for name, joint in zip(names, joints, strict=True)
        ]
    if _head_is_top(names, joints):
        joints[[_squeezed(name) for name in names].index("head")] = "head_top"
    return joints


def unknown_names(names: list[str]) -> list[str]:
    """Return the names that mean nothing known: neither a joint nor a part that MPII has not."""
    means = zip(names, our_names(names), strict=True)
    return [str(n) for n, joint in means if joint is None and not _UNUSED.search(str(n).lower())]


def _joint(name: str) -> str | None:
    words = _words(name)
    sides = {_SIDES[word] for word in words if word in _SIDES}
    part = "".join(word for word in words if word not in _SIDES)
    if not sides:
        return _MIDDLE_OF.get(part) or _unsplit(part)
    limb = _LIMB_OF.get(part)
    return f"{sides.pop()}_{limb}" if limb and len(sides) == 1 else None


def _unsplit(name: str) -> str | None:
    """Return the joint of a name that writes its side and its part together: "lshoulder"."""
    for word, side in sorted(_SIDES.items(), key=lambda item: -len(item[0])):
        for part in (name.removeprefix(word), name.removesuffix(word)):
            if part != name and part in _LIMB_OF:
                return f"{side}_{_LIMB_OF[part]}"
    return None


def _words(name) -> list[str]:
    """Return the words of a name: parted by anything but letters, and where capitals begin."""
    parted = re.sub(r"([a-z])([A-Z])", r"\1 \2", str(name))
    parted = re.sub(r"([A-Z])([A-Z][a-z])", r"\1 \2", parted)
    return [word for word in re.findall(r"[a-z]+", parted.lower()) if word not in _FILLERS]


def _squeezed(name) -> str:
    return "".join(_words(name))


def _head_is_top(names, joints) -> bool:
    """Tell whether "head" is its top: in CrowdPose (14 joints) and Halpe (26 or 136)."""
    others = {_squeezed(name) for name, joint in zip(names, joints, strict=True) if not joint}
    if "head_top" in joints or len(set(joints) - {None, "pelvis"}) < 12:
        return False
    return others == {"head", "neck"} or {"head", "neck"} < others & {
        *("head", "neck", "leftbigtoe", "lbigtoe")
    }
