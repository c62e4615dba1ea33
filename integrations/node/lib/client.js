// Owns one question and its answer within a time limit, whatever becomes of the service. Must never throw, wait longer
// or write anything because of what a person searched for, nor keep an answer.

import http from "node:http";
import https from "node:https";

import { Care } from "./care.js";
import { cut } from "./text.js";

const ACTIONS = { open: "allow", warn: "warn", closed: "block" };
const SURFACES = new Set(["web", "image", "video", "suggest", "people", "proxy", "dns"]);
const BATCH_SUBJECTS = 1000;
const BATCH_BYTES = 1 << 22;
const ANSWER_LIMIT = 1 << 25;
const IDLE = 60_000; // less than the service keeps a connection
const PAGE = /^https?:\/\/[!-~]+$/;
const PROBLEM = /"type":\s?"urn:redirect:problem:([a-z-]{1,40})"/;
const DEFAULTS = {
  onError: "open", timeout: 50, connections: 32, failures: 5, pause: 1000, retries: 0.1, log: console.error,
};

/** Why the service gave no answer: `reason` is what an answer says as `degraded_reason`. */
class Undecided extends Error {
  constructor(reason, refusal = "") {
    super(reason);
    this.reason = reason;
    this.refusal = refusal;
  }
}

/** Asks the service. Make one for your whole program. Throws where an argument cannot be used, and never afterwards. */
export class RedirectClient {
  #options;
  #key;
  #origin;
  #agent;
  #care;

  constructor({ service, key, ...options }) {
    this.#origin = new URL(service);
    if (!/^https?:$/.test(this.#origin.protocol) || this.#origin.username) {
      throw new TypeError("service: an http or https address is needed, such as http://127.0.0.1:8080");
    }
    if (!/^[!-~]+$/.test(key ?? "")) throw new TypeError("key: what `redirect keys create` printed is needed");
    this.#key = key;
    this.#options = { ...DEFAULTS, ...options };
    if (!(this.#options.onError in ACTIONS)) throw new TypeError("onError: open, warn or closed is needed");
    const { Agent } = this.#library;
    this.#agent = new Agent({ keepAlive: true, maxSockets: this.#options.connections, timeout: IDLE });
    this.#care = new Care(this.#options);
  }

  /** What keeps the service from deciding, for your health checks: empty while it is well. */
  get trouble() {
    return this.#care.trouble;
  }

  /** How many subjects the service did not decide since the start, by reason, for your metrics. */
  get undecided() {
    return { ...this.#care.undecided };
  }

  /** What to do about one query or address: `check({ query: "weather", country: "GB" })`. */
  async check(subject) {
    return (await this.checkBatch([subject]))[0];
  }

  /** What to do about each subject, in order, all within one time-out. */
  async checkBatch(subjects, { timeout = this.#options.timeout } = {}) {
    const deadline = AbortSignal.timeout(timeout);
    const answers = [];
    for (const question of questions(subjects)) answers.push(...(await this.#decide(question, deadline)));
    return answers;
  }

  /** Give the connections back. */
  close() {
    this.#agent.destroy();
  }

  get #library() {
    return this.#origin.protocol === "https:" ? https : http;
  }

  async #decide(question, deadline) {
    if (deadline.aborted) return this.#unasked(question, "timeout");
    if (!this.#care.asks()) return this.#unasked(question, "paused");
    try {
      const answers = understood(question, await this.#exchange(question, deadline));
      this.#care.heard();
      return answers;
    } catch (error) {
      const why = deadline.aborted ? new Undecided("timeout") : error;
      return this.#missed(question, why instanceof Undecided ? why : new Undecided("unreachable"));
    }
  }

  #unasked(question, reason) {
    this.#care.unasked(reason, question.subjects.length);
    return this.#instead(question, reason);
  }

  #missed(question, { reason, refusal }) {
    this.#care.missed(reason, question.subjects.length, refusal);
    return this.#instead(question, reason);
  }

  #instead(question, reason) {
    return question.subjects.map(({ mode }) => ({
      action: mode === "shadow" ? "allow" : ACTIONS[this.#options.onError],
      list_version: 0, degraded: true, degraded_reason: reason, resources: [],
    }));
  }

  /** A kept connection may turn out closed: nobody has read the question then, and it may be asked again. On a new
   * one it never is: it may have been counted. */
  async #exchange(question, deadline) {
    try {
      return await this.#send(question, deadline);
    } catch (error) {
      if (error.code?.startsWith("HPE_")) throw new Undecided("unreadable");
      if (deadline.aborted || !error.wasKept || !this.#care.asksAgain()) throw error;
    }
    return this.#send(question, deadline);
  }

  #send({ path, body }, signal) {
    return new Promise((resolve, reject) => {
      let begun = false;
      const request = this.#library.request({
        protocol: this.#origin.protocol,
        hostname: this.#origin.hostname.replace(/^\[|\]$/g, ""),
        port: this.#origin.port,
        path: this.#origin.pathname.replace(/\/$/, "") + path,
        method: "POST",
        agent: this.#agent,
        signal,
        headers: {
          "Authorization": `Bearer ${this.#key}`, "Content-Type": "application/json", "Content-Length": body.length,
        },
      });
      const fail = (error) => reject(Object.assign(error, { wasKept: request.reusedSocket && !begun }));
      request.on("error", fail);
      request.on("response", (response) => {
        begun = true;
        read(response).then((content) => resolve({ status: response.statusCode, content }), fail);
      });
      request.end(body);
    });
  }
}

async function read(response) {
  const chunks = [];
  let length = 0;
  for await (const chunk of response) {
    length += chunk.length;
    if (length > ANSWER_LIMIT) throw new Undecided("unreadable");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** As few questions as the limits of the service allow. */
function* questions(subjects) {
  let taken = [], bodies = [], size = 0;
  for (const subject of subjects) {
    const fit = fitted(subject);
    const body = Buffer.from(JSON.stringify(fit));
    if (taken.length === BATCH_SUBJECTS || (taken.length && size + body.length + 32 > BATCH_BYTES)) {
      yield question(taken, bodies);
      [taken, bodies, size] = [[], [], 0];
    }
    taken.push(fit);
    bodies.push(body);
    size += body.length + 1;
  }
  if (taken.length) yield question(taken, bodies);
}

function question(subjects, bodies) {
  if (subjects.length === 1) return { path: "/v1/check", body: bodies[0], subjects };
  const body = Buffer.from(`{"subjects":[${bodies.map((one) => one.toString()).join()}]}`);
  return { path: "/v1/check/batch", body, subjects };
}

/** A subject as it can be asked. What came from a person is cut, repaired or left out; what the program says wrongly
 * throws. */
function fitted({ query, url, languages, country, surface = "web", attempt, bucket, mode = "enforce" }) {
  if ((query === undefined) === (url === undefined)) throw new TypeError("give exactly one of query and url");
  if (!SURFACES.has(surface)) throw new TypeError(`surface: one of ${[...SURFACES].join(", ")} is needed`);
  if (mode !== "enforce" && mode !== "shadow") throw new TypeError("mode: enforce or shadow is needed");
  return {
    query: query === undefined ? undefined : cut(query),
    url: url === undefined ? undefined : cut(url),
    languages: languages ? cut(String(languages), 512) : undefined,
    country: /^[A-Za-z0-9]{2}$/.test(country ?? "") ? country : undefined,
    surface, mode,
    attempt: Number.isInteger(attempt) && attempt >= 0 ? Math.min(attempt, 2) : undefined,
    bucket: Number.isSafeInteger(bucket) ? ((bucket % 10_000) + 10_000) % 10_000 : undefined,
  };
}

/** The answers in a response. */
function understood({ path, subjects }, { status, content }) {
  if (status >= 400 && status < 500) {
    const kind = PROBLEM.exec(content.slice(0, 2048))?.[1] ?? "of another program";
    throw new Undecided("refused", `${status} ${kind}`);
  }
  if (status >= 500) throw new Undecided("error");
  const answers = status === 200 ? parsed(content, path.endsWith("/batch")) : [];
  if (!Array.isArray(answers) || answers.length !== subjects.length || !answers.every(canBeActedUpon)) {
    throw new Undecided("unreadable");
  }
  return answers.map((answer) => ({ degraded: false, resources: [], ...answer }));
}

function parsed(content, isBatch) {
  try {
    const value = JSON.parse(content);
    return isBatch ? value?.answers : [value];
  } catch {
    throw new Undecided("unreadable");
  }
}

function canBeActedUpon(answer) {
  return answer?.action === "allow" || (["warn", "block"].includes(answer?.action) && PAGE.test(answer.page ?? ""));
}
