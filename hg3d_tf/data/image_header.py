"""What the first bytes of an image file say, read inside a TensorFlow graph.

They are asked before anything is decoded: a file of a few bytes can claim any size.
"""

import tensorflow as tf

from hg3d_tf.images import MAX_SERVED_SIDE as MAX_SIDE

_PNG = b"\x89PNG\r\n\x1a\n"
_EXIF = [0xFF, 0xE1, -1, -1, *b"Exif\0\0"]  # APP1, two bytes of its length, its kind
_EXIF_READ = 1 << 14  # bytes of it, its first directory included
_SCAN = 0xDA  # marker of the pixels, before which Exif stands
_MOST_SEGMENTS = 100  # that are looked at: photos have a dozen
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


def _bytes(image_bytes, count: int, first=0) -> tf.Tensor:
    """Return `count` bytes from a place on as int32; zeros where the file is shorter."""
    padded = tf.strings.join([tf.strings.substr(image_bytes, first, count), "\0" * count])
    part = tf.io.decode_raw(tf.strings.substr(padded, 0, count), tf.uint8)
    return tf.cast(tf.ensure_shape(part, [count]), tf.int32)


def exif_orientation(image_bytes) -> tf.Tensor:
    """Return the orientation 1 to 8 that the Exif of a JPEG gives; 1 where there is none.

    See Exif 2.3, 4.5.4 (the segment) and 4.6.2 (directories of 12-byte entries).
    """
    nowhere = tf.constant(-1)
    place = tf.cond(
        tf.io.is_jpeg(image_bytes), lambda: _place_of_exif(image_bytes), lambda: nowhere
    )
    return tf.cond(
        place >= 0,
        lambda: _tiff_orientation(_bytes(image_bytes, _EXIF_READ, place + len(_EXIF))),
        lambda: tf.constant(1),
    )


def _place_of_exif(image_bytes) -> tf.Tensor:
    """Return where the Exif segment of a JPEG begins, -1 where there is none.

    It comes first as a rule; some programs write a colour profile of any length before it.
    """
    end, pattern = tf.strings.length(image_bytes), tf.constant(_EXIF)

    def next_segment(place, found):
        head = _bytes(image_bytes, len(_EXIF), place)
        is_whole = place + len(_EXIF) <= end  # zeros stand for what a file lacks
        found = is_whole & tf.reduce_all((head == pattern) | (pattern < 0))
        is_filled = head[1] == 0xFF  # any number of such bytes may come before a marker
        step = tf.where(is_filled, 1, 2 + 256 * head[2] + head[3])
        goes_on = (head[0] == 0xFF) & (head[1] != _SCAN)
        return tf.where(found, place, tf.where(goes_on, place + step, end)), found

    place, found = tf.while_loop(
        lambda place, found: ~found & (place < end),
        next_segment,
        (tf.constant(2), tf.constant(False)),
        maximum_iterations=_MOST_SEGMENTS,
    )
    return tf.where(found, place, -1)


def _tiff_orientation(tiff) -> tf.Tensor:
    little_endian = tf.equal(tiff[0], ord("I"))

    def pair(place):  # the number in two bytes at each place
        place = tf.clip_by_value(place, 0, _EXIF_READ - 2)
        first, second = tf.gather(tiff, place), tf.gather(tiff, place + 1)
        return tf.where(little_endian, first + 256 * second, 256 * first + second)

    # Offsets have four bytes; one that does not fit into two lies beyond what is read.
    directory = pair(4 + tf.where(little_endian, 0, 2))
    count = tf.minimum(pair(directory), _MOST_ENTRIES)
    entries = directory + 2 + 12 * tf.range(count)
    is_orientation = tf.equal(pair(entries), _ORIENTATION_TAG)
    value = tf.reduce_sum(tf.where(is_orientation, pair(entries + 8), 0))
    return tf.where((value >= 1) & (value <= 8), value, 1)
