// ONNX Runtime Web: opened once, with one thread, which wants no special headers of a server; and graphs that it runs.
//
// Knows the library and graphs; knows no kind of model.

/** Makes the library ready, and gives what opens graphs. */
export class Runtime {
  /**
   * @param ort the library.
   * @param glue the address of the module that loads the WebAssembly.
   * @param wasm the bytes of the WebAssembly, so that no server has to know their type.
   */
  constructor(ort, glue, wasm) {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.proxy = false;
    ort.env.wasm.wasmPaths = { mjs: glue };
    ort.env.wasm.wasmBinary = wasm;
    ort.env.logLevel = "error";
    this.ort = ort;
  }

  async open(graph) {
    return new Graph(this.ort, await this.ort.InferenceSession.create(graph, { executionProviders: ["wasm"] }));
  }
}

/** Runs one graph on arrays by the names of its inputs; an array is { type, data, shape }. */
class Graph {
  constructor(ort, session) {
    this.ort = ort;
    this.session = session;
  }

  get inputs() {
    return this.session.inputNames;
  }

  /** The outputs by name, as { data, shape }. */
  async run(arrays) {
    const given = this.inputs.map((name) => {
      const { type, data, shape } = arrays[name];
      return [name, new this.ort.Tensor(type, data, shape)];
    });
    const found = await this.session.run(Object.fromEntries(given));
    return Object.fromEntries(Object.entries(found).map(([name, { data, dims }]) => [name, { data, shape: [...dims] }]));
  }
}

/** Whole numbers as graphs want ids. */
export function int64(numbers, shape = [numbers.length]) {
  return { type: "int64", data: BigInt64Array.from(numbers, BigInt), shape };
}

/** Whole numbers as graphs want lengths. */
export function int32(numbers, shape = [numbers.length]) {
  return { type: "int32", data: Int32Array.from(numbers), shape };
}

export function float32(data, shape) {
  return { type: "float32", data, shape };
}

/** The rows of an array whose last axis has the numbers of a row. */
export function rowsOf({ data, shape }) {
  const width = shape.at(-1);
  return Array.from({ length: width === 0 ? 0 : data.length / width }, (_, k) => data.subarray(k * width, (k + 1) * width));
}
