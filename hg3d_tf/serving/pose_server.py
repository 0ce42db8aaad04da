"""From image bytes to joints, as one TensorFlow graph: what export writes and predict runs."""

import json

import tensorflow as tf

from hg3d_tf import line_of_sight
from hg3d_tf.network import joint_decoding
from hg3d_tf.network.crop import BOX_MARGIN
from hg3d_tf.network.pose_model import PoseModel
from hg3d_tf.serving import camera_frame, served_image
from hg3d_tf.serving.description import describe_model
from hg3d_tf.serving.people import PeopleServer

_IMAGES = tf.TensorSpec([None], tf.string, name="image_bytes")
_BOXES = tf.TensorSpec([None, 4], tf.float32, name="boxes")
_HEIGHTS = tf.TensorSpec([None], tf.float32, name="person_height_mm")
_FOCAL_LENGTHS = tf.TensorSpec([None], tf.float32, name="focal_length_px")


class PoseServer:
    """The signatures of the SavedModel; `description` says what goes in and out, with units.

    The batch comes first everywhere. A request that cannot be answered raises InvalidArgumentError
    as a whole.

    Args:
      model: the network.
      version: its name, for the description.
      finder: from `finder.build_finder`, for the signature `predict_people`; None leaves it out.
      most_people: how many people of a picture that finds.
    """

    def __init__(self, model: PoseModel, version: str = "", finder=None, most_people: int = 0):
        self.size = model.config.input_size
        self.decoding = model.config.heatmaps, model.config.confidence_knots
        self.variables = [*model.variables, *(finder.variables if finder is not None else [])]
        # What the signatures share is traced once.
        self.network = tf.function(
            lambda crops: model.infer(crops),
            input_signature=[tf.TensorSpec([None, self.size, self.size, 3])],
            autograph=False,
        )
        self.crop = tf.function(
            lambda encoded, box, margin: served_image.crop_of_box(encoded, box, margin, self.size),
            input_signature=[tf.TensorSpec([], tf.string), tf.TensorSpec([4]), tf.TensorSpec([])],
            autograph=False,
        )
        if finder is not None:
            self.people = PeopleServer(finder, self._predict, self.size, most_people)
            self.predict_people = tf.function(
                self._predict_people, input_signature=[_IMAGES], autograph=False
            )
        described = describe_model(
            self.size,
            version,
            most_people if finder is not None else 0,
            model.config.confidence_knots,
        )
        self.description = json.dumps(described, indent=2)

    def signatures(self) -> dict[str, tf.types.experimental.ConcreteFunction]:
        """Return the functions to export, by name."""
        size = self.size
        crops = tf.TensorSpec([None, size, size, 3], tf.uint8, name="crops")
        float_crops = tf.TensorSpec([None, size, size, 3], tf.float32, name="crops")
        of_people = {}
        if hasattr(self, "predict_people"):
            of_people = {"predict_people": self.predict_people.get_concrete_function()}
        return of_people | {
            "serving_default": self.predict.get_concrete_function(),
            "predict_boxes": self.predict_boxes.get_concrete_function(),
            "predict_metric": self.predict_metric.get_concrete_function(),
            "predict_crops": self.predict_crops.get_concrete_function(crops),
            "heatmaps": self.heatmaps.get_concrete_function(float_crops),
            "describe": self.describe.get_concrete_function(),
        }

    @tf.function(autograph=False, input_signature=[_IMAGES])
    def predict(self, image_bytes):
        """Take the whole image as the crop (padded to a square)."""
        with tf.control_dependencies([_check_batch(image_bytes)]):
            image_bytes = tf.identity(image_bytes)

        def crop(encoded):
            box = tf.concat([tf.zeros([2]), served_image.seen_size(encoded)], axis=0)
            return self.crop(encoded, box, 1.0)

        crops, to_image = tf.map_fn(crop, image_bytes, fn_output_signature=self._crop_spec())
        return self._predict(crops, to_image)

    @tf.function(autograph=False, input_signature=[_IMAGES, _BOXES])
    def predict_boxes(self, image_bytes, boxes):
        """Take the person in the box of each image."""
        return self._predict(*self._crops_of_boxes(image_bytes, boxes))

    def _predict_people(self, image_bytes):
        """Find the people of each image."""
        with tf.control_dependencies([_check_batch(image_bytes)]):
            return self.people(tf.identity(image_bytes))

    @tf.function(autograph=False, input_signature=[_IMAGES, _BOXES, _HEIGHTS, _FOCAL_LENGTHS])
    def predict_metric(self, image_bytes, boxes, person_height_mm, focal_length_px):
        """Also give the true size, and the place before the camera, under assumptions."""
        known = [
            _check_same_length(image_bytes, person_height_mm, focal_length_px),
            _check_positive("person_height_mm", person_height_mm),
            _check_positive("focal_length_px", focal_length_px),
        ]
        with tf.control_dependencies(known):
            crops, to_image, sizes = self._crops_of_boxes(image_bytes, boxes)
        outputs = self._predict(crops, to_image, sizes)
        joints = outputs["joints_3d_crop"]
        scale = camera_frame.metric_scale(joints, outputs["confidence"], person_height_mm)
        metric = joint_decoding.from_pelvis(joints) * scale[:, tf.newaxis, tf.newaxis]
        metric = self._in_camera(metric, to_image, sizes, focal_length_px)
        mm_per_px = scale / (to_image[:, 0, 0] * (self.size / 2))
        placed = camera_frame.place(metric, outputs["joints_2d"], mm_per_px, focal_length_px, sizes)
        return outputs | {"joints_3d_metric": metric, "joints_3d_camera": placed}

    @tf.function(autograph=False)
    def predict_crops(self, crops):
        """Take square crops that fit the network, uint8."""
        with tf.control_dependencies([_check_batch(crops), self._check_size(crops)]):
            crops = tf.cast(tf.identity(crops), tf.float32) / 255.0
        return self._predict(crops, tf.eye(3, batch_shape=[tf.shape(crops)[0]]))

    @tf.function(autograph=False)
    def heatmaps(self, crops):
        """Give what the network itself puts out for crops in [0, 1], after its flip test if any."""
        with tf.control_dependencies([_check_batch(crops), self._check_size(crops)]):
            outputs = self.network(tf.identity(crops))
        return {"heatmaps": outputs["heatmaps"][-1], "depth": outputs["depth"]}

    @tf.function(
        autograph=False, input_signature=[tf.TensorSpec([None], tf.string, name="request")]
    )
    def describe(self, request):
        """Give the description, JSON, once for each element of the request."""
        return {"description": tf.fill(tf.shape(request), self.description)}

    def _crops_of_boxes(self, image_bytes, boxes):
        checks = [_check_batch(image_bytes), _check_same_length(image_bytes, boxes)]
        with tf.control_dependencies(checks):
            rows = tf.identity(image_bytes), tf.identity(boxes)

        def crop(row):
            encoded, box = row
            size = served_image.seen_size(encoded)
            with tf.control_dependencies([_check_box(box, size)]):
                box = tf.identity(box)
            return (*self.crop(encoded, box, BOX_MARGIN), size)

        return tf.map_fn(crop, rows, fn_output_signature=(*self._crop_spec(), tf.TensorSpec([2])))

    def _check_size(self, crops) -> tf.Operation:
        """Check that crops fit the network: the signature's shape is not looked at in a request."""
        size, wanted = tf.shape(crops)[1:], [self.size, self.size, 3]
        message = f"the crops are not [B, {self.size}, {self.size}, 3]"
        return tf.debugging.Assert(tf.reduce_all(size == wanted), [message, size])

    def _crop_spec(self):
        return tf.TensorSpec([self.size, self.size, 3]), tf.TensorSpec([3, 3])

    def _predict(self, crops, to_image, sizes=None):
        """Return the outputs for crops of images of `sizes` [B, 2] px, or for whole images."""
        outputs = joint_decoding.decode_outputs(self.network(crops), *self.decoding)
        crop_px = (outputs["joints_3d_crop"][..., :2] + 1.0) * (self.size / 2)
        joints_2d = crop_px @ tf.transpose(to_image[:, :2, :2], [0, 2, 1])
        outputs |= {"joints_2d": joints_2d + to_image[:, tf.newaxis, :2, 2]}
        if sizes is not None:
            focal_lengths = line_of_sight.ASSUMED_FOCAL * tf.reduce_max(sizes, axis=1)
            outputs |= {
                "joints_3d": self._in_camera(outputs["joints_3d"], to_image, sizes, focal_lengths)
            }
        return outputs

    def _in_camera(self, joints, to_image, sizes, focal_lengths):
        """Turn joints [B, 16, 3] from their crops' frames to those of cameras, [B] px."""
        middles = tf.linalg.matvec(to_image, [self.size / 2, self.size / 2, 1.0])[:, :2]
        off_axis = (middles - sizes / 2) / focal_lengths[:, tf.newaxis]
        x_y_z = line_of_sight.turned(
            tf.unstack(joints, axis=-1), tf.split(off_axis, 2, axis=1), tf.sqrt
        )
        return tf.stack(x_y_z, axis=-1)


def _check_batch(batch) -> tf.Operation:
    return tf.debugging.Assert(tf.shape(batch)[0] > 0, ["the batch is empty"])


def _check_same_length(*batches) -> tf.Operation:
    lengths = tf.stack([tf.shape(batch)[0] for batch in batches])
    message = ["the inputs differ in their number of rows", lengths]
    return tf.debugging.Assert(tf.reduce_all(lengths == lengths[0]), message)


def _check_positive(name: str, values) -> tf.Operation:
    valid = tf.math.is_finite(values) & (values > 0)
    return tf.debugging.Assert(tf.reduce_all(valid), [f"{name} must be positive", values])


def _check_box(box, size) -> tf.Operation:
    """Check that a box x1, y1, x2, y2 has an area of which the image shows a part."""
    corner, far = box[:2], box[2:]
    valid = tf.reduce_all(tf.math.is_finite(box)) & tf.reduce_all(far - corner >= 1)
    shown = tf.reduce_all((corner < size) & (far > 0))
    message = "the box is not x1, y1, x2, y2 px, at least 1 px wide and high, in the image"
    return tf.debugging.Assert(valid & shown, [message, box, "of width and height", size])
