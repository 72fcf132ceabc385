// What is shown of a model from text to text: a source, and the targets that were found for it, best first.
//
// Knows the document and what a seq2seq model answers; computes nothing.

import { element, field, layers, numberField, pause, textArea, workingForm } from "./elements.js";

export function build(model, config) {
  const source = textArea("source", { rows: 5 });
  const beam = numberField("beam", { value: 5, min: 1, max: 50, step: 1 });
  const many = numberField("many", { value: 1, min: 1, max: 50, step: 1 });
  const found = element("section", { id: "found", ariaLive: "polite", ariaLabel: "Targets" });
  const work = async () => {
    found.replaceChildren();
    for (const line of source.value.split("\n").filter((one) => one.trim() !== "")) {
      const width = beam.valueAsNumber;
      const targets = await model.translate(line, { beam: width, nBest: Math.min(width, many.valueAsNumber), pause });
      found.append(shown(line, targets));
    }
  };
  const numbers = element("div", { className: "row" }, [
    field("Beam", beam, "Hypotheses that are followed; 1 takes the likeliest symbol."),
    field("Targets", many, "How many are shown of each source."),
  ]);
  return {
    title: "From text to text",
    subtitle: "One network reads the source; another one, primed by it, writes the target.",
    content: [workingForm([field("Source", source, "Each line is a source."), numbers], "Write", work), found],
    facts: [
      ["Encoder", layers(config.stack)],
      ["Attention", config.decoder.attention],
      ["Symbols", symbols(config)],
    ],
  };
}

function shown(source, targets) {
  return element("article", {}, [
    element("p", { className: "source", dir: "auto" }, [source]),
    element("ol", { className: "targets" }, targets.map(item)),
  ]);
}

function item({ text, logProbability, finished }) {
  const cut = finished ? "" : ", cut at the greatest length";
  return element("li", { className: "target" }, [
    element("span", { className: "written", dir: "auto" }, [text]),
    element("span", { className: "remark" }, [`log-probability ${logProbability.toFixed(2)}${cut}`]),
  ]);
}

function symbols({ source_symbols: source, target_symbols: target, text }) {
  const told = (count) => count.toLocaleString("en");
  return `${told(source)} to ${told(target)} (${text.tokenizer})`;
}
