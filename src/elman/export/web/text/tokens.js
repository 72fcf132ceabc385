// Text cut into words and signs, or into characters, for any language.
//
// Knows strings alone. Called by the models.

import { ALONE, BLANK, MARK, WORD } from "./unicode.js";

/** Cuts texts; the expression is made once. */
export class Cutter {
  constructor(unicode) {
    this.unicode = unicode;
    this.token = new RegExp(pattern(unicode), "gu");
  }

  /** The tokens of a text, in order; blanks are between them and in none. See `split_words` in elman's `text/tokens.py`. */
  words(text) {
    return text.match(this.token) ?? [];
  }

  /** The characters of a text, in order; blanks between words are one, those around it none. */
  characters(text) {
    return Array.from(this.unicode.split(text).join(" "));
  }
}

/** What a token is: a run of letters and digits, one Han or kana character, a flag, or a sign with all that belongs to it. */
function pattern(unicode) {
  const marks = `[${unicode.ranges(MARK)}]*`;
  const letter = `[${unicode.ranges(WORD, ALONE)}]`;
  const word = `(?:${letter}${marks}(?:['’\\u200c\\u200d](?=${letter}))?)+`;
  const alone = `[${unicode.ranges(ALONE)}]${marks}`;
  const flag = "[\\u{1f1e6}-\\u{1f1ff}]{2}";
  const blank = unicode.ranges(BLANK);
  const joined = `\\u200d[^_${unicode.ranges(WORD)}${blank}]${marks}`;
  const sign = `[^${blank}]${marks}(?:[\\u{1f3fb}-\\u{1f3ff}]${marks}|${joined})*`;
  return `${word}|${alone}|${flag}|${sign}`;
}
