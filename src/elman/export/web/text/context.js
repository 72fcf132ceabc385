// What stands around a token: words, and parts of words, near it, each and by twos, as rows of a table.
//
// Knows tokens by their features; knows no label and no network. Used by taggers. Of every token some atoms are known: a
// hash of its normal form, of its shape, of its prefixes and its suffixes (of Hangul in jamo). A template names one atom
// of one neighbour, or two; what it finds is the hash of these.

import { clipped } from "./features.js";
import { decomposed } from "./hangul.js";
import { sequenceHash, spread } from "./hashing.js";
import { codesOf } from "./unicode.js";
import { shape } from "./word_parts.js";

const BITS = 22;
const AFFIXES = 5;
/** The atoms by their places; of length n at `PREFIX` + n and `SUFFIX` + n. */
const [WORD, SHAPE, PREFIX, SUFFIX] = [0, 1, 1, 1 + AFFIXES];
const ATOMS = 2 + 2 * AFFIXES;
/** The atoms of what stands before and behind a sentence. */
const BORDER = new Array(ATOMS).fill(1n);
/** The row of what is not kept. */
const NO_ROW = 0;
const FACTORS = [0xa0761d6478bd642fn, 0xe7037ed1a0b428dbn];
const SALT = 0x9e3779b97f4a7c15n;

const lengths = Array.from({ length: AFFIXES }, (_, place) => place + 1);
const endings = [SUFFIX + 2, SUFFIX + 3];

/** Lists of one or two [offset, atom]. */
export const TEMPLATES = [
  ...[-2, -1, 0, 1, 2].map((offset) => [[offset, WORD]]),
  [[0, SHAPE]],
  ...lengths.map((n) => [[0, PREFIX + n]]),
  ...lengths.map((n) => [[0, SUFFIX + n]]),
  ...endings.flatMap((ending) => [[[-1, ending]], [[1, ending]]]),
  [[-1, WORD], [0, WORD]],
  [[0, WORD], [1, WORD]],
  [[-1, WORD], [1, WORD]],
  [[-2, WORD], [-1, WORD]],
  [[1, WORD], [2, WORD]],
  [[-1, SHAPE], [0, SHAPE]],
  [[0, SHAPE], [1, SHAPE]],
  [[0, SHAPE], [0, WORD]],
  ...endings.flatMap((ending) => [
    [[-1, ending], [0, ending]],
    [[0, ending], [1, ending]],
    [[-1, ending], [1, ending]],
    [[-1, WORD], [0, ending]],
    [[0, ending], [1, WORD]],
  ]),
];

export class Contexts {
  /**
   * @param document the content of `contexts.json`.
   * @param features of the words of the model.
   */
  constructor(document, features) {
    this.features = features;
    this.numbers = numbersOf(document.contexts);
  }

  /** The rows of what stands around each token of a sentence, a list as long as `TEMPLATES` for each. */
  rows(tokens) {
    const known = new Map(tokens.map((token) => [token, null]));
    for (const token of known.keys()) known.set(token, this.atoms(token));
    const atoms = tokens.map((token) => known.get(token));
    return atoms.map((_, place) => TEMPLATES.map((template, number) => this.row(atoms, place, template, number)));
  }

  row(atoms, place, template, number) {
    const found = template.map(([offset, atom]) => (atoms[place + offset] ?? BORDER)[atom]);
    const hash = found.reduce((sum, atom, which) => sum + atom * FACTORS[which], BigInt(number + 1) * SALT);
    return this.numbers.get(spread(BigInt.asUintN(64, hash), 0, BITS)) ?? NO_ROW;
  }

  /** The atoms of a token. */
  atoms(token) {
    const codes = clipped(codesOf(this.features.form(token)));
    const parts = this.features.config.jamo ? decomposed(codes) : codes;
    const affix = (n, begin) => (parts.length < n ? 0n : sequenceHash(parts.slice(begin, begin + n)));
    return [
      sequenceHash(codes),
      sequenceHash(shape(clipped(codesOf(token)), this.features.unicode)),
      ...lengths.map((n) => affix(n, 0)),
      ...lengths.map((n) => affix(n, parts.length - n)),
    ];
  }
}

/** The rows of hashes, from 1 on, by what their document tells: how far each is behind the one before, in base64. */
function numbersOf(text) {
  const found = new Map();
  let hash = -1;
  let gap = 0;
  let shift = 0;
  for (const character of atob(text)) {
    const byte = character.charCodeAt(0);
    gap |= (byte & 127) << shift;
    shift += 7;
    if (byte & 128) continue;
    hash += gap;
    found.set(hash, found.size + 1);
    gap = shift = 0;
  }
  return found;
}
