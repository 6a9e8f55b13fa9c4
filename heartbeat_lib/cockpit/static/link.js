// @ts-check
// The line to the kernel: questions with answers, news, and the page's own idea of whether anybody is there.

const PING_MS = 2000;
const SILENT_MS = 8000;

/**
 * @typedef {{ get(name: string): unknown, on(event: string, heard: (content: any) => void): void,
 *   off(event: string, heard: (content: any) => void): void, send(content: unknown): void }} Model
 * @typedef {{ kind: string, wall?: import("./shapes").Wall, words?: string, again_s?: number }} News
 * @typedef {{ changed?: boolean, refusals?: import("./shapes").Refused[], opened?: import("./shapes").Opened | null,
 *   rehearsed?: import("./shapes").Rehearsed, waiting?: import("./shapes").Waiting[], html?: string, refused?: string, trouble?: string }} Answer
 * @typedef {{ ask(kind: string, body?: object): Promise<Answer>, tell(kind: string): void, end(): void }} Link
 */

/** A question that got no answer: the kernel or the database is away. */
export class NoAnswer extends Error {}

/**
 * @param {Model} model
 * @param {{ news(news: News): void, silent(sinceMs: number): void, heard(storeSilentS: number): void }} listener
 *   `silent` is called every second while nothing is heard, `heard` with every sign of life
 * @returns {Link}
 */
export function linkTo(model, listener) {
  /** @type {Map<number, { resolve(answer: Answer): void, reject(error: Error): void }>} */
  const waiting = new Map();
  let next = 0, heardAt = Date.now(), ended = false;

  /** @param {any} message */
  const hear = (message) => {
    heardAt = Date.now();
    if (message.kind === "answer") {
      const asked = waiting.get(message.n);
      waiting.delete(message.n);
      if (message.trouble) asked?.reject(new NoAnswer(message.trouble));
      else asked?.resolve(message);
    } else if (message.kind !== "pong") listener.news(message);
    listener.heard(message.kind === "pong" ? message.silent_s : 0);
  };
  model.on("msg:custom", hear);

  /** @param {object} content */
  const say = (content) => {
    try {
      model.send(content);
    } catch {
      // A line that is down shows itself by silence.
    }
  };
  const pinging = setInterval(() => say({ kind: "ping" }), PING_MS);
  const watching = setInterval(() => {
    if (Date.now() - heardAt < SILENT_MS) return;
    for (const asked of waiting.values()) asked.reject(new NoAnswer("no connection"));
    waiting.clear();
    listener.silent(heardAt);
  }, 1000);

  return {
    ask(kind, body = {}) {
      return new Promise((resolve, reject) => {
        if (ended || Date.now() - heardAt >= SILENT_MS) return reject(new NoAnswer("no connection"));
        const n = next++;
        waiting.set(n, { resolve, reject });
        say({ kind, n, ...body });
      });
    },
    tell: (kind) => say({ kind }),
    end() {
      ended = true;
      clearInterval(pinging);
      clearInterval(watching);
      model.off("msg:custom", hear);
    },
  };
}
