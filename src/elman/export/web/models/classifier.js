// A classifier: the probability of every label for a text.
//
// Knows words or symbols, bags of n-grams, labels and graphs.

import { argmax } from "../decoding/viterbi.js";
import { float32, int32, int64 } from "../engine/runtime.js";
import { ngramRows } from "../engine/ngrams.js";
import { distinct, WordVectors } from "../engine/words.js";
import { bagsOf } from "../text/bags.js";
import { WordFeatures } from "../text/features.js";
import { tokenizerOf } from "../text/tokenizer.js";
import { Cutter } from "../text/tokens.js";
import { wellFormed } from "../text/unicode.js";
import { START } from "../text/vocabulary.js";

export class Classifier {
  static async open(folder) {
    const [config, words, labels, unicode] = await Promise.all([
      folder.document("config.json"), folder.document("words.json"), folder.document("labels.json"), folder.unicode(),
    ]);
    const model = new Classifier(config, { words, labels, unicode });
    model.graph = await folder.graph("classifier.onnx");
    if (config.skip.bag) model.bag = await folder.graph("bag.onnx");
    if (config.symbols) model.tokenizer = tokenizerOf(await folder.document("tokenizer.json"), unicode);
    else model.vectors = new WordVectors(await folder.graph("words.onnx"));
    if (config.spelt) {
      model.letters = new WordFeatures(await folder.document("spelling.json"), unicode);
      model.spelling = new WordVectors(await folder.graph("spelling.onnx"));
    }
    return model;
  }

  constructor(config, { words, labels, unicode }) {
    this.config = config;
    this.several = config.reading.multi_label;
    this.labels = labels;
    this.names = labels.labels;
    this.features = new WordFeatures(words, unicode);
    this.cutter = new Cutter(unicode);
  }

  /** The probability of each label; of a text without words as often as it was met in training. */
  async probabilities(text) {
    const held = wellFormed(text);
    const words = this.cutter.words(held);
    if (words.length === 0) return this.prior();
    const paths = [(await this.graph.run(await this.read(held, words))).scores.data];
    if (this.bag) paths.push((await this.bag.run(this.bagged(words))).scores.data);
    const scores = this.mixed(paths);
    return this.several ? sigmoid(scores, this.labels.temperature) : softmax(scores, this.labels.temperature);
  }

  /** What the stacks read of a text. */
  async read(text, words) {
    if (this.tokenizer) return this.symbols(text);
    const found = await placed(words, this.features, this.vectors);
    const given = { vectors: found.vectors, places: found.places, lengths: found.lengths };
    if (!this.spelling) return given;
    const spelt = await placed(this.cutter.characters(text), this.letters, this.spelling);
    return { ...given, spelt_vectors: spelt.vectors, spelt_places: spelt.places, spelt_lengths: spelt.lengths };
  }

  /** The symbols of a text behind `<s>`, and the rows of their n-grams. */
  symbols(text) {
    const { ngrams, ngram_bits: bits } = this.config.symbols.embedding;
    const ids = [START, ...this.tokenizer.encode(text)];
    const rows = ngramRows(ids, new Array(ngrams - 1).fill(START), { orders: ngrams, bits });
    return {
      ids: int64(ids, [1, ids.length]),
      ngrams: int64(rows, [1, ids.length, ngrams - 1]),
      lengths: int32([ids.length]),
    };
  }

  bagged(words) {
    const bags = bagsOf(words, this.config.bag, (word) => this.features.form(word));
    return {
      rows: int64(bags.flat()),
      owners: int64(bags.flatMap((rows, owner) => rows.map(() => owner))),
      sizes: int64(bags.map((rows) => rows.length)),
    };
  }

  /** The scores of the stacks and of the bag as one. */
  mixed([stack, bag]) {
    if (!bag) return Array.from(stack);
    const share = Math.fround(this.labels.bag_share);
    const rest = Math.fround(1 - share);
    return Array.from(stack, (score, k) => Math.fround(Math.fround(rest * score) + Math.fround(share * bag[k])));
  }

  prior() {
    const { counts, texts } = this.labels;
    const total = this.several ? texts : counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count) => count / Math.max(1, total));
  }
}

/** The vectors of the distinct items, and the places of all items among them. */
async function placed(items, features, vectors) {
  const { types, places } = distinct(items);
  const found = await vectors.of(types.map((item) => features.row(item)));
  return {
    vectors: float32(found.data, found.shape),
    places: int64(places, [1, places.length]),
    lengths: int32([places.length]),
  };
}

function softmax(scores, temperature) {
  const top = scores[argmax(scores)];
  const weights = scores.map((score) => Math.exp((score - top) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function sigmoid(scores, temperature) {
  return scores.map((score) => 1 / (1 + Math.exp(-score / temperature)));
}
