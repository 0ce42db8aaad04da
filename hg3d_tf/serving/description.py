"""What a served model says of itself: joints, units, signatures, limits."""

import hg3d_tf
from hg3d_tf.data import image_header
from hg3d_tf.line_of_sight import ASSUMED_FOCAL
from hg3d_tf.network import finding
from hg3d_tf.network.confidence import Knots
from hg3d_tf.network.crop import BOX_MARGIN
from hg3d_tf.skeleton import (
    BONES,
    CANONICAL_BONE_SUM_MM,
    CANONICAL_SHARES,
    JOINT_NAMES,
    canonical_stature_mm,
)

OUTPUTS = {
    "joints_2d": "[B, 16, 2] px of the given image as it is seen (turned as its Exif says) or of"
    " the given crop; (0, 0) is its top left corner",
    "joints_3d": "[B, 16, 3] mm relative to the pelvis in the camera's orientation (x right, y"
    " down, z forwards), if the person is of the canonical size and the camera's focal length is"
    f" {ASSUMED_FOCAL} longer sides of the image",
    "joints_3d_crop": "[B, 16, 3] half sides of the network's crop: x and y from -1 to 1 over the"
    " crop, z relative to the thorax",
    "confidence": "[B, 16] how likely the joint is within 0.1 of the longer side of the person's"
    " box, as measured on the photos that validated the network; where none did, roughly",
    "joints_3d_metric": "[B, 16, 3] mm relative to the pelvis, if the person stands"
    " person_height_mm tall and has the canonical proportions",
    "joints_3d_camera": "[B, 16, 3] mm from the camera, if besides the focal length is right, the"
    " optical axis goes through the image's centre and the person is far away compared with the"
    " depth of the pose",
    "boxes": "[B, P, 4] x1, y1, x2, y2 px of the given image as it is seen, round each person",
    "scores": "[B, P] how sure it is that this is somebody, the surest first",
    "valid": "[B, P] bool: whether there is somebody; what is not valid is 0",
    "heatmaps": "[B, h, w, 16] of the last stack",
    "depth": "[B, 16] half sides of the crop, relative to the thorax",
}
INPUTS = {
    "image_bytes": "[B] string: whole files, JPEG, PNG, BMP or GIF (its first frame), 1, 3 or 4"
    f" channels, sides of 1 to {image_header.MAX_SIDE} px; JPEGs are turned as their Exif says",
    "boxes": "[B, 4] float32: x1, y1, x2, y2 px round the person, at least 1 px wide and high,"
    " overlapping the image",
    "crops": "[B, S, S, 3], S being input_size: uint8, for the signature heatmaps float32, 0 to 1",
    "person_height_mm": "[B] float32: stature of the person standing upright",
    "focal_length_px": "[B] float32: focal length in px of the given image",
    "request": "[B] string, not looked at",
}


_OF_PEOPLE = ("boxes", "scores", "valid")
_PEOPLE = (
    "its joints and confidence are [B, P, 16, ...], P being most_people: the surest people of the"
    " image, none twice"
)

# How the maps of the signature `heatmaps` are read, by `ModelConfig.heatmaps`.
_MAPS = {
    "linear": "each joint's highest cell, a quarter cell on towards the higher neighbour on each"
    " axis, is its place; the cell's value its peak",
    "softmax": "distributions: each joint's place is the mean of the cells round the highest one,"
    " up to an eighth of the map's side from it; that cell's value is its peak",
}
_OF_PEAKS = (
    "the confidence of a heat map's peak is linear between confidence_knots, pairs of peak and"
    " confidence, and constant beyond; without knots it is the peak"
)
# A phone's file knows nothing of the photo that the crop is from.
_IN_CROP = (
    "[1, 16, 3] mm relative to the pelvis in the orientation of a camera that looks at the crop's"
    " middle, if the person is of the canonical size"
)
_CANONICAL_SIZE = (
    "joints_3d times canonical_bone_sum_mm * sum(weight * share) / sum(weight * length) over the"
    " bones is of the canonical size; a bone's share is its canonical_bone_shares, its weight the"
    " square of the product of its ends' confidences: what is not seen is guessed too short. Files"
    " that give a bone sum of canonical_bone_sum_mm are to be scaled so, in others it is done"
)
_FINDER_SIZE = 256  # px, of the package's file
_CELLS = f"{_FINDER_SIZE // finding.STRIDE_PX}, {_FINDER_SIZE // finding.STRIDE_PX}"
_FINDER = {
    "file": "finder.tflite",
    "signature": "serving_default",
    "input_size": _FINDER_SIZE,
    "inputs": {
        "image": f"[1, {_FINDER_SIZE}, {_FINDER_SIZE}, 3] float32, RGB from 0 to 1: the whole"
        f" picture in the middle of a square, grey ({finding.GREY} of 255) round it"
    },
    "outputs": {
        "centre": f"[1, {_CELLS}, 1] logit that a person's box has its middle in the cell",
        "box": f"[1, {_CELLS}, 4] log of the distances from the cell's middle to the box's"
        " left, top, right and bottom, in unit_px",
        "quality": f"[1, {_CELLS}, 1] logit of how well that box fits",
    },
    "stride_px": finding.STRIDE_PX,
    "unit_px": finding.UNIT_PX,
    "least_score": finding.LEAST_SCORE,
    "most_overlap": finding.MOST_OVERLAP,
    "decoding": "a score is sqrt(sigmoid(centre) * sigmoid(quality)); a box counts where centre is"
    " the highest of the cell and its eight neighbours and the score is at least least_score; of"
    " two boxes whose intersection over union is most_overlap or more the better one stays; px of"
    " the input: cell (column, row) has its middle at stride_px * (column + 0.5, row + 0.5)",
}
_PHONE_OUTPUTS = ("joints_2d", "joints_3d", "joints_3d_crop", "confidence", "heatmaps", "depth")


def describe_phone_model(input_size: int, heatmaps: str, knots: Knots = ()) -> dict:
    """Return the description of a TensorFlow Lite file and the finder's, ready for JSON.

    Args:
      input_size: side of the network's input, px.
      heatmaps: `ModelConfig.heatmaps`, which says how to decode the signature `heatmaps`.
      knots: `ModelConfig.confidence_knots`.
    """
    image = (
        f"[1, {input_size}, {input_size}, 3] float32, RGB from 0 to 1: the square round the person,"
        f" its side {BOX_MARGIN} times the longer side of the person's box, black outside of the"
        " photo"
    )
    return describe_model(input_size, knots=knots) | {
        "heatmaps": heatmaps,
        "inputs": {"image": image},
        "outputs": {name: OUTPUTS[name].replace("[B,", "[1,") for name in _PHONE_OUTPUTS}
        | {"joints_3d": _IN_CROP}
        | {"heatmaps": f"[1, h, w, 16], {heatmaps}: {_MAPS[heatmaps]}"},
        "finder": _FINDER,
    }


def describe_model(
    input_size: int, version: str = "", most_people: int = 0, knots: Knots = ()
) -> dict:
    """Return the description of a model, ready for JSON.

    Args:
      input_size: side of the network's input, px.
      version: name of the model's version, where it has one.
      most_people: P of the signature `predict_people`; 0 where there is none.
      knots: `ModelConfig.confidence_knots`, for who decodes heat maps.
    """
    outputs = OUTPUTS
    if not most_people:
        outputs = {name: text for name, text in OUTPUTS.items() if name not in _OF_PEOPLE}
    people = {"most_people": most_people, "predict_people": _PEOPLE} if most_people else {}
    return {
        "name": "hg3d",
        "version": version,
        "software": f"hg3d_tf {hg3d_tf.__version__}",
        "input_size": input_size,
        "joint_names": list(JOINT_NAMES),
        "bones": [[JOINT_NAMES[a], JOINT_NAMES[b]] for a, b in BONES],
        "canonical_bone_sum_mm": CANONICAL_BONE_SUM_MM,
        "canonical_bone_shares": CANONICAL_SHARES.round(5).tolist(),
        "canonical_stature_mm": round(canonical_stature_mm(), 2),
        "canonical_size": _CANONICAL_SIZE,
        "inputs": INPUTS,
        "outputs": outputs,
        "confidence_knots": [list(knot) for knot in knots],
        "confidence_of_peaks": _OF_PEAKS,
        **people,
    }
