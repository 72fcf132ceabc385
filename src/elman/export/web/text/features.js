// Words as features: an id, hashed prefixes, suffixes, n-grams and shape, and the characters.
//
// Knows strings and numbers; knows no sentence and no network. Called by the models.

import { codesOf, DIGIT } from "./unicode.js";
import { wordParts } from "./word_parts.js";

/** Code points of a word that are looked at. */
const LONGEST = 40;

export class WordFeatures {
  /** @param document the content of `words.json`. */
  constructor(document, unicode) {
    this.config = document.config;
    this.unicode = unicode;
    this.ids = new Map(document.words.map((word, place) => [word, place + 1]));
    this.characters = new Map(document.characters.map((character, place) => [character.codePointAt(0), place + 1]));
    this.kept = Uint8Array.from(atob(document.features), (byte) => byte.charCodeAt(0));
    this.before = before(this.kept);
    this.digit = new RegExp(`[${unicode.ranges(DIGIT)}]`, "gu");
  }

  /** The word as the vocabulary has it: in lower case, every decimal digit a 0, unless words are told apart by these. */
  form(word) {
    return this.config.normalize ? this.unicode.lower(word).replace(this.digit, "0") : word;
  }

  /** What is known of a word: its id, 0 for unknown, the numbers of its features, and the ids of its characters. */
  row(word) {
    const codes = clipped(codesOf(word));
    return {
      word: this.ids.get(this.form(word)) ?? 0,
      features: wordParts(codes, this.config, this.unicode).filter((hash) => this.isKept(hash)).map((hash) => this.number(hash)),
      characters: codes.map((code) => this.characters.get(code) ?? 0),
    };
  }

  /** Whether enough words of training had this hash. */
  isKept(hash) {
    return ((this.kept[hash >> 3] >> (7 - (hash & 7))) & 1) === 1;
  }

  /** Which of the hashes that are kept this one is. */
  number(hash) {
    return this.before[hash >> 3] + ones(this.kept[hash >> 3] >> (8 - (hash & 7)));
  }
}

/** How many bits are set before each byte. */
function before(bytes) {
  const found = new Uint32Array(bytes.length);
  for (let place = 1; place < bytes.length; place++) found[place] = found[place - 1] + ones(bytes[place - 1]);
  return found;
}

/** How many bits of a byte are set. */
function ones(byte) {
  let count = 0;
  for (let rest = byte; rest; rest &= rest - 1) count++;
  return count;
}

/** The code points, or the first and the last `LONGEST` / 2 of more than `LONGEST`. */
export function clipped(codes) {
  return codes.length <= LONGEST ? codes : [...codes.slice(0, LONGEST / 2), ...codes.slice(-LONGEST / 2)];
}
