// The parts of words that are features: the word itself, its shape, prefixes, suffixes and n-grams, of jamo too.
//
// Knows code points; knows no vocabulary. Called by `features.js`.

import { decomposed, isHangul } from "./hangul.js";
import { rollingHashes, sequenceHash, spread } from "./hashing.js";
import { SHAPE as SHAPE_BITS } from "./unicode.js";

const CODE_POINTS = 0x110000;
/** The symbols around a word in its n-grams. */
const BEGIN = BigInt(CODE_POINTS + 1);
const END = BigInt(CODE_POINTS + 2);
/** The kinds of features. */
const [WHOLE, SHAPE, PREFIX, SUFFIX, NGRAM, JAMO_PREFIX, JAMO_SUFFIX, JAMO_NGRAM] = [0, 1, 2, 3, 4, 5, 6, 7];

/** All features of a word as rows of a table of hashed vectors, one sort after the other; a row may come twice. */
export function wordParts(codes, config, unicode) {
  const rows = [];
  if (config.affixes || config.char_ngrams) rows.push(spread(sequenceHash(codes), WHOLE, config.hash_bits));
  if (config.shape) rows.push(spread(sequenceHash(shape(codes, unicode)), SHAPE, config.hash_bits));
  rows.push(...innerParts(codes, config, [PREFIX, SUFFIX, NGRAM]));
  if (config.jamo && codes.some(isHangul)) {
    rows.push(...innerParts(decomposed(codes), config, [JAMO_PREFIX, JAMO_SUFFIX, JAMO_NGRAM]));
  }
  return rows;
}

/** Prefixes, suffixes and n-grams, by their length. */
function innerParts(codes, config, [prefix, suffix, ngram]) {
  const symbols = [BEGIN, ...codes.map((code) => BigInt(code + 1)), END];
  const size = codes.length;
  const rows = [];
  const add = (hash, kind) => rows.push(spread(hash, kind, config.hash_bits));
  rollingHashes(symbols, Math.max(config.affixes, config.char_ngrams)).forEach((hashes, place) => {
    const length = place + 1;
    if (length <= config.affixes && size >= length) {
      add(hashes[1], prefix);
      add(hashes[size - length + 1], suffix);
    }
    if (length >= 2 && length <= config.char_ngrams) hashes.forEach((hash) => add(hash, ngram));
  });
  return rows;
}

/** What the characters of a word are, every run of the same as one. */
export function shape(codes, unicode) {
  const classes = codes.map((code) => unicode.of(code) & SHAPE_BITS);
  return classes.filter((one, place) => place === 0 || one !== classes[place - 1]);
}
