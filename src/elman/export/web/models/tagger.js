// A tagger: labels for the tokens of a sentence, how sure they are, and spans.
//
// Knows words, label sets and graphs. The best labels are those that the scheme allows whose probabilities, each at its
// place, have the greatest product.

import { argmax, viterbi } from "../decoding/viterbi.js";
import { logMarginals, marginals, spanProbabilities } from "../decoding/marginals.js";
import { int32, int64, rowsOf } from "../engine/runtime.js";
import { distinct, WordVectors } from "../engine/words.js";
import { Contexts, TEMPLATES } from "../text/context.js";
import { WordFeatures } from "../text/features.js";
import { LabelSet } from "../text/labels.js";
import { Cutter } from "../text/tokens.js";
import { wellFormed } from "../text/unicode.js";

/** Weight of a step that a scheme does not allow. */
const NEVER = -1e4;
const OUTSIDE = "O";
/** What is left of a probability that is no larger than what smoothing spread. */
const FAINT = 1e-9;

export class Tagger {
  static async open(folder) {
    const [config, words, labels, unicode, arrays] = await Promise.all([
      folder.document("config.json"), folder.document("words.json"), folder.document("labels.json"),
      folder.unicode(), folder.arrays(),
    ]);
    const contexts = config.contexts ? await folder.document("contexts.json") : null;
    const graphs = { words: await folder.graph("words.onnx"), tagger: await folder.graph("tagger.onnx") };
    return new Tagger({ config, words, labels, contexts, unicode, arrays, graphs });
  }

  constructor({ config, words, labels, contexts, unicode, arrays, graphs }) {
    const smoothing = config.head.label_smoothing;
    this.unicode = unicode;
    this.features = new WordFeatures(words, unicode);
    this.contexts = contexts && new Contexts(contexts, this.features);
    this.cutter = new Cutter(unicode);
    this.vectors = new WordVectors(graphs.words);
    this.graph = graphs.tagger;
    this.columns = labels.columns.map((document, k) => {
      const set = new LabelSet(document);
      const chains = chainsOf(arrays, k);
      const share = this.contexts ? labels.share : null;
      return { name: set.name, labels: set, chains, share, rules: rulesOf(set, chains), outside: labels.outside[k], smoothing };
    });
  }

  /** The tokens of a text, as they are cut where it is not told. */
  tokens(text) {
    return this.cutter.words(wellFormed(text));
  }

  /** The tokens of a text that stand between blanks. */
  tokensBetweenBlanks(text) {
    return this.unicode.split(wellFormed(text));
  }

  /** For each column { name, labels, probabilities, spans: [{ start, end, type, probability }] } of a sentence. */
  async tag(tokens) {
    if (tokens.length === 0) return this.columns.map(({ name }) => ({ name, labels: [], probabilities: [], spans: [] }));
    const scores = await this.scores(tokens);
    return this.columns.map((column, k) => told(column, scores[k]));
  }

  /** For each column the scores of each of its chains, or ln p where it has none: rows of K numbers, one a token. */
  async scores(tokens) {
    const { types, places } = distinct(tokens);
    const found = await this.graph.run({
      vectors: await this.vectors.of(types.map((token) => this.features.row(token))),
      places: int64(places, [1, places.length]),
      lengths: int32([places.length]),
      ...(this.contexts && { contexts: int32(this.contexts.rows(tokens).flat(), [1, tokens.length, TEMPLATES.length]) }),
    });
    return this.columns.map((_, k) => {
      const rows = rowsOf(found[`scores_${k}`]);
      const T = tokens.length;
      return Array.from({ length: rows.length / T }, (_, member) => rows.slice(member * T, (member + 1) * T));
    });
  }
}

/** What is told of a column of a sentence. */
function told(column, members) {
  const { chains, rules, labels } = column;
  const isOwn = chains.length === 1;
  const scores = isOwn ? members[0] : mixed(members, column);
  const chain = isOwn ? chains[0] : rules;
  const ids = bestLabels(column, isOwn ? logMarginals(scores, chain) : scores);
  const sure = chain === null ? scores.map((row) => Array.from(row, Math.exp)) : marginals(scores, chain);
  const spans = labels.spans(ids);
  const likely = spans.length === 0 ? [] : spanProbabilities(scores, chain, ids, spans);
  return {
    name: column.name,
    labels: labels.decode(ids),
    probabilities: ids.map((id, t) => sure[t][id]),
    spans: spans.map((span, k) => ({ ...span, probability: likely[k] })),
  };
}

/** ln p as if no share of each probability had been spread over all labels in training. */
function plain(rows, { smoothing }) {
  if (smoothing === 0) return rows;
  return rows.map((row) => {
    const p = Array.from(row, (log) => Math.max((Math.exp(log) - smoothing / row.length) / (1 - smoothing), FAINT));
    const total = p.reduce((sum, one) => sum + one, 0);
    return p.map((one) => Math.fround(Math.log(one / total)));
  });
}

/** The ids of the best labels by ln of their probabilities. */
function bestLabels({ labels, rules, outside }, logs) {
  if (rules === null) return logs.map(argmax);
  const place = labels.internal.indexOf(OUTSIDE);
  const less = (log, k) => (k === place ? Math.fround(log - Math.fround(outside)) : log);
  const lowered = outside ? logs.map((row) => Array.from(row, less)) : logs;
  return viterbi(lowered, rules);
}

/** ln of the probabilities that all members give together, and contexts, the last of them, with their share. */
function mixed(members, column) {
  const { chains, share } = column;
  const logs = chains.length > 0 ? members.map((scores, member) => logMarginals(scores, chains[member])) : members;
  const own = share === null ? logs : logs.slice(0, -1);
  const means = own[0].map((row, t) => Array.from(row, (_, k) => logMean(own.map((one) => one[t][k]))));
  const product = (row, t) => normalized(row.map((log, k) => (1 - share) * log + share * logs.at(-1)[t][k]));
  const found = share === null ? means : means.map(product);
  return chains.length > 0 ? found : plain(found, column);
}

/** Logarithms less that of the sum of what they stand for. */
function normalized(logs) {
  const top = Math.max(...logs);
  const total = top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0));
  return logs.map((log) => Math.fround(log - total));
}

function logMean(logs) {
  const top = Math.max(...logs);
  const total = logs.reduce((sum, log) => sum + Math.exp(log - top), 0);
  return Math.fround(top + Math.log(total) - Math.log(logs.length));
}

/** The chains of the members of a column; none where it has a softmax alone. */
function chainsOf(arrays, column) {
  const found = [];
  for (let member = 0; arrays.has(`crf.${column}.${member}.begin`); member++) {
    const part = (name) => arrays.get(`crf.${column}.${member}.${name}`);
    found.push({ begin: part("begin"), between: part("between"), end: part("end") });
  }
  return found;
}

/** The steps that the scheme of a column allows, as a chain; null: each label stands for itself. */
function rulesOf(labels, chains) {
  if (labels.scheme === null && chains.length === 0) return null;
  const K = labels.internal.length;
  const weigh = (size, isAllowed) => Float32Array.from({ length: size }, (_, place) => (isAllowed(place) ? 0 : NEVER));
  return {
    begin: weigh(K, (k) => labels.begins(k)),
    between: weigh(K * K, (place) => labels.follows(Math.floor(place / K), place % K)),
    end: weigh(K, (k) => labels.ends(k)),
  };
}
