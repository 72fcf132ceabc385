// Runs the modules of a site under Node, as the tests ask: requests come as JSON on stdin, answers go as JSON to stdout.
//
//     node ask.mjs SITE < requests.json
//
// The runtime is that of the site, so that what is tested is what a browser would run.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const site = resolve(process.argv[2]);
const address = (name) => pathToFileURL(`${site}/${name}`).href;
const read = async (name) => new Uint8Array(await readFile(`${site}/${name}`));
const load = (name) => import(address(name));

async function folder() {
  const [ort, { Runtime }, { Folder }] = await Promise.all([
    load("runtime/ort.js"), load("engine/runtime.js"), load("models/folder.js"),
  ]);
  return new Folder(read, new Runtime(ort, address("runtime/ort-wasm.js"), await read("runtime/ort-wasm.wasm")));
}

async function unicode() {
  const { Folder } = await load("models/folder.js");
  return new Folder(read, null).unicode();
}

let opened = null;

/** The model of the site, opened once. */
async function model(path, name) {
  opened ??= (await load(path))[name].open(await folder());
  return opened;
}

const tagger = () => model("models/tagger.js", "Tagger");
const classifier = () => model("models/classifier.js", "Classifier");
const languageModel = () => model("models/language_model.js", "LanguageModel");
const seq2seq = () => model("models/seq2seq.js", "Seq2Seq");

/** What a test can ask for, by name. */
const ANSWERS = {
  lower: async ({ texts }) => {
    const table = await unicode();
    return texts.map((text) => table.lower(text));
  },
  split: async ({ texts }) => {
    const table = await unicode();
    return texts.map((text) => table.split(text));
  },
  tokens: async ({ texts }) => {
    const { Cutter } = await load("text/tokens.js");
    const cutter = new Cutter(await unicode());
    return texts.map((text) => [cutter.words(text), cutter.characters(text)]);
  },
  features: async ({ words, document }) => {
    const { WordFeatures } = await load("text/features.js");
    const features = new WordFeatures(document, await unicode());
    return words.map((word) => features.row(word));
  },
  contexts: async ({ sentences, words, document }) => {
    const [{ WordFeatures }, { Contexts }] = await Promise.all([load("text/features.js"), load("text/context.js")]);
    const contexts = new Contexts(document, new WordFeatures(words, await unicode()));
    return sentences.map((tokens) => contexts.rows(tokens));
  },
  labels: async ({ document, sequences }) => {
    const { LabelSet } = await load("text/labels.js");
    const set = new LabelSet(document);
    const every = set.internal.map((_, label) => label);
    return {
      internal: set.internal,
      decoded: sequences.map((ids) => set.decode(ids)),
      begins: every.map((label) => set.begins(label)),
      ends: every.map((label) => set.ends(label)),
      follows: every.map((before) => every.map((after) => set.follows(before, after))),
    };
  },
  chain: async ({ scores, chain, spans }) => {
    const [{ viterbi }, { marginals, spanProbabilities }] = await Promise.all([
      load("decoding/viterbi.js"), load("decoding/marginals.js"),
    ]);
    const held = { begin: Float32Array.from(chain.begin), between: Float32Array.from(chain.between), end: Float32Array.from(chain.end) };
    const rows = scores.map((row) => Float32Array.from(row));
    const path = viterbi(rows, held);
    return { path, marginals: marginals(rows, held), spans: spanProbabilities(rows, held, path, spans) };
  },
  tokenizer: async ({ document, texts }) => {
    const { tokenizerOf } = await load("text/tokenizer.js");
    const tokenizer = tokenizerOf(document, await unicode());
    const ids = texts.map((text) => tokenizer.encode(text));
    return { symbols: tokenizer.symbols, ids, written: texts.map((text) => tokenizer.symbolsOf(text)) };
  },
  decode: async ({ document, sequences, extra = [] }) => {
    const [{ tokenizerOf }, { decoderWith }] = await Promise.all([load("text/tokenizer.js"), load("text/pairs.js")]);
    const tokenizer = tokenizerOf(document, await unicode());
    return sequences.map((ids) => {
      const decoder = decoderWith(tokenizer, extra);
      return [...ids.map((id) => decoder.push(id)), decoder.finish()];
    });
  },
  copies: async ({ source, target, texts }) => {
    const [{ tokenizerOf }, { copiesOf }] = await Promise.all([load("text/tokenizer.js"), load("text/pairs.js")]);
    const table = await unicode();
    const [one, other] = [tokenizerOf(source, table), tokenizerOf(target, table)];
    return texts.map((text) => copiesOf(text, [...one.encode(text), 2], one, other));
  },
  bags: async ({ texts, config, document }) => {
    const [{ bagsOf }, { WordFeatures }] = await Promise.all([load("text/bags.js"), load("text/features.js")]);
    const features = new WordFeatures(document, await unicode());
    return texts.map((tokens) => bagsOf(tokens, config, (word) => features.form(word)));
  },
  ngrams: async ({ sequences, recent, orders, bits }) => {
    const { ngramRows } = await load("engine/ngrams.js");
    return sequences.map((ids) => ngramRows(ids, recent, { orders, bits }));
  },
  sample: async ({ logits, sampling, uniform }) => {
    const { distribution, draw } = await load("decoding/sampling.js");
    return logits.map((row, k) => {
      const y = distribution(row.map((one) => one ?? -Infinity), sampling);
      return { y, symbol: draw(y, uniform[k]) };
    });
  },
  beam: async ({ logs, ...config }) => {
    const { beamSearch } = await load("decoding/beam.js");
    // a model for which the symbols so far matter by their number and the last alone
    const row = (history) => logs[Math.min(history.length, logs.length - 1)][history.at(-1) ?? 0].map((one) => one ?? -Infinity);
    const rowsOf = (state) => state.map(row);
    const step = async (state, ids) => {
      const after = state.map((history, k) => [...history, ids[k]]);
      return { logs: rowsOf(after), state: after };
    };
    const choose = (state, rows) => rows.map((row) => state[row]);
    return beamSearch({ logs: rowsOf([[]]), state: [[]] }, { step, choose, ...config });
  },
  classify: async ({ texts }) => each(texts, async (text) => (await classifier()).probabilities(text)),
  next: async ({ texts }) => each(texts, async (text) => {
    const lm = await languageModel();
    return Array.from(await lm.next(await lm.feed(text)));
  }),
  write: async ({ prompt, sampling, uniform }) => {
    const pieces = [];
    const numbers = uniform.values();
    for await (const piece of (await languageModel()).write(prompt, sampling, () => numbers.next().value)) pieces.push(piece);
    return pieces.join("");
  },
  translate: async ({ texts, ...config }) => each(texts, async (text) => (await seq2seq()).translate(text, config)),
  tag: async ({ sentences }) => each(sentences, async (tokens) => (await tagger()).tag(tokens)),
};

async function each(items, work) {
  const found = [];
  for (const item of items) found.push(await work(item));
  return found;
}

async function stdin() {
  let text = "";
  for await (const piece of process.stdin.setEncoding("utf-8")) text += piece;
  return JSON.parse(text);
}

const answers = await each(await stdin(), ({ ask, ...request }) => ANSWERS[ask](request));
process.stdout.write(JSON.stringify(answers));
