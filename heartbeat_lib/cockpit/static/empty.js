// @ts-check
// A workspace without metrics says what to do next.
import { h } from "./dom.js";

const STEPS = [
  ["Have something to read", "Every Parquet, CSV or JSON-lines file of a folder becomes a table.", "heartbeat load shop ~/exports/shop"],
  ["Write one number down", "What would red cost, and who would act? The SQL comes last.", "heartbeat new late_share"],
  ["Check and deploy", "The file lies in db/metrics/; its name is the metric’s id.", "heartbeat check && heartbeat deploy"],
];

export function emptyPage() {
  return h("div", { class: "empty", hidden: true },
    h("div", { class: "ghost", "aria-hidden": "true" }, h("span", { class: "chip" }, "CODE"), " ", h("span", { class: "pill" }, "unverified"), h("i", {}), h("i", {}), h("i", {}), h("i", {})),
    h("div", {},
      h("h2", {}, "No metrics yet"),
      h("p", {}, "A metric is one SQL file that answers with one number. Deploy it and its tile appears here within the minute, unverified, with nobody’s name on it. That is where every metric begins."),
      h("ol", {}, ...STEPS.map(([what, why, command]) => h("li", {}, h("b", {}, what), h("p", {}, why), h("code", {}, command, copyButton(() => command ?? "")))))));
}

/** A button that copies a text and says so. @param {() => string} text @param {string} [label] */
export function copyButton(text, label = "Copy") {
  const button = h("button", { type: "button", class: "link", onclick: copy }, label);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser does not allow it";
    }
    setTimeout(() => (button.textContent = label), 2000);
  }
  return button;
}
