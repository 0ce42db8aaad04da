"""The datasets that protocols belong to: where nothing else is asked for they measure there."""

from collections.abc import Sequence

from hg3d_tf.data import prepared
from hg3d_tf.data.names import full_name

_EVERYWHERE = ("wild", "studio")  # for protocols that belong to no dataset
_HOMES = {
    "synthetic": _EVERYWHERE,
    "h36m_paper": ("h36m/paper",),
    "h36m_p1": ("h36m/every64",),
    "h36m_pa": ("h36m/every64",),
    "mpii_pckh": ("mpii",),
    "mpi_inf_3dhp_official": ("mpi_inf_3dhp/every5",),
    "mpi_inf_3dhp_paper": ("mpi_inf_3dhp/every5",),
    "by_pose": ("wild_makehuman", "street_makehuman"),
    "by_view": ("street_makehuman",),
    "by_turn": ("wild_makehuman",),
}
# Whose published numbers others compare with: elsewhere the protocol's numbers mean another thing.
_PUBLISHED = ("h36m", "mpii", "mpi_inf_3dhp")
# Of mpii's test set there are no labels, lspet's is kept apart.
_SPLITS = {"mpii": "validation", "lspet": "validation"}


def plan(protocols: Sequence[str], datasets: Sequence[str] = ()) -> dict[str, list[str]]:
    """Return the protocols to measure by on each dataset.

    Args:
      protocols: their names.
      datasets: to measure on by all of them; none: each protocol where it belongs, and those that
        belong nowhere where the others do.
    """
    if datasets:
        return {name: list(protocols) for name in datasets}
    homes = [name for protocol in protocols for name in _HOMES.get(protocol, ())]
    return {
        name: [protocol for protocol in protocols if name in _HOMES.get(protocol, (name,))]
        for name in dict.fromkeys(homes or _EVERYWHERE)
    }


def split_of(dataset: str, data_dir: str = "") -> str:
    """Return the split that a dataset is measured on: where it has no test, validation."""
    if dataset in _SPLITS:
        return _SPLITS[dataset]
    only_validation = not prepared.has_examples(dataset, "test", data_dir)
    only_validation &= prepared.has_examples(dataset, "validation", data_dir)
    return "validation" if only_validation else "test"


def protocol_of(dataset: str) -> str:
    """Return a published dataset's own protocol, the first of several; "" for others."""
    if dataset.partition("/")[0] not in _PUBLISHED:
        return ""
    return next((protocol for protocol, names in _HOMES.items() if dataset in names), "")


def remark(protocol: str, dataset: str) -> str:
    """Return what is to be said of a protocol's numbers on a dataset, "" for nothing."""
    home = {full_name(name).partition("/")[0] for name in _HOMES.get(protocol, ())}
    if not home & set(_PUBLISHED) or full_name(dataset).partition("/")[0] in home:
        return ""
    (name,) = home
    return (
        f"NOT COMPARABLE: {protocol} belongs to {name}; these numbers are of {dataset}, others'"
        " of people, cameras and actions that are not in it."
    )
