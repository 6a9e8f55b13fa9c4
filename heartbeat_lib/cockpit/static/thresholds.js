// @ts-check
// Norm, alert and where they come from are one promise: saved together, and rehearsed while they are typed.
import { h } from "./dom.js";
import { conflictBox, messageLine } from "./field.js";
import { ribbon } from "./chart.js";

/** @typedef {{ norm: string, alert: string, basis: string }} Group */
const NAMES = /** @type {const} */ (["norm", "alert", "basis"]);
const TYPING_MS = 150;

/**
 * @param {{ save(patch: Group, base: Group): Promise<import("./field").Outcome>, rehearse(norm: string, alert: string): Promise<import("./link").Answer>,
 *   keep(draft: { text: Group, base: Group } | null): void }} act
 */
export function thresholdGroup(act) {
  const inputs = { norm: number("hb-norm"), alert: number("hb-alert"), basis: h("textarea", { id: "hb-basis", rows: "2", placeholder: "a rule, a limit, a promise", "aria-describedby": "hb-basis-said" }) };
  const said = { norm: messageLine("hb-norm-said"), alert: messageLine("hb-alert-said"), basis: messageLine("hb-basis-said") };
  const units = { norm: h("span", { class: "unit", "aria-hidden": "true" }), alert: h("span", { class: "unit", "aria-hidden": "true" }) };
  const direction = h("span", { class: "quiet" }, "");
  const wouldBe = h("div", { class: "would-be", role: "status" }), inForce = h("div", { class: "in-force" });
  const save = h("button", { type: "button", class: "button go", onclick: () => void commit() }, "Save thresholds");
  const undo = h("button", { type: "button", class: "link", onclick: restore }, "Undo");
  const state = h("div", { class: "message" }), note = messageLine("hb-thresholds-said");
  const buttons = h("div", { class: "buttons", hidden: true }, save, undo, h("span", { class: "quiet" }, "not saved yet"));
  const element = h("section", { class: "card thresholds", onkeydown: keys, oninput: typed },
    h("h3", {}, "Thresholds ", direction),
    h("div", { class: "field" }, h("label", { for: "hb-norm" }, "Norm"), h("div", { class: "box" }, inputs.norm, units.norm), said.norm.element),
    h("div", { class: "field" }, h("label", { for: "hb-alert" }, "Alert"), h("div", { class: "box" }, inputs.alert, units.alert), said.alert.element),
    h("div", { class: "field" }, h("label", { for: "hb-basis" }, "Where it comes from"), h("div", { class: "box" }, inputs.basis), said.basis.element),
    note.element, h("div", { class: "rehearsal" }, wouldBe, inForce, h("p", { class: "quiet" }, "A rehearsal only looks back. Saving re-judges today and nothing older.")), buttons, state);
  /** @type {Group} */
  let stored = { norm: "", alert: "", basis: "" };
  /** @type {Group} */
  let base = stored;
  let editing = false, busy = false, offline = false, asked = 0, timer = 0;

  /** @param {string} id */
  function number(id) {
    return h("input", { id, type: "text", inputmode: "decimal", autocomplete: "off", "aria-describedby": `${id}-said` });
  }
  /** @returns {Group} */
  const now = () => ({ norm: inputs.norm.value.trim(), alert: inputs.alert.value.trim(), basis: inputs.basis.value.trim() });
  /** @param {Group} one @param {Group} other */
  const same = (one, other) => NAMES.every((name) => one[name] === other[name]);
  const dirty = () => editing && !same(now(), stored);

  /** @param {Group} values */
  function fill(values) {
    for (const name of NAMES) if (inputs[name].value !== values[name]) inputs[name].value = values[name];
  }
  function quiet() {
    for (const name of NAMES) {
      said[name].say("");
      inputs[name].removeAttribute("aria-invalid");
    }
    note.say("");
  }
  function rest() {
    editing = offline = false;
    act.keep(null);
    buttons.hidden = true;
    wouldBe.replaceChildren();
    quiet();
  }
  function restore() {
    fill(stored);
    rest();
  }
  function typed() {
    if (!editing) [editing, base] = [true, stored];
    if (!dirty()) return rest();
    quiet();
    buttons.hidden = false;
    act.keep({ text: now(), base });
    clearTimeout(timer);
    timer = window.setTimeout(() => void look(), TYPING_MS);
  }
  async function look() {
    const { norm, alert } = now(), n = ++asked;
    if (!norm && !alert) return wouldBe.replaceChildren(h("p", {}, "Without thresholds it is grey, and nobody is told."));
    const answer = await act.rehearse(norm, alert).catch(() => null);
    if (n !== asked || !dirty()) return;
    if (answer?.rehearsed) wouldBe.replaceChildren(h("p", {}, h("b", {}, `With these: ${answer.rehearsed.sentence}.`)), ribbon(answer.rehearsed.status));
    else wouldBe.replaceChildren(h("p", { class: "quiet" }, answer?.refused ?? "No connection, so nothing is rehearsed."));
  }
  async function commit() {
    if (busy || !dirty()) return;
    const values = now();
    quiet();
    if ((values.norm || values.alert) && (values.norm !== stored.norm || values.alert !== stored.alert) && !values.basis) {
      return refuse("basis", "Say where they come from: a rule, a limit, a promise.");
    }
    busy = true;
    save.setAttribute("aria-disabled", "true");
    const outcome = await act.save(values, base);
    busy = false;
    save.removeAttribute("aria-disabled");
    if ("at" in outcome) {
      if (!same(now(), values)) return typed();
      stored = values;
      rest();
      state.replaceChildren(h("p", { class: "saved", role: "status" }, `✓ saved ${outcome.at}`));
      setTimeout(() => state.replaceChildren(), 4000);
    } else if ("refusals" in outcome) {
      for (const { field, message } of outcome.refusals) {
        const name = NAMES.find((known) => known === field);
        if (name) refuse(name, message);
        else note.say(message, "refused");
      }
    } else if ("theirs" in outcome) conflict(outcome.theirs);
    else {
      offline = true;
      note.say("Not saved yet: no connection. What you typed stays here and is saved when the connection is back, if nobody has changed it.", "offline");
    }
  }
  /** @param {typeof NAMES[number]} name @param {string} words */
  function refuse(name, words) {
    said[name].say(words, "refused");
    inputs[name].setAttribute("aria-invalid", "true");
  }
  /** @param {import("./shapes").Opened} opened */
  function conflict(opened) {
    stored = group(opened);
    note.say(conflictBox(opened, inWords(stored), inWords(now()), {
      theirs: restore,
      mine: () => {
        base = stored;
        note.say("");
        void commit();
      },
    }), "conflict");
  }
  /** @param {KeyboardEvent} event */
  function keys(event) {
    if (event.key === "Enter" && !event.shiftKey && event.target !== save && event.target !== undo && !(/** @type {Element} */ (event.target).closest(".conflict-box"))) {
      event.preventDefault();
      void commit();
    } else if (event.key === "Escape" && editing) {
      event.preventDefault();
      event.stopPropagation();
      restore();
    }
  }
  /** @param {import("./shapes").Opened} opened @returns {Group} */
  const group = ({ fields: { norm, alert, basis } }) => ({ norm, alert, basis });
  /** @param {Group} values */
  const inWords = ({ norm, alert, basis }) => (norm || alert ? `norm ${norm || "none"}, alert ${alert || "none"}, “${basis}”` : "no thresholds");

  return {
    element, dirty, commit, restore, typed: now,
    /** What the store says now. @param {import("./shapes").Opened} opened @param {string} unit */
    store(opened, unit) {
      units.norm.textContent = units.alert.textContent = unit;
      direction.textContent = `${opened.direction ? `${opened.direction}; ` : ""}set by people, never by data`;
      inForce.replaceChildren(...(opened.in_force ? [h("p", { class: "quiet" }, `In force: ${opened.in_force.sentence}.`), ribbon(opened.in_force.status)] : []));
      const theirs = group(opened);
      if (!editing) {
        fill(theirs);
        stored = theirs;
      } else if (same(theirs, now()) && !busy) {
        stored = theirs;
        rest();
      } else if (!same(theirs, base) && !same(theirs, stored) && !busy) conflict(opened);
    },
    /** Take up what was typed before the page had to be loaded again. @param {{ text: Group, base: Group }} draft @param {import("./shapes").Opened} opened */
    resume(draft, opened) {
      [editing, base, stored] = [true, draft.base, group(opened)];
      fill(draft.text);
      buttons.hidden = false;
      if (same(stored, base)) void look();
      else conflict(opened);
    },
    /** Another metric comes into the panel. */
    forget() {
      stored = base = { norm: "", alert: "", basis: "" };
      editing = offline = false;
      fill(stored);
      buttons.hidden = true;
      wouldBe.replaceChildren();
      quiet();
    },
    retry() {
      if (offline) void commit();
    },
  };
}
