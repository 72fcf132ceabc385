// What is shown of a tagger: the tokens of a text with coloured labels and their probabilities, and the spans.
//
// Knows the document and what a tagger answers; computes nothing.

import { choice, element, field, layers, percent, textArea, workingForm } from "./elements.js";

/** Colours of labels that the style sheet has. */
const HUES = 12;

export function build(model, config) {
  const text = textArea("text");
  const options = model.columns.map(({ name }, k) => element("option", { value: String(k) }, [columnName(name)]));
  const column = element("select", { id: "column" }, options);
  const between = element("input", { id: "between", type: "checkbox" });
  const found = element("section", { id: "found", ariaLive: "polite", ariaLabel: "Labels" });
  let tagged = [];
  const display = () => {
    const place = Number(column.value);
    found.replaceChildren(...tagged.map((one) => shown(one, model.columns[place], place)));
  };
  const work = async () => {
    tagged = [];
    for (const line of text.value.split("\n")) {
      const tokens = between.checked ? model.tokensBetweenBlanks(line) : model.tokens(line);
      if (tokens.length > 0) tagged.push({ tokens, columns: await model.tag(tokens) });
    }
    display();
  };
  column.addEventListener("change", display);
  const fields = [
    field("Text", text, "Each line is a sentence."),
    choice("Tokens stand between blanks", between),
    ...(model.columns.length > 1 ? [field("Labels", column)] : []),
  ];
  return {
    title: "Labels for words",
    subtitle: "A tagger puts a label on every word and says how sure it is.",
    content: [workingForm(fields, "Label", work), found],
    facts: [
      ["Network", layers(config.stack)],
      ...model.columns.map(({ name, labels }) => [`Labels of ${columnName(name)}`, String(labels.internal.length)]),
    ],
  };
}

/** A sentence: its tokens in order, and a list of its spans. */
function shown({ tokens, columns }, { labels }, place) {
  const { labels: found, probabilities, spans } = columns[place];
  const items = tokens.map((token, t) => tokenItem(token, found[t], probabilities[t], hue(labels, found[t])));
  const parts = [element("ol", { className: "tokens", dir: "auto" }, items)];
  if (spans.length > 0) {
    const textOf = ({ start, end }) => tokens.slice(start, end).join(" ");
    const named = spans.map((span) => spanItem(textOf(span), span, hue(labels, span.type)));
    parts.push(element("ul", { className: "spans", ariaLabel: "Spans" }, named));
  }
  return element("article", { className: "sentence" }, parts);
}

function tokenItem(token, label, probability, colour) {
  return element("li", { className: `token ${colour}` }, [
    element("span", { className: "word" }, [token]),
    element("span", { className: "label" }, [label]),
    element("span", { className: "probability" }, [percent(probability)]),
  ]);
}

function spanItem(text, { type, probability }, colour) {
  return element("li", { className: `span ${colour}` }, [
    element("span", { className: "word" }, [text]),
    element("span", { className: "label" }, [type]),
    element("span", { className: "probability" }, [percent(probability)]),
  ]);
}

/** The colour of a label: that of the type of its span, none outside; where labels are not of spans, one for each. */
function hue(labels, label) {
  if (labels.scheme !== null && label === "O") return "hue-none";
  if (labels.scheme === null) return `hue-${labels.internal.indexOf(label) % HUES}`;
  const types = [...new Set(labels.internal.filter((one) => one !== "O").map(type))];
  return `hue-${types.indexOf(types.includes(label) ? label : type(label)) % HUES}`;
}

/** What a label of a span says behind its letter. */
function type(label) {
  return label.slice(2);
}

/** The name of a column; of one that is numbered, its number. */
function columnName(name) {
  return /^\d+$/.test(name) ? `column ${name}` : name;
}
