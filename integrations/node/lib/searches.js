// Owns how a web request is read for searches, and which answer counts where it has several. Must never change a
// request, nor leave a search out because of how it is written.

import { pieces } from "./text.js";

export const PARAMETERS = ["q", "query", "search", "text", "p"];
// Bytes of a form that are looked at.
export const FORM_LIMIT = 1 << 16;
// Searches of one request that are decided one by one; a person makes one or two, the rest are read together.
const SINGLE = 8;
const STRICTNESS = ["allow", "warn", "block"];

/** Where on a platform people search: surfaces by the paths below which they do, and names of parameters. */
export class Searches {
  #paths;
  #parameters;

  constructor(paths, parameters = PARAMETERS) {
    if (!Object.keys(paths).length || !Object.keys(paths).every((path) => path.startsWith("/"))) {
      throw new TypeError("paths: at least one is needed, and each begins with /");
    }
    this.#paths = Object.entries(paths).map(([path, surface]) => [path.toLowerCase().replace(/\/+$/, ""), surface]);
    this.#paths.sort(([one], [other]) => other.length - one.length);
    this.#parameters = new Set(parameters.map((name) => name.toLowerCase()));
  }

  /** Of the longest of the paths that this one lies at or below. Express does not mind capitals, nor do we. */
  surface(path) {
    const asked = unescaped(path).toLowerCase();
    return this.#paths.find(([known]) => asked === known || asked.startsWith(`${known}/`))?.[1];
  }

  /** Texts to ask about; none where a request holds no search. `query` as it stands in the address. */
  texts(query, fields) {
    const found = [];
    for (const [name, value] of [...pairs(Buffer.from(query, "latin1")), ...fields]) {
      const base = name.split("[")[0].trim().toLowerCase();
      const text = value.trim().replace(/\s+/g, " ");
      if (this.#parameters.has(base) && text) found.push(text);
    }
    const rest = found.slice(SINGLE).join(" ");
    return [...found.slice(0, SINGLE), ...(rest ? [rest] : [])].flatMap((text) => [...pieces(text)]);
  }
}

/** The fields of a form, without its files. `body` are its bytes, `type` its Content-Type. */
export function fields(type, body) {
  const boundary = /^\s*multipart\/form-data\b.*?;\s*boundary=(?:"([^"]+)"|([^;\s]+))/is.exec(type ?? "");
  return boundary ? parts(boundary[1] ?? boundary[2], body) : pairs(body);
}

/** Fields that a body parser has left, however deep. */
export function* parsedFields(value, name = "", depth = 8) {
  if (typeof value === "string") yield [name, value];
  else if (value && typeof value === "object" && depth) {
    for (const [key, inner] of Object.entries(value)) yield* parsedFields(inner, name || key, depth - 1);
  }
}

/** Whether the body of a request can hold a search. */
export function isForm(request) {
  const type = (request.headers["content-type"] ?? "").split(";")[0].trim().toLowerCase();
  const isWritten = type === "application/x-www-form-urlencoded" || type === "multipart/form-data";
  return isWritten && request.method !== "GET" && request.method !== "HEAD";
}

/** The answer that counts, where a request holds several searches. */
export function strictest(answers) {
  const rank = ({ action, page }) => STRICTNESS.indexOf(action) * 2 + (page ? 1 : 0);
  return answers.reduce((one, other) => (rank(other) > rank(one) ? other : one));
}

function pairs(bytes) {
  const escaped = bytes.toString("latin1").replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  return [...new URLSearchParams(escaped)];
}

function parts(boundary, body) {
  const found = [];
  for (const part of body.toString("latin1").split(`--${boundary}`).slice(1)) {
    const [head, ...rest] = part.split(/\r?\n\r?\n/);
    const name = /^content-disposition:.*?\bname=(?:"([^"]*)"|([^;\s]+))/im.exec(head);
    if (!name || /\bfilename\*?=/i.test(head) || part.startsWith("--")) continue;
    found.push([name[1] ?? name[2], Buffer.from(rest.join("\r\n\r\n"), "latin1").toString()]);
  }
  return found;
}

function unescaped(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
