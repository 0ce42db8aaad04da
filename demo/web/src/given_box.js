// A box x1,y1,x2,y2 px of the page's address; hg3d_tf/prediction/boxes.py asks the same of boxes.
const MOST_PICTURES = 10; // longer sides of a box, in those of the picture

export function parseBox(text) {
  const box = text.split(",").map((value) => (value.trim() ? Number(value) : NaN));
  const [x1, y1, x2, y2] = box;
  if (box.length === 4 && box.every(Number.isFinite) && x1 < x2 && y1 < y2) return box;
  throw new Error(`box=${text} is not x1,y1,x2,y2 with x1 < x2 and y1 < y2`);
}

// Throws unless a box shows some of a picture, and the picture is more than a spot in it.
export function checkInside([x1, y1, x2, y2], { width, height }) {
  const shown = Math.min(Math.min(x2, width) - Math.max(x1, 0), Math.min(y2, height) - Math.max(y1, 0));
  const isTooLarge = Math.max(x2 - x1, y2 - y1) > MOST_PICTURES * Math.max(width, height);
  if (shown >= 1 && !isTooLarge) return;
  const problem = shown < 1 ? "lies outside of the picture" : `is more than ${MOST_PICTURES} times as large as the picture`;
  throw new Error(`the box ${[x1, y1, x2, y2]} ${problem}, which has ${width} x ${height} px`);
}
