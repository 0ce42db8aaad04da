"""Everyday poses as tables; what they mean is in kinematics.py, how they mix in poses.py."""

# Angles in degrees (flexion, abduction, twist) of the bones that differ from the rest pose. A bone
# without a side stands for both. "root" is the forward pitch of the pelvis.
LEGS = {
    "stand": {"thigh": (0, -2, -8)},
    "stride": {
        "l_thigh": (28, -4, 0),
        "l_shank": (8, 0, 0),
        "r_thigh": (-14, -4, 0),
        "r_shank": (22, 0, 0),
    },
    "step": {
        "l_thigh": (45, 0, 0),
        "l_shank": (65, 0, 0),
        "r_thigh": (-8, -4, 0),
        "r_shank": (8, 0, 0),
    },
    "straddle": {"thigh": (4, 16, -10)},
    "lunge": {
        "l_thigh": (75, 4, 0),
        "l_shank": (75, 0, 0),
        "r_thigh": (-15, 2, 0),
        "r_shank": (45, 0, 0),
    },
    "squat": {"thigh": (95, 14, -8), "shank": (118, 0, 0), "root": (28, 0, 0)},
    "half_squat": {"thigh": (60, 8, -8), "shank": (70, 0, 0), "root": (24, 0, 0)},
    "kneel": {
        "l_thigh": (88, 2, 0),
        "l_shank": (92, 0, 0),
        "r_thigh": (2, 0, 0),
        "r_shank": (95, 0, 0),
    },
    "bend": {"thigh": (68, 2, 0), "shank": (12, 0, 0), "root": (62, 0, 0), "chest": (30, 0, 0)},
    "kick": {"l_thigh": (70, 8, 0), "l_shank": (25, 0, 0), "r_thigh": (-5, 0, 0)},
    "sit": {"thigh": (84, 4, 0), "shank": (82, 0, 0), "root": (-4, 0, 0)},
    "sit_crossed": {
        "l_thigh": (92, -12, 0),
        "l_shank": (80, 0, 0),
        "r_thigh": (80, 0, 0),
        "r_shank": (85, 0, 0),
    },
    "tuck": {"thigh": (110, 6, 0), "shank": (120, 0, 0), "chest": (30, 0, 0)},
    "split": {
        "l_thigh": (85, 10, 0),
        "l_shank": (15, 0, 0),
        "r_thigh": (-20, 15, 0),
        "r_shank": (30, 0, 0),
    },
    "star": {"thigh": (10, 36, -15), "shank": (10, 0, 0)},
    "arch": {"thigh": (-15, 8, 0), "shank": (60, 0, 0), "chest": (-18, 0, 0)},
}
ARMS = {
    "hang": {"upper_arm": (2, 7, 10), "forearm": (14, 0, 0)},
    "swing_front": {"upper_arm": (30, 5, 10), "forearm": (40, 0, 0)},
    "swing_back": {"upper_arm": (-28, 8, 10), "forearm": (25, 0, 0)},
    "on_hip": {"upper_arm": (-22, 42, 25), "forearm": (95, 0, 0)},
    "reach": {"upper_arm": (80, 8, 10), "forearm": (18, 0, 0)},
    "carry": {"upper_arm": (18, 8, 8), "forearm": (90, 0, 0)},
    "phone": {"upper_arm": (55, 25, 10), "forearm": (135, 0, 0)},
    "cross": {"upper_arm": (35, 8, 50), "forearm": (95, 0, 0)},
    "wave": {"upper_arm": (5, 80, -55), "forearm": (95, 0, 0)},
    "aside": {"upper_arm": (5, 82, 0), "forearm": (15, 0, 0)},
    "up": {"upper_arm": (162, 12, 0), "forearm": (15, 0, 0)},
    "behind_head": {"upper_arm": (140, 35, 0), "forearm": (125, 0, 0)},
    "on_lap": {"upper_arm": (28, 6, 25), "forearm": (55, 0, 0)},
}
# How often each is drawn.
STUDIO_LEGS = {
    "stand": 0.3,
    "stride": 0.22,
    "step": 0.06,
    "straddle": 0.06,
    "sit": 0.14,
    "sit_crossed": 0.03,
    "half_squat": 0.05,
    "squat": 0.04,
    "bend": 0.06,
    "kneel": 0.04,
}
WILD_LEGS = {
    "stand": 0.16,
    "stride": 0.17,
    "step": 0.09,
    "straddle": 0.12,
    "lunge": 0.1,
    "sit": 0.09,
    "sit_crossed": 0.02,
    "half_squat": 0.06,
    "squat": 0.05,
    "bend": 0.05,
    "kneel": 0.04,
    "kick": 0.05,
}
JUMP_LEGS = {"tuck": 0.2, "split": 0.2, "star": 0.2, "arch": 0.15, "step": 0.1, "stand": 0.15}
LYING_LEGS = {"stand": 0.3, "half_squat": 0.2, "star": 0.2, "tuck": 0.15, "arch": 0.15}
STUDIO_ARMS = {
    "hang": 0.3,
    "swing_front": 0.06,
    "swing_back": 0.06,
    "on_hip": 0.08,
    "reach": 0.13,
    "carry": 0.13,
    "phone": 0.08,
    "cross": 0.05,
    "wave": 0.04,
    "up": 0.04,
    "aside": 0.03,
}
WILD_ARMS = {name: 1 / len(ARMS) for name in ARMS}
# Standard deviations of the noise on the templates, degrees.
NOISE_DEG = {
    "pelvis": (0, 0, 0),
    "chest": (7, 5, 9),
    "head": (9, 6, 16),
    "upper_arm": (14, 9, 16),
    "forearm": (16, 0, 0),
    "hand": (6, 12, 25),
    "thigh": (8, 4, 7),
    "shank": (9, 0, 0),
    "foot": (6, 3, 4),
}
