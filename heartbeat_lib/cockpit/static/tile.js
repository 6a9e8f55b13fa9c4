// @ts-check
// One metric on the wall. What has no data is no line; colour is never the only signal.
import { h } from "./dom.js";
import { age, ago, longTime, spaced } from "./words.js";
import { STATUS_WORDS, statusSign } from "./signs.js";
import { sparkPicture } from "./spark.js";


/** A hidden comma, so that a tile read aloud has pauses. */
const comma = () => h("span", { class: "sr" }, ", ");

/**
 * An instant shown as an age; `refreshAges` keeps it true.
 * @param {string} instant @param {string} zone @param {number} now @param {"short" | "long" | "ago"} [form]
 */
export function ageOf(instant, zone, now, form = "long") {
  return h("time", { datetime: instant, title: longTime(instant, zone), "data-age": form }, ageIn(form, instant, now));
}

/** @param {string | undefined} form @param {string} instant @param {number} now */
const ageIn = (form, instant, now) => (form === "ago" ? ago(instant, now) : age(instant, now, form === "short"));

/** Bring every age below `root` up to `now`; text nodes only. @param {ParentNode} root @param {number} now */
export function refreshAges(root, now) {
  for (const time of root.querySelectorAll("time[data-age]")) {
    const words = ageIn(/** @type {HTMLElement} */ (time).dataset.age, /** @type {HTMLTimeElement} */ (time).dateTime, now);
    if (time.textContent !== words) time.textContent = words;
  }
}

/** @param {import("./shapes").Tile} tile @param {string} zone @param {number} now */
export function badge(tile, zone, now) {
  return h("span", { class: "badge" },
    statusSign(tile.status), " ", h("b", {}, STATUS_WORDS[tile.status]),
    tile.since && " ", tile.since && ageOf(tile.since, zone, now, "short"));
}

/** @param {import("./shapes").Tile} tile */
export function valueOf(tile) {
  return h("span", { class: "value", title: tile.exact || null },
    tile.value || "–", tile.value && tile.unit && h("small", {}, spaced(tile.unit)));
}

/** The owner before the @, or that there is none. @param {import("./shapes").Tile} tile */
export function ownerOf(tile) {
  if (!tile.owner) return h("span", { class: "owner none" }, h("span", { "aria-hidden": "true" }, "○ "), "no owner");
  return h("span", { class: "owner", title: tile.owner }, tile.owner.split("@")[0] ?? tile.owner);
}

/** @param {import("./shapes").SourceAge} source @param {string} zone @param {number} now */
export function sourceOf(source, zone, now) {
  if (!source.at) return h("span", { class: "source" }, "source: freshness unknown");
  const words = h("span", { class: source.stale ? "source stale" : "source" },
    source.stale && h("span", { "aria-hidden": "true" }, "◔ "), "source ", ageOf(source.at, zone, now), source.stale && ", stale");
  words.title = `${source.schema}: last load that brought rows ${longTime(source.at, zone)}${source.promise ? `; promised: at most ${source.promise}` : ""}`;
  return words;
}

/**
 * @param {import("./shapes").Tile} tile
 * @param {{ zone: string, now: number, href: string }} look
 * @returns {HTMLLIElement}
 */
export function tileElement(tile, { zone, now, href }) {
  const line = (/** @type {string} */ cls, /** @type {string} */ words) => words && h("span", { class: `line ${cls}` }, words, comma());
  return h("li", { class: "tile" },
    h("a", { href, tabindex: "-1", "data-metric-id": tile.id, "data-status": tile.status, "data-state": tile.state },
      h("span", { class: "top" },
        h("span", { class: "chip" }, tile.code), comma(),
        tile.state === "unverified" && h("span", { class: "pill" }, "unverified"), tile.state === "unverified" && comma(),
        badge(tile, zone, now), comma()),
      h("span", { class: "name", title: tile.name }, tile.name), comma(),
      h("span", { class: "middle" },
        h("span", { class: "figures" },
          valueOf(tile), comma(),
          line("against", tile.against), line("kept", tile.kept)),
        sparkPicture(tile.spark)),
      line("why", tile.why), line("band", tile.band), line("target", tile.target), line("meaning", tile.meaning), line("audit", tile.audit),
      h("span", { class: "foot" }, ownerOf(tile), comma(), sourceOf(tile.source, zone, now))));
}
