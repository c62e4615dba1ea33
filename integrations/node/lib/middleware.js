// Owns middleware for Express. Must never pass on a search that is blocked, nor a request in another form than it came.

import { RedirectClient } from "./client.js";
import { FORM_LIMIT, PARAMETERS, Searches, fields, isForm, parsedFields, strictest } from "./searches.js";

const BUSY = "This search cannot be answered at the moment. Please try again later.\n";

/**
 * Asks about each search before your handlers see it.
 *
 *     app.use(redirect({ service: "http://127.0.0.1:8080", key, paths: { "/search": "web" } }));
 *
 * A search that is blocked becomes the page. All others reach your handlers with the answer in `request.redirect`;
 * where its action is `warn`, show the card above the results. `tell` leaves blocked ones to your handlers, too, which
 * then must not show results. `country` says where a person is, by the request. Other options are the client's.
 */
export function redirect({ paths, parameters = PARAMETERS, country = () => undefined, tell = false, client, ...options }) {
  const searches = new Searches(paths, parameters);
  const asked = client ?? new RedirectClient(options);
  const decide = async (request, response, next) => {
    const [path, query] = split(request.originalUrl);
    const surface = searches.surface(path);
    const texts = surface === undefined ? [] : searches.texts(query, await formFields(request));
    request.redirect = null;
    if (!texts.length) return next();
    const situation = { surface, languages: request.headers["accept-language"], country: country(request) };
    const answers = await asked.checkBatch(texts.map((text) => ({ query: text, ...situation })));
    request.redirect = strictest(answers);
    return request.redirect.action === "block" && !tell ? stop(request, response) : next();
  };
  return (request, response, next) => decide(request, response, next).catch(next);
}

function split(address) {
  const mark = address.indexOf("?");
  return mark < 0 ? [address, ""] : [address.slice(0, mark), address.slice(mark + 1)];
}

function stop({ redirect: { page }, method }, response) {
  response.set({ "Cache-Control": "no-store", "Referrer-Policy": "no-referrer" });
  if (!page) return response.status(503).type("text/plain").send(BUSY);
  const status = method === "GET" || method === "HEAD" ? 302 : 303;
  return response.status(status).set("Location", page).end();
}

/** Behind a body parser its fields are looked at, else the form itself, which is then put back. */
async function formFields(request) {
  if (request.body !== undefined && request.body !== null) return parsedFields(request.body);
  if (!isForm(request)) return [];
  return fields(request.headers["content-type"], await readAhead(request));
}

/** Read what is looked at of a body, and put it back before anyone else can read on. */
function readAhead(request) {
  return new Promise((resolve) => {
    const chunks = [];
    let length = 0;
    const done = () => {
      for (const event of ["end", "error", "close"]) request.off(event, done);
      request.off("readable", read);
      const begin = Buffer.concat(chunks);
      if (begin.length && !request.readableEnded) request.unshift(begin);
      resolve(begin.subarray(0, FORM_LIMIT));
    };
    const read = () => {
      for (let chunk = request.read(); chunk !== null; chunk = request.read()) {
        chunks.push(chunk);
        length += chunk.length;
      }
      if (length >= FORM_LIMIT || request.complete) done();
    };
    for (const event of ["end", "error", "close"]) request.on(event, done);
    request.on("readable", read);
  });
}
