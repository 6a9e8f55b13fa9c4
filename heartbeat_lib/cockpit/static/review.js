// @ts-check
// What waits for a person, oldest first. Several at once; each is decided on its own and says its own result.
import { h } from "./dom.js";
import { age, longTime, spaced } from "./words.js";
import { statusSign } from "./signs.js";

/** @typedef {import("./shapes").Waiting} Waiting */
/** @typedef {{ ok: boolean, words: string }} Result */

/** @type {[import("./shapes").WaitingKind, string][]} */
const KINDS = [
  ["red_unowned", "Red and nobody owns it"], ["after_red", "Unverified after a red"], ["meaning_changed", "Meaning changed"], ["audit_old", "Audit too old"],
  ["to_fix", "To fix"], ["to_retire", "To retire"],
];
/** @type {[string, string, string, string][]} outcome, button, question, what it says when done */
const ANSWERS = [
  ["owner", "Give an owner…", "Whose is it?", "has an owner now"],
  ["agrees", "Agrees…", "How do you know it is right?", "verified, bound to its audit"],
  ["wrong-number", "Wrong number…", "What is wrong with it?", "unverified, listed to be fixed"],
  ["not-worth-keeping", "Not worth keeping…", "Why does nobody need it?", "listed for retirement; nothing is deleted"],
];

/**
 * @param {{ read(): Promise<Waiting[] | null>, tile(id: string): import("./shapes").Tile | undefined, answer(row: Waiting, outcome: string, text: string): Promise<string>, open(id: string): void,
 *   me(): string, zone(): string }} act `answer` resolves to why not, or to an empty text
 */
export function reviewQueue(act) {
  /** @type {Waiting[]} */
  let rows = [];
  let only = "";
  /** @type {Set<string>} */
  const chosen = new Set();
  /** @type {Map<string, Result>} */
  const results = new Map();
  const kinds = h("div", { class: "kinds", role: "group", "aria-label": "Show only what waits for" });
  const tally = h("b", {}), outcome = h("span", { class: "quiet", role: "status" });
  const question = h("label", { for: "hb-answer" }), text = h("input", { id: "hb-answer", type: "text", autocomplete: "off" }), fault = h("span", { class: "fault", role: "alert" });
  const form = h("form", { class: "answer", hidden: true, onsubmit: decide, onkeydown: leave }, question, text, h("button", { class: "button go" }, "Decide"), h("button", { type: "button", class: "link", onclick: () => (form.hidden = true) }, "Cancel"), fault);
  const acts = h("div", { class: "acts" }, tally, ...ANSWERS.map(([key, words]) => h("button", { type: "button", class: "button", "data-answer": key, onclick: () => ask(key) }, words)), outcome);
  const body = h("tbody", {});
  const table = h("table", {}, h("thead", {}, h("tr", {}, h("td", {}), ...["Metric", "Now", "Why it waits", "For whom", "Result", "Waits"].map((words) => h("th", { scope: "col" }, words)))), body);
  const nothing = h("p", { class: "nothing" });
  const element = h("section", { class: "review", "aria-labelledby": "hb-waiting" },
    h("h2", { id: "hb-waiting" }, "Waiting for a person"), h("p", { class: "quiet" }, "Oldest first. Nothing here pages anybody."), kinds, acts, form, h("div", { class: "scroll" }, table), nothing);
  let asked = "";

  const isMine = (/** @type {Waiting} */ row) => act.tile(row.id)?.owner?.toLowerCase() === act.me().toLowerCase();
  const shown = () => rows.filter((row) => !only || row.kind === only || (only === "me" && isMine(row)));
  function draw() {
    const count = (/** @type {string} */ key) => rows.filter((row) => !key || row.kind === key || (key === "me" && isMine(row))).length;
    kinds.replaceChildren(...[["", "All"], ...KINDS.filter(([key]) => count(key)), ["me", "For me"]].map(([key, words]) =>
      h("button", { type: "button", "aria-pressed": String(only === key), onclick: () => ((only = key ?? ""), draw()) }, `${words} `, h("b", {}, String(count(key ?? ""))))));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.id;
    body.replaceChildren(...shown().map(line));
    if (focused) document.getElementById(focused)?.focus();
    table.hidden = acts.hidden = !shown().length;
    nothing.hidden = Boolean(shown().length);
    nothing.textContent = rows.length ? "Nothing of this kind waits." : "Nothing waits for anybody. Quiet metrics without an owner are not asked about.";
    select();
  }
  /** @param {Waiting} row */
  function line(row) {
    const result = results.get(row.id), tile = act.tile(row.id), name = tile?.name ?? row.id;
    return h("tr", { "data-waiting": row.id, "data-kind": row.kind },
      h("td", {}, h("input", { type: "checkbox", id: `hb-wait-${row.id}`, "aria-label": `Select ${name}`, checked: chosen.has(row.id), onchange: (/** @type {Event} */ event) => pick(row.id, /** @type {HTMLInputElement} */ (event.target).checked) })),
      h("td", {}, h("button", { type: "button", class: "what", onclick: () => act.open(row.id) }, h("span", { class: "chip" }, tile?.code ?? ""), h("span", {}, h("b", {}, name), h("span", { class: "quiet" }, tile?.state)))),
      h("td", { class: `now ${tile?.status}` }, tile && statusSign(tile.status), ` ${tile?.value || "–"}`, tile?.value && spaced(tile.unit)),
      h("td", {}, row.why, row.command && h("code", {}, row.command)),
      h("td", {}, row.whom.includes("@") ? h("span", { title: row.whom }, row.whom.split("@")[0]) : row.whom),
      h("td", { class: result ? (result.ok ? "saved" : "fault") : null }, result && `${result.ok ? "✓ " : ""}${result.words}`),
      h("td", { title: longTime(row.since, act.zone()) }, age(row.since, Date.now())));
  }
  /** @param {string} id @param {boolean} on */
  function pick(id, on) {
    if (on) chosen.add(id);
    else chosen.delete(id);
    select();
  }
  function select() {
    const many = shown().filter((row) => chosen.has(row.id)).length;
    tally.textContent = many ? `${many} selected` : "Select what you decide about";
    for (const button of acts.querySelectorAll("button")) button.setAttribute("aria-disabled", String(!many));
    if (!many) form.hidden = true;
  }
  /** @param {string} key */
  function ask(key) {
    const answer = ANSWERS.find(([known]) => known === key);
    if (!answer || !shown().some((row) => chosen.has(row.id))) return;
    asked = key;
    question.textContent = answer[2];
    text.value = key === "owner" ? act.me() : "";
    fault.textContent = "";
    form.hidden = false;
    text.focus();
  }
  /** @param {KeyboardEvent} event */
  function leave(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      form.hidden = true;
    }
  }
  /** @param {Event} event */
  async function decide(event) {
    event.preventDefault();
    const sentence = text.value.trim(), done = ANSWERS.find(([key]) => key === asked)?.[3] ?? "";
    if (!sentence) {
      fault.textContent = asked === "owner" ? "An address, such as name@company." : "One sentence, for the record.";
      return;
    }
    form.hidden = true;
    let good = 0, bad = 0;
    for (const row of shown().filter((row) => chosen.has(row.id))) {
      const refused = await act.answer(row, asked, sentence);
      results.set(row.id, refused ? { ok: false, words: refused } : { ok: true, words: done });
      if (refused) bad++;
      else {
        good++;
        chosen.delete(row.id);
      }
      outcome.textContent = `${good} done${bad ? `, ${bad} not; each says why` : ""}`;
      draw();
    }
  }
  return {
    element,
    /** Read again what waits; what was decided here stays in sight with its result until the view is left. */
    async refresh() {
      const now = await act.read();
      if (!now) return;
      const still = new Set(now.map((row) => row.id));
      rows = [...now, ...rows.filter((row) => !still.has(row.id) && results.has(row.id))];
      draw();
    },
    leave() {
      results.clear();
      chosen.clear();
      outcome.textContent = "";
    },
  };
}
