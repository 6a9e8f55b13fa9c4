// @ts-check
// The owner's answer to an audit: four outcomes, each with a sentence; the report opens beside it.
import { h } from "./dom.js";
import { copyButton } from "./empty.js";
import { messageLine } from "./field.js";

/** @typedef {import("./shapes").Opened} Opened */

/** @type {[string, string, string, string][]} outcome, button, question, what happens */
const OUTCOMES = [
  ["agrees", "Agrees…", "What convinced you?", "The number is verified, bound to this audit. When it is red, the owner is told."],
  ["wrong-thresholds", "Wrong thresholds…", "What is wrong with them?", "Put the new ones into the fields under Thresholds; they are saved with this answer, and the number is verified."],
  ["wrong-number", "Wrong number…", "What is wrong with it?", "It is unverified and listed to be fixed until its meaning changes. The owner stays."],
  ["not-worth-keeping", "Not worth keeping…", "Why does nobody need it?", "It is listed for retirement. Nothing is deleted by a click."],
];

/**
 * @param {{ review(outcome: string, why: string, patch: Record<string, string>): Promise<import("./field").Outcome>, report(path: string): Promise<import("./link").Answer>,
 *   thresholds(): Record<string, string>, count(period: string, value: string, from: string): Promise<string> }} act
 *   `report` resolves to a whole HTML document, or why there is none; `count` to why not, or to an empty text
 */
export function answerCard(act) {
  const heading = h("h3", {}, "Audits"), list = h("ol", {}), command = h("div", { class: "command" });
  const note = messageLine("hb-answer-said");
  const buttons = h("div", { class: "buttons" }, ...OUTCOMES.map(([outcome, words]) => h("button", { type: "button", class: "button", "data-outcome": outcome, onclick: () => ask(outcome) }, words)));
  const question = h("label", { for: "hb-answer-why" }), happens = h("p", { class: "quiet" });
  const why = h("textarea", { id: "hb-answer-why", rows: "2", "aria-describedby": "hb-answer-said" });
  const form = h("form", { class: "why-form", hidden: true, onsubmit: decide, onkeydown: leave }, question, why, happens,
    h("div", { class: "buttons" }, h("button", { class: "button go" }, "Answer"), h("button", { type: "button", class: "link", onclick: close }, "Cancel")));
  const asks = h("div", { class: "asks" }, h("p", {}, h("b", {}, "What do you say to it?")), buttons, form);

  const counted = h("ul", { class: "counted" });
  const day = h("input", { id: "hb-count-day", type: "text", placeholder: "2026-11-23", autocomplete: "off" });
  const value = h("input", { id: "hb-count-value", type: "text", inputmode: "decimal", autocomplete: "off" });
  const from = h("input", { id: "hb-count-from", type: "text", placeholder: "the report it stands in", autocomplete: "off" });
  const counting = messageLine("hb-count-said");
  const counts = h("details", { class: "counts-by-hand" }, h("summary", {}, "Counted by hand"), counted,
    h("form", { onsubmit: keepCount }, row("hb-count-day", "Period", day), row("hb-count-value", "Counted", value), row("hb-count-from", "From", from), h("button", { class: "button" }, "Keep this count"), counting.element));
  const frame = h("iframe", { sandbox: "", title: "Audit report" });
  const reader = h("dialog", { class: "reader", "aria-label": "Audit report", onclick: (/** @type {Event} */ event) => event.target === reader && reader.close() },
    h("button", { type: "button", class: "button close", onclick: () => reader.close() }, "Close"), frame);
  const element = h("section", { class: "card audits" }, heading, list, command, asks, note.element, counts, reader);
  let wanted = "", fails = false;

  /** @param {string} id @param {string} label @param {HTMLElement} input */
  function row(id, label, input) {
    return h("div", { class: "field" }, h("label", { for: id }, label), h("div", { class: "box" }, input));
  }
  /** @param {string} outcome */
  function ask(outcome) {
    const found = OUTCOMES.find(([known]) => known === outcome);
    if (!found) return;
    wanted = outcome;
    [question.textContent, happens.textContent] = [found[2], outcome === "agrees" && fails ? `This audit says that the number fails. ${found[3]}` : found[3]];
    form.hidden = false;
    note.say("");
    why.focus();
  }
  function close() {
    form.hidden = true;
    why.value = "";
    note.say("");
  }
  /** @param {KeyboardEvent} event */
  function leave(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  }
  /** @param {Event} event */
  async function decide(event) {
    event.preventDefault();
    const sentence = why.value.trim();
    if (!sentence) return note.say("One sentence, for the record.", "refused");
    const outcome = await act.review(wanted, sentence, wanted === "wrong-thresholds" ? act.thresholds() : {});
    if ("at" in outcome) {
      close();
      note.say(`✓ answered ${outcome.at}`, "saved");
    } else if ("refusals" in outcome) note.say(outcome.refusals.map((refused) => refused.message).join(" "), "refused");
    else if ("theirs" in outcome) note.say(`${outcome.theirs.changed_by} changed this metric at ${outcome.theirs.changed_at}. Look at it as it stands now, and answer again.`, "conflict");
    else note.say("Not saved: no connection. Answer again when it is back.", "offline");
  }
  /** @param {Event} event */
  async function keepCount(event) {
    event.preventDefault();
    const refused = await act.count(day.value.trim(), value.value.trim(), from.value.trim());
    if (refused) return counting.say(refused, "refused");
    day.value = value.value = from.value = "";
    counting.say("✓ kept; every later audit checks it", "saved");
  }
  /** @param {string} path */
  async function read(path) {
    const said = await act.report(path).catch(() => null);
    if (!said?.html) return note.say(said?.refused ?? "No connection. Open it when it is back.", "refused");
    note.say("");
    frame.srcdoc = said.html;
    reader.showModal();
  }
  return {
    element,
    dirty: () => !form.hidden && Boolean(why.value.trim()),
    discard: close,
    /** What the store says now. @param {Opened} now */
    store(now) {
      list.replaceChildren(...now.audits.map((audit) => h("li", {},
        h("span", { class: "quiet" }, audit.on),
        h("div", {}, h("p", {}, h("button", { type: "button", class: "link", onclick: () => void read(audit.report) }, audit.words), audit.present ? "" : ", of an older meaning"),
          h("p", { class: "quiet" }, audit.why), audit.answer && h("p", {}, audit.answer)))));
      const line = `heartbeat audit ${now.tile.id}`;
      command.replaceChildren(h("p", { class: "quiet" }, now.audits.length ? "Another one: " : "None yet. An audit rebuilds the number on another road: ", h("code", {}, line), " ", copyButton(() => line)));
      const newest = now.audits.find((audit) => audit.present);
      asks.hidden = !newest;
      fails = newest?.verdict === "fails";
      if (asks.hidden) close();
      counted.replaceChildren(...now.hand_counts.map((count) => h("li", {}, `${count.period}: `, h("b", {}, count.value), h("span", { class: "quiet" }, ` from ${count.source}, ${count.who}`))));
    },
  };
}
