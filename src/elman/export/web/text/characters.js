// Characters and bytes as symbols.
//
// Knows strings and ids. Made by `tokenizer.js`.

import { codesOf } from "./unicode.js";
import { SPECIALS, UNKNOWN } from "./vocabulary.js";

export const UNKNOWN_CHARACTER = "\ufffd";

/** Every Unicode character is a symbol; those not seen in training are unknown. */
export class CharTokenizer {
  constructor(document) {
    this.kind = "char";
    this.symbols = [...SPECIALS, ...document.symbols];
    this.ids = new Map(document.symbols.map((character, place) => [character.codePointAt(0), SPECIALS.length + place]));
    this.texts = [UNKNOWN_CHARACTER, "", "\n", ...document.symbols];
  }

  encode(text) {
    return codesOf(text).map((code) => this.ids.get(code) ?? UNKNOWN);
  }

  /** The text of every symbol of a text, unknown ones too. */
  symbolsOf(text) {
    return Array.from(text);
  }

  decoder() {
    return { push: (symbol) => this.texts[symbol], finish: () => "" };
  }
}

/** Every byte of the text's UTF-8 form is a symbol. */
export class ByteTokenizer {
  constructor() {
    this.kind = "byte";
    const bytes = Array.from({ length: 256 }, (_, byte) => byte);
    this.symbols = [...SPECIALS, ...bytes.map((byte) => (byte < 128 ? String.fromCharCode(byte) : named(byte)))];
    this.pieces = [...specialPieces(), ...bytes.map((byte) => Uint8Array.of(byte))];
  }

  encode(text) {
    return Array.from(new TextEncoder().encode(text), (byte) => SPECIALS.length + byte);
  }

  symbolsOf(text) {
    return this.encode(text).map((id) => this.symbols[id]);
  }

  decoder() {
    return new ByteDecoder(this.pieces);
  }
}

/** UTF-8 bytes for every symbol; those of an incomplete character are held back. */
export class ByteDecoder {
  constructor(pieces) {
    this.pieces = pieces;
    this.utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  }

  /** The characters that are whole now. */
  push(symbol) {
    return this.utf8.decode(this.pieces[symbol], { stream: true });
  }

  /** U+FFFD where a character was not completed. */
  finish() {
    return this.utf8.decode();
  }
}

/** The bytes of the special symbols: an unknown character, nothing, a line end. */
export function specialPieces() {
  return [UNKNOWN_CHARACTER, "", "\n"].map((text) => new TextEncoder().encode(text));
}

/** A byte as it is shown where it is no character. */
export function named(byte) {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}
