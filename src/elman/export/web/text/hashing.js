// Sequences of symbols as hashed rows of a table.
//
// Knows whole numbers modulo 2 ** 64; knows neither words nor texts. With symbols s (code points plus one):
//
//     h() = 0        h(s_1 … s_n) = h(s_1 … s_{n-1}) M + s_n        row = the highest bits of mix(h + kind * SALT)
//
// Source of mix: Steele, Lea & Flood 2014 (the end of SplitMix64, but for its last shift).

const M = 0x9e3779b97f4a7c15n;
const SALT = 0xd1b54a32d192ed03n;

const wrapped = (value) => BigInt.asUintN(64, value);

/** The hashes of all runs of 1, 2 … `longest` symbols; of each length a list by the place of the first symbol. */
export function rollingHashes(symbols, longest) {
  const found = longest > 0 ? [symbols] : [];
  for (let length = 2; length <= longest; length++) {
    const before = found.at(-1);
    const many = Math.max(0, symbols.length - length + 1);
    found.push(Array.from({ length: many }, (_, k) => wrapped(before[k] * M + symbols[k + length - 1])));
  }
  return found;
}

/** The hash of a sequence of code points as a whole. */
export function sequenceHash(codes) {
  return codes.reduce((hash, code) => wrapped(hash * M + BigInt(code + 1)), 0n);
}

/** The row of a hash. */
export function spread(hash, kind, bits) {
  let mixed = wrapped(hash + BigInt(kind) * SALT);
  mixed = wrapped((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
  mixed = wrapped((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
  return Number(mixed >> BigInt(64 - bits));
}
