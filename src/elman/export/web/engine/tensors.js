// Arrays of a safetensors file, by name.
//
// Knows the format: a length, a JSON header, and numbers one array after the other.

export function readTensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
  const found = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    if (entry.dtype !== "F32") throw new Error(`${name} is of type ${entry.dtype}, not F32`);
    const [begin, end] = entry.data_offsets.map((offset) => 8 + size + offset);
    found.set(name, new Float32Array(bytes.slice(begin, end).buffer));
  }
  return found;
}
