// @ts-check
// Who acts. A proxy's proof where there is one; else what the person says once, kept in this browser; until then the operator.
import { h } from "./dom.js";

const KEPT = "heartbeat-you";
const ADDRESS = /^[^\s@,;<>()"]+@[^\s@,;<>()"]+$/;

/** @param {() => void} changed called when the answer is another one */
export function whoActs(changed) {
  /** @type {import("./shapes").Header | null} */
  let header = null;
  let said = "";
  try {
    said = localStorage.getItem(KEPT) ?? "";
  } catch {
    // A browser that keeps nothing is asked again at the next visit.
  }
  const input = h("input", { type: "email", id: "hb-you", autocomplete: "email", placeholder: "name@company" });
  const fault = h("span", { class: "fault", role: "alert" });
  const recorded = h("span", { class: "quiet" });
  const form = h("form", { class: "who", hidden: true, novalidate: true, onsubmit: answer, onkeydown: leave },
    h("label", { for: "hb-you" }, "Who are you?"), input, h("button", { class: "button" }, "That’s me"),
    h("button", { type: "button", class: "link", onclick: close }, "Not now"), fault, recorded);

  /** @param {Event} event */
  function answer(event) {
    event.preventDefault();
    const address = input.value.trim();
    if (address && !ADDRESS.test(address)) {
      fault.textContent = `“${address}” is not an e-mail address. It needs a name, an @ and a domain.`;
      return;
    }
    said = address;
    try {
      if (said) localStorage.setItem(KEPT, said);
      else localStorage.removeItem(KEPT);
    } catch {
      // As above.
    }
    close();
    changed();
  }
  /** @param {KeyboardEvent} event */
  function leave(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
  }
  function close() {
    form.hidden = true;
    fault.textContent = "";
  }
  let asked = false;
  return {
    form,
    /** @param {import("./shapes").Header} now */
    learn(now) {
      header = now;
    },
    /** The address that a decision made now is recorded under. */
    get me() {
      return header?.you || said || header?.operator || "";
    },
    /** What the page sends with a decision; empty lets the kernel take the operator. */
    get said() {
      return header?.you ? "" : said;
    },
    get known() {
      return Boolean(header?.you || said);
    },
    get proved() {
      return Boolean(header?.you);
    },
    /** Ask, unless it is known or was asked on this page already. @param {boolean} [again] */
    ask(again = false) {
      if (header?.you || (!again && (said || asked))) return;
      asked = true;
      input.value = said;
      recorded.textContent = `Decisions are recorded as ${said || header?.operator || "the operator"}, self-declared.`;
      form.hidden = false;
      if (again) input.focus();
    },
  };
}
