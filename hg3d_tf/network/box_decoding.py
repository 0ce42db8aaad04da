"""Boxes of people out of the finder's three maps, inside the graph.

The same boxes as NumPy's `prediction.finder_decoding`.
"""

import tensorflow as tf

from hg3d_tf.network.finding import (
    LEAST_COUNTED_SCORE,
    MOST_BOXES,
    MOST_OVERLAP,
    STRIDE_PX,
    UNIT_PX,
)


def decode(centre, box, quality) -> tuple[tf.Tensor, tf.Tensor]:
    """Return boxes [B, 50, 4] px of the finder's input and their scores [B, 50], the best first.

    Where there are no more boxes, both are 0.

    Args:
      centre: [B, h, w, 1] logit that a box has its middle in the cell.
      box: [B, h, w, 4] log of the distances from the cell's middle to the box's left, top, right
        and bottom, in 16 px.
      quality: [B, h, w, 1] logit of the box's intersection over union with the true one.
    """
    height, width = centre.shape[1:3]
    heat = tf.sigmoid(tf.clip_by_value(centre, -30.0, 30.0))
    score = tf.sqrt(heat * tf.sigmoid(tf.clip_by_value(quality, -30.0, 30.0)))
    highest = heat >= tf.nn.max_pool2d(heat, 3, 1, "SAME")
    score = tf.where(highest & (score >= LEAST_COUNTED_SCORE), score, 0.0)
    scores, cells = tf.math.top_k(
        tf.reshape(score, [-1, height * width]), min(4 * MOST_BOXES, height * width)
    )
    logs = tf.gather(tf.reshape(box, [-1, height * width, 4]), cells, batch_dims=1)
    sides = tf.exp(tf.clip_by_value(logs, -6.0, 5.0)) * UNIT_PX
    columns_and_rows = tf.cast(tf.stack([cells % width, cells // width], axis=-1), tf.float32)
    middles = (columns_and_rows + 0.5) * STRIDE_PX
    found = tf.concat([middles - sides[..., :2], middles + sides[..., 2:]], axis=-1)
    limit = tf.constant([width, height, width, height], tf.float32) * STRIDE_PX
    found = tf.clip_by_value(found, 0.0, limit)
    # It asks for y1, x1, y2, x2, but overlaps are the same of x1, y1, x2, y2.
    kept = tf.image.combined_non_max_suppression(
        found[:, :, tf.newaxis],
        scores[..., tf.newaxis],
        max_output_size_per_class=MOST_BOXES,
        max_total_size=MOST_BOXES,
        iou_threshold=MOST_OVERLAP,
        score_threshold=LEAST_COUNTED_SCORE / 2,
        clip_boxes=False,
    )
    return kept.nmsed_boxes, kept.nmsed_scores
