// Words as symbols: what stands between blanks, looked up in a dictionary.
//
// Knows strings and ids. Made by `tokenizer.js`.

import { END, SPECIALS, START, UNKNOWN } from "./vocabulary.js";

const LINE_END = "\n";

export class WordTokenizer {
  constructor(document, unicode) {
    this.kind = "word";
    this.unicode = unicode;
    this.continuous = document.continuous;
    this.symbols = [...SPECIALS, ...document.symbols];
    this.ids = new Map(document.symbols.map((word, place) => [word, SPECIALS.length + place]));
    this.ids.set(LINE_END, END);
  }

  encode(text) {
    return this.parts(text).map((word) => this.ids.get(word) ?? UNKNOWN);
  }

  /** The text of every symbol of a text, unknown ones too. */
  symbolsOf(text) {
    return this.unicode.split(text);
  }

  decoder() {
    return new WordDecoder(this.symbols);
  }

  /** The words, and in running text the line ends between them. */
  parts(text) {
    if (!this.continuous) return this.unicode.split(text);
    return text.split(LINE_END).flatMap((line, place) => [...(place > 0 ? [LINE_END] : []), ...this.unicode.split(line)]);
  }
}

/** A blank before every word, but for the first of a line. */
export class WordDecoder {
  constructor(symbols) {
    this.symbols = symbols;
    this.atBegin = true;
  }

  push(symbol) {
    if (symbol === START) return "";
    const atBegin = this.atBegin;
    this.atBegin = symbol === END;
    if (symbol === END) return LINE_END;
    return atBegin ? this.symbols[symbol] : ` ${this.symbols[symbol]}`;
  }

  finish() {
    return "";
  }
}
