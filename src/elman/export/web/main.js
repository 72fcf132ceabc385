// The page: reads which kind of model the site has, opens it, and shows what fits it.
//
// Knows the kinds by name. Everything is read from where this file is, and nothing is sent.

import * as ort from "./runtime/ort.js";
import { Runtime } from "./engine/runtime.js";
import { Folder } from "./models/folder.js";
import { element, show } from "./page/elements.js";

/** For each kind the module of its model, and that of what is shown. */
const KINDS = {
  tagger: ["./models/tagger.js", "Tagger", "./page/tagger.js"],
  classifier: ["./models/classifier.js", "Classifier", "./page/classifier.js"],
  "language-model": ["./models/language_model.js", "LanguageModel", "./page/language_model.js"],
  seq2seq: ["./models/seq2seq.js", "Seq2Seq", "./page/seq2seq.js"],
};

async function start() {
  const folder = new Folder(read, new Runtime(ort, address("runtime/ort-wasm.js"), await read("runtime/ort-wasm.wasm")));
  const [config, exported] = await Promise.all([folder.document("config.json"), folder.document("export.json")]);
  const [path, name, page] = KINDS[config.kind];
  const [models, { build }] = await Promise.all([import(path), import(page)]);
  const model = await models[name].open(folder);
  const { title, subtitle, content, facts } = build(model, config);
  document.title = title;
  show("title", title);
  show("subtitle", subtitle);
  tell([["Kind", config.kind.replace("-", " ")], ...facts, ["Weights", weights(exported)]]);
  document.getElementById("main").append(...content);
  document.getElementById("status").remove();
}

document.getElementById("hint").remove();

/** The bytes of a file of the site. */
async function read(name) {
  const answer = await fetch(address(name));
  if (!answer.ok) throw new Error(`${name} cannot be read (${answer.status})`);
  return new Uint8Array(await answer.arrayBuffer());
}

function address(name) {
  return new URL(name, import.meta.url).href;
}

function weights({ parameters, int8 }) {
  return `${parameters.toLocaleString("en")} in ${int8 ? "8 bits" : "32 bits"}`;
}

function tell(facts) {
  const rows = facts.map(([name, value]) => element("div", {}, [element("dt", {}, [name]), element("dd", {}, [value])]));
  document.getElementById("facts").append(...rows);
  document.getElementById("about").hidden = false;
}

start().catch((error) => {
  show("status", `The model cannot be opened: ${error.message}`);
  document.getElementById("status").className = "fault";
  throw error;
});
