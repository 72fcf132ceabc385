// The vectors of words by a graph: what is known of words goes in, their vectors come out.
//
// Knows arrays and a graph; knows no text. Used by taggers and classifiers.

import { int32, int64 } from "./runtime.js";

export class WordVectors {
  constructor(graph) {
    this.graph = graph;
  }

  /** The vectors of words, as an array (words, D), given what `WordFeatures.row` knows of each. */
  async of(rows) {
    const { vectors } = await this.graph.run({ ...ids(rows), ...features(rows), ...characters(rows) });
    return { type: "float32", ...vectors };
  }
}

function ids(rows) {
  return { words: int64(rows.map((row) => row.word)) };
}

function features(rows) {
  return {
    features: int64(rows.flatMap((row) => row.features)),
    owners: int64(rows.flatMap((row, owner) => row.features.map(() => owner))),
    sizes: int64(rows.map((row) => row.features.length)),
  };
}

function characters(rows) {
  const sizes = rows.map((row) => row.characters.length);
  const longest = sizes.reduce((most, size) => Math.max(most, size), 1);
  const padded = rows.flatMap((row) => [...row.characters, ...new Array(longest - row.characters.length).fill(0)]);
  return { characters: int64(padded, [rows.length, longest]), character_lengths: int32(sizes) };
}

/** Every distinct item once, and the places of all items among these. */
export function distinct(items) {
  const numbers = new Map();
  const places = items.map((item) => {
    if (!numbers.has(item)) numbers.set(item, numbers.size);
    return numbers.get(item);
  });
  return { types: [...numbers.keys()], places };
}
