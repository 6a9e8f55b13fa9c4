// @ts-check
// One metric opened: what it says, its past, what it means, who stands behind it. An edit in progress is never overwritten.
import { coded, h } from "./dom.js";
import { clockTime, longTime, spaced } from "./words.js";
import { STATUS_WORDS, statusSign } from "./signs.js";
import { ageOf, refreshAges } from "./tile.js";
import { chart, historyTable } from "./chart.js";
import { answerCard } from "./answer.js";
import { copyButton } from "./empty.js";
import { savingField } from "./field.js";
import { thresholdGroup } from "./thresholds.js";
import { trustCard } from "./trust.js";

/** @typedef {import("./shapes").Opened} Opened */

const DRAFTS = "heartbeat-drafts";

/**
 * @param {{ ask: import("./link").Link["ask"], people: { me: string, said: string, known: boolean, proved: boolean, ask(): void }, closed(): void, step(way: 1 | -1): void,
 *   zone(): string, ownerSigns(): boolean }} act
 */
export function metricPanel(act) {
  /** @type {Opened | null} */
  let opened = null;
  let id = "", asking = 0, leaving = false;
  /** @type {"90" | "all" | "table"} */
  let view = "90";
  /** @type {import("./shapes").History | null} */
  let whole = null;

  const banner = h("div", { class: "panel-banner" });
  const head = h("header", { class: "panel-head" });
  const why = h("section", { class: "card why-failed" });
  const history = h("section", { class: "card history" }), texts = h("section", { class: "card texts" }), sources = h("section", { class: "card sources" });
  const sql = h("section", { class: "card sql" }), changes = h("section", { class: "card changes" });
  const trust = trustCard({
    save: (patch, base, why) => save(patch, base, why), me: () => act.people.me, ask: () => act.people.ask(), known: () => act.people.known, maySign: (owner) => !act.ownerSigns() || (act.people.proved && act.people.me.toLowerCase() === owner.toLowerCase()), keep: (draft) => keep("owner", draft),
  });
  const thresholds = thresholdGroup({
    save: (patch, base) => save(patch, base), rehearse: (norm, alert) => act.ask("rehearse", { id, norm, alert }), keep: (draft) => keep("thresholds", draft),
  });
  const answer = answerCard({
    thresholds: () => thresholds.typed(), report: (path) => act.ask("report", { path }),
    review: (outcome, why, patch) => decided("review", { outcome, patch }, { owner: opened?.fields.owner ?? "" }, why),
    count: async (period, value, from) => {
      try {
        const said = await ask("count", { id, period, value, from, who: act.people.said });
        return (said.refusals ?? []).map((refused) => refused.message).join(" ");
      } catch {
        return "Not saved: no connection.";
      } finally {
        void refresh();
      }
    },
  });
  const target = savingField({ label: "Target", name: "target", mode: "decimal", keep: (draft) => keep("target", draft), save: (text, base) => save(text ? { target: text } : { target: "", due: "" }, { target: base }) });
  const due = savingField({ label: "Due", name: "due", type: "date", keep: (draft) => keep("due", draft), save: (text, base) => save({ due: text }, { due: base }) });
  const dueWords = h("p", { class: "quiet due-words" });
  const aim = h("section", { class: "card aim" }, h("h3", {}, "Target"), target.element, due.element, dueWords);
  const unsaved = h("div", { class: "unsaved", role: "alertdialog", "aria-label": "Not saved yet", hidden: true },
    h("p", {}, h("b", {}, "What you typed is not saved.")),
    h("div", { class: "buttons" },
      h("button", { type: "button", class: "button go", onclick: saveAndLeave }, "Save and close"), h("button", { type: "button", class: "button", onclick: discard }, "Close without saving"),
      h("button", { type: "button", class: "link", onclick: () => (unsaved.hidden = true) }, "Stay")));
  const body = h("div", { class: "panel-body" }, history, h("div", { class: "people" }, trust.element, thresholds.element, aim, answer.element), h("div", { class: "rest" }, why, texts, sources, sql, changes));
  const element = h("dialog", { class: "panel heartbeat-panel", "aria-labelledby": "hb-panel-name", onkeydown: keys, onclick: outside, oncancel: cancelled }, banner, head, unsaved, body);
  const fields = { owner: trust.owner, target, due };

  /** @type {Map<HTMLElement, string>} */
  const drawn = new Map();
  /** Draw a part again where what it shows is another thing. @param {HTMLElement} part @param {unknown} shown @param {() => (Node | string | false | null)[]} draw */
  function redraw(part, shown, draw) {
    const signature = JSON.stringify(shown);
    if (drawn.get(part) === signature) return;
    drawn.set(part, signature);
    part.replaceChildren(...draw().filter((child) => child !== null && child !== false).map((child) => /** @type {Node | string} */ (child)));
  }
  const dirty = () => answer.dirty() || thresholds.dirty() || trust.dirty() || target.dirty() || due.dirty();

  /** Ask, and write the answer's instant of the last change as people read it. @param {string} kind @param {object} body */
  async function ask(kind, body) {
    const answer = await act.ask(kind, body);
    if (answer.opened) answer.opened.changed_at = clockTime(answer.opened.changed_at, act.zone(), Date.now());
    return answer;
  }

  /**
   * Carry a patch to the store. One who saw older facts is asked again, unless nothing of what this patch is about has changed.
   * @param {"save" | "review"} kind @param {object} what @param {Record<string, string>} base @param {string} [why] @returns {Promise<import("./field").Outcome>}
   */
  async function decided(kind, what, base, why = "") {
    const seen = opened, metric = id;
    if (!seen) return { offline: true };
    try {
      for (let version = seen.tile.version, attempt = 0; ; attempt++) {
        const answer = await ask(kind, { id: metric, version, ...what, who: act.people.said, why });
        const now = answer.opened ?? null, stale = answer.refusals?.some((refused) => refused.kind === "stale");
        if (!now) {
          if (metric === id) gone();
          return { refusals: answer.refusals ?? [] };
        }
        if (stale) {
          const facts = { ...now.fields, meaning: now.meaning_hash };
          const untouched = now.meaning_hash === seen.meaning_hash && Object.entries(base).every(([name, value]) => facts[/** @type {keyof typeof facts} */ (name)] === value);
          if (untouched && attempt < 3) {
            version = now.tile.version;
            continue;
          }
          if (metric === id) opened = now;
          return { theirs: now };
        }
        if (answer.refusals?.length) return { refusals: answer.refusals };
        if (metric === id) setTimeout(() => metric === id && show(now));
        act.people.ask();
        return { at: clockTime(new Date().toISOString(), act.zone(), Date.now()) };
      }
    } catch {
      return { offline: true };
    }
  }

  /** @param {Record<string, string>} patch @param {Record<string, string>} base @param {string} [why] */
  const save = (patch, base, why) => decided("save", { patch }, base, why);

  /** @param {Opened} now */
  function show(now) {
    opened = now;
    const { tile } = now, zone = act.zone(), at = Date.now();
    const unit = now.scale.by === 1 ? now.scale.unit : now.scale.unit.replace(/^\S+ ?/, "");
    element.dataset.status = tile.status;
    redraw(head, [tile, now.headline, now.period, now.computed, now.source_as_of, now.stage], () => [
      h("nav", { "aria-label": "Metrics" },
        h("button", { type: "button", class: "link", "aria-keyshortcuts": "[", onclick: () => move(-1) }, "‹ Previous"), h("button", { type: "button", class: "link", "aria-keyshortcuts": "]", onclick: () => move(1) }, "Next ›"),
        document.body.dataset.voila && copyButton(() => location.href, "Copy link"), h("button", { type: "button", class: "button close", onclick: () => leave() }, "Close ", h("kbd", { "aria-hidden": "true" }, "Esc"))),
      h("div", { class: "title-line" }, h("span", { class: "chip" }, tile.code), " ", h("h2", { id: "hb-panel-name" }, tile.name), tile.state === "unverified" && h("span", { class: "pill" }, "unverified")),
      h("div", { class: "says" },
        h("span", { class: "value", title: tile.exact || null }, tile.value || "–", tile.value && tile.unit && h("small", {}, spaced(tile.unit))),
        h("div", {},
          h("p", { class: "headline" }, h("span", { class: "badge" }, statusSign(tile.status), ` ${STATUS_WORDS[tile.status]}`, tile.since && " for ", tile.since && ageOf(tile.since, zone, at)), " ", now.headline),
          h("p", { class: "quiet" }, now.period, now.computed && ` · computed ${clockTime(now.computed, zone, at)}`, now.source_as_of && ` · source as of ${longTime(now.source_as_of, zone)}, `, now.source_as_of && ageOf(now.source_as_of, zone, at, "ago"),
            !now.source_as_of && " · source: freshness unknown"),
          h("p", { class: "quiet stage" }, h("b", {}, `Stage ${now.stage.number}, ${now.stage.name}.`), " Next: ", now.stage.next))),
    ]);
    showHistory();
    why.hidden = !now.error;
    redraw(why, [now.error, now.attempted], () => [
      h("h3", {}, "Why? ", h("span", { class: "quiet" }, now.attempted && `the attempt of ${clockTime(now.attempted, zone, at)} failed`)),
      h("pre", { tabindex: "0", "aria-label": "Why it failed" }, h("code", {}, now.error)),
    ]);
    redraw(texts, [tile.how_to_read, now.description, tile.methodology, now.notes], () => [
      ["How to read", tile.how_to_read], ["Description", now.description], ["Methodology", tile.methodology], ["Notes", now.notes],
    ].flatMap(([title, text]) => (text ? [h("h3", {}, title), h("p", {}, text)] : [])));
    redraw(sources, now.sources, () => [
      h("h3", {}, "Sources ", h("span", { class: "quiet" }, "the stalest counts")),
      h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ...["Tables", "Last load that brought rows", "Usual rhythm", "Promise"].map((words) => h("th", { scope: "col" }, words)))),
        h("tbody", {}, ...now.sources.map((source) => h("tr", {}, h("td", {}, h("code", {}, source.tables.join(", "))),
          h("td", {}, source.at ? h("span", { class: source.stale ? "stale" : null }, longTime(source.at, zone), ", ", ageOf(source.at, zone, at, "ago"), source.stale && ", stale") : "freshness unknown", source.trouble && h("p", { class: "fault" }, source.trouble)),
          h("td", {}, source.rhythm || "not known yet"), h("td", {}, source.promise ? `at most ${source.promise}` : "none")))))),
    ]);
    redraw(sql, [now.sql, now.meaning_hash, now.meaning_since], () => [
      h("h3", {}, "SQL ", h("span", { class: "quiet" }, `meaning ${now.meaning_hash}${now.meaning_since ? `, since ${longTime(now.meaning_since, zone)}` : ""}`), copyButton(() => now.sql)),
      h("pre", { tabindex: "0", "aria-label": "SQL" }, h("code", {}, now.sql)),
    ]);
    redraw(changes, now.changes, () => [
      h("h3", {}, "Every change"),
      h("ol", {}, ...now.changes.map((change) => h("li", {},
        h("time", { datetime: change.at, title: longTime(change.at, zone) }, clockTime(change.at, zone, at)),
        h("div", {}, h("p", {}, h("b", {}, change.who), ` (${change.how})`),
          ...change.lines.map(({ what, before, after }) => h("p", {}, `${what}: `, before && h("del", {}, before), before && " → ", h("b", {}, after || "nothing"))),
          change.why && h("p", { class: "quiet" }, change.why))))),
    ]);
    answer.store(now);
    trust.store(now);
    thresholds.store(now, unit);
    target.store(now, unit);
    due.store(now);
    dueWords.textContent = now.due_words;
    refreshAges(element, at);
  }

  function showHistory() {
    if (!opened) return;
    const now = opened, shown = view === "all" && whole ? whole : now.history;
    redraw(history, [view, shown, now.scale], () => {
      const pick = (/** @type {"90" | "all" | "table"} */ name, /** @type {string} */ words) =>
        h("button", { type: "button", "aria-pressed": String(view === name), onclick: () => void look(name) }, words);
      const periods = `${shown.starts.length} ${now.period_word}`;
      return [h("h3", {}, "History ", h("span", { class: "quiet" }, periods),
        h("span", { class: "segments", role: "group", "aria-label": "History" }, pick("90", "90"), pick("all", "All"), pick("table", "Table"))),
        !shown.starts.length ? h("p", { class: "quiet" }, ...coded("Nothing is kept yet. The next tick brings the first value; `heartbeat backfill` fills the past."))
          : view === "table" ? h("div", { class: "scroll" }, historyTable(shown, now.scale, now.tile.id)) : chart(shown, now.scale)];
    });
  }
  /** @param {"90" | "all" | "table"} name */
  async function look(name) {
    view = name;
    if (name === "all") await readWhole();
    showHistory();
    /** @type {HTMLElement | null} */ (history.querySelector('[aria-pressed="true"]'))?.focus();
  }
  async function readWhole() {
    const metric = id, answer = await ask("open", { id, all: true }).catch(() => null);
    if (metric === id && answer?.opened) whole = answer.opened.history;
  }

  function gone() {
    thresholds.restore();
    head.replaceChildren(h("div", { class: "title-line" }, h("h2", { id: "hb-panel-name" }, id), h("button", { type: "button", class: "button close", onclick: shut }, "Close")), h("p", {}, "This metric is not alive any more. Its history is kept: ", h("code", {}, `heartbeat history ${id}`), "."));
    drawn.clear();
    body.hidden = true;
  }
  /** @param {1 | -1} way */
  function move(way) {
    if (dirty()) unsaved.hidden = false;
    else act.step(way);
  }
  function leave() {
    if (dirty() && !leaving) {
      unsaved.hidden = false;
      /** @type {HTMLElement} */ (unsaved.querySelector("button")).focus();
    } else shut();
  }
  function shut() {
    unsaved.hidden = true;
    element.close();
    id = "";
    opened = whole = null;
    drawn.clear();
    act.closed();
  }
  async function saveAndLeave() {
    unsaved.hidden = true;
    await thresholds.commit();
    if (!dirty()) shut();
  }
  function discard() {
    thresholds.restore();
    trust.discard();
    answer.discard();
    leaving = true;
    shut();
    leaving = false;
    keep("", null);
  }
  /** @param {KeyboardEvent} event */
  function keys(event) {
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      if (!unsaved.hidden) unsaved.hidden = true;
      else leave();
    } else if ((event.key === "[" || event.key === "]") && !/** @type {Element} */ (event.target).matches("input, textarea, select")) {
      event.preventDefault();
      move(event.key === "[" ? -1 : 1);
    }
  }
  /** @param {MouseEvent} event */
  function outside(event) {
    if (event.target === element && event.clientX < element.getBoundingClientRect().left + 1) leave();
  }
  /** @param {Event} event */
  function cancelled(event) {
    event.preventDefault();
    leave();
  }

  /** What is typed survives a page that has to be loaded again. @param {string} name @param {unknown} draft */
  function keep(name, draft) {
    try {
      const all = JSON.parse(sessionStorage.getItem(DRAFTS) ?? "{}"), mine = all[id] ?? {};
      if (name && draft) all[id] = { ...mine, [name]: draft };
      else if (name && all[id]) delete all[id][name];
      else if (!name) delete all[id];
      sessionStorage.setItem(DRAFTS, JSON.stringify(all));
    } catch {
      // A browser that keeps nothing loses what was typed when the page is loaded again.
    }
  }
  /** @param {Opened} now */
  function resume(now) {
    let drafts;
    try {
      drafts = JSON.parse(sessionStorage.getItem(DRAFTS) ?? "{}")[id] ?? {};
    } catch {
      return;
    }
    for (const [name, field] of Object.entries(fields)) if (drafts[name]) field.resume(drafts[name], now);
    if (drafts.thresholds) thresholds.resume(drafts.thresholds, now);
  }

  /** @param {string} metric */
  async function openMetric(metric) {
    const n = ++asking;
    if (metric !== id) {
      [id, opened, whole, view] = [metric, null, null, "90"];
      drawn.clear();
      body.hidden = true;
      head.replaceChildren(h("h2", { id: "hb-panel-name", class: "sr" }, metric), h("p", { class: "quiet" }, "…"));
      for (const field of Object.values(fields)) field.forget();
      thresholds.forget();
      trust.discard();
      answer.discard();
    }
    if (!element.open) element.showModal();
    const said = await ask("open", { id: metric }).catch(() => null);
    if (n !== asking || metric !== id) return;
    if (!said) return void head.replaceChildren(h("div", { class: "title-line" }, h("h2", { id: "hb-panel-name" }, metric), h("button", { type: "button", class: "button close", onclick: shut }, "Close")), h("p", {}, "No connection. It opens when the connection is back."));
    if (!said.opened) return gone();
    body.hidden = false;
    const first = !opened;
    show(said.opened);
    if (first) {
      body.scrollTop = element.scrollTop = 0;
      resume(said.opened);
      /** @type {HTMLElement | null} */ (head.querySelector(".close"))?.focus();
    }
  }
  /** The store has news of the opened metric. */
  async function refresh() {
    if (!id) return;
    if (!opened) return openMetric(id);
    const metric = id, said = await ask("open", { id }).catch(() => null);
    if (metric !== id || !said) return;
    if (!said.opened) return gone();
    if (view === "all") await readWhole();
    show(said.opened);
  }

  return {
    element, banner, dirty,
    get id() {
      return id;
    },
    /** Open a metric; the panel shows it once the kernel has answered. @param {string} metric */
    open: openMetric,
    refresh,
    /** The connection is back: what waited is saved now. */
    retry() {
      for (const field of Object.values(fields)) field.retry();
      thresholds.retry();
    },
    shut,
    /** @param {number} now */
    older: (now) => refreshAges(element, now),
  };
}
