// @ts-check
// The tiles: red surfaces, green fades. A tile is rebuilt when it changed and moved when its place did; focus stays where it is.
import { h } from "./dom.js";
import { STATUSES, STATUS_WORDS, statusSign } from "./signs.js";
import { refreshAges, tileElement } from "./tile.js";
import { hasTrait } from "./header.js";

/** @typedef {import("./shapes").Tile} Tile */
/** @typedef {import("./route").Route} Route */

/**
 * @param {{ open(id: string): void, link(id: string): string }} act
 */
export function tileBoard(act) {
  /** @type {Map<string, { tile: Tile, element: HTMLLIElement }>} */
  const kept = new Map();
  /** @type {string[]} */
  let order = [];
  let current = "";
  const sections = { red: section("red"), amber: section("amber"), grey: section("grey"), green: section("green") };
  const nothing = h("p", { class: "nothing", role: "status", hidden: true });
  const element = h("div", { class: "sections", onkeydown: keys, onclick: opened, onfocusin: follow }, nothing, ...STATUSES.map((status) => sections[status].element));

  /** @param {typeof STATUSES[number]} status */
  function section(status) {
    const many = h("span", { class: "many" }), list = h("ul", { class: "tiles" });
    const heading = h("h2", {}, statusSign(status), " ", STATUS_WORDS[status], " ", many);
    return { element: h("section", { class: status, hidden: true }, heading, list), list, many };
  }
  /** @param {string} id @returns {HTMLAnchorElement | null} */
  const anchor = (id) => kept.get(id)?.element.querySelector("a") ?? null;
  /** @returns {string[]} ids on screen, in the order of the page */
  const visible = () => STATUSES.flatMap((status) => [...sections[status].list.children])
    .filter((li) => !(/** @type {HTMLElement} */ (li).hidden)).map((li) => /** @type {HTMLElement} */ (li.firstElementChild).dataset.metricId ?? "");

  /** @param {string} id */
  function makeStop(id) {
    anchor(current)?.setAttribute("tabindex", "-1");
    current = id;
    anchor(current)?.setAttribute("tabindex", "0");
  }
  /** @param {FocusEvent} event */
  function follow(event) {
    const id = /** @type {HTMLElement} */ (event.target).closest("a")?.dataset.metricId;
    if (id) makeStop(id);
  }
  /** @param {MouseEvent} event */
  function opened(event) {
    const id = /** @type {HTMLElement} */ (event.target).closest?.("a")?.dataset.metricId;
    if (!id || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    act.open(id);
  }
  /** @param {KeyboardEvent} event */
  function keys(event) {
    const id = /** @type {HTMLElement} */ (event.target).closest?.("a")?.dataset.metricId;
    if (!id || event.ctrlKey || event.metaKey || event.altKey) return;
    const ids = visible(), at = ids.indexOf(id);
    const to = { ArrowLeft: ids[at - 1], ArrowRight: ids[at + 1], Home: ids[0], End: ids.at(-1), ArrowUp: beside(ids, at, -1), ArrowDown: beside(ids, at, 1) }[event.key];
    if (to) {
      event.preventDefault();
      focus(to);
    } else if (event.key.startsWith("Arrow")) event.preventDefault();
  }
  /** The tile nearest in the next row, across sections. @param {string[]} ids @param {number} at @param {1 | -1} way */
  function beside(ids, at, way) {
    const here = /** @type {Element} */ (anchor(ids[at] ?? "")).getBoundingClientRect();
    const middle = here.left + here.width / 2;
    let found = "", row = way * Infinity, away = Infinity;
    for (let next = at + way; next >= 0 && next < ids.length; next += way) {
      const there = /** @type {Element} */ (anchor(ids[next] ?? "")).getBoundingClientRect();
      if (way * (there.top - here.top) < 4) continue;
      if (way * (there.top - row) > 4) break;
      row = there.top;
      const distance = Math.abs(there.left + there.width / 2 - middle);
      if (distance < away) [found, away] = [ids[next] ?? "", distance];
    }
    return found;
  }
  /** @param {string} id */
  function focus(id) {
    makeStop(id);
    anchor(id)?.focus();
    return Boolean(anchor(id));
  }
  return {
    element, focus, visible,
    /** @param {string} id */
    tile: (id) => kept.get(id)?.tile,
    get all() {
      return order.flatMap((id) => kept.get(id)?.tile ?? []);
    },
    /** Put what changed on the page. @param {Tile[]} changed @param {string[]} ids @param {string} zone @param {number} now */
    paint(changed, ids, zone, now) {
      const focused = element.contains(document.activeElement) ? document.activeElement?.closest("a")?.dataset.metricId : undefined;
      for (const tile of changed) {
        const before = kept.get(tile.id);
        const made = tileElement(tile, { zone, now, href: act.link(tile.id) });
        if (before) {
          made.hidden = before.element.hidden;
          made.classList.add("changed");
          before.element.replaceWith(made);
        }
        kept.set(tile.id, { tile, element: made });
      }
      const living = new Set(ids);
      for (const [id, { element: gone }] of kept) {
        if (!living.has(id)) {
          gone.remove();
          kept.delete(id);
        }
      }
      order = ids;
      /** @type {Record<string, number>} */
      const places = {};
      for (const id of ids) {
        const { tile, element: li } = /** @type {{ tile: Tile, element: HTMLLIElement }} */ (kept.get(id));
        const list = sections[tile.status].list, place = places[tile.status] ?? 0;
        if (list.children[place] !== li) list.insertBefore(li, list.children[place] ?? null);
        places[tile.status] = place + 1;
      }
      if (!living.has(current)) current = ids[0] ?? "";
      makeStop(current);
      if (focused && living.has(focused) && document.activeElement !== anchor(focused)) anchor(focused)?.focus({ preventScroll: true });
    },
    /** Hide what the filters and the search leave out. @param {Route} route @param {string} me */
    filter(route, me) {
      const wanted = route.show.filter((key) => STATUSES.some((status) => status === key));
      const traits = route.show.filter((key) => !wanted.includes(key));
      const words = route.q.trim().toLowerCase();
      /** @type {Record<string, number>} */
      const shown = {};
      for (const { tile, element: li } of kept.values()) {
        const hit = (!wanted.length || wanted.includes(tile.status)) && traits.every((trait) => hasTrait(tile, trait, me))
          && (!words || `${tile.code} ${tile.name} ${tile.id} ${tile.owner ?? ""}`.toLowerCase().includes(words));
        li.hidden = !hit;
        if (hit) shown[tile.status] = (shown[tile.status] ?? 0) + 1;
      }
      for (const status of STATUSES) {
        sections[status].element.hidden = !shown[status];
        sections[status].many.textContent = String(shown[status] ?? 0);
      }
      nothing.hidden = Boolean(Object.keys(shown).length) || !kept.size;
      nothing.textContent = words ? `No metric matches “${route.q.trim()}”. Escape clears the search.` : "No metric is like that now. The counts above bring the others back.";
      const ids = visible();
      if (!ids.includes(current)) makeStop(ids[0] ?? "");
    },
    /** @param {number} now */
    older: (now) => refreshAges(element, now),
  };
}

/** Red and nobody owns it: one button each. @param {{ take(id: string): Promise<string>, open(id: string): void }} act */
export function unownedStrip(act) {
  const many = h("b", {}), items = h("ul", {}), more = h("p", { class: "more" }), said = h("p", { class: "said", role: "status" });
  const strip = h("div", { class: "strip", role: "region", "aria-label": "Red and nobody owns it" },
    h("div", { class: "call" }, many, h("p", {}, "Nobody is told about these until somebody takes them.")), items, more);
  const element = h("div", {}, strip, said);
  let shown = "";

  /** @param {Tile} tile */
  function item(tile) {
    const fault = h("p", { class: "fault", role: "alert" });
    const button = h("button", { type: "button", class: "button act", "data-take": tile.id, onclick: take }, "I’ll take it", h("span", { class: "sr" }, `: ${tile.name}`));
    async function take() {
      button.disabled = true;
      const refused = await act.take(tile.id);
      button.disabled = false;
      fault.textContent = refused;
      if (!refused) {
        said.textContent = `${tile.name} is yours now. It stays unverified until you stand behind the number.`;
        setTimeout(() => (said.textContent = ""), 20e3);
      }
    }
    return h("li", {}, h("span", { class: "chip" }, tile.code),
      h("button", { type: "button", class: "what", onclick: () => act.open(tile.id) }, h("b", {}, tile.name), h("span", { class: "quiet" }, tile.against)),
      h("span", { class: "value" }, tile.value || "–", tile.unit && h("small", {}, ` ${tile.unit}`)), button, fault);
  }
  return {
    element,
    /** @param {Tile[]} tiles */
    show(tiles) {
      const unowned = tiles.filter((tile) => tile.status === "red" && !tile.owner);
      strip.hidden = !unowned.length;
      const signature = JSON.stringify(unowned.map((tile) => [tile.id, tile.version, tile.value, tile.against]));
      if (signature === shown) return;
      shown = signature;
      const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.take;
      many.textContent = `Red and nobody owns it: ${unowned.length}`;
      items.replaceChildren(...unowned.slice(0, 6).map(item));
      more.textContent = unowned.length > 6 ? `and ${unowned.length - 6} more` : "";
      more.hidden = unowned.length <= 6;
      if (focused) /** @type {HTMLElement | null} */ (items.querySelector(`[data-take="${CSS.escape(focused)}"]`) ?? items.querySelector("[data-take]"))?.focus();
    },
  };
}
