// A model from text to text: an encoder reads the source, a decoder that it primes writes the target.
//
// Knows tokenizers and graphs. A state is a value, of the rows that are written from one source.

import { beamSearch } from "../decoding/beam.js";
import { float32, int32, int64, rowsOf } from "../engine/runtime.js";
import { copiesOf, decoderWith } from "../text/pairs.js";
import { tokenizerOf } from "../text/tokenizer.js";
import { wellFormed } from "../text/unicode.js";
import { END, START, UNKNOWN } from "../text/vocabulary.js";

/** A target has at most so many times the symbols of its source, and so many more. */
const [TIMES, MORE] = [3, 40];
const LOOKED_AT = ["memory", "keys"];

export class Seq2Seq {
  static async open(folder) {
    const [config, target, source, unicode] = await Promise.all([
      folder.document("config.json"), folder.document("tokenizer.json"), folder.document("source_tokenizer.json"),
      folder.unicode(),
    ]);
    const graphs = { encoder: await folder.graph("encoder.onnx"), decoder: await folder.graph("decoder.onnx") };
    const written = tokenizerOf(target, unicode);
    return new Seq2Seq(config, source.shared ? written : tokenizerOf(source, unicode), written, graphs);
  }

  constructor(config, source, target, graphs) {
    Object.assign(this, { config, source, target, graphs });
    this.hidden = config.stack.hidden;
    const isOfWords = target.kind === "word" && !config.decoder.copy;
    this.forbidden = isOfWords ? [START] : [UNKNOWN, START];
  }

  /** The best target texts of a source, best first, as { text, logProbability, score, finished }. */
  async translate(text, { beam = 5, nBest = 1, lengthPenalty = 1, pause } = {}) {
    const read = await this.encode(wellFormed(text));
    const step = (state, ids) => this.step(read, state, ids);
    const found = await beamSearch(await step(read.begun, [START]), {
      step, choose: (state, rows) => chosen(state, rows), beam, nBest, lengthPenalty, end: END,
      longest: TIMES * read.length + MORE, forbidden: this.forbidden, pause,
    });
    return found.map(({ ids, ...rest }) => ({ text: this.text(ids, read.extra), ...rest }));
  }

  /** What the decoder looks back at of a source, and the state that it begins from. */
  async encode(text) {
    const ids = [...this.source.encode(text), END];
    const found = await this.graphs.encoder.run({ source: int64(ids, [1, ids.length]), lengths: int32([ids.length]) });
    const copied = this.config.decoder.copy ? copiesOf(text, ids, this.source, this.target) : { copies: null, extra: [] };
    const looked = LOOKED_AT.filter((name) => name in found);
    const parts = Object.fromEntries(
      Object.entries(found).filter(([name]) => !looked.includes(name)).map(([name, array]) => [name, rowsOf(array)]),
    );
    if (this.config.decoder.input_feeding) parts.h_tilde = [new Float32Array(this.hidden)];
    const nothing = new Float32Array(ids.length);
    return {
      ...copied,
      length: ids.length,
      memory: looked.map((name) => [name, found[name]]),
      begun: { parts, coverage: [nothing] },
    };
  }

  /** Read one symbol a row: ln p of the next, and the state. */
  async step(read, state, ids) {
    const R = ids.length;
    const known = ids.map((id) => (id < this.target.symbols.length ? id : UNKNOWN));
    const parts = Object.entries(state.parts).map(([name, rows]) => [name, joined(rows, [R, this.hidden])]);
    const memory = read.memory.map(([name, array]) => [name, repeated(array, R)]);
    const found = await this.graphs.decoder.run({
      ids: int64(known),
      ...Object.fromEntries([...parts, ...memory]),
      lengths: int32(new Array(R).fill(read.length)),
      coverage: joined(state.coverage, [R, read.length]),
    });
    const alpha = found.alpha ? rowsOf(found.alpha) : state.coverage;
    let logs = rowsOf(found.logs);
    if (read.copies !== null) logs = logs.map((row, k) => withCopies(row, found.gate.data[k], alpha[k], read));
    const after = {
      parts: Object.fromEntries(parts.map(([name]) => [name, rowsOf(found[`${name}_end`])])),
      coverage: state.coverage.map((row, k) => row.map((sum, place) => sum + alpha[k][place])),
    };
    return { logs, state: after };
  }

  text(ids, extra) {
    const decoder = decoderWith(this.target, extra);
    return ids.map((id) => decoder.push(id)).join("") + decoder.finish();
  }
}

/** ln p of every symbol, of those that the vocabulary lacks too, where some are copied; see elman's `nn/copying.py`. */
function withCopies(logs, gate, alpha, { copies, extra }) {
  const looked = new Map();
  copies.forEach((symbol, place) => looked.set(symbol, (looked.get(symbol) ?? 0) + alpha[place]));
  const total = alpha.reduce((sum, one) => sum + one, 0);
  const written = total > 0 ? -softplus(-gate) : 0;
  const found = new Float32Array(logs.length + extra.length).fill(-Infinity);
  logs.forEach((log, symbol) => (found[symbol] = log + written));
  for (const [symbol, share] of looked) found[symbol] = logSum(found[symbol], Math.log(share) - softplus(gate));
  return found;
}

/** ln (1 + e^x). */
function softplus(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function logSum(one, other) {
  const top = Math.max(one, other);
  return top === -Infinity ? top : top + Math.log(Math.exp(one - top) + Math.exp(other - top));
}

/** The state of some rows, in the given order, the same one perhaps many times. */
function chosen(state, rows) {
  const some = (all) => rows.map((row) => all[row]);
  return {
    parts: Object.fromEntries(Object.entries(state.parts).map(([name, all]) => [name, some(all)])),
    coverage: some(state.coverage),
  };
}

function joined(rows, shape) {
  const data = new Float32Array(shape[0] * shape[1]);
  rows.forEach((row, k) => data.set(row, k * shape[1]));
  return float32(data, shape);
}

/** An array of one row so many times. */
function repeated({ data, shape }, rows) {
  const found = new Float32Array(rows * data.length);
  for (let k = 0; k < rows; k++) found.set(data, k * data.length);
  return float32(found, [rows, ...shape.slice(1)]);
}
