// What Unicode says of characters, as the Python that wrote the site knows it: classes, blanks, marks, lower case.
//
// Knows code points; knows no word and no model. Browsers know other versions of Unicode, which would change features.

/** The classes of a character in the shape of a word, 0 to 7, are the lowest bits; the others are one each. */
export const SHAPE = 7;
export const WORD = 8;
export const DIGIT = 16;
export const BLANK = 32;
export const MARK = 64;
export const ALONE = 128;
export const CASED = 256;
export const IGNORABLE = 512;

const CODE_POINTS = 0x110000;
const SIGMA = 0x3a3;
const FINAL_SIGMA = "\u03c2";

export class Unicode {
  /** @param document the content of `text/unicode.json`: runs of characters that are alike, and lower-case forms. */
  constructor(document) {
    this.starts = document.starts;
    this.values = document.values;
    this.lowered = new Map(document.lower.map(([code, text]) => [code, text]));
    this.table = new Uint16Array(CODE_POINTS);
    this.starts.forEach((start, run) => this.table.fill(this.values[run], start, this.starts[run + 1]));
  }

  /** What is known of a code point, as bits. */
  of(code) {
    return this.table[code];
  }

  has(code, bit) {
    return (this.table[code] & bit) !== 0;
  }

  /** The characters with a bit, and without another one, as the inside of a class of a regular expression. */
  ranges(bit, without = 0) {
    const found = [];
    this.starts.forEach((start, run) => {
      if ((this.values[run] & bit) === 0 || (this.values[run] & without) !== 0) return;
      const end = (this.starts[run + 1] ?? CODE_POINTS) - 1;
      const last = found.at(-1);
      if (last !== undefined && last[1] === start - 1) last[1] = end;
      else found.push([start, end]);
    });
    return found.map(([first, last]) => `${escaped(first)}-${escaped(last)}`).join("");
  }

  /** The text in lower case. */
  lower(text) {
    const codes = codesOf(text);
    return codes.map((code, place) => (code === SIGMA ? this.sigma(codes, place) : this.small(code))).join("");
  }

  /** The text in parts between blanks. */
  split(text) {
    this.blanks ??= new RegExp(`[${this.ranges(BLANK)}]+`, "u");
    return text.split(this.blanks).filter((part) => part !== "");
  }

  small(code) {
    return this.lowered.get(code) ?? String.fromCodePoint(code);
  }

  /** A sigma at the end of a word has a form of its own (The Unicode Standard, section 3.13, Final_Sigma). */
  sigma(codes, place) {
    const isLetter = (next, step) => {
      while (next >= 0 && next < codes.length && this.has(codes[next], IGNORABLE)) next += step;
      return next >= 0 && next < codes.length && this.has(codes[next], CASED);
    };
    return isLetter(place - 1, -1) && !isLetter(place + 1, 1) ? FINAL_SIGMA : this.small(SIGMA);
  }
}

/** The code points of a text. */
export function codesOf(text) {
  return Array.from(text, (character) => character.codePointAt(0));
}

/** The text with U+FFFD in place of halves of surrogate pairs, which no model has seen. */
export function wellFormed(text) {
  return text.replace(/[\ud800-\udfff]/gu, "\ufffd");
}

function escaped(code) {
  return `\\u{${code.toString(16)}}`;
}
