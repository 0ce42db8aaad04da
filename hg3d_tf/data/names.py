"""The names of datasets: those rendered here may go without the name of their folder."""

FOLDER = "synthetic_humans"
# In this order: an example is drawn from its place here, so that new names come last.
RENDERED = (
    "studio",
    "wild",
    "studio_makehuman",
    "wild_makehuman",
    "street_makehuman",
    "sport_makehuman",
)


def full_name(name: str) -> str:
    """Return "dataset" or "dataset/config" of a name that may be short: `wild` is one."""
    return f"{FOLDER}/{name}" if name in RENDERED else name
