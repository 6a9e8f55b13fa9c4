// @ts-check
// What the browser itself knows of the times that benchmarks/cockpit.py asks for. Runs in a page before the page's own scripts.

(() => {
  const TILES = 300;
  const tiles = () => /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-metric-id]"));

  /** Calls back, two frames later, once `found` says anything about a changed document. @template T @param {() => T | undefined} found @returns {Promise<{ said: T, at: number }>} */
  const watch = (found) => new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      const said = found();
      if (said === undefined) return;
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => resolve({ said, at: performance.now() })));
    }).observe(document, { childList: true, subtree: true });
  });
  /** Milliseconds until styles and places are known again. */
  const layout = () => {
    const started = performance.now();
    document.documentElement.getBoundingClientRect();
    return performance.now() - started;
  };

  /** Milliseconds from the start of the visit. */
  const painted = watch(() => (tiles().length >= TILES ? true : undefined)).then(({ at }) => at);

  /** @type {Promise<number>} from Enter to the line that says so, without frames */
  let saved;
  function watchSave() {
    saved = new Promise((resolve) => {
      let pressed = 0;
      addEventListener("keydown", (event) => (pressed = event.timeStamp), { capture: true, once: true });
      new MutationObserver((_, observer) => {
        if (!document.querySelector(".saved")?.textContent?.startsWith("✓ saved")) return;
        observer.disconnect();
        resolve(performance.now() - pressed);
      }).observe(document, { childList: true, subtree: true });
    });
  }

  /** @type {Promise<{ rebuilt: string[], script: number, layout: number, at: number }>} */
  let changed;
  /** Marks every tile as it stands, and waits for one that is another element. */
  function watchTiles() {
    const known = new Set(tiles());
    changed = watch(() => {
      const rebuilt = [...tiles()].filter((tile) => !known.has(tile)).map((tile) => tile.dataset.metricId ?? "");
      return rebuilt.length ? { rebuilt, script: performance.getEntriesByName("heartbeat-paint").at(-1)?.duration ?? NaN, layout: layout() } : undefined;
    }).then(({ said, at }) => ({ ...said, at: performance.timeOrigin + at }));
  }

  /** Put another item in a bare page's list: script and layout. @param {string} id @param {import("../../heartbeat_lib/cockpit/static/shapes").Tile} tile */
  function replaceBare(id, tile) {
    layout();
    const started = performance.now();
    document.querySelector(`[data-metric-id="${id}"]`)?.replaceWith(/** @type {any} */ (window).bareItem(tile));
    return performance.now() - started + layout();
  }

  Object.assign(window, { probe: { painted, watchSave, saved: () => saved, watchTiles, changed: () => changed, replaceBare } });
})();
