// A text as a bag of hashed n-grams: of its words, and of its characters, inside words and across them.
//
// Knows tokens; knows no network. Used by classifiers.

import { clipped } from "./features.js";
import { rollingHashes, sequenceHash, spread } from "./hashing.js";
import { codesOf } from "./unicode.js";

const [WORDS, CHARACTERS] = [0, 1];
/** Characters of the shortest n-gram of letters. */
const SHORTEST = 3;
/** From this code point on a character means something by itself: shorter n-grams count where they have such a one. */
const SYLLABLES = 0x1100n;

/**
 * The rows of a table, first those of n-grams of words, then those of characters.
 *
 * @param tokens of the text. form: what a token counts as.
 */
export function bagsOf(tokens, config, form) {
  const forms = tokens.map(form);
  return [wordGrams(forms, config), characterGrams(forms, config)];
}

function wordGrams(forms, config) {
  const hashes = forms.map((one) => sequenceHash(clipped(codesOf(one))));
  return rollingHashes(hashes, config.bag_words).flatMap((grams) => rows(grams, WORDS, config));
}

/** N-grams of the words joined by single blanks, with a blank at either end; the long ones come first. */
function characterGrams(forms, config) {
  if (!config.bag_characters) return [];
  const symbols = codesOf(["", ...forms, ""].join(" ")).map((code) => BigInt(code + 1));
  const every = rollingHashes(symbols, config.bag_characters);
  const long = every.slice(SHORTEST - 1);
  const short = every.slice(0, SHORTEST - 1).map((grams, k) => grams.filter((_, place) => isGreat(symbols, place, k + 1)));
  return [...long, ...short].flatMap((grams) => rows(grams, CHARACTERS, config));
}

function isGreat(symbols, begin, length) {
  return symbols.slice(begin, begin + length).some((symbol) => symbol > SYLLABLES);
}

function rows(hashes, kind, config) {
  return hashes.map((hash) => spread(hash, kind, config.bag_bits));
}
