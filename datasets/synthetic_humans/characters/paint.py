"""Pupils, brows and lips, painted on the vertices of MakeHuman's base mesh."""

import numpy as np

from synthetic_humans.characters.body import Body


def paint_of(body: Body) -> np.ndarray:
    """Return factors [V, 3] on the colours of skin and eyes."""
    paint = np.ones_like(body.vertices)
    if len(body.eye_faces):
        _paint_face(body, paint)
    return paint


def _paint_face(body: Body, paint: np.ndarray) -> None:
    """Darken pupils and brows and redden lips; distances in the unmorphed body, mm."""
    eyes = np.unique(body.eye_faces)
    left = eyes[body.vertices[eyes, 0] > 0]
    centre = body.vertices[left].mean(axis=0)
    x, y, z = np.moveaxis(body.vertices - centre, -1, 0)
    x = np.abs(body.vertices[:, 0]) - centre[0]
    ball = np.isin(np.arange(len(x)), eyes)
    front = ball & (z > 0)
    paint[front & (np.hypot(x, y) < 7)] = (0.25, 0.18, 0.12)
    face = ~ball & (z > -20)
    brow = face & (np.abs(y - 17 - 0.1 * np.abs(x)) < 4) & (np.abs(x) < 20)
    paint[brow] = (0.45, 0.4, 0.38)
    lips = face & (np.hypot((x + centre[0]) / 24, (y + 64) / 9) < 1)
    paint[lips] = (0.9, 0.62, 0.62)
