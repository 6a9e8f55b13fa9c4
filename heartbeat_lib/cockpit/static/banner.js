// @ts-check
// When what you see is not now. The page's own timer raises it: a dead kernel cannot.
import { coded, h } from "./dom.js";
import { clockTime, exactAge } from "./words.js";

/** @typedef {{ kind: "stale" | "away" | "database" | "back", now: number, header: import("./shapes").Header | null, since?: number, againS?: number, words?: string }} Trouble */

const ICONS = { stale: "◔", away: "✕", database: "✕", back: "✓" };

/** @param {{ retry(): void }} act */
export function troubleBanner(act) {
  const title = h("b", {}), text = h("span", {}), icon = h("span", { class: "icon", "aria-hidden": "true" });
  const retry = h("button", { type: "button", class: "button", onclick: act.retry }, "Try now");
  const hint = h("span", { class: "quiet" });
  const element = h("div", { class: "banner", role: "alert", hidden: true }, icon, h("p", {}, title, " ", text, " ", hint), retry);
  let shown = "";
  return {
    element,
    /** @param {Trouble | null} trouble */
    show(trouble) {
      element.hidden = !trouble;
      if (!trouble) {
        shown = "";
        return;
      }
      const [heading, sentence, more] = words(trouble);
      // Only the countdown changes from second to second, and that is not read aloud again.
      if (shown !== trouble.kind + sentence) {
        shown = trouble.kind + sentence;
        element.dataset.kind = trouble.kind;
        element.setAttribute("role", trouble.kind === "back" ? "status" : "alert");
        icon.textContent = ICONS[trouble.kind];
        title.textContent = heading;
        text.replaceChildren(h("span", {}, ...coded(sentence)));
        retry.hidden = trouble.kind === "back" || trouble.kind === "stale";
      }
      hint.textContent = more;
    },
  };
}

/** @param {Trouble} trouble @returns {[string, string, string]} */
function words({ kind, now, header, since, againS, words: said }) {
  const zone = header?.zone ?? "UTC";
  const from = header ? clockTime(header.clock.last ?? header.at, zone, now) : "";
  const seen = header ? `What you see is from ${clockTime(header.at, zone, now)}. ` : "";
  const again = againS === undefined ? "" : againS > 0 ? `Trying again in ${againS} s.` : "Trying again…";
  switch (kind) {
    case "stale": {
      const last = header?.clock.last ?? "";
      return ["This screen is stale.",
        `The last tick was at ${clockTime(last, zone, now)}, ${exactAge(last, now)} ago; the clock should tick ${header?.clock.rhythm}. Every number below is from ${from}. `
        + "`heartbeat up` starts the clock, `heartbeat runs` shows what failed.", ""];
    }
    case "away":
      return ["Not connected.", `The server stopped answering at ${clockTime(new Date(since ?? now).toISOString(), zone, now)}. ${seen}Nothing is saved until it answers; what you type stays here.`, again];
    case "database":
      return ["The database does not answer.", `${seen}Nothing is saved until it answers; what you type stays here. ${said ?? ""}`.trim(), again];
    default:
      return ["Connected again.", header ? `Everything below is from ${clockTime(header.at, zone, now)}.` : "", ""];
  }
}
