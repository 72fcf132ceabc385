// Beam search: the best texts of one source.
//
// Knows `step(state, ids)` → { logs, state } and how rows of a state are chosen; knows no network and no vocabulary.

/**
 * The `nBest` best texts, best first, as { ids, logProbability, score, finished }; a beam of 1 is greedy.
 *
 *     score = ln p / (symbols written, the end counted) ^ lengthPenalty
 *
 * A hypothesis that ends keeps its place for good; the search ends when none can still come before the `nBest`-th. What was
 * cut at the greatest length stands behind all that is finished.
 *
 * @param begun { logs, state } of the first symbol: a row of logarithms for each row of the state, here one.
 * @param choose (state, rows) → state. end: the symbol that ends a text. longest: most symbols, the end counted.
 * @param forbidden symbols that are never written. pause: is awaited after every step.
 */
export async function beamSearch(begun, { step, choose, beam, nBest = 1, lengthPenalty = 1, end, longest, forbidden, pause }) {
  const found = new Found({ beam, nBest, lengthPenalty, longest });
  let rows = [{ total: 0, history: [] }];
  let { logs, state } = begun;
  for (;;) {
    const after = likeliest(logs, rows, found.room, new Set(forbidden));
    if (after.length === 0) rows.forEach((row) => found.add(row, false));
    rows = found.sortedOut(after, end);
    if (rows.length === 0) return found.best();
    state = choose(state, rows.map((row) => row.parent));
    ({ logs, state } = await step(state, rows.map((row) => row.history.at(-1))));
    await pause?.();
  }
}

/** The likeliest continuations, as many as there is room for; of equal ones the earlier row and the lower id come first. */
function likeliest(logs, rows, room, forbidden) {
  const further = (row, parent) => greatest(logs[parent], room, forbidden).map((id) => continued(row, parent, id, logs));
  return rows.flatMap(further).sort((one, other) => other.total - one.total).slice(0, room);
}

function continued(row, parent, id, logs) {
  return { parent, total: row.total + logs[parent][id], history: [...row.history, id] };
}

/** The places of the greatest values, falling; of equal ones the lower place comes first. */
function greatest(values, many, forbidden) {
  const best = [];
  values.forEach((value, place) => {
    if (value === -Infinity || forbidden.has(place)) return;
    if (best.length === many && value <= values[best.at(-1)]) return;
    let rank = best.length;
    while (rank > 0 && values[best[rank - 1]] < value) rank -= 1;
    best.splice(rank, 0, place);
    if (best.length > many) best.pop();
  });
  return best;
}

/** What has ended, and how much is still looked for. */
class Found {
  constructor({ beam, nBest, lengthPenalty, longest }) {
    Object.assign(this, { beam, nBest, lengthPenalty, longest });
    this.ended = [];
    this.room = beam;
    this.bar = -Infinity;
  }

  add({ total, history }, finished) {
    const score = total / Math.max(1, history.length) ** this.lengthPenalty;
    this.ended.push({ ids: finished ? history.slice(0, -1) : history, logProbability: total, score, finished });
    if (!finished) return;
    const scores = this.ended.filter((one) => one.finished).map((one) => one.score).sort((one, other) => other - one);
    this.room = this.beam - scores.length;
    if (scores.length >= this.nBest) this.bar = scores[this.nBest - 1];
  }

  /** Take in what has ended or is cut; the rows that are to be written on. */
  sortedOut(rows, end) {
    const isEnd = (row) => row.history.at(-1) === end;
    const isCut = (row) => !isEnd(row) && row.history.length >= this.longest;
    rows.filter(isEnd).forEach((row) => this.add(row, true));
    rows.filter(isCut).forEach((row) => this.add(row, false));
    const going = rows.filter((row) => !isEnd(row) && !isCut(row));
    const reach = Math.max(...going.map((row) => row.total / this.longest ** this.lengthPenalty));
    return reach > this.bar ? going : [];
  }

  best() {
    const order = (one, other) => other.finished - one.finished || other.score - one.score;
    return [...this.ended].sort(order).slice(0, this.nBest);
  }
}
