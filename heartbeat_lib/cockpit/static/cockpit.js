// @ts-check
// The page: one look at everything, kept true by news from the kernel.
import { h } from "./dom.js";
import { linkTo } from "./link.js";
import { routing } from "./route.js";
import { tileHelp } from "./help.js";
import { metricPanel } from "./panel.js";
import { troubleBanner } from "./banner.js";
import { whoActs } from "./people.js";
import { headerBar } from "./header.js";
import { tileBoard, unownedStrip } from "./board.js";
import { emptyPage } from "./empty.js";
import { reviewQueue } from "./review.js";
import { wallMode } from "./wallmode.js";

const RELOAD_AFTER_MS = 12e3;
const BACK_MS = 4000;
/** What the browser's own tools call the time that putting news on the page took; the last one is kept. */
const PAINT = "heartbeat-paint";

/** @param {{ model: import("./link").Model, el: HTMLElement }} widget */
function render({ model, el }) {
  const voila = document.body.dataset.voila === "voila";
  /** @type {import("./shapes").Header | null} */
  let header = null;
  let silentSince = 0, storeSilent = false, againAt = 0, backUntil = 0, reloading = false, triedAt = 0;
  /** What the kernel said about the store, while it does not answer. */
  let said = "";

  const route = routing(voila, follow);
  const link = linkTo(model, { news, silent, heard });
  const people = whoActs(repaint);
  const bar = headerBar({ search, toHit, leave: () => void board.focus(board.visible()[0] ?? ""), toggle, you: () => people.ask(true), view });
  const board = tileBoard({ open, link: (id) => (voila ? route.link(id) : "#") });
  const strip = unownedStrip({ take, open });
  const empty = emptyPage();
  const queue = reviewQueue({ read: async () => (await link.ask("waiting").catch(() => null))?.waiting ?? null, tile: board.tile, answer, open, me: () => people.me, zone: () => header?.zone ?? "UTC" });
  const banner = troubleBanner({ retry }), panelBanner = troubleBanner({ retry });
  const main = h("main", {}, strip.element, board.element, queue.element, empty);
  const desk = h("div", { class: "desk" }, bar.bar, bar.counts, bar.share, main);
  const panel = metricPanel({ ask: link.ask, people, closed, step, zone: () => header?.zone ?? "UTC", ownerSigns: () => Boolean(header?.owner_signs) });
  panel.banner.append(panelBanner.element);
  const help = tileHelp(board.element, board.tile);
  const wall = route.now.wall ? wallMode() : null;
  const root = h("div", { class: "heartbeat", lang: "en", onkeydown: shortcut, onfocusin: keepKeys }, banner.element, wall ? wall.element : desk, h("div", { class: "tape", "aria-hidden": "true" }), people.form, panel.element);
  el.append(root);
  bar.search.value = route.now.q;
  const looking = setInterval(tick, 1000);
  const ageing = setInterval(repaintAges, 30e3);
  addEventListener("beforeunload", beforeUnload);
  addEventListener("keydown", slash);
  link.tell("hello");

  /** @param {import("./link").News} message */
  function news(message) {
    if (message.kind === "trouble") {
      said = message.words ?? "";
      storeSilent = true;
      againAt = Date.now() + (message.again_s ?? 1) * 1000;
      return tick();
    }
    if (!message.wall) return;
    const wasAway = storeSilent, you = header?.you;
    [header, storeSilent, said] = [message.wall.header, false, ""];
    people.learn(header);
    if (wasAway) cameBack();
    else if (you !== undefined && you !== header.you) void panel.refresh();
    paint(message.wall);
  }
  /** @param {import("./shapes").Wall} look */
  function paint({ tiles, order }) {
    if (!header) return;
    const now = Date.now(), start = performance.now();
    board.paint(tiles, order, header.zone, now);
    empty.hidden = Boolean(order.length);
    desk.classList.toggle("bare", !order.length);
    repaint();
    tick();
    performance.clearMeasures(PAINT);
    performance.measure(PAINT, { start });
    if (route.now.review) void queue.refresh();
    const changed = tiles.some((tile) => tile.id === panel.id) || (panel.id && !order.includes(panel.id));
    if (changed) void panel.refresh();
    else if (route.now.metric && !panel.id) void panel.open(route.now.metric);
  }
  function repaint() {
    if (!header) return;
    const now = Date.now(), all = board.all;
    if (wall) return wall.show(header, all, now);
    bar.clock(header, now);
    bar.who({ me: people.me, known: people.known, proved: people.proved });
    bar.count(all, route.now.show, people.me);
    bar.view(route.now.review, header.waiting);
    desk.classList.toggle("reviewing", route.now.review);
    strip.show(all);
    board.filter(route.now, people.me);
  }
  function repaintAges() {
    const now = Date.now();
    if (!header) return;
    if (wall) return wall.show(header, board.all, now);
    bar.clock(header, now);
    board.older(now);
    panel.older(now);
  }

  // Where the person goes.
  /** @param {string} id */
  function open(id) {
    help.hide();
    if (wall) return;
    route.go({ metric: id }, !route.now.metric);
    void panel.open(id);
  }
  function closed() {
    const id = route.now.metric;
    route.go({ metric: "" });
    board.focus(id);
  }
  /** @param {boolean} review */
  function view(review) {
    route.go({ review }, true);
    queue.leave();
    repaint();
    if (review) void queue.refresh();
  }
  /** @param {1 | -1} way */
  function step(way) {
    const ids = board.visible(), next = ids[(ids.indexOf(panel.id) + way + ids.length) % ids.length];
    if (next) open(next);
  }
  function follow() {
    bar.search.value = route.now.q;
    if (Boolean(wall) !== route.now.wall) return location.reload();
    repaint();
    if (route.now.review) void queue.refresh();
    if (route.now.metric) void panel.open(route.now.metric);
    else if (panel.id) panel.shut();
  }
  /** @param {string} q */
  function search(q) {
    route.go({ q });
    repaint();
  }
  function toHit() {
    board.focus(board.visible()[0] ?? "");
  }
  /** @param {string} key */
  function toggle(key) {
    const { show } = route.now;
    route.go({ show: show.includes(key) ? show.filter((other) => other !== key) : [...show, key] });
    repaint();
  }
  /** @param {KeyboardEvent} event */
  function shortcut(event) {
    if (event.key === "Escape" && help.shown) {
      help.hide();
      event.preventDefault();
    }
  }
  /** JupyterLab takes single keys for its own, d pressed twice deletes the cell: it asks the focused element alone. @param {FocusEvent} event */
  function keepKeys({ target }) {
    /** @type {Element} */ (target).setAttribute("data-lm-suppress-shortcuts", "true");
  }
  /** @param {KeyboardEvent} event */
  function slash(event) {
    const typing = /** @type {Element | null} */ (event.target)?.closest?.("input, textarea, select, [contenteditable], dialog");
    if (event.key !== "/" || typing || wall || event.ctrlKey || event.metaKey || (!voila && !root.contains(/** @type {Node} */ (event.target)))) return;
    event.preventDefault();
    bar.search.focus();
  }
  /** Owner := me. @param {string} id @returns {Promise<string>} why not, or empty */
  async function take(id) {
    const tile = board.tile(id);
    try {
      const answer = await link.ask("save", { id, version: tile?.version ?? 0, patch: { owner: people.me }, who: people.said, why: "I’ll take it" });
      people.ask();
      return (answer.refusals ?? []).map((refused) => refused.message).join(" ");
    } catch {
      return "Not saved: no connection.";
    }
  }

  /** One row of the queue: an owner, or an answer to its audit. @param {import("./shapes").Waiting} row @param {string} outcome @param {string} text */
  async function answer(row, outcome, text) {
    const version = board.tile(row.id)?.version ?? 0, common = { id: row.id, version, who: people.said };
    try {
      const said = outcome === "owner" ? await link.ask("save", { ...common, patch: { owner: text }, why: "" }) : await link.ask("review", { ...common, outcome, why: text });
      people.ask();
      return (said.refusals ?? []).map((refused) => refused.message).join(" ");
    } catch {
      return "Not saved: no connection.";
    }
  }

  // Whether anybody is there.
  /** @param {number} sinceMs */
  function silent(sinceMs) {
    silentSince = sinceMs;
    const now = Date.now();
    if (voila && !reloading && now - triedAt > 3000) {
      triedAt = now;
      void tryServer();
    }
    tick();
  }
  /** @param {number} storeSilentS */
  function heard(storeSilentS) {
    if (silentSince) {
      silentSince = 0;
      cameBack();
    }
    if (storeSilentS > 15 && !storeSilent) [storeSilent, said, againAt] = [true, "", Date.now() + 1000];
  }
  function cameBack() {
    backUntil = Date.now() + BACK_MS;
    panel.retry();
    void panel.refresh();
    tick();
  }
  /** A server that answers while this page's kernel does not: the kernel is gone, and a new visit brings a new one. */
  async function tryServer() {
    try {
      const answer = await fetch(`${document.body.dataset.baseUrl}static/voila.js`, { method: "HEAD", cache: "no-store" });
      if (!answer.ok || Date.now() - silentSince < RELOAD_AFTER_MS || !silentSince) return;
      reloading = true;
      location.reload();
    } catch {
      // The server is away too; the next second tries again.
    }
  }
  function retry() {
    triedAt = 0;
    link.tell("look");
  }
  /** @param {BeforeUnloadEvent} event */
  function beforeUnload(event) {
    if (!reloading && panel.dirty()) event.preventDefault();
  }
  function tick() {
    const now = Date.now();
    /** @type {import("./banner").Trouble | null} */
    let trouble = null;
    if (silentSince) trouble = { kind: "away", now, header, since: silentSince, againS: Math.max(0, Math.ceil((triedAt + 3000 - now) / 1000)) };
    else if (storeSilent) trouble = { kind: "database", now, header, words: said, againS: Math.max(0, Math.ceil((againAt - now) / 1000)) };
    else if (header?.clock.late_at && !header.clock.running && now > Date.parse(header.clock.late_at)) trouble = { kind: "stale", now, header };
    if (trouble) root.dataset.trouble = trouble.kind;
    else delete root.dataset.trouble;
    if (!trouble && now < backUntil) trouble = { kind: "back", now, header };
    banner.show(trouble);
    panelBanner.show(panel.id ? trouble : null);
  }

  return () => {
    clearInterval(looking);
    clearInterval(ageing);
    removeEventListener("beforeunload", beforeUnload);
    removeEventListener("keydown", slash);
    help.end();
    route.end();
    link.end();
    wall?.stop();
  };
}

export default { render };
