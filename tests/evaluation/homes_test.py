"""A protocol is measured on the datasets that it belongs to, and says so elsewhere."""

import re
from pathlib import Path

from support import painted_people

from hg3d_tf.evaluation import reports
from hg3d_tf.evaluation.protocols import homes, registry
from hg3d_tf.evaluation.protocols.result import Result

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments/README.md"


def test_the_dataset_follows_the_protocol():
    assert homes.plan(["h36m_paper"]) == {"h36m/paper": ["h36m_paper"]}
    both = ["h36m_paper", "bone_symmetry"]
    assert homes.plan(both) == {"h36m/paper": both}
    assert homes.plan(["mpii_pckh", "h36m_pa"]) == {
        "mpii": ["mpii_pckh"],
        "h36m/every64": ["h36m_pa"],
    }
    assert list(homes.plan(["synthetic"])) == list(homes.plan(["pck_box"])) == ["wild", "studio"]
    assert homes.plan(["h36m_paper"], ["wild"]) == {"wild": ["h36m_paper"]}


def test_where_there_is_no_test_it_is_measured_on_validation(data_dir, tmp_path):
    painted_people.store("own", str(tmp_path), False, {"train": 2, "validation": 2})
    assert homes.split_of("own", str(tmp_path)) == "validation"
    assert homes.split_of("painted_3d", data_dir) == "test"
    assert homes.split_of("not_there", data_dir) == "test"
    # Whatever there is of them.
    assert {homes.split_of(name, data_dir) for name in ("mpii", "lspet")} == {"validation"}


def test_the_document_names_the_same_datasets():
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", EXPERIMENTS.read_text("utf-8"), re.MULTILINE)
    documented = {
        name: datasets for names, datasets in rows for name in re.findall(r"`(\w+)`", names)
    }
    for protocol in registry.PROTOCOLS:
        for dataset in homes.plan([protocol]):
            told = documented[protocol]
            assert f"`{dataset}`" in told or told.startswith(("any", "the same"))


def test_elsewhere_it_is_said_above_the_table_that_nothing_can_be_compared():
    result = {"small": Result({"Average": 1.0}, "so", "h36m")}
    everywhere = {"h36m_paper": {name: result for name in ("wild", "h36m/every64")}}
    text, markdown = reports.as_text(everywhere), reports.as_markdown(everywhere)
    for lines in (text, markdown):
        wild, h36m = lines.split("h36m_paper on h36m/every64")
        assert wild.index("NOT COMPARABLE: h36m_paper belongs to h36m") < wild.index("poster")
        assert "NOT COMPARABLE" not in h36m
    assert "wild" in reports.as_json(everywhere)["h36m_paper"]["wild"]["remark"]
    assert not homes.remark("pck_box", "wild") and not homes.remark("by_pose", "lspet")


def test_each_system_is_said_to_be_measured_as_it_was():
    values = {"pck_box_010": 0.5, "mpjpe_mm": 99.0, "pck3d_150": 0.6, "symmetry_mm": 1.0}
    notes = {"mean_pose": "", "a": "flip test", "b": "no flip test", "c": "flip test"}
    rows = {name: Result(values, "so", note=note) for name, note in notes.items()}
    for protocol in ("synthetic", "pck_box"):
        text = reports.as_text({protocol: {"wild": rows}})
        assert text.endswith("\nso\na, c: flip test\nb: no flip test") and text.count("so\n") == 1
        alone = reports.as_text({protocol: {"wild": {"a": rows["a"]}}})
        assert alone.endswith("\nso; flip test")
    block = reports.as_json({"pck_box": {"wild": rows}})["pck_box"]["wild"]
    assert block["statement"] == "so\na, c: flip test\nb: no flip test"
    rows["a"] = Result(values, "otherwise")
    text = reports.as_text({"pck_box": {"wild": rows}})
    assert text.endswith("\nmean_pose, b, c: so\nb: no flip test\nc: flip test\na: otherwise")


def test_a_system_that_could_not_be_measured_on_a_dataset_stays_in_the_table():
    values = {"pck_box_010": 0.5, "mpjpe_mm": 99.0, "pck3d_150": 0.6, "symmetry_mm": 1.0}
    whole, part = ({name: Result(values, "so") for name in names} for names in ("ab", "b"))
    for datasets in ({"wild": whole, "studio": part}, {"studio": part, "wild": whole}):
        rows = reports.as_json({"synthetic": datasets})
        assert set(rows["a"]) == {"wild"} and set(rows["b"]) == {"wild", "studio"}
        table = reports.as_text({"synthetic": datasets}).splitlines()
        (line,) = (line for line in table if line.startswith("a "))
        assert line.count("-") == 4 and line.count("99.0") == 1
