// A file that is kept as what differs from another, which is there anyway; delta.py makes it.
const DIGEST = 32; // bytes of the other file's SHA-256, which the build has compared

// Returns the file as bytes, from the other's bytes and the unpacked delta's.
export function joined(base, delta) {
  const view = new DataView(delta.buffer, delta.byteOffset);
  const count = view.getUint32(DIGEST, true);
  const table = DIGEST + 4;
  const first = table + 8 * count;
  const content = new Uint8Array(delta.length - first);
  let at = 0;
  for (let piece = 0; piece < count; piece++) {
    const place = view.getInt32(table + 8 * piece, true);
    const length = view.getUint32(table + 8 * piece + 4, true);
    const bytes = delta.subarray(first + at, first + at + length);
    if (place < 0) content.set(bytes, at);
    else for (let i = 0; i < length; i++) content[at + i] = bytes[i] + base[place + i];
    at += length;
  }
  return content;
}
