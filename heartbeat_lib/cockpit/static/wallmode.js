// @ts-check
// The wall: every metric on one screen, read from across a room, with nothing to press. What does not fit gives way by
// wallplan.js. A tile is built again only when something that it shows has changed.

import { h } from "./dom.js";
import { STATUSES, statusSign } from "./signs.js";
import { sparkPicture } from "./spark.js";
import { RED_PAGE, redRows, wallPlan } from "./wallplan.js";
import { age, ago, clockTime } from "./words.js";

/** @typedef {import("./shapes").Header} Header */
/** @typedef {import("./shapes").Tile} Tile */
/** @typedef {import("./shapes").Status} Status */
/** @typedef {{signature: string, element: HTMLElement}} Drawn */
/** @typedef {{from: number, to: number, of: number, page: number, pages: number}} Page */

const PAGE_TURNS_MS = 12_000,
  SPARKS_UP_TO = 4,
  RED_VALUE_ROOM = 11.2,
  LONG_UNIT = 12;

/** Makes the children these, touching nothing when they are these already. @param {Element} parent @param {Node[]} children */
function settleChildren(parent, children) {
  const same = parent.childNodes.length === children.length && children.every((child, i) => parent.childNodes[i] === child);
  if (!same) parent.replaceChildren(...children);
}

/** @param {Tile} tile */
const wallValue = (tile) => h("span", { class: "wall-value" }, h("b", {}, tile.value || "–"), tile.value && tile.unit && h("small", {}, tile.unit));

/** How much smaller a red value must be to stand beside its age; in ems of the tile. @param {Tile} tile */
function redValueFit(tile) {
  const wanted = tile.value.length * 1.95 + (tile.unit ? 0.5 + Math.min(tile.unit.length, LONG_UNIT) * 0.85 : 0);
  return Math.min(1, RED_VALUE_ROOM / wanted).toFixed(2);
}

/** @param {Tile} tile @param {number} now */
function wallSource(tile, now) {
  const { at, stale } = tile.source;
  if (at === null) return "source: freshness unknown";
  return `source ${age(at, now)}${stale ? ", stale" : ""}`;
}

/** @param {Tile} tile @param {string} kind @param {...(Node | string | false)} children */
const wallTile = (tile, kind, ...children) =>
  h("li", { class: kind, "data-metric-id": tile.id, "data-status": tile.status, "data-state": tile.state }, ...children);

/** @param {Tile} tile @param {boolean} sparks @param {number} now */
function redTile(tile, sparks, now) {
  const head = h(
    "div",
    { class: "wall-head" },
    h("span", { class: "wall-code" }, tile.code),
    tile.state === "unverified" && h("span", { class: "wall-pill" }, "unverified"),
  );
  const since = tile.since && h("span", { class: "wall-since" }, statusSign("red"), age(tile.since, now, true));
  const owner = tile.owner
    ? h("span", { class: "wall-owner" }, tile.owner.split("@")[0])
    : h("b", { class: "wall-owner wall-nobody" }, "no owner");
  const source = h("span", { class: tile.source.stale ? "wall-source wall-stale" : "wall-source" }, wallSource(tile, now));
  return wallTile(
    tile,
    sparks ? "wall-red wall-tall" : "wall-red",
    head,
    h("div", { class: "wall-name" }, tile.name),
    sparks && h("div", { class: "wall-spark" }, sparkPicture(tile.spark)),
    h("div", { class: "wall-now", style: `--fit: ${redValueFit(tile)}` }, wallValue(tile), since ?? ""),
    h("div", { class: "wall-foot" }, owner, source),
  );
}

/** @param {Tile} tile */
const lineTile = (tile) =>
  wallTile(
    tile,
    "wall-line",
    h("span", { class: "wall-code" }, tile.code),
    h("span", { class: "wall-name" }, tile.name),
    wallValue(tile),
  );

/** @param {Tile} tile @param {boolean} withValue */
const fieldTile = (tile, withValue) =>
  wallTile(
    tile,
    withValue ? "wall-cell wall-valued" : "wall-cell",
    h("span", { class: "wall-code" }, tile.code),
    withValue && wallValue(tile),
  );

/**
 * The part of a list that its page shows; pages past the end begin again.
 * @param {number} of @param {number} size @param {number} turn @returns {Page}
 */
function wallPageOf(of, size, turn) {
  const pages = Math.max(1, Math.ceil(of / Math.max(1, size))),
    page = turn % pages;
  return { from: page * size, to: Math.min(of, (page + 1) * size), of, page, pages };
}

/** @param {Status} status @param {string} words @param {Page} [page] */
function wallHeading(status, words, page) {
  const paged = page && page.pages > 1;
  const dots =
    paged &&
    h(
      "span",
      { class: "wall-dots", "aria-hidden": "true" },
      ...Array.from({ length: page.pages }, (_, i) => h("i", { class: i === page.page && "on" })),
    );
  const text = paged ? `${words} ${page.from + 1}–${page.to} of ${page.of}` : words;
  return h("h2", { class: `wall-heading wall-${status}-sign` }, statusSign(status), text, dots);
}

/** @param {Header} header @param {Record<Status, Tile[]>} by @param {number} now */
function wallTop(header, by, now) {
  const { last, late_at } = header.clock,
    late = late_at !== null && now >= Date.parse(late_at);
  const nobody = by.red.filter((tile) => !tile.owner).length;
  const counts = STATUSES.map((status) =>
    h(
      "span",
      { class: `wall-count wall-count-${by[status].length ? status : "none"}` },
      statusSign(status),
      h("b", {}, by[status].length.toLocaleString("en")),
      status,
    ),
  );
  const tick = last ? ["Tick ", h("b", {}, clockTime(last, header.zone, now)), `, ${ago(last, now)}`] : ["No tick yet"];
  return h(
    "header",
    { class: "wall-top" },
    h("div", { class: "wall-counts" }, ...counts),
    h(
      "div",
      { class: "wall-clock" },
      h("div", { class: late && "wall-late" }, ...tick),
      nobody > 0 && h("b", {}, nobody === 1 ? "1 red and nobody owns it" : `${nobody} red and nobody owns them`),
    ),
  );
}

/**
 * The wall. `show` draws the tiles in the order given and keeps the page that is on show; `stop` ends its timer and its watch
 * over the size. It fills its parent, at most one screen.
 * @returns {{element: HTMLElement, show: (header: Header, tiles: Tile[], now: number) => void, stop: () => void}}
 */
export function wallMode() {
  const top = h("div"),
    reds = h("ul", { class: "wall-reds-grid" }),
    redBox = h("div", { class: "wall-reds" }, reds),
    redHead = h("div"),
    amberHead = h("div"),
    greyHead = h("div"),
    greenHead = h("div");
  const nothingRed = h("p", { class: "wall-calm" }, statusSign("green"), "Nothing is red");
  const nothing = h("p", { class: "wall-calm" }, "No metrics yet");
  const ambers = h("ul", { class: "wall-ambers" }),
    greys = h("ul", { class: "wall-greys" }),
    greens = h("ul", { class: "wall-greens" });
  const left = h("section", { class: "wall-left" }),
    right = h("section", { class: "wall-right" });
  const middle = h("div", { class: "wall-middle" }),
    bottom = h("section", { class: "wall-bottom" }),
    foot = h("footer", { class: "wall-credits" });
  const screen = h("div", { class: "wall-screen" }, top, middle, bottom, foot);
  const element = h("div", { class: "wallmode" }, screen);
  const watch = new ResizeObserver(() => draw());
  /** @type {Map<string, Drawn>} by the metric's id and the form that it takes */
  const drawn = new Map();
  /** @type {Map<Element, string>} what headings and top show */
  const said = new Map();
  /** @type {{header: Header, tiles: Tile[], now: number} | undefined} */
  let shown;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  let turn = 0;

  /** A tile in a form. @param {string} key @param {unknown} content what the element shows @param {() => HTMLElement} build */
  const keep = (key, content, build) => {
    const signature = JSON.stringify(content),
      found = drawn.get(key);
    if (found?.signature === signature) return found.element;
    const made = { signature, element: build() };
    drawn.set(key, made);
    return made.element;
  };
  /** What stands once. @param {Element} slot @param {unknown} content @param {() => HTMLElement} build */
  const say = (slot, content, build) => {
    const signature = JSON.stringify(content);
    if (said.get(slot) !== signature) slot.replaceChildren(build());
    said.set(slot, signature);
  };

  const draw = () => {
    if (!shown || !screen.clientWidth) return;
    const { header, tiles, now } = shown,
      unit = parseFloat(getComputedStyle(screen).fontSize);
    const by = {
      red: /** @type {Tile[]} */ ([]),
      amber: /** @type {Tile[]} */ ([]),
      grey: /** @type {Tile[]} */ ([]),
      green: /** @type {Tile[]} */ ([]),
    };
    for (const tile of tiles) by[tile.status].push(tile);
    const counts = { red: by.red.length, amber: by.amber.length, grey: by.grey.length, green: by.green.length };
    const plan = wallPlan(screen.clientWidth / unit, screen.clientHeight / unit, counts),
      { lines } = plan;
    const redPage = wallPageOf(counts.red, RED_PAGE, turn),
      amberPage = wallPageOf(counts.amber, lines.amberPage, turn);
    const look = (/** @type {Tile} */ tile) => [tile.code, tile.name, tile.status, tile.state, tile.value, tile.unit];

    const topLook = [
      counts,
      header.clock,
      header.clock.last && ago(header.clock.last, now),
      by.red.map((tile) => tile.owner),
      header.zone,
    ];
    say(top, topLook, () => wallTop(header, by, now));

    const onShow = by.red.slice(redPage.from, redPage.to),
      sparks = counts.red <= SPARKS_UP_TO,
      rows = redRows(onShow.length);
    const redTiles = onShow.map((tile) =>
      keep(
        `${tile.id} red`,
        [look(tile), tile.owner, sparks && tile.spark, tile.since && age(tile.since, now, true), wallSource(tile, now)],
        () => redTile(tile, sparks, now),
      ),
    );
    const perRow = Array.from({ length: rows }, (_, row) => Math.ceil((onShow.length - row) / rows));
    perRow
      .flatMap((many) => Array.from({ length: many }, () => many))
      .forEach((many, i) => (redTiles[i].style.gridColumn = `span ${6 / many}`));
    settleChildren(reds, redTiles);
    say(redHead, redPage, () => wallHeading("red", "Red", redPage));
    settleChildren(left, counts.red ? (redPage.pages > 1 ? [redHead, redBox] : [redBox]) : [tiles.length ? nothingRed : nothing]);

    say(amberHead, amberPage, () => wallHeading("amber", "Amber", amberPage));
    settleChildren(
      ambers,
      by.amber.slice(amberPage.from, amberPage.to).map((tile) => keep(`${tile.id} line`, look(tile), () => lineTile(tile))),
    );
    say(greyHead, "", () => wallHeading("grey", "Grey: not judged"));
    settleChildren(
      greys,
      by.grey.map((tile) =>
        lines.greyField
          ? keep(`${tile.id} cell`, look(tile), () => fieldTile(tile, false))
          : keep(`${tile.id} line`, look(tile), () => lineTile(tile)),
      ),
    );
    greys.classList.toggle("wall-field", lines.greyField !== null);
    settleChildren(right, [...(counts.amber ? [amberHead, ambers] : []), ...(counts.grey ? [greyHead, greys] : [])]);
    settleChildren(middle, counts.amber + counts.grey ? [left, right] : [left]);

    const greenWords = plan.green === "count" ? `${counts.green.toLocaleString("en")} green, too many to name here` : "Green";
    say(greenHead, greenWords, () => wallHeading("green", greenWords));
    const valued = plan.green === "values",
      named = valued || plan.green === "codes";
    settleChildren(
      greens,
      named
        ? by.green.map((tile) => keep(`${tile.id} ${valued ? "valued" : "cell"}`, look(tile), () => fieldTile(tile, valued)))
        : [],
    );
    settleChildren(bottom, plan.green === "none" ? [] : named ? [greenHead, greens] : [greenHead]);

    const whole = named || plan.green === "none",
      turning = redPage.pages > 1 || amberPage.pages > 1;
    const many = `${tiles.length.toLocaleString("en")} ${tiles.length === 1 ? "metric" : "metrics"}`;
    const words = turning
      ? `, a page turns every ${PAGE_TURNS_MS / 1000} s`
      : whole && tiles.length
        ? ", every one on this screen"
        : "";
    const credits = `${header.title} · dashed border: unverified · ${many}${words}`;
    if (foot.textContent !== credits) foot.textContent = credits;

    screen.classList.toggle("wall-portrait", plan.portrait);
    screen.classList.toggle("wall-no-red", !counts.red);
    const sizes = {
      "--rows": rows,
      "--across": perRow[0],
      "--lines": lines.columns,
      "--pitch": lines.pitch,
      "--red-height": plan.redHeight,
      "--cells": plan.greenField.columns,
      "--cell": plan.greenField.cell,
      "--grey-cells": lines.greyField?.columns ?? 1,
      "--grey-cell": lines.greyField?.cell ?? 1,
    };
    for (const [name, size] of Object.entries(sizes)) screen.style.setProperty(name, String(Math.round(size * 1000) / 1000));
    if (turning && timer === undefined) timer = setInterval(() => ((turn += 1), draw()), PAGE_TURNS_MS);
    if (!turning) stopTurning();
  };
  const stopTurning = () => {
    clearInterval(timer);
    timer = undefined;
  };

  return {
    element,
    show(header, tiles, now) {
      const living = new Set(tiles.map((tile) => tile.id));
      for (const key of drawn.keys()) if (!living.has(key.split(" ")[0])) drawn.delete(key);
      shown = { header, tiles, now };
      watch.observe(element);
      draw();
    },
    stop() {
      stopTurning();
      watch.disconnect();
    },
  };
}
