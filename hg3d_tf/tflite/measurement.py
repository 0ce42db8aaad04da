"""What TensorFlow Lite files cost and lose, beside the network that they were made from."""

import math

import numpy as np
import tensorflow as tf

from hg3d_tf.evaluation import scoring
from hg3d_tf.network import joint_decoding
from hg3d_tf.network.pose_model import ModelConfig, PoseModel
from hg3d_tf.pictures import tables
from hg3d_tf.tflite.flatbuffer import GPU_DELEGATE_OPERATORS, operators
from hg3d_tf.tflite.litert import TfliteRunner
from hg3d_tf.timing import machine, median_seconds

_TITLES = {
    "size_mb": ("MB", "{:.2f}"),
    "latency_ms": ("ms, 1 thread", "{:.1f}"),
    "pck_box_010": ("PCK@0.1box", "{:.3f}"),
    "pck_loss": ("PCK loss, points", "{:.2f}"),
    "mpjpe_mm": ("MPJPE mm", "{:.1f}"),
    "mpjpe_rise": ("MPJPE rise, %", "{:.2f}"),
    "joints_2d_px": ("joints differ, px of the crop, mean", "{:.4f}"),
    "depth_difference": ("depth differs, half sides, mean", "{:.5f}"),
}


def measure(model: PoseModel, contents: dict[str, bytes], batches, seconds: float = 3) -> dict:
    """Measure files against the network that they were made from.

    Args:
      model: the network.
      contents: form -> bytes of the file.
      batches: of a labelled split, from `input_pipeline.evaluation_batches`; of pictures without
        labels, from `unlabelled`: how far files and network differ is measured, but not what is
        lost; or None: neither is.
      seconds: how long to time each file.

    Returns:
      "keras": the network's metrics, those that there are labels for; "files": form -> numbers,
      those of `_TITLES` that were measured and "operators": signature -> operator -> {"count",
      "gpu_delegate"}.
    """
    size = model.config.input_size
    reference, keras = {}, {}
    if batches is not None:
        # As what is measured of the files: without a flip test.
        predict = scoring.prediction_function(model, flip_test=False)
        reference = scoring.predict_split(model, batches, "Keras", predict)
        keras = scoring.summarize(reference, size) if "visible" in reference else {}
        keras = {name: value for name, value in keras.items() if not math.isnan(value)}
    files = {}
    for form, content in contents.items():
        runner = TfliteRunner(content)
        files[form] = {
            "size_mb": len(content) / 1e6,
            "latency_ms": 1000 * latency_seconds(runner, size, seconds),
            "operators": operators_with_delegate(content),
        }
        if batches is not None:
            predictions = scoring.collect(
                batches,
                lambda batch, runner=runner: predict_batch(runner, batch, model.config),
                form,
            )
            files[form] |= _differences(predictions, reference, size)
            if keras:
                files[form] |= _losses(scoring.summarize(predictions, size), keras)
    return {
        "keras": keras,
        "samples": len(reference.get("key", ())),
        "processor": machine()["processor"],
        "files": files,
    }


def measure_finder(contents: dict[str, bytes], seconds: float = 1) -> dict:
    """Return name -> size, speed and operators of the finder's files, as `measure` of others."""
    rows = {}
    for name, content in contents.items():
        runner = TfliteRunner(content)
        size = runner.input_size("serving_default")
        latency = latency_seconds(runner, size, seconds, "serving_default")
        rows[name] = {
            "size_mb": len(content) / 1e6,
            "latency_ms": 1000 * latency,
            "operators": operators_with_delegate(content),
        }
    return rows


def unlabelled(crops: np.ndarray) -> tf.data.Dataset:
    """Return crops [N, S, S, 3] in [0, 1] as batches for `measure`."""
    fields = {"image": crops, "key": np.arange(len(crops)), "valid": np.ones(len(crops), bool)}
    return tf.data.Dataset.from_tensor_slices(fields).batch(32)


def latency_seconds(
    runner: TfliteRunner, size: int, seconds: float, signature: str | None = None
) -> float:
    """Return the median time of an image; without a signature: of a crop without a flip test."""
    image = np.random.default_rng(0).random((size, size, 3))
    signature = signature or _signature(runner)
    return median_seconds(lambda: runner.run(signature, image), seconds)


def _signature(runner: TfliteRunner) -> str:
    """Return the signature that makes no flip test: in int8 there is only `joints`."""
    return "heatmaps" if "heatmaps" in runner.signatures else "joints"


def operators_with_delegate(content: bytes) -> dict:
    """Return signature -> operator -> how often, and whether the GPU delegate knows it."""
    return {
        signature: {
            name: {"count": count, "gpu_delegate": name in GPU_DELEGATE_OPERATORS}
            for name, count in sorted(counts.items())
        }
        for signature, counts in operators(content).items()
    }


def predict_batch(runner: TfliteRunner, batch, config: ModelConfig) -> dict[str, tf.Tensor]:
    """Return what `scoring.predict_split` does; the file takes one crop at a time."""
    signature = _signature(runner)
    rows = [runner.run(signature, image) for image in batch["image"].numpy()]
    outputs = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    if signature == "joints":
        joints, confidence = outputs["joints_3d_crop"], outputs["confidence"]
        joints_2d_norm, depth = joints[..., :2], joints[..., 2]
    else:
        joints_2d_norm, confidence = joint_decoding.decode_heatmaps(
            outputs["heatmaps"], config.heatmaps, config.confidence_knots
        )
        depth = outputs["depth"]
    return {
        "predicted_2d_norm": tf.constant(joints_2d_norm),
        "predicted_depth": tf.constant(depth),
        "confidence": tf.constant(confidence),
    }


def _losses(metrics: dict, keras: dict) -> dict[str, float]:
    losses = {name: metrics[name] for name in ("pck_box_010", "mpjpe_mm") if name in keras}
    if "pck_box_010" in losses:
        losses["pck_loss"] = 100 * (keras["pck_box_010"] - metrics["pck_box_010"])
    if "mpjpe_mm" in losses:
        losses["mpjpe_rise"] = 100 * (metrics["mpjpe_mm"] / keras["mpjpe_mm"] - 1)
    return losses


def _differences(predictions: dict, reference: dict, size: int) -> dict[str, float]:
    def difference(name):
        return np.abs(predictions[name] - reference[name]).mean()

    return {
        "joints_2d_px": float(difference("predicted_2d_norm") * size / 2),
        "depth_difference": float(difference("predicted_depth")),
    }


def refused(report: dict, max_pck_loss: float, max_mpjpe_rise: float) -> list[str]:
    """Return the forms that lose more than is allowed, or NaN: points of PCK, percent of MPJPE."""
    limits = {"pck_loss": max_pck_loss, "mpjpe_rise": max_mpjpe_rise}
    return [
        form
        for form, row in report["files"].items()
        if not all(row.get(name, 0) <= limit for name, limit in limits.items())
    ]


def as_markdown(report: dict) -> str:
    """Return the report for people."""
    parts = [
        f"# TensorFlow Lite files\n\n{_measured_on(report)} Latency on 1 thread of"
        f" {report['processor']}, the network alone.",
        _table(report["files"]),
        *_operators(report["files"]),
    ]
    if "finder" in report:
        parts += ["The finder:", _table(report["finder"]), *_operators(report["finder"])]
    return "\n\n".join(parts) + "\n"


def _table(files: dict) -> str:
    measured = {name for row in files.values() for name in row}
    titles = {name: title for name, title in _TITLES.items() if name in measured}
    header = ["", *(title for title, _ in titles.values())]
    rows = [
        [form, *(text.format(row[name]) for name, (_, text) in titles.items())]
        for form, row in files.items()
    ]
    return tables.as_markdown([header, *rows])


def _operators(files: dict) -> list[str]:
    lines = []
    for form, row in files.items():
        for signature, counts in row["operators"].items():
            known = ", ".join(f"{n} {c['count']}" for n, c in counts.items() if c["gpu_delegate"])
            unknown = ", ".join(
                f"{n} {c['count']}" for n, c in counts.items() if not c["gpu_delegate"]
            )
            lines.append(
                f"{form}, `{signature}`: in the GPU delegate's list: {known}; not in it:"
                f" {unknown or 'none'}."
            )
    return lines


def _measured_on(report: dict) -> str:
    keras, where = report["keras"], f"{report['samples']} samples of {report.get('test_set')}"
    texts = {"pck_box_010": "PCK@0.1box {:.3f}", "mpjpe_mm": "MPJPE {:.1f} mm"}
    known = [text.format(keras[name]) for name, text in texts.items() if name in keras]
    if known:
        return f"On {where}; Keras: {', '.join(known)}."
    if report["samples"]:
        return f"On {where}, without labels: how far the files' joints are from the network's."
    return (
        "What the files lose was not measured: no dataset is there, build one and name it by"
        " --dataset, or give --calibration_photos."
    )
