// @ts-check
// How to read a tile: shown after a moment over it or with the keyboard on it, gone with Escape.
import { h } from "./dom.js";

const PATIENCE_MS = 450;

/**
 * @param {HTMLElement} root where tiles lie
 * @param {(id: string) => import("./shapes").Tile | undefined} tileOf
 */
export function tileHelp(root, tileOf) {
  const box = h("div", { class: "help", popover: "manual", id: "hb-help", role: "tooltip" });
  /** @type {HTMLElement | null} */
  let over = null;
  let waiting = 0;

  const hide = () => {
    clearTimeout(waiting);
    over?.removeAttribute("aria-describedby");
    over = null;
    if (box.matches(":popover-open")) box.hidePopover();
  };
  const show = () => {
    const tile = over?.isConnected ? tileOf(over.dataset.metricId ?? "") : undefined;
    if (!over || !tile || !(tile.how_to_read || tile.methodology)) return;
    box.replaceChildren(h("b", {}, tile.name), tile.how_to_read && h("p", {}, tile.how_to_read), tile.methodology && h("p", { class: "quiet" }, tile.methodology));
    box.showPopover();
    over.setAttribute("aria-describedby", box.id);
    const at = over.getBoundingClientRect(), size = box.getBoundingClientRect();
    const below = at.bottom + 6 + size.height < innerHeight || at.top < size.height + 6;
    box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
    box.style.top = `${Math.max(8, below ? Math.min(at.bottom + 6, innerHeight - size.height - 8) : at.top - size.height - 6)}px`;
  };
  /** @param {Event} event */
  const enter = (event) => {
    const tile = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest?.("a[data-metric-id]"));
    if (tile === over) return;
    hide();
    if (!tile || (event.type === "focusin" && !tile.matches(":focus-visible"))) return;
    over = tile;
    waiting = window.setTimeout(show, PATIENCE_MS);
  };
  root.append(box);
  root.addEventListener("pointerover", (event) => event.pointerType === "mouse" && enter(event));
  root.addEventListener("focusin", enter);
  root.addEventListener("pointerleave", hide);
  root.addEventListener("focusout", hide);
  root.addEventListener("pointerdown", hide);
  addEventListener("scroll", hide, { passive: true, capture: true });
  return {
    hide,
    get shown() {
      return box.matches(":popover-open");
    },
    end: () => removeEventListener("scroll", hide, { capture: true }),
  };
}
