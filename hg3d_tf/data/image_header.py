"""What the first bytes of an image file say, read inside a TensorFlow graph.

They are asked before anything is decoded: a file of a few bytes can claim any size.
"""

import tensorflow as tf

from hg3d_tf.images import MAX_SERVED_SIDE as MAX_SIDE

_PNG = b"\x89PNG\r\n\x1a\n"
_EXIF = [0xFF, 0xE1, -1, -1, *b"Exif\0\0"]  # APP1, two bytes of its length, its kind
_EXIF_LATEST = 1024  # bytes before it; Exif comes first, after at most a JFIF segment
_EXIF_READ = 1 << 14  # bytes of the file, its first directory included
_ORIENTATION_TAG = 0x0112
_MOST_ENTRIES = 64  # of a directory that are looked at


def stored_size(image_bytes) -> tf.Tensor:
    """Return width and height, [2] int32 px, as the file stores them.

    Raises, in the graph, for anything but a JPEG, PNG, GIF or BMP with sides of 1 to MAX_SIDE px.
    """
    jpeg = tf.io.is_jpeg(image_bytes)
    size, known = tf.cond(
        jpeg,
        lambda: (tf.io.extract_jpeg_shape(image_bytes)[1::-1], True),
        lambda: _size_in_header(image_bytes),
    )
    checks = [
        _check(known, "not a JPEG, PNG, GIF or BMP image"),
        _check(tf.reduce_all(size > 0), "the image has no pixels: width and height", size),
        _check(
            tf.reduce_all(size <= MAX_SIDE),
            f"the image is larger than {MAX_SIDE} px on a side: width and height",
            size,
        ),
    ]
    with tf.control_dependencies(checks):
        return tf.ensure_shape(tf.identity(size), [2])


def _check(condition, *message) -> tf.Operation:
    return tf.debugging.Assert(condition, message)


def _size_in_header(image_bytes):
    header = tf.cast(_bytes(image_bytes, 32), tf.int64)
    png = tf.reduce_all(header[:8] == list(_PNG))
    gif = tf.reduce_all(header[:4] == list(b"GIF8"))
    bmp = tf.reduce_all(header[:2] == list(b"BM"))

    def number(*places):  # the most significant byte first
        values = [256**i for i in reversed(range(len(places)))]
        return tf.reduce_sum(tf.gather(header, places) * values)

    png_size = tf.stack([number(16, 17, 18, 19), number(20, 21, 22, 23)])
    gif_size = tf.stack([number(7, 6), number(9, 8)])
    bmp_size = tf.stack([number(21, 20, 19, 18), number(25, 24, 23, 22)])
    # A BMP that is stored from its top line down says so by a negative height.
    bmp_size = tf.minimum(bmp_size, tf.abs(bmp_size - 2**32))
    size = tf.where(png, png_size, tf.where(gif, gif_size, bmp_size))
    return tf.cast(tf.minimum(size, tf.int32.max), tf.int32), png | gif | bmp


def _bytes(image_bytes, count: int) -> tf.Tensor:
    """Return the first `count` bytes as int32; zeros where the file is shorter."""
    padded = tf.strings.join([tf.strings.substr(image_bytes, 0, count), "\0" * count])
    first = tf.io.decode_raw(tf.strings.substr(padded, 0, count), tf.uint8)
    return tf.cast(tf.ensure_shape(first, [count]), tf.int32)


def exif_orientation(image_bytes) -> tf.Tensor:
    """Return the orientation 1 to 8 that the Exif of a JPEG gives; 1 where there is none.

    See Exif 2.3, 4.5.4 (the segment) and 4.6.2 (directories of 12-byte entries).
    """
    head = _bytes(image_bytes, _EXIF_READ)
    windows = tf.signal.frame(head[:_EXIF_LATEST], len(_EXIF), 1)
    pattern = tf.constant(_EXIF)
    found = tf.reduce_all((windows == pattern) | (pattern < 0), axis=1)
    there = tf.io.is_jpeg(image_bytes) & tf.reduce_any(found)
    start = tf.cast(tf.argmax(found), tf.int32) + len(_EXIF)
    return tf.cond(there, lambda: _tiff_orientation(head, start), lambda: tf.constant(1))


def _tiff_orientation(head, start) -> tf.Tensor:
    little_endian = tf.equal(head[start], ord("I"))

    def pair(place):  # the number in two bytes at each place
        place = tf.clip_by_value(place, 0, _EXIF_READ - 2)
        first, second = tf.gather(head, place), tf.gather(head, place + 1)
        return tf.where(little_endian, first + 256 * second, 256 * first + second)

    # Offsets have four bytes; one that does not fit into two lies beyond what is read.
    directory = start + pair(start + 4 + tf.where(little_endian, 0, 2))
    count = tf.minimum(pair(directory), _MOST_ENTRIES)
    entries = directory + 2 + 12 * tf.range(count)
    is_orientation = tf.equal(pair(entries), _ORIENTATION_TAG)
    value = tf.reduce_sum(tf.where(is_orientation, pair(entries + 8), 0))
    return tf.where((value >= 1) & (value <= 8), value, 1)
