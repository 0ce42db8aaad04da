"""The evaluation protocols once more, frame by frame and joint by joint."""

import numpy as np

from support import reference

NEAR_JOINTS = [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15]
MPII_FROM_H36M = [3, 2, 1, 4, 5, 6, 0, 7, 8, 10, 16, 15, 14, 11, 12, 13]


def pose(data, n):
    """The predicted pose of a frame in half crop sides."""
    return np.column_stack([data["predicted_2d_norm"][n], data["predicted_depth"][n]]).astype(float)


def scaled(joints, bone_sum):
    return joints * (bone_sum / reference.bone_sum(joints))


def h36m_paper(data):
    """The mean error of each frame."""
    errors = []
    for n in range(len(data["key"])):
        p = scaled(pose(data, n), 4296.99233013)
        p = p - p[6]
        p[7] = (p[6] + p[8]) / 2
        t = data["joints_3d_17"][n].astype(float)[MPII_FROM_H36M]
        t = t - t[6]
        errors.append(sum(np.linalg.norm(p[j] - t[j]) for j in range(16)) / 16)
    return errors


def h36m_17(data, aligned):
    """The mean error of each frame over Human3.6M's 17 joints."""
    errors = []
    for n in range(len(data["key"])):
        p, t = data["predicted_3d_17_mm"][n].astype(float), data["joints_3d_17"][n].astype(float)
        p, t = (procrustes(p, t), t) if aligned else (p - p[0], t - t[0])
        errors.append(np.mean([np.linalg.norm(p[j] - t[j]) for j in range(17)]))
    return errors


def procrustes(p, t):
    """The similarity by Kabsch's algorithm for row vectors, then the least-squares scale."""
    p0, t0 = p - p.mean(0), t - t.mean(0)
    u, _, vt = np.linalg.svd(p0.T @ t0)
    if np.linalg.det(u) * np.linalg.det(vt) < 0:
        u[:, -1] *= -1
    turned = p0 @ u @ vt
    return turned * (turned * t0).sum() / (turned**2).sum() + t.mean(0)


def mpii_pckh(data):
    """PCKh in percent of each joint."""
    percent = []
    for j in range(16):
        hits = total = 0
        for n in range(len(data["key"])):
            if data["visible"][n][j] and data["head_box_size_px"][n] > 0:
                d = data["predicted_2d_norm"][n][j].astype(float) - data["joints_2d_norm"][n][j]
                px = np.hypot(*d) * data["crop_side"][n] / 2
                total += 1
                hits += px / data["head_box_size_px"][n] < 0.5
        percent.append(100 * hits / total)
    return percent


def mpi_inf_3dhp(data, paper):
    """The distances [N][14] of the joints that count."""
    rows = []
    for n in range(len(data["key"])):
        t = data["joints_3d"][n].astype(float)
        p = pose(data, n)
        if paper:
            shift = 0.2 * (p[8] - p[6])
            for j in (2, 3, 6):
                p[j] = p[j] + shift
            p = scaled(p, reference.bone_sum(t))
        else:
            p = scaled(p, 4296.99233013)
        rows.append([np.linalg.norm((p[j] - p[6]) - (t[j] - t[6])) for j in NEAR_JOINTS])
    return rows


def share(rows, near):
    distances = [d for row in rows for d in row]
    return 100 * sum(near(d) for d in distances) / len(distances)


def auc(rows):
    return np.mean([share(rows, lambda d, t=t: d < t) for t in range(0, 151, 5)])


def symmetry(joints_of_frames, right, left):
    """The mean left-right difference of a bone given by its MPII indices."""
    total = 0.0
    for p in joints_of_frames:
        total += abs(
            np.linalg.norm(p[right[0]] - p[right[1]]) - np.linalg.norm(p[left[0]] - p[left[1]])
        )
    return total / len(joints_of_frames)


def synthetic(data, size):
    """The quickstart's metrics."""
    hits = total = 0
    distances, poses = [], []
    for n in range(len(data["key"])):
        for j in range(16):
            if data["visible"][n][j]:
                d = data["predicted_2d_norm"][n][j].astype(float) - data["joints_2d_norm"][n][j]
                total += 1
                hits += np.hypot(*d) * size / 2 < 0.1 * data["person_side"][n]
        p, t = scaled(pose(data, n), 4296.99233013), data["joints_3d"][n].astype(float)
        poses.append(p)
        distances.append([np.linalg.norm((p[j] - p[6]) - (t[j] - t[6])) for j in range(16)])
    limbs = [((11, 12), (14, 13)), ((10, 11), (15, 14)), ((1, 2), (4, 3)), ((0, 1), (5, 4))]
    return {
        "pck_box_010": hits / total,
        "mpjpe_mm": np.mean(distances),
        "pck3d_150": np.mean([[d[j] < 150 for j in NEAR_JOINTS] for d in distances]),
        "symmetry_mm": np.mean([symmetry(poses, *limb) for limb in limbs]),
    }


def depth_quality(data):
    """The error at the true scale, the ratio of scales, right signs in percent, ratio of sizes."""
    groups = [bone for group in reference.GROUPS for bone in group]
    errors, constant, true, ours, theirs = [], [], [], [], []
    for n in range(len(data["key"])):
        p, t = pose(data, n), data["joints_3d"][n].astype(float)
        scale = reference.bone_sum(t[:, :2])
        scale /= reference.bone_sum(data["joints_2d_norm"][n].astype(float))
        errors += [np.linalg.norm(scale * (p[j] - p[6]) - (t[j] - t[6])) for j in range(16)]
        constant.append(4296.99233013 / reference.bone_sum(p))
        true.append(scale)
        ours += [p[a][2] - p[b][2] for a, b in groups]
        theirs += [(t[a][2] - t[b][2]) / scale for a, b in groups]
    right = [(a > 0) == (b > 0) for a, b in zip(ours, theirs, strict=True) if abs(b) > 0.1]
    return [
        np.mean(errors),
        np.mean(constant) / np.mean(true),
        100 * np.mean(right),
        np.linalg.norm(ours) / np.linalg.norm(theirs),
    ]


def pck_hmr(data, threshold):
    """HMR 2.0's rule on LSP's 14 joints, one joint after the other."""
    shares = []
    for j in [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 9, "neck"]:
        hits = total = 0
        for n in range(len(data["key"])):
            seen = [i for i in range(16) if data["visible"][n][i]]
            truth, found = data["joints_2d_norm"][n], data["predicted_2d_norm"][n]
            side = max(np.ptp([float(truth[i][axis]) for i in seen]) for axis in (0, 1))
            if j == "neck":
                if not data["neck_visible"][n]:
                    continue
                px = data["neck_2d"][n].astype(float) - data["crop_center"][n]
                error = (found[7].astype(float) + found[8]) / 2 - px * 2 / data["crop_side"][n]
            elif j in seen:
                error = found[j].astype(float) - truth[j]
            else:
                continue
            total += 1
            hits += np.hypot(*error) / (1.2 * side) < threshold
        shares.append(hits / total)
    return 100 * np.mean(shares)


def pck_box(data, threshold, joints=range(16)):
    hits = total = 0
    for n in range(len(data["key"])):
        seen = [j for j in range(16) if data["visible"][n][j]]
        truth = data["joints_2d_norm"][n].astype(float)
        side = max(np.ptp([truth[j][axis] for j in seen]) for axis in (0, 1))
        for j in set(seen) & set(joints):
            error = np.hypot(*(data["predicted_2d_norm"][n][j].astype(float) - truth[j]))
            total += 1
            hits += error / side < threshold
    return 100 * hits / total
