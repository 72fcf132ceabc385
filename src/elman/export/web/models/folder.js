// The model folder of a site: its documents and graphs, read where they lie.
//
// Knows names of files and how to get their bytes; knows no kind of model.

import { readTensors } from "../engine/tensors.js";
import { Unicode } from "../text/unicode.js";

export class Folder {
  /**
   * @param read gives the bytes of a file of the site by its name.
   * @param runtime opens graphs.
   */
  constructor(read, runtime) {
    this.read = read;
    this.runtime = runtime;
  }

  async document(name) {
    return JSON.parse(new TextDecoder().decode(await this.read(`model/${name}`)));
  }

  async graph(name) {
    return this.runtime.open(await this.read(`model/${name}`));
  }

  async arrays() {
    return readTensors(await this.read("model/arrays.safetensors"));
  }

  async unicode() {
    return new Unicode(JSON.parse(new TextDecoder().decode(await this.read("text/unicode.json"))));
  }
}
