// @ts-check
// What the address says after its #: filters, search, opened metric, wall. Every view is a link.
// In a notebook the address is not ours, so there the route lives in memory.

/** @typedef {{ metric: string, q: string, show: string[], wall: boolean, review: boolean }} Route */

/** @param {boolean} ownsAddress @param {(route: Route) => void} changed called when the person goes back or forth */
export function routing(ownsAddress, changed) {
  /** @type {Route} */
  let route = ownsAddress ? parse(location.hash) : parse("");

  const follow = () => {
    route = parse(location.hash);
    changed(route);
  };
  if (ownsAddress) {
    addEventListener("popstate", follow);
    addEventListener("hashchange", follow);
  }
  return {
    get now() {
      return route;
    },
    /** @param {Partial<Route>} change @param {boolean} [step] whether Back leads to the view before */
    go(change, step = false) {
      route = { ...route, ...change };
      if (!ownsAddress) return;
      const address = location.pathname + location.search + fragment(route);
      if (step) history.pushState(null, "", address);
      else history.replaceState(null, "", address);
    },
    /** The address of this view with another metric opened. @param {string} metric */
    link: (metric) => fragment({ ...route, metric }) || "#",
    end() {
      removeEventListener("popstate", follow);
      removeEventListener("hashchange", follow);
    },
  };
}

/** @param {string} hash @returns {Route} */
function parse(hash) {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  return {
    metric: said.get("metric") ?? "",
    q: said.get("q") ?? "",
    show: (said.get("show") ?? "").split(",").filter(Boolean),
    wall: said.has("wall"),
    review: said.has("review"),
  };
}

/** @param {Route} route */
function fragment(route) {
  const parts = [];
  if (route.wall) parts.push("wall");
  if (route.review) parts.push("review");
  if (route.show.length) parts.push(`show=${route.show.map(encodeURIComponent).join(",")}`);
  if (route.q) parts.push(`q=${encodeURIComponent(route.q)}`);
  if (route.metric) parts.push(`metric=${encodeURIComponent(route.metric)}`);
  return parts.length ? `#${parts.join("&")}` : "";
}
