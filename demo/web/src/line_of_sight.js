// From the frame of a crop to the camera's: as hg3d_tf/line_of_sight.py.
const ASSUMED_FOCAL = 1.2; // in longer sides of the picture

// Returns the function that turns a joint [x, y, z], from the crop's middle and the picture's size, px.
export function turning([middleX, middleY], width, height) {
  const focal = ASSUMED_FOCAL * Math.max(width, height);
  const sight = [middleX - width / 2, middleY - height / 2, focal];
  const length = Math.hypot(...sight);
  const [a, b, c] = sight.map((value) => value / length);
  return ([x, y, z]) => {
    const along = a * x + b * y;
    const forwards = z - along / (1 + c);
    return [x + a * forwards, y + b * forwards, c * z - along];
  };
}
