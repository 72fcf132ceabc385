// The rows of hashed n-grams of symbols: what graphs of language models take beside the symbols.
//
// Knows ids alone. In whole numbers modulo 2 ** 64, with a sign.

const MULTIPLIER = 1_000_003n;
const MIX = BigInt.asIntN(64, 0x9e3779b97f4a7c15n);

const wrapped = (value) => BigInt.asIntN(64, value);

/**
 * The rows, in the tables of all orders one after the other, of the n-grams that end at each step: `orders` - 1 a step.
 *
 * @param recent the `orders` - 1 symbols before the ids.
 */
export function ngramRows(ids, recent, { orders, bits }) {
  const symbols = [...recent, ...ids].map((id) => BigInt(id + 1));
  const mask = (1n << BigInt(bits)) - 1n;
  return ids.flatMap((_, step) => {
    const place = recent.length + step;
    let mixed = symbols[place];
    const rows = [];
    for (let n = 2; n <= orders; n++) {
      mixed = wrapped(wrapped(mixed * MULTIPLIER) + symbols[place - n + 1]);
      const row = (wrapped(mixed * MIX) >> BigInt(63 - bits)) & mask;
      rows.push(Number(row) + (n - 2) * 2 ** bits);
    }
    return rows;
  });
}
