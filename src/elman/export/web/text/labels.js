// Labels of tokens: spans, the schemes that write them as labels, and a column's labels as ids.
//
// Knows strings; knows no network and no score. Used by the tagger.

const OUTSIDE = "O";
const COMMON_LETTERS = { M: "I", L: "E", U: "S" };

/** first, inner, last: letters of the tokens of a span of several; alone: of one token; touching: where two meet. */
const scheme = (first, inner, last, alone, touching = "") => ({ first, inner, last, alone, touching });

export const BIOES = scheme("B", "I", "E", "S");
const SCHEMES = {
  IOB2: scheme("B", "I", "I", "B"),
  BIOES,
  BMES: scheme("B", "M", "E", "S"),
  BILOU: scheme("B", "I", "L", "U"),
  IOE2: scheme("I", "I", "E", "E"),
  IOB1: scheme("I", "I", "I", "I", "B"),
  IOE1: scheme("I", "I", "I", "I", "E"),
};

/** The labels of one column. The network is given spans in BIOES, whatever the scheme of the files. */
export class LabelSet {
  /** @param document the entry of the column in `labels.json`. */
  constructor(document) {
    this.name = document.name;
    this.scheme = document.scheme === null ? null : SCHEMES[document.scheme];
    this.internal = this.scheme === null ? document.labels : internalLabels(document.labels, this.scheme);
  }

  /** The labels of internal ids, in the scheme of the files. */
  decode(ids) {
    const written = ids.map((id) => this.internal[id]);
    return this.scheme === null ? written : fromSpans(toSpans(written), written.length, this.scheme);
  }

  /** The spans of internal ids. */
  spans(ids) {
    return this.scheme === null ? [] : toSpans(ids.map((id) => this.internal[id]));
  }

  /** Whether a label may begin a sentence, end it, or stand behind another one. */
  begins(label) {
    return this.scheme === null || "OBS".includes(this.internal[label][0]);
  }

  ends(label) {
    return this.scheme === null || "OES".includes(this.internal[label][0]);
  }

  follows(before, after) {
    if (this.scheme === null) return true;
    if (this.ends(before) || this.begins(after)) return this.ends(before) && this.begins(after);
    return this.internal[before].slice(2) === this.internal[after].slice(2);
  }
}

/** The spans of labels in BIOES, read leniently: any labels have a meaning. */
export function toSpans(labels) {
  const spans = [];
  let start = -1;
  let closed = true;
  let type = "";
  [...labels, OUTSIDE].forEach((label, place) => {
    const [written, kind] = split(label, BIOES) ?? [OUTSIDE, ""];
    const letter = COMMON_LETTERS[written] ?? written;
    if (start >= 0 && (closed || "BSO".includes(letter) || kind !== type)) {
      spans.push({ start, end: place, type });
      start = -1;
    }
    if (letter === OUTSIDE) return;
    if (start < 0) start = place;
    closed = "ES".includes(letter);
    type = kind;
  });
  return spans;
}

/** The labels of a sentence with these spans, which stand in order and do not overlap. */
export function fromSpans(spans, length, written) {
  const labels = new Array(length).fill(OUTSIDE);
  const touch = (left, right) => left && right && left.end === right.start && left.type === right.type;
  spans.forEach((span, place) => {
    const size = span.end - span.start;
    const inner = new Array(Math.max(0, size - 2)).fill(written.inner);
    const letters = size === 1 ? [written.alone] : [written.first, ...inner, written.last];
    if (written.touching === "B" && touch(spans[place - 1], span)) letters[0] = "B";
    if (written.touching === "E" && touch(span, spans[place + 1])) letters[size - 1] = "E";
    letters.forEach((letter, k) => (labels[span.start + k] = joined(letter, span.type)));
  });
  return labels;
}

/** Letter and type of a label; null if the scheme has no such label. */
function split(label, written) {
  if (label === OUTSIDE) return [OUTSIDE, ""];
  const dash = label.indexOf("-");
  const letter = dash < 0 ? label : label.slice(0, dash);
  const type = dash < 0 ? "" : label.slice(dash + 1);
  const letters = [written.first, written.inner, written.last, written.alone, written.touching];
  const fits = letter !== "" && letters.includes(letter) && dash >= 0 === (type !== "");
  return fits ? [letter, type] : null;
}

/** `O` if the files have it, and B, I, E, S for each type, as it first comes among the labels. */
function internalLabels(labels, written) {
  const found = new Set();
  for (const label of labels) {
    const [letter, type] = split(label, written) ?? [OUTSIDE, ""];
    if (letter === OUTSIDE) found.add(OUTSIDE);
    else for (const one of "BIES") found.add(joined(one, type));
  }
  return [...found];
}

function joined(letter, type) {
  return type === "" ? letter : `${letter}-${type}`;
}
