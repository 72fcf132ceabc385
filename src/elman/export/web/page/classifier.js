// What is shown of a classifier: the labels of a text with bars for their probabilities, the likeliest first.
//
// Knows the document and what a classifier answers; computes nothing.

import { element, field, layers, percent, textArea, workingForm } from "./elements.js";

/** Labels that are shown at first. */
const SHOWN = 10;
/** Where a text may have several labels, it has those that are at least so likely. */
const THRESHOLD = 0.5;

export function build(model, config) {
  const text = textArea("text", { rows: 6 });
  const found = element("section", { id: "found", ariaLive: "polite", ariaLabel: "Labels" });
  const work = async () => {
    const probabilities = await model.probabilities(text.value);
    found.replaceChildren(...shown(model, probabilities));
  };
  return {
    title: "Labels for texts",
    subtitle: "A classifier reads a whole text and says how likely each label is.",
    content: [workingForm([field("Text", text)], "Classify", work), found],
    facts: [
      ["Network", layers(config.stack)],
      ["Labels", `${model.names.length.toLocaleString("en")}${model.several ? ", any number of them a text" : ""}`],
    ],
  };
}

/** The labels by falling probability, of equal ones the first; the rest below a button. */
function shown(model, probabilities) {
  const order = probabilities.map((_, k) => k).sort((one, other) => probabilities[other] - probabilities[one] || one - other);
  const items = order.map((k, rank) => item(model.names[k], probabilities[k], isChosen(model, probabilities[k], rank)));
  const list = element("ol", { className: "labels" }, items.slice(0, SHOWN));
  if (items.length <= SHOWN) return [list];
  const more = element("button", { type: "button", className: "second", id: "more" }, [`Show all ${items.length} labels`]);
  more.addEventListener("click", () => {
    list.append(...items.slice(SHOWN));
    more.remove();
  });
  return [list, more];
}

function isChosen(model, probability, rank) {
  return model.several ? probability >= THRESHOLD : rank === 0;
}

function item(name, probability, chosen) {
  const bar = element("span", { className: "bar", ariaHidden: "true" });
  bar.style.width = `${100 * probability}%`;
  return element("li", { className: chosen ? "chosen" : "" }, [
    element("span", { className: "label", dir: "auto" }, [name]),
    element("span", { className: "track" }, [bar]),
    element("span", { className: "probability" }, [percent(probability)]),
  ]);
}
