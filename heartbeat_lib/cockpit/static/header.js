// @ts-check
// What stands above the tiles: whose wall it is, search, how old it all is, and the counts that filter.
import { h, s } from "./dom.js";
import { age, ago, clockTime, longTime } from "./words.js";
import { STATUSES, STATUS_WORDS, statusSign } from "./signs.js";

/** @typedef {"unverified" | "ownerless" | "mine" | "stale"} Trait */
/** @type {[Trait, string][]} */
const TRAITS = [["unverified", "unverified"], ["ownerless", "no owner"], ["mine", "mine"], ["stale", "stale source"]];

/** @param {import("./shapes").Tile} tile @param {string} trait @param {string} me */
export function hasTrait(tile, trait, me) {
  switch (trait) {
    case "unverified": return tile.state === "unverified";
    case "ownerless": return !tile.owner;
    case "mine": return Boolean(me) && tile.owner?.toLowerCase() === me.toLowerCase();
    case "stale": return tile.source.stale;
    default: return false;
  }
}

const mark = () => s("svg", { viewBox: "0 0 24 16", class: "mark", "aria-hidden": "true" },
  s("path", { d: "M1 9h5l3-7 5 13 3-8 1 2h5", fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linejoin": "round", "stroke-linecap": "round" }));

/**
 * @param {{ search(text: string): void, toHit(): void, leave(): void, toggle(key: string): void, you(): void, view(review: boolean): void }} act
 */
export function headerBar(act) {
  const title = h("span", { class: "title" });
  const search = h("input", { type: "search", placeholder: "Code, name or owner", "aria-label": "Search", "aria-keyshortcuts": "/",
    oninput: () => act.search(search.value), onkeydown: keys });
  const you = h("button", { class: "you", type: "button", onclick: act.you });
  const tick = h("p", { class: "tick" }), oldest = h("p", { class: "oldest" });
  const wallLink = h("button", { type: "button", onclick: () => act.view(false) }, "Cockpit"), reviewLink = h("button", { type: "button", onclick: () => act.view(true) });
  const bar = h("header", { class: "bar" }, h("h1", {}, mark(), "Heartbeat"), title, h("nav", { class: "views", "aria-label": "Views" }, wallLink, reviewLink), h("label", { class: "search" }, search, h("kbd", { "aria-hidden": "true" }, "/")), you,
    h("div", { class: "clock" }, tick, oldest));
  const counts = h("div", { class: "counts", role: "group", "aria-label": "Show only" });
  const share = h("div", { class: "share", "aria-hidden": "true" });
  /** @type {Map<string, HTMLButtonElement>} */
  const buttons = new Map();
  for (const status of STATUSES) counts.append(button(status, `count ${status}`));
  counts.append(h("span", { class: "rule" }));
  for (const [trait] of TRAITS) counts.append(button(trait, "trait"));
  for (const status of STATUSES) share.append(h("i", { class: status }));

  /** @param {string} key @param {string} cls */
  function button(key, cls) {
    const made = h("button", { type: "button", class: cls, "aria-pressed": "false", "data-filter": key, onclick: () => act.toggle(key) });
    buttons.set(key, made);
    return made;
  }
  /** @param {KeyboardEvent} event */
  function keys(event) {
    if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      act.toHit();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (search.value) {
        search.value = "";
        act.search("");
      } else act.leave();
    }
  }
  return {
    bar, counts, share, search,
    /** @param {import("./shapes").Header} header @param {number} now */
    clock(header, now) {
      title.textContent = header.title;
      document.title = `${header.title} · Heartbeat`;
      const { last, running } = header.clock;
      tick.replaceChildren(...(last ? ["Last tick ", h("b", { title: longTime(last, header.zone) }, clockTime(last, header.zone, now)), `, ${ago(last, now)}`] : ["No tick yet"]),
        running ? " · one is running" : "");
      const old = header.oldest;
      oldest.replaceChildren(...(old ? ["Oldest source ", h("b", { class: old.stale ? "stale" : null, title: longTime(old.at, header.zone) }, age(old.at, now)), `, ${old.schema}`] : []));
    },
    /** @param {boolean} review @param {number} waiting */
    view(review, waiting) {
      wallLink.setAttribute("aria-current", String(!review));
      reviewLink.setAttribute("aria-current", String(review));
      if (reviewLink.dataset.waiting !== String(waiting)) {
        reviewLink.dataset.waiting = String(waiting);
        reviewLink.replaceChildren("Review ", h("b", {}, waiting ? String(waiting) : ""));
      }
    },
    /** @param {{ me: string, known: boolean, proved: boolean }} who */
    who({ me, known, proved }) {
      you.textContent = known ? me.split("@")[0] ?? me : "Who are you?";
      you.title = known ? `Decisions are recorded as ${me}, ${proved ? "proved by the proxy" : "self-declared; click to change"}` : `Until you say, decisions are recorded as ${me}, self-declared`;
      you.disabled = proved;
    },
    /** @param {import("./shapes").Tile[]} tiles @param {string[]} pressed @param {string} me */
    count(tiles, pressed, me) {
      for (const status of STATUSES) {
        const many = tiles.filter((tile) => tile.status === status).length;
        write(status, [statusSign(status), " ", h("b", {}, String(many)), " ", STATUS_WORDS[status].toLowerCase()]);
        const part = /** @type {HTMLElement} */ (share.querySelector(`.${status}`));
        part.style.flexGrow = String(many);
        part.hidden = !many;
        buttons.get(status)?.classList.toggle("none", !many);
      }
      for (const [trait, words] of TRAITS) {
        write(trait, [h("b", {}, String(tiles.filter((tile) => hasTrait(tile, trait, me)).length)), ` ${words}`]);
      }
      for (const [key, made] of buttons) made.setAttribute("aria-pressed", String(pressed.includes(key)));
    },
  };
  /** @param {string} key @param {(string | Node)[]} content */
  function write(key, content) {
    const made = /** @type {HTMLButtonElement} */ (buttons.get(key));
    const words = content.map((part) => (typeof part === "string" ? part : part.textContent)).join("");
    if (made.textContent !== words) made.replaceChildren(...content);
  }
}
