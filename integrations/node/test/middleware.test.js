import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";

import express from "express";
import { redirect } from "../index.js";
import { BLOCK, PAGE, listening, service } from "../testing/servers.js";

const FORM = "application/x-www-form-urlencoded";

/** An application with redirect before it, which says what it saw; its address. `before` and `after` are further
 * middleware. */
async function application(test, url, { before = [], after = [], ...options } = {}) {
  const app = express();
  for (const use of before) app.use(use);
  app.use(redirect({ service: url, key: "demo", timeout: 1000, paths: { "/search": "web" }, log: () => {}, ...options }));
  for (const use of after) app.use(use);
  app.use(async (request, response) => {
    let rest = 0;
    for await (const chunk of request) rest += chunk.length;
    response.json({ answer: request.redirect, body: request.body ?? null, rest });
  });
  return listening(test, http.createServer(app));
}

async function ask(url, path, options = {}) {
  return fetch(url + path, { redirect: "manual", ...options });
}

function post(url, body, type = FORM, path = "/search") {
  return ask(url, path, { method: "POST", body, headers: { "Content-Type": type } });
}

test("a search that is blocked becomes the page", async (t) => {
  const { url } = await service(t);
  const app = await application(t, url);
  const stopped = await ask(app, "/search?q=zorblax+minku");
  assert.equal(stopped.status, 302);
  assert.equal(stopped.headers.get("location"), PAGE);
  assert.equal(stopped.headers.get("referrer-policy"), "no-referrer");
  assert.equal(await stopped.text(), "");
  assert.equal((await post(app, "q=zorblax+minku")).status, 303);
});

test("no spelling of a path that Express takes passes", async (t) => {
  const { url } = await service(t);
  const app = await application(t, url);
  for (const path of ["/SEARCH", "/search/", "/search/videos", "/se%61rch"]) {
    assert.equal((await ask(app, `${path}?q=zorblax`)).status, 302, path);
  }
  assert.equal((await ask(app, "/searching?q=zorblax")).status, 200);
});

test("the longest path says the surface", async (t) => {
  const { url, seen } = await service(t);
  const app = await application(t, url, { paths: { "/": "people", "/search": "web", "/search/images": "image" } });
  for (const path of ["/search/images/large", "/search", "/about"]) await ask(app, `${path}?q=zorblax`);
  assert.deepEqual(seen.map(({ body }) => JSON.parse(body).surface), ["image", "web", "people"]);
});

test("a request without a search asks nobody", async (t) => {
  const { url, seen } = await service(t);
  const app = await application(t, url);
  for (const path of ["/search", "/search?page=2", "/search?q=", "/about?q=zorblax"]) await ask(app, path);
  assert.equal(seen.length, 0);
});

test("a body parser behind it finds the whole form", async (t) => {
  const { url } = await service(t, () => ({ action: "allow" }));
  const app = await application(t, url, { after: [express.urlencoded({ extended: false, limit: "1mb" })] });
  for (const length of [0, 10, 65_535, 65_536, 300_000]) {
    const said = await (await post(app, `q=weather&more=${"x".repeat(length)}`)).json();
    assert.deepEqual(said.body, { q: "weather", more: "x".repeat(length) });
    assert.equal(said.answer.action, "allow");
  }
});

test("a body in chunks, without a length, comes through whole", async (t) => {
  const { url } = await service(t, () => ({ action: "allow" }));
  const app = await application(t, url);
  for (const chunks of [["q=we", "ather"], ["q=weather&more=", ...Array(100).fill("x".repeat(1000))], []]) {
    const body = new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    });
    const reply = await ask(app, "/search", { method: "POST", body, duplex: "half", headers: { "Content-Type": FORM } });
    assert.equal((await reply.json()).rest, chunks.join("").length);
  }
});

test("behind a body parser it looks at what that found, JSON too", async (t) => {
  const { url, seen } = await service(t);
  const app = await application(t, url, { before: [express.json(), express.urlencoded({ extended: true })] });
  assert.equal((await post(app, '{"search":{"text":["zorblax minku"]}}', "application/json")).status, 303);
  assert.equal((await post(app, "search[text]=zorblax+minku")).status, 303);
  assert.deepEqual(seen.map(({ body }) => JSON.parse(body).query), ["zorblax minku", "zorblax minku"]);
});

test("forms in parts are read but for their files, and come through whole", async (t) => {
  const { url, seen } = await service(t, () => ({ action: "allow" }));
  const app = await application(t, url);
  const form = new FormData();
  form.append("q", "zоrblаx minku");
  form.append("p", new Blob(["minku".repeat(50_000)]), "p.txt");
  const said = await (await ask(app, "/search", { method: "POST", body: form })).json();
  assert.ok(said.rest > 250_000);
  assert.deepEqual(seen.map(({ body }) => JSON.parse(body).query), ["zоrblаx minku"]);
});

test("all searches of a request are asked about at once, and the strictest answer counts", async (t) => {
  const { url, seen } = await service(t, (body) => {
    const { subjects } = JSON.parse(body);
    return { answers: subjects.map(({ query }) => (query.includes("zorblax") ? BLOCK : { action: "allow" })) };
  });
  const app = await application(t, url);
  assert.equal((await ask(app, `/search?${"q=weather&".repeat(50)}q=zorblax`)).status, 302);
  assert.equal(seen.length, 1);
  assert.equal(JSON.parse(seen[0].body).subjects.length, 9);
});

test("an application may be told instead", async (t) => {
  const { url } = await service(t);
  const said = await (await ask(await application(t, url, { tell: true }), "/search?q=zorblax")).json();
  assert.equal(said.answer.page, PAGE);
});

test("country and language are told", async (t) => {
  const { url, seen } = await service(t);
  const app = await application(t, url, { country: (request) => request.headers["x-country"] });
  await ask(app, "/search?q=zorblax", { headers: { "X-Country": "AR", "Accept-Language": "es" } });
  const { country, languages } = JSON.parse(seen[0].body);
  assert.deepEqual({ country, languages }, { country: "AR", languages: "es" });
});

test("closed without a page says later, and nothing more", async (t) => {
  const app = await application(t, "http://127.0.0.1:9", { onError: "closed" });
  const reply = await ask(app, "/search?q=zorblax");
  assert.equal(reply.status, 503);
  assert.equal(await reply.text(), "This search cannot be answered at the moment. Please try again later.\n");
});

test("mistakes are told when it is made", () => {
  const client = { service: "http://127.0.0.1:9", key: "demo" };
  assert.throws(() => redirect({ ...client, paths: {} }), /paths/);
  assert.throws(() => redirect({ ...client, paths: { search: "web" } }), /paths/);
});
