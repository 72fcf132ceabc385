// Byte-pair encodings as symbols.
//
// Knows how a text is cut into units that are encoded each by itself. Made by `tokenizer.js`.
// Source: Sennrich, Haddow & Birch 2016; the division into units is about GPT-2's (Radford et al. 2019), see `text/bpe.py`.

import { ByteDecoder, named, specialPieces } from "./characters.js";
import { Heap } from "./heap.js";
import { DIGIT, WORD } from "./unicode.js";
import { SPECIALS } from "./vocabulary.js";

/** Characters that are encoded in one go; a longer unit is cut. */
const LONGEST_UNIT = 1 << 16;

export class BPETokenizer {
  constructor(document, unicode) {
    this.kind = "bpe";
    this.unit = new RegExp(pattern(unicode), "gu");
    this.numbers = new Map(document.symbols.map((token, place) => [token, place]));
    this.tokens = document.symbols;
    this.ranks = new Map(document.merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
    this.pieces = [...specialPieces(), ...document.symbols.map(bytesOf)];
    this.symbols = [...SPECIALS, ...this.pieces.slice(SPECIALS.length).map(shown)];
    this.cache = new Map();
  }

  encode(text) {
    return (text.match(this.unit) ?? []).flatMap(cut).flatMap((unit) => this.idsOf(unit));
  }

  symbolsOf(text) {
    return this.encode(text).map((id) => this.symbols[id]);
  }

  decoder() {
    return new ByteDecoder(this.pieces);
  }

  /** The ids of a unit; texts repeat their words. */
  idsOf(unit) {
    if (!this.cache.has(unit)) this.cache.set(unit, this.merged(unit));
    return this.cache.get(unit);
  }

  /** Pairs are joined one after the other, the one of the lowest rank first, of equal ones the leftmost. */
  merged(unit) {
    const tokens = Array.from(new TextEncoder().encode(unit), (byte) => CHARACTERS[byte]);
    const next = tokens.map((_, place) => place + 1);
    const before = tokens.map((_, place) => place - 1);
    const waiting = new Heap((one, other) => one.rank - other.rank || one.place - other.place);
    const consider = (place) => {
      const right = place < 0 ? tokens.length : next[place];
      if (right >= tokens.length) return;
      const pair = `${tokens[place]} ${tokens[right]}`;
      if (this.ranks.has(pair)) waiting.push({ rank: this.ranks.get(pair), place, pair });
    };
    tokens.forEach((_, place) => consider(place));
    while (waiting.size > 0) {
      const { place, pair } = waiting.pop();
      const right = next[place];
      if (tokens[place] === null || right >= tokens.length || `${tokens[place]} ${tokens[right]}` !== pair) continue;
      tokens[place] += tokens[right];
      tokens[right] = null;
      next[place] = next[right];
      if (next[place] < tokens.length) before[next[place]] = place;
      consider(before[place]);
      consider(place);
    }
    return tokens.filter((token) => token !== null).map((token) => SPECIALS.length + this.numbers.get(token));
  }
}

/** A printable character for every byte: itself where it is one, else one from U+0100 on (the alphabet of GPT-2). */
const CHARACTERS = (() => {
  const isPrintable = (byte) => (byte >= 0x21 && byte < 0x7f) || (byte >= 0xa1 && byte !== 0xad);
  let others = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : others++));
})();
const BYTES = new Map(CHARACTERS.map((character, byte) => [character, byte]));

function bytesOf(token) {
  return Uint8Array.from(token, (character) => BYTES.get(character));
}

/** A token as it is shown: its text, or its bytes by name where they are none. */
function shown(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : named(byte))).join("");
  }
}

/** What a unit is: a line end, an English ending, letters, digits or signs with the blank before them, or blanks. */
function pattern(unicode) {
  const letter = `[${unicode.ranges(WORD, DIGIT)}]`;
  const digit = `[${unicode.ranges(DIGIT)}]`;
  const sign = `[^ \\t\\r\\n${unicode.ranges(WORD)}]`;
  return `\\n|'(?:[sdmt]|ll|ve|re)| ?${letter}+| ?${digit}+| ?${sign}+|[ \\t\\r]+(?![^ \\t\\r\\n])|[ \\t\\r]+`;
}

function cut(unit) {
  if (unit.length <= LONGEST_UNIT) return [unit];
  const characters = Array.from(unit);
  const many = Math.ceil(characters.length / LONGEST_UNIT);
  return Array.from({ length: many }, (_, k) => characters.slice(k * LONGEST_UNIT, (k + 1) * LONGEST_UNIT).join(""));
}
