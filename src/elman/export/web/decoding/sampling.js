// One symbol from one distribution: temperature, top-k, top-p, min-p, and the draw.
//
// Knows logits; knows no network and no text.

import { argmax } from "./viterbi.js";

/** The probabilities that are drawn from; -Infinity marks what may not be drawn. See `decoding/sampling.py`. */
export function distribution(logits, { temperature = 1, topK = 0, topP = 1, minP = 0 } = {}) {
  if (temperature === 0) {
    const likeliest = argmax(logits);
    return logits.map((_, k) => (k === likeliest ? 1 : 0));
  }
  const top = logits[argmax(logits)];
  let y = shares(logits.map((logit) => Math.exp((logit - top) / temperature)));
  if (topK > 0 || topP < 1) y = likeliest(y, topK || y.length, topP);
  if (minP > 0) {
    const least = minP * y[argmax(y)];
    y = shares(y.map((p) => (p >= least ? p : 0)));
  }
  return y;
}

/** A symbol, by inversion at a number from [0, 1). */
export function draw(y, uniform) {
  const cumulated = [];
  let total = 0;
  for (const p of y) cumulated.push((total += p));
  const found = cumulated.findIndex((sum) => sum > uniform * total);
  return found >= 0 ? found : y.findLastIndex((p) => p > 0);
}

/** The k likeliest symbols, and of them the fewest that hold the share p of what they hold together. */
function likeliest(y, k, p) {
  const order = y.map((_, place) => place).sort((one, other) => y[other] - y[one] || one - other);
  let ranked = shares(order.map((place, rank) => (rank < k ? y[place] : 0)));
  if (p < 1) {
    let before = 0;
    ranked = shares(
      ranked.map((share, rank) => {
        const kept = rank === 0 || before < p ? share : 0;
        before += share;
        return kept;
      }),
    );
  }
  const kept = new Array(y.length).fill(0);
  order.forEach((place, rank) => (kept[place] = ranked[rank]));
  return kept;
}

function shares(values) {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
}
