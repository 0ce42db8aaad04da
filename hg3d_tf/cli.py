"""What all commands share: quiet start, one line for a user's mistake, an exit status."""

import contextlib
import dataclasses
import math
import os
import re
import select
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from absl import app, flags, logging

from hg3d_tf import files, flagfiles, weights

# Before TensorFlow is imported: it logs, as errors, what it finds missing of CUDA; a failure that
# matters raises an exception as well.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


# The status that a shell gives of a command that a pipe without a reader ended.
_CUT_SHORT = 128 + 13  # SIGPIPE, which not every system has

_made_folders: list[Path] = []  # by this command, the outer ones first

flags.disclaim_key_flags()  # what DEFINE_parsed defines belongs to the command that calls it


class UserError(Exception):
    """A mistake of the user: its text names the input, the problem and the fix, on one line."""


class _Formatter(logging.PythonFormatter):
    """Shows what is logged as commands print it: without clock, thread and line of the source."""

    def format(self, record) -> str:
        text = super(logging.PythonFormatter, self).format(record)  # with a traceback, if any
        return f"{record.levelname.lower()}: {text}"


def run(main: Callable[[], int | None], tensorflow: bool = True) -> None:
    """Parse flags, run `main`, and exit: 0, what `main` returns, or 1 after one line of error.

    --help and its kin end with 0. `tensorflow` as of `run_with_arguments`.
    """

    def checked_main(argv):
        if len(argv) > 1:
            raise UserError(f"unexpected argument {argv[1]!r}: flags are written --name=value")
        return main()

    run_with_arguments(checked_main, tensorflow)


def run_with_arguments(main: Callable[[list[str]], int | None], tensorflow: bool = True) -> None:
    """As `run`, for a command with positional arguments: `main` gets argv.

    Args:
      main: the command.
      tensorflow: import TensorFlow first, without its notices; else `main` may do without it.
    """
    logging.set_verbosity(logging.WARNING)
    logging.get_absl_handler().setFormatter(_Formatter())
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    app.run(lambda argv: sys.exit(_ended(main, argv, tensorflow)), flags_parser=_parse_flags)


def _parse_flags(argv: list[str]) -> list[str]:
    """As absl's own, with one line for a mistake."""
    if problem := flagfiles.problem(argv):
        sys.exit(_fail(problem))
    try:
        with readers_may_leave():
            arguments = flags.FLAGS(argv)
    except flags.Error as error:
        sys.exit(_fail(f"{error}; --help lists the flags"))
    except SystemExit:  # --help and its kin are answered, which absl counts as a failure
        sys.exit(0)
    if problem := _not_finite():
        sys.exit(_fail(problem))
    return arguments


@contextlib.contextmanager
def readers_may_leave(status: int = 0) -> Iterator[None]:
    """Exit without a word where who reads what the block prints has enough, as `head` has."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        left = _left_by_readers()
        if not left:  # another pipe
            raise
        for number in left:
            # What is left Python would write at its end, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        sys.exit(status)


def _left_by_readers() -> list[int]:
    """Return which of stdout and stderr nobody reads any more."""
    if not hasattr(select, "poll"):  # Windows
        return [1]
    poll = select.poll()
    for number in (1, 2):
        poll.register(number, 0)  # what ends a pipe is told anyway
    return [number for number, event in poll.poll(0) if event & (select.POLLERR | select.POLLHUP)]


def _not_finite() -> str | None:
    """Return what is wrong with the first number that is nan or inf, None if all are finite.

    absl takes both, and its bounds let nan through.
    """
    for name in flags.FLAGS:
        value = flags.FLAGS[name].value
        for number in value if isinstance(value, list | tuple) else [value]:
            if isinstance(number, float) and not math.isfinite(number):
                return f"{flags.FLAGS[name].serialize()}: must be a finite number"
    return None


def _ended(main, argv, tensorflow: bool) -> int:
    with readers_may_leave(_CUT_SHORT):
        return _guarded(main, argv, tensorflow)


def _guarded(main, argv, tensorflow: bool) -> int:
    """Return the status of `main`; a failure leaves no empty folder that was made for it."""
    _made_folders.clear()
    status = 1
    try:
        status = _status(main, argv, tensorflow)
        return status
    finally:
        for folder in reversed(_made_folders if status else []):
            with contextlib.suppress(OSError):  # something lies in it
                folder.rmdir()


def _status(main, argv, tensorflow: bool) -> int:
    try:
        if tensorflow:
            import_tensorflow_quietly()
        return main(argv) or 0
    except UserError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("interrupted") and 130
    except OSError as error:
        if isinstance(error, BrokenPipeError) and _left_by_readers():
            raise
        advice = "; make room, and start again" if error.errno in files.NO_ROOM else ""
        return _fail(files.words_of(error) + advice)
    except Exception as error:
        if not _is_of_tensorflows_files(error):
            raise
        return _fail(tensorflows_words(error))


def _is_of_tensorflows_files(error: Exception) -> bool:
    """Tell whether TensorFlow could not read or write a file: its text names the file."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or not isinstance(error, tensorflow.errors.OpError):
        return False
    # Of its errors' kinds, those that its file systems turn errno into; a full disk is the first.
    errors = tensorflow.errors
    kinds = (errors.ResourceExhaustedError, errors.NotFoundError, errors.PermissionDeniedError)
    named = isinstance(error, (*kinds, errors.FailedPreconditionError, errors.UnknownError))
    return named and os.sep in error.message and ";" in error.message


def tensorflows_words(error: Exception) -> str:
    """Return what an error of TensorFlow says to a person: without the names of its operations."""
    return re.sub(r"\{\{.*?\}\} *|\[Op:.*", "", error.message, flags=re.DOTALL).strip()


def import_tensorflow_quietly() -> None:
    """Import TensorFlow without its notices (CUDA, oneDNN)."""
    with native_notices_hidden():
        import tensorflow  # noqa: F401


@contextlib.contextmanager
def native_notices_hidden() -> Iterator[None]:
    """Keep what C++ writes to stderr, past sys.stderr, from the screen, unless the block fails."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as notices:
        os.dup2(notices.fileno(), 2)
        try:
            yield
        except BaseException:
            notices.seek(0)
            os.write(stderr, notices.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _fail(message: str) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 1


def DEFINE_parsed(name: str, default: str | None, parse: Callable, help: str) -> flags.FlagHolder:
    """Define and return a flag whose text `parse` turns into a value once, where flags are read.

    Args:
      name, default, help: as absl's.
      parse: function from text to a value; raises ValueError, which the user gets as one line.
    """
    parser = _Parser(parse)
    return flags.DEFINE(parser, name, default, help, serializer=parser)


def DEFINE_path(
    name: str, default: str | None, help: str, tensorflow: bool = False
) -> flags.FlagHolder:
    """Define and return a flag for a path, in which `~` is home.

    Args:
      name, default, help: as absl's.
      tensorflow: TensorFlow works in that folder: some names are refused.
    """
    read = _reader_of_paths(tensorflow)
    return DEFINE_parsed(name, default, lambda text: read(text) if text else "", help)


def DEFINE_paths(name: str, help: str, tensorflow: bool = False) -> flags.FlagHolder:
    """As `DEFINE_path`, for several, comma-separated; none by default."""
    read = _reader_of_paths(tensorflow)
    return DEFINE_parsed(
        name, "", lambda text: [read(part) for part in text.split(",") if part], help
    )


def _reader_of_paths(tensorflow: bool) -> Callable[[str], str]:
    read = files.tensorflow_path if tensorflow else files.user_path

    def read_path(text: str) -> str:
        if files.is_address(text):
            fix = "download it first, or give a folder of this machine"
            raise ValueError(f"{text}: addresses are not fetched, nor written to: {fix}")
        return str(read(text))

    return read_path


def DEFINE_png(name: str, default: str | None, help: str) -> flags.FlagHolder:
    """As `DEFINE_path`, for a PNG that is written: another suffix is refused, and a folder."""

    def read(text: str) -> str:
        if text and Path(text).suffix.lower() != ".png":
            raise ValueError(f"{text!r} is no name of a PNG: let it end with .png")
        if text and files.user_path(text).is_dir():
            raise ValueError(f"{text!r} is a folder: give the name of a PNG to be written")
        return _reader_of_paths(False)(text) if text else ""

    return DEFINE_parsed(name, default, read, help)


class _Parser(flags.ArgumentParser):
    """Also the serializer: it keeps the text of each value that it made."""

    def __init__(self, parse: Callable):
        self._parse, self._texts = parse, []

    def parse(self, argument):
        if not isinstance(argument, str):
            return argument
        value = self._parse(argument)
        self._texts.append((value, argument))
        return value

    def serialize(self, value) -> str:
        return next(text for known, text in self._texts if known is value)

    def flag_type(self) -> str:
        return "text"


def integers(text: str) -> tuple[int, ...]:
    """Return whole numbers, given as 1,2,3. Raises ValueError for anything else."""
    parts = text.split(",") if text else []
    try:
        return tuple(int(part) for part in parts)
    except ValueError:
        raise ValueError(f"{text!r} is not a list of whole numbers such as 40,50") from None


def require(value, flag: str, why: str) -> None:
    """Raise UserError unless the flag called `flag`, or the argument called `<flag>`, was given."""
    if value in (None, "", []):
        name = flag if flag.startswith("<") else f"--{flag}"
        raise UserError(f"{name} is missing: {why}")


def counted(count: int, thing: str) -> str:
    """Return a number of things in words that go together: "1 pose", "2 poses"."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def flags_into_string() -> str:
    """Return the effective values of the command's own flags, as a flagfile."""
    lines = (flag.serialize() for flag in _own_flags() if flag.value is not None)
    return "\n".join(sorted(line for line in lines if line)) + "\n"


def default_lines() -> dict[str, str]:
    """Return the line of a flagfile that sets a flag of the command to its default, by name."""
    defaults = (flag for flag in _own_flags() if flag.default is not None)
    return {flag.name: flag._serialize(flag.default) for flag in defaults}


def _own_flags() -> list[flags.Flag]:
    return flags.FLAGS.get_key_flags_for_module(sys.modules["__main__"])


def flag_values(config_class: type, prefix: str = "", skip: tuple[str, ...] = ()) -> dict:
    """Return the flags called prefix + the name of a field of a dataclass, by field."""
    names = [field.name for field in dataclasses.fields(config_class) if field.name not in skip]
    return {
        name: flags.FLAGS[prefix + name].value for name in names if prefix + name in flags.FLAGS
    }


@contextlib.contextmanager
def flag_errors() -> Iterator[None]:
    """Turn a ValueError, raised for settings that cannot be, into a UserError."""
    try:
        yield
    except ValueError as error:
        raise UserError(str(error)) from error


def writable_folder(path: str) -> Path:
    """Make the folder and return it; if the command fails, it goes again where it is empty.

    Raises:
      UserError: if nothing can be written there.
    """
    folder = files.user_path(path)
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        _made_folders.extend(reversed(missing))
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise UserError(
            f"cannot write to {path}: {error.strerror}; choose another folder"
        ) from error


def require_writable(*names: str) -> None:
    """Make the folders of the files that flags name, where they do.

    Raises:
      UserError: if one cannot be written: better now than after the work.
    """
    for path in filter(None, (flags.FLAGS[name].value for name in names)):
        if Path(path).is_dir():
            raise UserError(f"{path} is a folder: give the name of a file to be written")
        writable_folder(str(Path(path).parent))


def writable_training_folder(path: str) -> Path:
    """Do as `writable_folder`, but refuse the names of networks in the package.

    What is trained under such a name no command would find: they take the package's.
    """
    if path in weights.MODEL_FILES:
        raise UserError(
            f"{path} means a network in the package wherever a training folder is named: choose"
            " another folder"
        )
    return writable_folder(path)
