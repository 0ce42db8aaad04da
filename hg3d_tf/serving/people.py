"""The people of whole pictures, inside the served graph: who they are, and in which boxes."""

import tensorflow as tf

from hg3d_tf.network import box_decoding
from hg3d_tf.network.crop import BOX_MARGIN
from hg3d_tf.network.finder import INPUT_SIZE
from hg3d_tf.network.finding import JOINT_TOLERANCES, LEAST_SCORE, SAME_PERSON
from hg3d_tf.serving import whole_picture
from hg3d_tf.serving.whole_picture import Picture, Square


class PeopleServer:
    """Image files -> the poses of all people.

    Each picture is decoded once. Each network runs once: the finder on all pictures, that of poses
    on the crops of all people, of whom there may be none.

    Args:
      finder: from `finder.build_finder`.
      predict: crops [N, size, size, 3], matrices [N, 3, 3] from their px to the picture's, and
        the pictures' sizes [N, 2] px -> joints [N, 16, ...] by name, `joints_2d` among them.
      size: px of the crops.
      most_people: P, how many of a picture are looked at, the surest.
    """

    def __init__(self, finder, predict, size: int, most_people: int):
        self.most_people = most_people
        self.size = size
        self._find = lambda squares: finder(squares, training=False)
        shapes = ([None, size, size, 3], [None, 3, 3], [None, 2])
        signature = [tf.TensorSpec(shape) for shape in shapes]
        self._predict = tf.function(predict, input_signature=signature, autograph=False)

    def __call__(self, image_bytes) -> dict[str, tf.Tensor]:
        """Return boxes [B, P, 4], scores and valid [B, P] and joints [B, P, 16, ...], by name.

        The surest come first. What is not valid is 0.
        """
        pictures, squares, sizes = self._decode(image_bytes)
        boxes, scores = box_decoding.decode(**self._find(squares.pixels))
        corner, scale = tf.tile(squares.corner, [1, 2]), squares.scale[:, tf.newaxis]
        limit = tf.tile(sizes, [1, 2])[:, tf.newaxis]
        boxes = (boxes - corner[:, tf.newaxis]) / scale[..., tf.newaxis]
        boxes = tf.clip_by_value(boxes, 0.0, limit)
        sure = (scores >= LEAST_SCORE) & tf.reduce_all(boxes[..., 2:] > boxes[..., :2], axis=-1)
        people = _first(sure, {"boxes": boxes, "scores": scores}, self.most_people)
        people |= self._poses(pictures, sizes, people["boxes"], people["valid"])
        distinct = without_twins(people["joints_2d"], people["scores"])
        return _first(distinct, people, self.most_people)

    def _decode(self, image_bytes):
        """Decode files [B].

        Returns:
          what gives the `Picture` of a place, the `Square`s as a batch, and the pictures' sizes
          [B, 2] px as they are seen.
        """
        count = tf.shape(image_bytes)[0]

        def look_at(encoded):
            picture = whole_picture.decode(encoded)
            return *picture, *whole_picture.letterbox(picture, INPUT_SIZE)

        def body(place, arrays):
            values = look_at(image_bytes[place])
            written = [a.write(place, v) for a, v in zip(arrays, values, strict=True)]
            return place + 1, written

        shapes = [[None, None, 3], [], [3], [3, 3], [2], [INPUT_SIZE, INPUT_SIZE, 3], [], [2]]
        dtypes = [tf.uint8] + [tf.float32] * (len(shapes) - 1)
        arrays = [
            tf.TensorArray(dtype, count, element_shape=shape, infer_shape=None not in shape)
            for dtype, shape in zip(dtypes, shapes, strict=True)
        ]
        _, arrays = tf.while_loop(lambda place, _: place < count, body, (0, arrays))
        of_picture = arrays[: len(Picture._fields)]
        squares = Square(*(array.stack() for array in arrays[len(Picture._fields) :]))
        sizes = of_picture[Picture._fields.index("seen_size")].stack()
        return lambda place: Picture(*(a.read(place) for a in of_picture)), squares, sizes

    def _poses(self, pictures, sizes, boxes, valid) -> dict[str, tf.Tensor]:
        """Return the joints in the boxes [B, P, 4] that are valid [B, P], 0 in the others."""
        places = tf.cast(tf.where(valid), tf.int32)

        def crop(row):
            place, box = row
            return whole_picture.crop(pictures(place), box, BOX_MARGIN, self.size)

        spec = tf.TensorSpec([self.size, self.size, 3]), tf.TensorSpec([3, 3])
        rows = places[:, 0], tf.boolean_mask(boxes, valid)
        joints = self._predict.get_concrete_function().structured_outputs
        poses = tf.cond(
            tf.shape(places)[0] > 0,
            lambda: self._predict(
                *tf.map_fn(crop, rows, fn_output_signature=spec), tf.gather(sizes, places[:, 0])
            ),
            # Fused convolutions refuse a batch of nothing.
            lambda: {name: tf.zeros([0, *value.shape[1:]]) for name, value in joints.items()},
        )

        def spread(values):
            shape = tf.concat([tf.shape(valid), tf.shape(values)[1:]], axis=0)
            static = [None, self.most_people, *values.shape[1:]]
            return tf.ensure_shape(tf.scatter_nd(places, values, shape), static)

        return {name: spread(values) for name, values in poses.items()}


def _first(valid, people: dict[str, tf.Tensor], count: int) -> dict[str, tf.Tensor]:
    """Return the first `count` of valid people [B, N], with `valid` [B, count]; else zeros."""
    order = tf.argsort(tf.cast(~valid, tf.int32), axis=1, stable=True)[:, :count]
    kept = tf.gather(valid, order, batch_dims=1)

    def pick(values):
        picked = tf.gather(values, order, batch_dims=1)
        there = tf.reshape(kept, [-1, count] + [1] * (picked.shape.rank - 2))
        return tf.where(there, picked, tf.zeros_like(picked))

    others = {name: values for name, values in people.items() if name != "valid"}
    return {name: pick(values) for name, values in others.items()} | {"valid": kept}


def without_twins(joints_2d, scores) -> tf.Tensor:
    """Return which of the people [B, P] of scores above 0 are not one who is surer: [B, P] bool.

    As `prediction.people.without_twins`.

    Args:
      joints_2d: [B, P, 16, 2] px.
      scores: [B, P], the surest first.
    """
    sides = tf.reduce_max(joints_2d, axis=2) - tf.reduce_min(joints_2d, axis=2)
    longer = tf.reduce_max(sides, axis=-1)
    areas = tf.maximum(tf.reduce_prod(sides, axis=-1), longer**2 / 3)
    areas = tf.maximum(tf.maximum(areas[:, tf.newaxis], areas[:, :, tf.newaxis]), 1.0)
    squares = tf.reduce_sum((joints_2d[:, tf.newaxis] - joints_2d[:, :, tf.newaxis]) ** 2, axis=-1)
    tolerances = tf.constant(JOINT_TOLERANCES, tf.float32)
    alike = tf.exp(-squares / (2 * areas[..., tf.newaxis] * tolerances**2))
    count = scores.shape[1]

    def distinct(row):
        likeness, score = row
        kept = tf.image.non_max_suppression_overlaps(likeness, score, count, SAME_PERSON, 0.0)
        return tf.reduce_any(tf.range(count)[:, tf.newaxis] == kept, axis=1)

    rows = tf.reduce_mean(alike, axis=-1), scores
    return tf.map_fn(distinct, rows, fn_output_signature=tf.TensorSpec([count], tf.bool))
