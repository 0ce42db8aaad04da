"""A person: a shaped body in fitted clothes, ready to be posed."""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from synthetic_humans.characters import clothing, shapes
from synthetic_humans.characters.body import Body, morph, read_body
from synthetic_humans.characters.bones import BONES
from synthetic_humans.characters.garments import Garment, carried_weights, fit, read_garment, tights
from synthetic_humans.characters.paint import paint_of
from synthetic_humans.characters.retarget import Posed, Rest, alignments, rest_of
from synthetic_humans.characters.soup import as_triples
from synthetic_humans.meshes import vertex_normals
from synthetic_humans.parts import part_index

_FACES = {"suit": 3200, "shoes": 1200, "hair": 1600}  # at most
_HAIR_MM = 12.0  # of hair above the skin of the head's top
_PARTS = {"Neck": "neck", "Neck1": "neck", "Head": "head"}
_LIMB_PARTS = {"Arm": "arm", "ForeArm": "arm", "UpLeg": "leg", "Leg": "leg"}
_LIMB_PARTS |= {"Hand": "hand", "FingerBase": "hand", "HandIndex1": "hand", "Thumb": "hand"}
_LIMB_PARTS |= {"Foot": "foot", "ToeBase": "foot"}


def _part_of(name: str) -> int:
    """Return the mannequin's part that a bone moves: what hides a joint is told by parts."""
    side, rest = name[0].lower(), name.removeprefix("Left").removeprefix("Right")
    rest = rest.removeprefix("L").removeprefix("R") if rest.endswith("Thumb") else rest
    limb = _LIMB_PARTS.get(rest)
    return part_index(f"{side}_{limb}" if limb else _PARTS.get(name, "torso"))


PART_OF_BONE = np.array([_part_of(name) for name in BONES])


class Wardrobe(NamedTuple):
    """What characters are made of."""

    body: Body
    garments: dict[str, list[Garment]]  # "suit", "shoes", "hair"
    paint: np.ndarray  # [V, 3] factors on the colours of skin and eyes


class Piece(NamedTuple):
    """A part of a character that has one kind of material."""

    slot: str
    vertices: np.ndarray  # [n, 3] rest, mm
    weights: np.ndarray  # [n, 31]
    faces: np.ndarray  # [f, 3]
    tints: np.ndarray  # [n, 3]


class Character(NamedTuple):
    """A dressed body in the rest pose, mm in the body frame."""

    rest: Rest
    turns: np.ndarray  # [31, 3, 3] its `alignments`
    vertices: np.ndarray  # [V, 3]
    normals: np.ndarray  # [V, 3]
    weights: np.ndarray  # [V, 31]
    tints: np.ndarray  # [V, 3]
    faces: np.ndarray  # [F, 3]
    triples: np.ndarray  # [F] the same as tuples
    face_slots: np.ndarray  # [F] rows of `slots`
    face_parts: np.ndarray  # [F] rows of parts.PART_NAMES
    slots: tuple[str, ...]


@functools.lru_cache(maxsize=1)
def read_wardrobe(folder: Path) -> Wardrobe:
    """Read body and garments from the folder `makehuman`."""
    body = read_body(folder)
    garments = {"suit": [], "shoes": [], "hair": []}
    for path in sorted(folder.glob("*/*.mhclo")):
        kind = "hair" if path.parent.name == "hair" else "shoes" if "shoes" in path.name else "suit"
        garments[kind].append(read_garment(path, _FACES[kind]))
    garments["suit"] = garments["suit"] or [tights(body)]
    return Wardrobe(body, garments, paint_of(body))


def rest_joints(body: Body, vertices: np.ndarray) -> Rest:
    """Return the rest joints of a morphed body of `vertices` [V, 3]."""
    skin = np.unique(body.skin_faces)
    top = vertices[skin[np.argmax(vertices[skin, 1])]]
    return rest_of(body.marks @ vertices, np.array([0.0, top[1] + _HAIR_MM, top[2]]))


def random_character(rng: np.random.Generator, wardrobe: Wardrobe) -> Character:
    """Draw a body shape and an outfit and put them together."""
    body = wardrobe.body
    vertices = morph(body, shapes.random_shape(rng, body.targets))
    rest = rest_joints(body, vertices)
    outfit = clothing.random_outfit(rng, wardrobe.garments)
    return assemble(wardrobe, vertices, rest, outfit)


def assemble(
    wardrobe: Wardrobe, vertices: np.ndarray, rest: Rest, outfit: clothing.Outfit
) -> Character:
    """Dress a morphed body of `vertices` [V, 3]."""
    pieces = [*_skin_pieces(wardrobe, vertices, rest, outfit)]
    for kind in ("suit", "shoes", "hair"):
        garment = getattr(outfit, kind)
        if garment is not None:
            pieces += _garment_pieces(wardrobe.body, vertices, rest, outfit, garment, kind)
    return _join(rest, pieces)


def _skin_pieces(wardrobe, vertices, rest, outfit):
    """Yield skin and eyes, without what clothes cover."""
    body = wardrobe.body
    covered = np.zeros(len(vertices), bool)
    covered[outfit.suit.hidden] = True
    covered &= ~clothing.beyond_hems(outfit, vertices, body.weights, rest.heads)
    if outfit.shoes is not None:
        covered[outfit.shoes.hidden] = True
    skin = body.skin_faces[~covered[body.skin_faces].all(axis=1)]
    for slot, faces in (("skin", skin), ("eyes", body.eye_faces)):
        yield Piece(slot, vertices, body.weights, faces, wardrobe.paint)


def _garment_pieces(body, vertices, rest, outfit, garment, kind):
    """Yield the garment's parts that may look different: each of a jacket's, no tuft of hair."""
    points, weights = fit(garment, vertices), carried_weights(garment, body.weights)
    faces = garment.faces
    if kind == "suit":
        cut = clothing.beyond_hems(outfit, points, weights, rest.heads)
        faces = faces[~cut[faces].any(axis=1)]
    tints = np.ones_like(points)
    slots = clothing.component_slots(garment, kind)
    pieces = [n if slot == "top" else slots.index(slot) for n, slot in enumerate(slots)]
    piece_of_face = np.array(pieces)[garment.components[faces[:, 0]]]
    for piece in np.unique(piece_of_face):
        yield Piece(slots[piece], points, weights, faces[piece_of_face == piece], tints)


def _compact(piece: Piece) -> Piece:
    used, faces = np.unique(piece.faces, return_inverse=True)
    return Piece(
        piece.slot,
        piece.vertices[used],
        piece.weights[used],
        faces.reshape(piece.faces.shape),
        piece.tints[used],
    )


def _join(rest: Rest, pieces: list[Piece]) -> Character:
    pieces = [_compact(piece) for piece in pieces if len(piece.faces)]
    counts = [len(piece.vertices) for piece in pieces]
    starts = np.cumsum([0, *counts[:-1]])
    faces = np.concatenate([p.faces + s for p, s in zip(pieces, starts, strict=True)])
    vertices, weights = (
        np.concatenate([getattr(p, f) for p in pieces]) for f in ("vertices", "weights")
    )
    parts = PART_OF_BONE[np.argmax(weights, axis=1)]
    return Character(
        rest=rest,
        turns=alignments(rest),
        vertices=vertices.astype(np.float32),
        normals=vertex_normals(vertices, faces).astype(np.float32),
        weights=weights.astype(np.float32),
        tints=np.concatenate([p.tints for p in pieces]).astype(np.float32),
        faces=faces.astype(np.int32),
        triples=as_triples(faces),
        face_slots=np.repeat(np.arange(len(pieces)), [len(p.faces) for p in pieces]),
        face_parts=parts[faces[:, 0]],
        slots=tuple(p.slot for p in pieces),
    )


def skin(character: Character, posed: Posed) -> tuple[np.ndarray, np.ndarray]:
    """Return posed vertices [V, 3] and unit normals [V, 3] by linear blend skinning."""
    heads = character.rest.heads[..., None]
    shifts = posed.positions - (posed.rotations @ heads)[..., 0]
    moves = np.concatenate([posed.rotations, shifts[..., None]], axis=-1).astype(np.float32)
    blended = (character.weights @ moves.reshape(len(moves), 12)).reshape(-1, 3, 4)
    turns = blended[..., :3]
    vertices = np.einsum("vij,vj->vi", turns, character.vertices) + blended[..., 3]
    normals = np.einsum("vij,vj->vi", turns, character.normals)
    lengths = np.sqrt(np.einsum("vi,vi->v", normals, normals))
    return vertices, normals / np.maximum(lengths, 1e-9)[:, None]
