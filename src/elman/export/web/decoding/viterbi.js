// The likeliest sequence of labels of a sentence under a linear chain.
//
// Knows scores and the chain's weights; knows no label's name. A chain is { begin (K), between (K * K, row by row), end (K) };
// scores are rows of K numbers, one for each step.
//
// Source: Viterbi 1967, Error bounds for convolutional codes and an asymptotically optimum decoding algorithm.

/** The place of the greatest value, of equal ones the first. */
export function argmax(values) {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k] > values[best]) best = k;
  return best;
}

/** The labels of the greatest score; of equal ones with the lowest last label, then the lowest before it, and so on. */
export function viterbi(scores, chain) {
  if (scores.length === 0) return [];
  const labels = Array.from({ length: chain.begin.length }, (_, k) => k);
  const best = [labels.map((k) => chain.begin[k] + scores[0][k])];
  for (let t = 1; t < scores.length; t++) {
    best.push(labels.map((k) => Math.max(...ways(best[t - 1], chain, k)) + scores[t][k]));
  }
  const found = [argmax(labels.map((k) => best.at(-1)[k] + chain.end[k]))];
  for (let t = scores.length - 2; t >= 0; t--) found.push(argmax(ways(best[t], chain, found.at(-1))));
  return found.reverse();
}

/** The scores of all ways to a label from those of the step before. */
function ways(before, chain, label) {
  const K = before.length;
  return before.map((score, k) => score + chain.between[k * K + label]);
}
