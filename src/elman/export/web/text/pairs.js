// The vocabularies of two sides: what a symbol of the source is among the target's.
//
// Knows tokenizers; knows no network. Used by seq2seq models.

import { END, SPECIALS, START, UNKNOWN } from "./vocabulary.js";
import { WordDecoder } from "./words.js";

/**
 * For each id of a source, `</s>` behind it, the target's symbol of the same text, or N, N + 1, … for those that it lacks;
 * and the texts of these.
 */
export function copiesOf(text, ids, source, target) {
  const known = new Map();
  target.symbols.forEach((symbol, id) => {
    if (id >= SPECIALS.length && !known.has(symbol)) known.set(symbol, id);
  });
  const written = source.symbolsOf(text);
  const extra = new Map();
  const copies = ids.map((id, place) => {
    if (id === START || id === END) return id;
    const symbol = id === UNKNOWN ? written[place] : source.symbols[id];
    if (id === UNKNOWN && SPECIALS.includes(symbol)) return UNKNOWN;
    if (known.has(symbol)) return known.get(symbol);
    if (!extra.has(symbol)) extra.set(symbol, target.symbols.length + extra.size);
    return extra.get(symbol);
  });
  return { copies, extra: [...extra.keys()] };
}

/** The decoder of a tokenizer that knows further symbols, the ids N, N + 1, …, by their texts. */
export function decoderWith(tokenizer, extra) {
  if (extra.length === 0) return tokenizer.decoder();
  if (tokenizer.kind === "word") return new WordDecoder([...tokenizer.symbols, ...extra]);
  const inner = tokenizer.decoder();
  const size = tokenizer.symbols.length;
  return {
    push: (symbol) => (symbol < size ? inner.push(symbol) : inner.finish() + extra[symbol - size]),
    finish: () => inner.finish(),
  };
}
