// Parts of the page: elements, fields with their names, percentages, and forms that work one request at a time.
//
// Knows the document; knows no model.

/** An element with properties and children, which are elements or texts. */
export function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Put a text into an element of the page. */
export function show(id, text) {
  document.getElementById(id).textContent = text;
}

/** A field below its name, with a remark if there is one. */
export function field(name, input, remark) {
  const parts = [element("span", { className: "name" }, [name]), input];
  if (remark) parts.push(element("span", { className: "remark" }, [remark]));
  return element("label", { className: "field" }, parts);
}

/** A field whose name stands behind it. */
export function choice(name, input) {
  return element("label", { className: "choice" }, [input, name]);
}

/** A field for a text of several lines. */
export function textArea(id, { rows = 4, value = "" } = {}) {
  return element("textarea", { id, rows, value, dir: "auto", spellcheck: false, autocomplete: "off" });
}

/** A field for a number. */
export function numberField(id, { value, min, max, step }) {
  return element("input", { id, type: "number", min, max, step, value, required: true });
}

export function percent(probability) {
  const share = 100 * probability;
  return share > 0 && share < 0.1 ? "< 0.1 %" : `${share.toFixed(share >= 99.95 || share === 0 ? 0 : 1)} %`;
}

/** What is told of the layers of a network. */
export function layers({ layers: many, cell, hidden, bidirectional }) {
  const name = { elman: "Elman", gru: "GRU", lstm: "LSTM", mingru: "minGRU" }[cell];
  const ways = bidirectional ? ", read from both ends" : "";
  return `${many} ${many === 1 ? "layer" : "layers"} of ${hidden} ${name} units${ways}`;
}

/** A break in which the page is drawn and buttons are heard. */
export function pause() {
  return new Promise((resolve) => setTimeout(resolve));
}

/**
 * A form with buttons below, that works on one request at a time; Ctrl+Enter sends it too.
 *
 * @param work is called when the form is sent; what goes wrong is shown below it.
 * @param buttons beside the first.
 */
export function workingForm(fields, name, work, buttons = []) {
  const fault = element("p", { className: "fault", role: "alert" });
  const send = element("button", { type: "submit", id: "send" }, [name]);
  const form = element("form", {}, [...fields, element("div", { className: "buttons" }, [send, ...buttons]), fault]);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (send.disabled) return;
    send.disabled = true;
    fault.textContent = "";
    try {
      await work();
    } catch (error) {
      fault.textContent = `This did not work: ${error.message}`;
      throw error;
    } finally {
      send.disabled = false;
    }
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return form;
}
