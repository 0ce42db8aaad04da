const SEEN = 0.7; // confidence from which a joint counts as seen; SEEN_CONFIDENCE in hg3d_tf/skeleton.py

export const isSeen = (pose, joint) => pose.confidence[joint] > SEEN;
