import assert from "node:assert/strict";
import { test } from "node:test";

import { RedirectClient, cut, pieces } from "../index.js";
import { BLOCK, PAGE, bare, quickest, service } from "../testing/servers.js";

const LISTED = { query: "zorblax minku" };
const NOBODY = "http://127.0.0.1:9";

function client(test, url, options = {}) {
  const made = new RedirectClient({ service: url, key: "demo", log: () => {}, ...options });
  test.after(() => made.close());
  return made;
}

test("an answer says what to do and where to send the person", async (t) => {
  const { url, seen } = await service(t);
  const redirect = client(t, `${url}/below/`, { timeout: 1000 });
  const answer = await redirect.check({ ...LISTED, languages: "es", country: "AR", attempt: 5, bucket: 12345 });
  assert.equal(answer.page, PAGE);
  assert.equal(seen[0].path, "/below/v1/check");
  const { attempt, bucket, country, languages } = JSON.parse(seen[0].body);
  assert.deepEqual({ attempt, bucket, country, languages }, { attempt: 2, bucket: 2345, country: "AR", languages: "es" });
  assert.deepEqual(Object.keys(seen[0].headers).sort(),
    ["authorization", "connection", "content-length", "content-type", "host"]);
});

test("a batch is answered in order however long", async (t) => {
  const { url, seen } = await service(t, (body) => {
    const answers = JSON.parse(body).subjects.map(({ query }) => ({ action: "allow", list_version: Number(query) }));
    return { answers };
  });
  const subjects = Array.from({ length: 2500 }, (_, number) => ({ query: String(number) }));
  const answers = await client(t, url).checkBatch(subjects, { timeout: 5000 });
  assert.deepEqual(answers.map((answer) => answer.list_version), subjects.map(({ query }) => Number(query)));
  assert.equal(seen.length, 3);
});

test("connections are kept", async (t) => {
  const { url, connections } = await service(t);
  const redirect = client(t, url, { timeout: 1000 });
  for (let turn = 0; turn < 20; turn += 1) await redirect.check(LISTED);
  assert.equal(connections.size, 1);
});

const WRONG = {
  "says nothing": () => undefined,
  "is refused": (_, response) => void response.writeHead(401).end('{"type":"urn:redirect:problem:wrong-key"}'),
  "breaks": (_, response) => void response.writeHead(500).end(),
  "sends elsewhere": (_, response) => void response.writeHead(302, { Location: "https://login.example/" }).end(),
  "says no JSON": (_, response) => void response.end("<p>It works!"),
  "says something else": () => ({}),
  "says nonsense": () => ({ ...BLOCK, action: "dance" }),
  "has no page": () => ({ ...BLOCK, page: null }),
  "breaks off": (_, response) => void response.socket.destroy(),
};
const MEANS = { open: "allow", warn: "warn", closed: "block" };

for (const [wrong, answer] of Object.entries(WRONG)) {
  test(`a service that ${wrong} is answered for as configured, within 100 ms`, async (t) => {
    const { url } = await service(t, answer);
    for (const [onError, action] of Object.entries(MEANS)) {
      const redirect = client(t, url, { onError });
      const [said, taken] = await quickest(() => redirect.check(LISTED));
      assert.equal(said.action, action);
      assert.equal(said.degraded, true);
      assert.equal(said.page, undefined);
      assert.ok(taken < 100, String(taken));
    }
  });
}

test("a service that is not there is answered for at once", async (t) => {
  const [answer, taken] = await quickest(() => client(t, NOBODY).check(LISTED));
  assert.deepEqual([answer.action, answer.degraded_reason], ["allow", "unreachable"]);
  assert.ok(taken < 100);
});

test("a service that sends a byte now and then is waited for no longer", async (t) => {
  const url = await bare(t, (socket) => {
    socket.on("error", () => {});
    socket.write("HTTP/1.1 200 OK\r\nX-Padding: ");
    const drip = setInterval(() => socket.write("x"), 20);
    socket.on("close", () => clearInterval(drip));
  });
  const [answer, taken] = await quickest(() => client(t, url).check(LISTED));
  assert.equal(answer.degraded_reason, "timeout");
  assert.ok(taken < 100);
});

test("whoever only looks on is never affected by a failure", async (t) => {
  const redirect = client(t, NOBODY, { onError: "closed" });
  assert.equal((await redirect.check({ ...LISTED, mode: "shadow" })).action, "allow");
});

test("after some outages nobody waits, and one looks whether it is back", async (t) => {
  let well = false;
  const { url } = await service(t, () => (well ? BLOCK : undefined));
  const redirect = client(t, url, { failures: 3, pause: 300, timeout: 30 });
  const reasons = [];
  for (let turn = 0; turn < 6; turn += 1) reasons.push((await redirect.check(LISTED)).degraded_reason);
  assert.deepEqual(reasons, ["timeout", "timeout", "timeout", "paused", "paused", "paused"]);
  assert.equal(redirect.trouble, "timeout");
  well = true;
  await new Promise((done) => setTimeout(done, 350));
  for (let turn = 0; turn < 20 && redirect.trouble; turn += 1) {
    await redirect.check(LISTED);
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.equal(redirect.trouble, "");
  assert.deepEqual(Object.keys(redirect.undecided).sort(), ["paused", "timeout"]);
});

test("a batch that is too long for its time-out switches nobody off", async (t) => {
  let well = false;
  const { url, seen } = await service(t, () => (well ? BLOCK : undefined));
  const redirect = client(t, url, { failures: 2, pause: 60_000, timeout: 1000 });
  const subjects = Array.from({ length: 3000 }, () => LISTED);
  const answers = await redirect.checkBatch(subjects, { timeout: 50 });
  assert.deepEqual([...new Set(answers.map((answer) => answer.degraded_reason))], ["timeout"]);
  assert.ok(seen.length <= 1);
  assert.deepEqual([redirect.undecided, redirect.trouble], [{ timeout: 3000 }, ""]);
  well = true;
  assert.equal((await redirect.check(LISTED)).page, PAGE);
});

test("a refusal is no outage, is named once, and names nothing else", async (t) => {
  const lines = [];
  let well = false;
  const { url } = await service(t, (body, response) => (well ? BLOCK : WRONG["is refused"](body, response)));
  const redirect = client(t, url, { failures: 2, timeout: 1000, log: (line) => lines.push(line) });
  for (let turn = 0; turn < 5; turn += 1) assert.equal((await redirect.check(LISTED)).degraded_reason, "refused");
  well = true;
  await redirect.check(LISTED);
  assert.deepEqual(lines, [
    "redirect does not decide (refused: 401 wrong-key): onError=open applies", "redirect decides again",
  ]);
});

test("a kept connection that turns out closed is replaced within the budget", async (t) => {
  const body = JSON.stringify(BLOCK);
  let unanswered = 0;
  const url = await bare(t, (socket) => {
    let answered = false;
    socket.on("error", () => {});
    socket.on("data", () => {
      if (answered) {
        unanswered += 1;
        socket.destroy();
      } else {
        answered = true;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      }
    });
  });
  const redirect = client(t, url, { retries: 0, timeout: 1000 });
  const pages = [];
  for (let turn = 0; turn < 14; turn += 1) pages.push((await redirect.check(LISTED)).page === PAGE);
  assert.deepEqual(pages, [...Array(11).fill(true), false, true, false]);
  assert.equal(unanswered, 12);
});

test("a question on a new connection is asked once, since it may have been counted", async (t) => {
  let asked = 0;
  const url = await bare(t, (socket) => socket.on("data", () => ((asked += 1), socket.destroy())).on("error", () => {}));
  assert.equal((await client(t, url).check(LISTED)).degraded_reason, "unreachable");
  assert.equal(asked, 1);
});

test("nothing that a person typed throws, and all of it is fit to be asked", async (t) => {
  const { url, seen } = await service(t, () => ({ action: "allow" }));
  const redirect = client(t, url, { timeout: 5000 });
  const texts = ["\ud800x", "\ud83d\ude00", "🌦".repeat(3000), "\u0000", Buffer.from([0xff, 0x61, 0xc3]), ""];
  for (const query of texts) {
    const answer = await redirect.check({ query, country: "no country", attempt: -1, bucket: 1e300, languages: query });
    assert.equal(answer.degraded, false);
  }
  for (const { body } of seen) {
    const { query, country, attempt, bucket } = JSON.parse(body);
    assert.ok(Buffer.byteLength(query) <= 4096);
    assert.ok(query.isWellFormed?.() ?? true);
    assert.deepEqual([country, attempt, bucket], [undefined, undefined, undefined]);
  }
});

test("mistakes of the program are told at once", () => {
  assert.throws(() => new RedirectClient({ service: "redirect.test", key: "demo" }));
  assert.throws(() => new RedirectClient({ service: "ftp://redirect.test", key: "demo" }), /service: /);
  assert.throws(() => new RedirectClient({ service: NOBODY, key: "two words" }), /key: /);
  assert.throws(() => new RedirectClient({ service: NOBODY, key: "demo", onError: "maybe" }), /onError: /);
});

test("a wrong subject rejects, and says nothing of it", async (t) => {
  const redirect = client(t, NOBODY);
  for (const subject of [{}, { query: "zorblax", url: "zorblax" }, { query: "zorblax", surface: "radio" }]) {
    await assert.rejects(redirect.check(subject), (error) => !error.message.includes("zorblax"));
  }
});

test("pieces hold every phrase whole, wherever it stands", () => {
  for (const filler of ["a", "é", "字", "🌦"]) {
    for (let front = 0; front < 9000; front += 397) {
      const found = [...pieces(filler.repeat(front) + LISTED.query)];
      assert.ok(found.some((piece) => piece.includes(LISTED.query)), `${filler} ${front}`);
      assert.ok(found.every((piece) => Buffer.byteLength(piece) <= 4096 && !piece.includes("\ufffd")));
    }
  }
  assert.equal(cut("é".repeat(3), 5), "éé");
});
