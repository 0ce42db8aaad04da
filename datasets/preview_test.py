from PIL import Image
from support import painted_people

import preview
from hg3d_tf.data import prepared


def test_a_dataset_without_training_examples_is_shown_too(tmp_path):
    painted_people.store("only_test", str(tmp_path), has_depth=True, counts={"test": 3})
    builder = prepared.load_builder("only_test", str(tmp_path))
    preview.write_contact_sheet([builder], tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width == 6 * sheet.height  # three examples, each with its view from the side
