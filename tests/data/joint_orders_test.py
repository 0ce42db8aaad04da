import pytest

from hg3d_tf.data import joint_orders as orders
from hg3d_tf.skeleton import JOINT_NAMES

# The lists that the datasets' and the authors' descriptions give, number by number.
MPII_FROM_H36M = [3, 2, 1, 4, 5, 6, 0, 7, 8, 10, 16, 15, 14, 11, 12, 13]
MPII_FROM_3DHP = [10, 9, 8, 11, 12, 13, 14, 15, 1, 0, 4, 3, 2, 5, 6, 7]
RELEVANT_OF_3DHP = [7, 5, 14, 15, 16, 9, 10, 11, 23, 24, 25, 18, 19, 20, 4, 3, 6]


def test_maps_by_name_are_the_published_lists():
    assert list(orders.MPII_16_FROM_H36M_17) == MPII_FROM_H36M
    assert list(orders.MPII_16_FROM_MPI_INF_3DHP_17) == MPII_FROM_3DHP
    assert list(orders.MPI_INF_3DHP_17_FROM_28) == RELEVANT_OF_3DHP
    assert len(orders.H36M_17_FROM_32) == len(orders.H36M_17_NAMES) == 17


def test_a_joint_without_counterpart_needs_a_stand_in():
    with pytest.raises(ValueError):
        orders.joint_map(orders.H36M_17_NAMES, JOINT_NAMES)
