"""3D human pose estimation in the wild with weak supervision (Zhou et al., ICCV 2017)."""

__version__ = "0.1.0"
