// @ts-check
// A field that saves itself: Enter or leaving saves, Escape brings the stored value back, and what happened stands under it.
import { h } from "./dom.js";

/**
 * @typedef {{ at: string } | { refusals: import("./shapes").Refused[] } | { theirs: import("./shapes").Opened } | { offline: true }} Outcome
 * @typedef {{ text: string, base: string }} Draft what is typed and not saved, and what stood there when typing began
 * @typedef {{ label: string, name: keyof import("./shapes").Fields, type?: string, placeholder?: string, mode?: string, check?(text: string): string,
 *   save(text: string, base: string): Promise<Outcome>, keep(draft: Draft | null): void }} FieldOptions
 */

let ids = 0;

/** The line under a field. It is made anew for each message, so that it is read aloud each time. @param {string} id */
export function messageLine(id) {
  const element = h("div", { class: "message", id });
  return {
    element,
    /** @param {string | Node} words @param {"hint" | "saved" | "refused" | "offline" | "conflict"} [kind] */
    say(words, kind = "hint") {
      const role = kind === "refused" || kind === "conflict" || kind === "offline" ? "alert" : kind === "saved" ? "status" : null;
      element.replaceChildren(...(words ? [h(typeof words === "string" ? "p" : "div", { class: kind, role }, words)] : []));
    },
  };
}

/**
 * Theirs and yours, and the person chooses.
 * @param {import("./shapes").Opened} opened @param {string} theirs @param {string} yours @param {{ theirs(): void, mine(): void }} choose
 */
export function conflictBox(opened, theirs, yours, choose) {
  return h("div", { class: "conflict-box" },
    h("p", {}, h("b", {}, `${opened.changed_by} changed this at ${opened.changed_at}, while you were typing.`)),
    h("dl", {},
      h("dt", {}, "theirs"), h("dd", {}, h("b", {}, theirs || "nothing"), h("button", { type: "button", class: "button", onclick: choose.theirs }, "Keep theirs")),
      h("dt", {}, "yours"), h("dd", {}, h("b", {}, yours || "nothing"), h("button", { type: "button", class: "button", onclick: choose.mine }, "Use mine"))));
}

/** @param {string} text */
const quoted = (text) => (text ? text : "the empty field");

/** @param {FieldOptions} options */
export function savingField({ label, name, type = "text", placeholder = "", mode, check, save, keep }) {
  const id = `hb-${name}-${ids++}`;
  const input = h("input", { id, type, placeholder, inputmode: mode, autocomplete: "off", "aria-describedby": `${id}-said`, spellcheck: "false" });
  const message = messageLine(`${id}-said`);
  const unit = h("span", { class: "unit", "aria-hidden": "true" });
  const element = h("div", { class: "field", "data-phase": "rest" }, h("label", { for: id }, label), h("div", { class: "box" }, input, unit), message.element);
  let stored = "", base = "", editing = false, busy = false, settled = 0;

  /** @param {"rest" | "edit" | "saving" | "refused" | "conflict" | "offline"} phase */
  const phase = (phase) => {
    element.dataset.phase = phase;
    if (phase === "refused") input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  const dirty = () => editing && input.value.trim() !== stored;
  function rest() {
    editing = false;
    keep(null);
    phase("rest");
  }
  function restore() {
    input.value = stored;
    rest();
    message.say("");
  }
  function typed() {
    if (!editing) [editing, base] = [true, stored];
    clearTimeout(settled);
    if (input.value.trim() === stored) return restoreQuietly();
    keep({ text: input.value, base });
    phase("edit");
    message.say(`Enter saves, Escape brings ${quoted(stored)} back`);
  }
  function restoreQuietly() {
    rest();
    message.say("");
  }
  async function commit() {
    const text = input.value.trim();
    if (busy || !dirty()) return;
    const fault = check?.(text) ?? "";
    if (fault) {
      phase("refused");
      return message.say(fault, "refused");
    }
    busy = true;
    phase("saving");
    const slow = setTimeout(() => message.say("saving…"), 150);
    const outcome = await save(text, base);
    clearTimeout(slow);
    busy = false;
    if ("at" in outcome) {
      // Somebody may have typed on while it was on its way.
      if (input.value.trim() !== text) return typed();
      stored = text;
      input.value = text;
      rest();
      message.say(`✓ saved ${outcome.at}`, "saved");
      settled = window.setTimeout(() => message.say(""), 4000);
    } else if ("refusals" in outcome) {
      phase("refused");
      message.say(outcome.refusals.map((refused) => refused.message).join(" "), "refused");
    } else if ("theirs" in outcome) conflict(outcome.theirs);
    else {
      phase("offline");
      message.say(`Not saved yet: no connection. Your ${quoted(text)} stays here and is saved when the connection is back, if nobody has changed it.`, "offline");
    }
  }
  /** @param {import("./shapes").Opened} opened */
  function conflict(opened) {
    const theirs = opened.fields[name];
    stored = theirs;
    phase("conflict");
    message.say(conflictBox(opened, theirs, input.value.trim(), {
      theirs: () => {
        restore();
        input.focus();
      },
      mine: () => {
        base = theirs;
        phase("edit");
        void commit();
      },
    }), "conflict");
  }
  input.addEventListener("input", typed);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      void commit();
    } else if (event.key === "Escape" && (dirty() || element.dataset.phase === "refused")) {
      event.preventDefault();
      event.stopPropagation();
      restore();
    }
  });
  input.addEventListener("blur", () => {
    if (element.dataset.phase === "edit") void commit();
  });
  return {
    element, input, dirty,
    /** What the store says now. @param {import("./shapes").Opened} opened @param {string} [unitWord] */
    store(opened, unitWord = "") {
      const now = opened.fields[name];
      unit.textContent = unitWord;
      if (!editing) {
        if (input.value !== now) input.value = now;
        stored = now;
      } else if (now === input.value.trim() && !busy) {
        stored = now;
        restoreQuietly();
      } else if (now !== base && now !== stored && !busy) conflict(opened);
    },
    /** Take up what was typed before the page had to be loaded again. @param {Draft} draft @param {import("./shapes").Opened} opened */
    resume(draft, opened) {
      [editing, base, input.value] = [true, draft.base, draft.text];
      stored = opened.fields[name];
      if (stored !== base) return conflict(opened);
      phase("offline");
      void commit();
    },
    /** Another metric comes into the panel. */
    forget() {
      editing = false;
      input.value = stored = base = "";
      phase("rest");
      message.say("");
    },
    /** The connection is back. */
    retry() {
      if (element.dataset.phase === "offline") void commit();
    },
    /** Put a value there and save it, as a button does. @param {string} text */
    set(text) {
      if (!editing) [editing, base] = [true, stored];
      input.value = text;
      return commit();
    },
  };
}
