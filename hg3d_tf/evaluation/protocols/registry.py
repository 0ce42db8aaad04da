"""The protocols by name."""

from collections.abc import Callable

from hg3d_tf.cli import UserError
from hg3d_tf.evaluation.protocols import h36m, mpi_inf_3dhp, mpii, rendered_people
from hg3d_tf.evaluation.protocols.bone_symmetry import bone_symmetry
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.evaluation.protocols.pck_box import pck_box, pck_hmr
from hg3d_tf.evaluation.protocols.result import Result
from hg3d_tf.evaluation.protocols.turns import by_turn
from hg3d_tf.evaluation.protocols.views import by_view

PROTOCOLS: dict[str, Callable[[Predictions], Result]] = {
    function.__name__: function
    for function in (
        h36m.h36m_paper,
        h36m.h36m_p1,
        h36m.h36m_pa,
        mpii.mpii_pckh,
        mpi_inf_3dhp.mpi_inf_3dhp_official,
        mpi_inf_3dhp.mpi_inf_3dhp_paper,
        bone_symmetry,
        rendered_people.depth_quality,
        rendered_people.by_pose,
        by_view,
        by_turn,
        pck_box,
        pck_hmr,
    )
}


def evaluate(name: str, predictions: Predictions) -> Result:
    """Return the result of the protocol called `name`.

    Raises:
      UserError: for an unknown protocol, or where labels or predictions lack what it needs.
    """
    if name not in PROTOCOLS:
        raise UserError(f"protocol {name!r} is unknown; there are {', '.join(PROTOCOLS)}")
    try:
        return PROTOCOLS[name](predictions)
    except UserError as error:
        raise UserError(f"protocol {name}: {error}") from error
