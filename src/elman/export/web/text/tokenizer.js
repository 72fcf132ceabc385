// Tokenizers: text → ids → text.
//
// Knows the four kinds by name. Each has `kind`, `symbols`, `encode(text)`, `symbolsOf(text)` and `decoder()`.

import { BPETokenizer } from "./bpe.js";
import { ByteTokenizer, CharTokenizer } from "./characters.js";
import { WordTokenizer } from "./words.js";

const KINDS = { char: CharTokenizer, byte: ByteTokenizer, word: WordTokenizer, bpe: BPETokenizer };

/** @param document the content of `tokenizer.json`. */
export function tokenizerOf(document, unicode) {
  return new KINDS[document.kind](document, unicode);
}
