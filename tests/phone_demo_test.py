"""The Kotlin code of demo/README.md: it compiles, and finds and poses whom Python does."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")

from hg3d_tf import weights
from hg3d_tf.prediction import person_finder, photos
from hg3d_tf.tflite import litert

DEMO = Path(__file__).parent.parent / "demo"
PHONE = Path(__file__).parent / "support/phone"

# What the app has: its files, its picture, and two functions that the README names.
AROUND = """
import java.io.DataInputStream
import java.io.File
import java.io.FileInputStream
import kotlin.math.*
import org.tensorflow.lite.Interpreter

class Context(val filesDir: File)
class Picture(val side: Int, val bytes: ByteArray)

fun rgb(picture: Picture, x: Int, y: Int) =
    FloatArray(3) { (picture.bytes[3 * (y * picture.side + x) + it].toInt() and 255) / 255f }

fun intersectionOverUnion(a: FloatArray, b: FloatArray): Float {
    val width = max(0f, min(a[2], b[2]) - max(a[0], b[0]))
    val height = max(0f, min(a[3], b[3]) - max(a[1], b[1]))
    fun area(box: FloatArray) = (box[2] - box[0]) * (box[3] - box[1])
    return width * height / (area(a) + area(b) - width * height)
}

fun main(arguments: Array<String>) {
    val context = Context(File(arguments[0]))
    fun picture(name: String, side: Int) = Picture(side, File(context.filesDir, name).readBytes())
    val letterboxed = picture("square.rgb", 256)
    val bitmap = picture("crop.rgb", 192)
"""
TOLD = """
    println(people.map { (score, box) -> listOf(score) + box.toList() })
    println(listOf(joints2d, joints3d).map { all -> all[0].map { it.toList() } })
}
"""


def record(model, folder, key, pixels):
    """Keep what a file answers to a picture where the interpreter's stand-in looks for it."""
    image = pixels / np.float32(255)
    outputs = litert.TfliteRunner(model.read_bytes()).run(key, image)
    folder.mkdir()
    image.astype("<f4").tofile(folder / f"{key}.image.in")
    for name, value in outputs.items():
        value.astype("<f4").tofile(folder / f"{key}.{name}.out")
    return outputs


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("kotlinc"), reason="no Kotlin")
def test_the_kotlin_code_finds_and_poses_whom_python_does(tmp_path):
    with Image.open(DEMO / "web/src/sample.jpg") as opened:
        sample = opened.convert("RGB")
    square = Image.new("RGB", (256, 256), (127, 127, 127))
    for corner in ((0, 0), (100, 100)):
        square.paste(sample.resize((156, 156)), corner)
    square, crop = np.asarray(square), np.asarray(sample.resize((192, 192)))
    record(weights.FINDER_FILE, tmp_path / "finder.tflite.d", "serving_default", square)
    posed = record(weights.TFLITE_FILE, tmp_path / "float16.tflite.d", "joints", crop)
    square.tofile(tmp_path / "square.rgb")
    crop.tofile(tmp_path / "crop.rgb")

    text = (DEMO / "README.md").read_text()
    code = "\n".join(re.findall(r"```kotlin\n(.*?)```", text, re.DOTALL))
    (tmp_path / "App.kt").write_text(AROUND + code + TOLD)
    work = {"cwd": tmp_path, "check": True, "capture_output": True, "text": True}
    subprocess.run(["javac", "-d", ".", *map(str, PHONE.rglob("*.java"))], **work)
    subprocess.run(["kotlinc", "-cp", ".", "-include-runtime", "-d", "app.jar", "App.kt"], **work)
    told = subprocess.run(["java", "-cp", "app.jar:.", "AppKt", "."], **work).stdout.splitlines()
    people, (joints_2d, joints_3d) = map(json.loads, told)

    expected = person_finder.LiteRTFinder(weights.FINDER_FILE)(photos.Photo("square", square))
    assert len(people) == len(expected.boxes) == 2
    np.testing.assert_allclose([score for score, *_ in people], expected.scores, atol=1e-4)
    boxes = np.clip([box for _, *box in people], 0, 256)
    np.testing.assert_allclose(boxes, expected.boxes, atol=0.01)
    np.testing.assert_allclose(joints_2d, posed["joints_2d"][0], rtol=1e-4)
    np.testing.assert_allclose(joints_3d, posed["joints_3d"][0], rtol=1e-4)
