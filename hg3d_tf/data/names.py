"""The names of datasets: those rendered here may go without the name of their folder."""

_FOLDER = "synthetic_humans"
_RENDERED = (
    "studio",
    "wild",
    "studio_makehuman",
    "wild_makehuman",
    "street_makehuman",
    "sport_makehuman",
)


def full_name(name: str) -> str:
    """Return "dataset" or "dataset/config" of a name that may be short: `wild` is one."""
    return f"{_FOLDER}/{name}" if name in _RENDERED else name
