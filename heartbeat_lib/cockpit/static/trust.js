// @ts-check
// Who stands behind the number: the owner, "I'll take it", verifying and taking back, each with a reason.
import { h } from "./dom.js";
import { messageLine, savingField } from "./field.js";

const ADDRESS_FORM = /^[^\s@,;<>()"]+@[^\s@,;<>()"]+$/;

/**
 * @param {{ save(patch: Record<string, string>, base: Record<string, string>, why?: string): Promise<import("./field").Outcome>, me(): string, ask(): void, known(): boolean, maySign(owner: string): boolean,
 *   keep(draft: import("./field").Draft | null): void }} act
 */
export function trustCard(act) {
  const owner = savingField({
    label: "Owner", name: "owner", type: "email", placeholder: "name@company", keep: act.keep,
    check: (text) => (!text || ADDRESS_FORM.test(text) ? "" : `“${text}” is not an e-mail address. It needs a name, an @ and a domain.`),
    save: (text, base) => act.save({ owner: text }, { owner: base }),
  });
  const heading = h("h3", {}), words = h("p", { class: "trust-words" }), note = messageLine("hb-trust-said");
  const take = h("button", { type: "button", class: "button act", onclick: () => void takeIt() }, "I’ll take it");
  const youAre = h("p", { class: "quiet" });
  const taking = h("div", { class: "taking" }, take, youAre);
  const stand = h("button", { type: "button", class: "button", onclick: () => open("verified") }, "I stand behind this number…");
  const back = h("button", { type: "button", class: "button", onclick: () => open("unverified") }, "Take back…");
  const question = h("label", { for: "hb-why" }), why = h("textarea", { id: "hb-why", rows: "2", "aria-describedby": "hb-trust-said" });
  const sure = h("button", { class: "button go" }), cancel = h("button", { type: "button", class: "link", onclick: close }, "Cancel");
  const form = h("form", { class: "why-form", hidden: true, onsubmit: decide, onkeydown: leave }, question, why, h("div", { class: "buttons" }, sure, cancel));
  const element = h("section", { class: "card trust" }, heading, owner.element, taking, words, h("div", { class: "buttons" }, stand, back), form, note.element);
  /** @type {import("./shapes").Opened | null} */
  let opened = null;
  let wanted = "";

  async function takeIt() {
    await owner.set(act.me());
    act.ask();
  }
  /** @param {"verified" | "unverified"} trust */
  function open(trust) {
    if (trust === "verified" && stand.getAttribute("aria-disabled") === "true") return;
    wanted = trust;
    question.textContent = trust === "verified" ? "How do you know it is right?" : "Why do you take it back?";
    sure.textContent = trust === "verified" ? "I stand behind it" : "Take it back";
    form.hidden = false;
    why.focus();
  }
  function close() {
    const refocus = form.contains(document.activeElement);
    form.hidden = true;
    why.value = "";
    note.say("");
    if (refocus) (wanted === "verified" ? stand : back).focus();
  }
  /** @param {KeyboardEvent} event */
  function leave(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Enter" && !event.shiftKey && event.target === why) {
      event.preventDefault();
      form.requestSubmit();
    }
  }
  /** @param {Event} event */
  async function decide(event) {
    event.preventDefault();
    const sentence = why.value.trim();
    if (!sentence) return note.say(wanted === "verified" ? "One sentence: what was checked, and against what." : "One sentence: what is wrong with it.", "refused");
    const outcome = await act.save({ trust: wanted }, { owner: opened?.fields.owner ?? "", meaning: opened?.meaning_hash ?? "" }, sentence);
    if ("at" in outcome) {
      close();
      (wanted === "verified" ? back : stand).focus();
      note.say(wanted === "verified" ? "✓ You stand behind this number." : "✓ Taken back.", "saved");
      setTimeout(() => note.say(""), 4000);
      act.ask();
    } else if ("refusals" in outcome) note.say(outcome.refusals.map((refused) => refused.message).join(" "), "refused");
    else if ("theirs" in outcome) note.say(`${outcome.theirs.changed_by} changed this metric at ${outcome.theirs.changed_at}. Look at it as it stands now, and decide again.`, "conflict");
    else note.say("Not saved: no connection. Decide again when it is back.", "offline");
  }
  return {
    element, owner,
    dirty: () => owner.dirty() || (!form.hidden && Boolean(why.value.trim())),
    discard: close,
    /** What the store says now. @param {import("./shapes").Opened} now */
    store(now) {
      opened = now;
      owner.store(now);
      const verified = now.tile.state === "verified";
      heading.textContent = verified ? "Stands behind it" : "Nobody stands behind it yet";
      const signs = !now.tile.owner || act.maySign(now.tile.owner) ? "" : " In this workspace only the owner signs, with an identity that the proxy has proved.";
      words.textContent = now.trust_words + (verified ? "" : signs);
      taking.hidden = Boolean(now.tile.owner);
      youAre.textContent = act.known() ? `you are ${act.me()}` : `as ${act.me()}, until you say who you are`;
      stand.hidden = verified;
      back.hidden = !verified;
      stand.setAttribute("aria-disabled", String(!now.tile.owner));
      if (!form.hidden && (wanted === "verified") === verified) close();
    },
  };
}
