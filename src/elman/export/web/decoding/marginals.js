// How likely labels and spans are under a linear chain: forward and backward over a sentence.
//
// Knows scores and the chain's weights, as `viterbi.js` has them. Factors are multiplied as they are, each step scaled by its
// greatest: the same numbers as in logarithms, to the 12th digit.

/** No factor is taken for less than this part of the greatest of its kind, so that no product of a step is ever 0. */
const FLOOR = 1e-140;
/** The least probability that `logMarginals` tells. */
const LEAST = 1e-30;

/** The probability of each label at each step, over all sequences: rows of K. */
export function marginals(scores, chain) {
  if (scores.length === 0) return [];
  const read = bothWays(scores, chain);
  return read.x.map((row, t) => {
    const p = row.map((factor, k) => read.arrivals.weights[t][k] * factor * read.departures.weights[t][k]);
    const total = sum(p);
    return p.map((value) => value / total);
  });
}

/** ln of `marginals`, in single precision. */
export function logMarginals(scores, chain) {
  return marginals(scores, chain).map((row) => row.map((p) => Math.fround(Math.log(Math.max(p, LEAST)))));
}

/** For each span { start, end } the probability that the labels inside it are those of a path through the sentence. */
export function spanProbabilities(scores, chain, path, spans) {
  const { arrivals, departures, x, tops } = bothWays(scores, chain);
  const last = scores.length - 1;
  const end = factors(chain.end);
  const reached = sum(arrivals.weights[last].map((weight, k) => weight * x[last][k] * end.values[k]));
  const whole = Math.log(reached) + arrivals.scales[last] + tops[last] + end.top;
  const K = chain.begin.length;
  return spans.map((span) => {
    let inside = scores[span.start][path[span.start]];
    for (let t = span.start + 1; t < span.end; t++) {
      inside += scores[t][path[t]] + chain.between[path[t - 1] * K + path[t]];
    }
    const come = Math.log(arrivals.weights[span.start][path[span.start]]) + arrivals.scales[span.start];
    const go = Math.log(departures.weights[span.end - 1][path[span.end - 1]]) + departures.scales[span.end - 1];
    return Math.exp(Math.min(0, come + inside + go - whole));
  });
}

/** The factors of the scores, ln of what they were divided by, and all ways to and from every label. */
function bothWays(scores, chain) {
  const tops = scores.map((row) => Math.max(...row));
  const x = scores.map((row, t) => Array.from(row, (score) => Math.max(Math.exp(score - tops[t]), FLOOR)));
  const K = chain.begin.length;
  const turned = chain.between.map((_, place) => chain.between[(place % K) * K + Math.floor(place / K)]);
  const arrivals = read(x, tops, chain.begin, chain.between);
  const back = read([...x].reverse(), [...tops].reverse(), chain.end, turned);
  const departures = { weights: back.weights.reverse(), scales: back.scales.reverse() };
  return { x, tops, arrivals, departures };
}

/** All ways to every label of every step, from the first on, without its own factor: weights divided by exp(scales). */
function read(x, tops, first, between) {
  const begin = factors(first);
  const step = factors(between);
  const K = begin.values.length;
  const weights = [begin.values];
  const scales = [begin.top];
  for (let t = 1; t < x.length; t++) {
    const alpha = weights[t - 1].map((weight, k) => weight * x[t - 1][k]);
    const greatest = Math.max(...alpha);
    weights.push(
      Array.from({ length: K }, (_, k) => sum(alpha.map((one, j) => (one / greatest) * step.values[j * K + k]))),
    );
    scales.push(scales[t - 1] + Math.log(greatest) + tops[t - 1] + step.top);
  }
  return { weights, scales };
}

/** exp(scores) divided by the greatest, and the logarithm of that. */
function factors(scores) {
  const top = scores.reduce((greatest, score) => Math.max(greatest, score), -Infinity);
  return { values: Array.from(scores, (score) => Math.max(Math.exp(score - top), FLOOR)), top };
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
