// @ts-check
// Ages, instants and numbers as people read them.

const MINUTE = 60e3, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/**
 * How long ago, one unit, rounded down: just now, 12 min, 31 h (to 48), 3 days, 5 wk (from 14 days), 4 mo.
 * @param {string} instant @param {number} now milliseconds @param {boolean} [short] `3 d` instead of `3 days`
 */
export function age(instant, now, short = false) {
  const span = Math.max(0, now - Date.parse(instant));
  if (span < MINUTE) return "just now";
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < 48 * HOUR) return `${Math.floor(span / HOUR)} h`;
  const days = Math.floor(span / DAY);
  if (days < 14) return short ? `${days} d` : `${days} days`;
  return days < 60 ? `${Math.floor(days / 7)} wk` : `${Math.floor(days / 30)} mo`;
}

/** The age, with "ago" where it is one. @param {string} instant @param {number} now */
export function ago(instant, now) {
  const words = age(instant, now);
  return words === "just now" ? words : `${words} ago`;
}

/** Hours and minutes, for the banner: 2 h 12 min. @param {string} instant @param {number} now */
export function exactAge(instant, now) {
  const minutes = Math.max(0, Math.floor((now - Date.parse(instant)) / MINUTE));
  return minutes < 60 ? `${minutes} min` : minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : age(instant, now);
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} zone @param {string} name @param {Intl.DateTimeFormatOptions} options */
function format(zone, name, options) {
  const key = `${zone} ${name}`;
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options })));
  return found;
}

/** 09:17 today, else 23 Nov 09:17. @param {string} instant @param {string} zone @param {number} now */
export function clockTime(instant, zone, now) {
  const at = Date.parse(instant), day = format(zone, "day", { dateStyle: "short" });
  const time = format(zone, "time", { hour: "2-digit", minute: "2-digit" }).format(at);
  if (day.format(at) === day.format(now)) return time;
  return `${format(zone, "short", { day: "numeric", month: "short" }).format(at)} ${time}`;
}

/** Many tiles name the same instant, and a format takes as long as the rest of a tile. @type {Map<string, string>} */
const written = new Map();
const WRITTEN_AT_MOST = 1000;

/** 24 Nov 2026, 09:17 Berlin. @param {string} instant @param {string} zone */
export function longTime(instant, zone) {
  const key = `${instant} ${zone}`, known = written.get(key);
  if (known) return known;
  const at = Date.parse(instant);
  const time = format(zone, "long", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }).format(at);
  const text = `${time} ${zone.split("/").pop()?.replaceAll("_", " ")}`;
  if (written.size >= WRITTEN_AT_MOST) written.clear();
  written.set(key, text);
  return text;
}

/** A value in its metric's own decimals, without unit; "–" where there is none. @param {number | null} value @param {import("./shapes").Scale} scale */
export function figure(value, scale) {
  if (value === null) return "–";
  const digits = { minimumFractionDigits: scale.decimals, maximumFractionDigits: scale.decimals };
  const text = new Intl.NumberFormat("en", digits).format(value / scale.by).replace("-", "−");
  return Number(text.replaceAll(",", "").replace("−", "-")) === 0 ? text.replace("−", "") : text;
}

/** @param {string} unit */
export const spaced = (unit) => (unit ? ` ${unit}` : "");
