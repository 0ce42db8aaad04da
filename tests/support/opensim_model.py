"""A full-body model of OpenSim, as tall as a walk's mannequin, with the markers of TRC files."""

import numpy as np


def build(opensim, lengths_mm):
    """Return a model: x to the front, y up, z to the right; knees and elbows are hinges.

    Args:
      opensim: the package.
      lengths_mm: of `rig.fitted_lengths_mm`.
    """
    m = {name: length / 1000 for name, length in lengths_mm.items()}
    model = opensim.Model()
    model.setName("full_body")
    pelvis = _body(opensim, model, "pelvis")
    ground = opensim.FreeJoint("ground_pelvis", model.getGround(), pelvis)
    model.addJoint(ground)
    _marker(opensim, model, "Hip", pelvis, (0, 0, 0))
    torso = _hang(opensim, model, "Ball", "torso", pelvis, (0, 0, 0))
    _marker(opensim, model, "Neck", torso, (0, m["spine"], 0))
    _marker(opensim, model, "UpperNeck", torso, (0, m["spine"] + m["neck"], 0))
    _marker(opensim, model, "Head", torso, (0, m["spine"] + m["neck"] + m["head"], 0))
    for side, sign in (("R", 1), ("L", -1)):
        hip, shoulder = (0, 0, sign * m["hip"]), (0, m["spine"], sign * m["shoulder"])
        _marker(opensim, model, f"{side}Hip", pelvis, hip)
        _marker(opensim, model, f"{side}Shoulder", torso, shoulder)
        thigh = _hang(opensim, model, "Ball", f"thigh_{side}", pelvis, hip)
        shin = _hang(opensim, model, "Pin", f"shin_{side}", thigh, (0, -m["thigh"], 0))
        arm = _hang(opensim, model, "Ball", f"arm_{side}", torso, shoulder)
        forearm = _hang(opensim, model, "Pin", f"forearm_{side}", arm, (0, -m["arm"], 0))
        _marker(opensim, model, f"{side}Knee", thigh, (0, -m["thigh"], 0))
        _marker(opensim, model, f"{side}Ankle", shin, (0, -m["shin"], 0))
        _marker(opensim, model, f"{side}Elbow", arm, (0, -m["arm"], 0))
        _marker(opensim, model, f"{side}Wrist", forearm, (0, -m["forearm"], 0))
    model.finalizeConnections()
    return model


def _body(opensim, model, name):
    body = opensim.Body(name, 1.0, opensim.Vec3(0), opensim.Inertia(1, 1, 1))
    model.addBody(body)
    return body


def _hang(opensim, model, kind, name, parent, place):
    body = _body(opensim, model, name)
    joint = getattr(opensim, f"{kind}Joint")
    zero = opensim.Vec3(0)
    model.addJoint(joint(name + "_joint", parent, opensim.Vec3(*place), zero, body, zero, zero))
    return body


def _marker(opensim, model, name, body, place):
    model.addMarker(opensim.Marker(name, body, opensim.Vec3(*map(float, place))))


def coordinates_deg(opensim, model, trc, folder) -> dict[str, np.ndarray]:
    """Return the angles of the hinges by body, which inverse kinematics finds for a TRC file."""
    tool = opensim.InverseKinematicsTool()
    tool.setModel(model)
    tool.setMarkerDataFileName(str(trc))
    tool.setEndTime(np.inf)  # 4.6 ends after two seconds else
    tasks = tool.getIKTaskSet()
    for place in range(model.getMarkerSet().getSize()):
        task = opensim.IKMarkerTask()
        task.setName(model.getMarkerSet().get(place).getName())
        task.setWeight(1.0)
        tasks.cloneAndAppend(task)
    found = folder / "found.mot"
    tool.setOutputMotionFileName(str(found))
    tool.setResultsDir(str(folder))
    tool.run()
    table = opensim.TimeSeriesTable(str(found))
    is_degrees = table.getTableMetaDataAsString("inDegrees") == "yes"
    factor = 1 if is_degrees else 180 / np.pi
    return {
        label.removesuffix("_joint_coord_0"): factor * table.getDependentColumn(label).to_numpy()
        for label in table.getColumnLabels()
        if label.startswith(("shin", "forearm"))
    }
