// Owns servers that tests ask, each on a port of its own. Must never outlive its test.
import http from "node:http";
import net from "node:net";

export const PAGE = `https://search.example/safety/w/${"A".repeat(160)}`;
export const BLOCK = { action: "block", list_version: 1, degraded: false, page: PAGE, title: "Stop", text: "Help." };

/** A service that answers as `answer(body, response)` says, and keeps what it was asked. */
export async function service(test, answer = () => BLOCK) {
  const seen = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      seen.push({ path: request.url, headers: request.headers, body });
      const said = answer(body, response);
      if (said !== undefined && !response.writableEnded) response.end(JSON.stringify(said));
    });
  });
  return { url: await listening(test, server), seen, connections: connections(server) };
}

/** A server of bare bytes. */
export async function bare(test, serve) {
  return listening(test, net.createServer(serve));
}

export async function listening(test, server) {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const open = connections(server);
  test.after(() => {
    for (const socket of open) socket.destroy();
    return new Promise((done) => server.close(done));
  });
  return `http://127.0.0.1:${server.address().port}`;
}

function connections(server) {
  const open = new Set();
  server.on("connection", (socket) => open.add(socket));
  return open;
}

/** The quickest of three, in milliseconds: other work of a machine makes answers late, never early. */
export async function quickest(ask) {
  const taken = [];
  let answer;
  for (let turn = 0; turn < 3; turn += 1) {
    const began = performance.now();
    answer = await ask();
    taken.push(performance.now() - began);
  }
  return [answer, Math.min(...taken)];
}
