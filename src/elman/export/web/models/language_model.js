// A language model: reads a prompt and writes on, symbol by symbol.
//
// Knows a tokenizer and graphs. A state is a value: { parts: arrays by name, recent: the last symbols }.

import { distribution, draw } from "../decoding/sampling.js";
import { float32, int32, int64 } from "../engine/runtime.js";
import { ngramRows } from "../engine/ngrams.js";
import { tokenizerOf } from "../text/tokenizer.js";
import { wellFormed } from "../text/unicode.js";
import { END, START, UNKNOWN } from "../text/vocabulary.js";

/** Steps that are read at a time where a text is long. */
const SEGMENT = 512;

export class LanguageModel {
  static async open(folder) {
    const [config, document, unicode] = await Promise.all([
      folder.document("config.json"), folder.document("tokenizer.json"), folder.unicode(),
    ]);
    const graphs = {};
    for (const name of ["states", "softmax", "step"]) graphs[name] = await folder.graph(`${name}.onnx`);
    if (config.embedding.ngrams === 1) graphs.readings = await folder.graph("readings.onnx");
    return new LanguageModel(config, tokenizerOf(document, unicode), unicode, graphs);
  }

  constructor(config, tokenizer, unicode, graphs) {
    Object.assign(this, { config, tokenizer, unicode, graphs });
    const { layers, hidden, cell } = config.stack;
    this.names = cell === "lstm" ? ["h", "c"] : ["h"];
    this.shape = [layers, 1, hidden];
    const isLineEnd = config.reading.continuous && config.text.tokenizer !== "word";
    this.forbidden = isLineEnd ? [UNKNOWN, START, END] : [UNKNOWN, START];
    this.end = config.reading.continuous ? null : END;
  }

  /** The state after `<s>` and a text. */
  async feed(text) {
    const ids = [START, ...this.tokenizer.encode(wellFormed(text))];
    let state = this.zero();
    for (let begin = 0; begin < ids.length; begin += SEGMENT) state = await this.read(state, ids.slice(begin, begin + SEGMENT));
    return state;
  }

  /** ln p of every next symbol. */
  async next(state) {
    const hidden = this.shape[2];
    const last = state.parts.h.slice(-hidden);
    const { logs } = await this.graphs.softmax.run({ states: float32(last, [1, hidden]) });
    return logs.data;
  }

  /**
   * Pieces of text behind a prompt, as they are written.
   *
   * @param sampling maxTokens, and what `distribution` takes. random: numbers from [0, 1) to draw at.
   */
  async *write(prompt, { maxTokens = 200, ...sampling } = {}, random = Math.random) {
    const decoder = this.decoderBehind(wellFormed(prompt));
    let state = await this.feed(prompt);
    let logs = await this.next(state);
    for (let count = 0; count < maxTokens; count++) {
      const logits = Array.from(logs);
      for (const symbol of this.forbidden) logits[symbol] = -Infinity;
      const symbol = draw(distribution(logits, sampling), random());
      if (symbol === this.end) break;
      const piece = decoder.push(symbol);
      if (piece !== "") yield piece;
      if (count + 1 < maxTokens) ({ logs, state } = await this.step(state, symbol));
    }
    const rest = decoder.finish();
    if (rest !== "") yield rest;
  }

  /** The state behind a state and at least one symbol. */
  async read(state, ids) {
    const given = { ...this.given(state, ids), lengths: int32([ids.length]) };
    return this.after(state, ids, await this.graphs.states.run(given));
  }

  /** ln p of every symbol behind a state and one more symbol, and the state there, by the graph of a single step. */
  async step(state, symbol) {
    const given = this.given(state, [symbol]);
    if (this.graphs.readings) {
      const { readings } = await this.graphs.readings.run({ ids: int64([symbol]) });
      given.readings = float32(readings.data, readings.shape);
    }
    const found = await this.graphs.step.run(given);
    return { logs: found.logs.data, state: this.after(state, [symbol], found) };
  }

  /** What graphs are given of a state and of symbols behind it. */
  given(state, ids) {
    const { ngrams, ngram_bits: bits } = this.config.embedding;
    const rows = ngramRows(ids, state.recent, { orders: ngrams, bits });
    return {
      ...Object.fromEntries(this.names.map((name) => [name, float32(state.parts[name], this.shape)])),
      ids: int64(ids, [1, ids.length]),
      ngrams: int64(rows, [1, ids.length, ngrams - 1]),
    };
  }

  /** The state behind the symbols, of what a graph has given. */
  after(state, ids, found) {
    const parts = Object.fromEntries(this.names.map((name) => [name, found[`${name}_end`].data]));
    return { parts, recent: [...state.recent, ...ids].slice(ids.length) };
  }

  /** The state before anything was read. */
  zero() {
    const size = this.shape.reduce((product, one) => product * one, 1);
    const parts = Object.fromEntries(this.names.map((name) => [name, new Float32Array(size)]));
    return { parts, recent: new Array(this.config.embedding.ngrams - 1).fill(START) };
  }

  /** A decoder that sets a blank first where a model of words goes on from a word. */
  decoderBehind(prompt) {
    const decoder = this.tokenizer.decoder();
    const endsInWord = this.unicode.split(prompt).length > 0 && !/[ \n]$/.test(prompt);
    if (this.tokenizer.kind === "word" && endsInWord) decoder.push(this.tokenizer.encode(prompt).at(-1));
    return decoder;
  }
}
