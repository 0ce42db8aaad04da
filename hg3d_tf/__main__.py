"""All commands under one name: `hg3d predict photo.jpg` is `python -m hg3d_tf.predict photo.jpg`.

`hg3d` alone lists the commands. Nothing but the command that is asked for is imported.
"""

import ast
import runpy
import sys
from pathlib import Path

from hg3d_tf import __version__

COMMANDS = (
    "predict",
    "convert",
    "train",
    "evaluate",
    "export",
    "client",
    "inspect_data",
    "import_weights",
    "benchmark",
)


def main() -> None:
    """Run the command that the first argument names, or list the commands."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in COMMANDS:
        sys.argv = [f"hg3d {name}", *arguments]
        try:
            runpy.run_module(f"hg3d_tf.{name}", run_name="__main__", alter_sys=True)
        except KeyboardInterrupt:  # while it is imported: later it ends by itself
            print("error: interrupted", file=sys.stderr)
            sys.exit(130)
    elif name == "--version":
        _tell(f"hg3d {__version__}")
    elif name in ("--help", "-h", "help"):
        _tell(overview())
    else:
        sys.exit(f"error: hg3d has no command {name!r}: there are {', '.join(COMMANDS)}")


def _tell(text: str) -> None:
    from hg3d_tf import cli

    with cli.readers_may_leave():
        print(text)


def overview() -> str:
    """Return a line for each command, the first of its description."""
    width = max(map(len, COMMANDS))
    lines = [f"  hg3d {name:<{width}}  {_purpose(name)}" for name in COMMANDS]
    return "\n".join(
        [
            "3D human pose from photos and films.",
            "",
            *lines,
            "",
            "hg3d COMMAND --help explains one.",
        ]
    )


def _purpose(name: str) -> str:
    """Return what the command's docstring says before its example, read without importing it."""
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)).split(": `")[0]


if __name__ == "__main__":
    main()
