// What is shown of a language model: a prompt, and the text that goes on from it as it is written.
//
// Knows the document and how a language model writes; computes nothing.

import { element, field, layers, numberField, pause, textArea, workingForm } from "./elements.js";

/** Milliseconds of writing after which the page is drawn. */
const FRAME = 16;

export function build(model, config) {
  const prompt = textArea("prompt", { rows: 4 });
  const temperature = numberField("temperature", { value: 0.8, min: 0, max: 10, step: "any" });
  const topP = numberField("top-p", { value: 0.95, min: 0, max: 1, step: "any" });
  const most = numberField("most", { value: 300, min: 1, max: 100000, step: 1 });
  const stop = element("button", { type: "button", id: "stop", className: "second", disabled: true }, ["Stop"]);
  const begun = element("span", { className: "prompt" });
  const written = element("span", { id: "written" });
  const found = element("section", { id: "found", hidden: true, dir: "auto", ariaLabel: "Text" }, [begun, written]);
  let isStopped = false;
  stop.addEventListener("click", () => (isStopped = true));
  const work = async () => {
    isStopped = false;
    stop.disabled = false;
    found.hidden = false;
    found.setAttribute("aria-busy", "true");
    begun.textContent = prompt.value;
    written.textContent = "";
    const sampling = { temperature: temperature.valueAsNumber, topP: topP.valueAsNumber, maxTokens: most.valueAsNumber };
    try {
      let drawn = -FRAME;
      for await (const piece of model.write(prompt.value, sampling)) {
        written.append(piece);
        if (performance.now() - drawn < FRAME) continue;
        await pause();
        drawn = performance.now();
        if (isStopped) break;
      }
    } finally {
      stop.disabled = true;
      found.removeAttribute("aria-busy");
    }
  };
  const numbers = element("div", { className: "row" }, [
    field("Temperature", temperature, "0 takes the likeliest symbol."),
    field("Top p", topP, "Draw among the likeliest that hold this share."),
    field("Most symbols", most),
  ]);
  return {
    title: "A text that goes on",
    subtitle: "A language model says which symbol comes next, draws one, and reads it.",
    content: [workingForm([field("Prompt", prompt), numbers], "Write", work, [stop]), found],
    facts: [
      ["Network", layers(config.stack)],
      ["Symbols", `${config.symbols.toLocaleString("en")} (${config.text.tokenizer})`],
    ],
  };
}
