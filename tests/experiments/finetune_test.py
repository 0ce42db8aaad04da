"""Fine-tuning the shipped network on a made-up set of own photos."""

import json

import pytest
from PIL import Image
from support import painted_people
from support.commands import fork

pytestmark = pytest.mark.smoke  # half a minute of training and measuring


def run(*arguments):
    process = fork(*arguments)
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_a_few_steps_make_the_network_better_on_own_photos(tmp_path):
    (tmp_path / "own/images").mkdir(parents=True)
    people = []
    for number in range(20):
        example = painted_people.example(number, "own", has_depth=False, truth=False)
        name, joints = f"{number:02d}.jpg", example["joints_2d"] + 0.5
        Image.fromarray(example["image"]).save(tmp_path / "own/images" / name, quality=95)
        people.append({"image": name, "joints": joints.tolist(), "joints_vis": [1] * 16})
    before, after = tuned(tmp_path, people)
    assert after > before + 5


def tuned(tmp_path, people) -> list[float]:
    """Return the PCK at 0.2 of the box of the shipped network and of the tuned one."""
    (tmp_path / "own/annotations.json").write_text(json.dumps(people))
    data = f"--data_dir={tmp_path / 'data'}"
    run("datasets/build.py", "--dataset=own_photos", data, f"--manual_dir={tmp_path / 'own'}")
    run(
        *("-m", "hg3d_tf.train", "--flagfile=experiments/finetune.flags", data),
        *(f"--workdir={tmp_path / 'run'}", "--epochs=1", "--steps_per_epoch=12"),
        *("--batch_size=8", "--learning_rate=1e-3", "--warmup_steps=0"),
    )
    run(
        *("-m", "hg3d_tf.evaluate", f"--workdir=shipped,{tmp_path / 'run'}", data),
        *("--dataset=own_photos", "--split=train", "--protocol=pck_box"),
        f"--output={tmp_path / 'results.json'}",
    )
    results = json.loads((tmp_path / "results.json").read_text())
    [table] = [found["own_photos"] for found in results.values()]
    return [row["all @0.2"] for row in table["rows"].values()]
