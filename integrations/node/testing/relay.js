// An application that hands each request on to a platform as it came, with redirect before it: what the contract is
// tested with. Must never change a byte.
import http from "node:http";

import express from "express";
import { redirect } from "../index.js";

const { PLATFORM, PORT, REDIRECT_SERVICE, REDIRECT_KEY, ON_ERROR } = process.env;
const app = express();

app.use(redirect({ service: REDIRECT_SERVICE, key: REDIRECT_KEY, onError: ON_ERROR, paths: { "/search": "web" } }));
app.use((request, response) => {
  const { method, originalUrl: path, headers } = request;
  // A connection for each: one that was kept may end in the very moment in which it is used again.
  const onward = http.request({ agent: false, host: "127.0.0.1", port: PLATFORM, method, path, headers }, (answer) => {
    response.status(answer.statusCode);
    answer.pipe(response);
  });
  onward.on("error", () => response.status(502).end());
  request.pipe(onward);
});

app.listen(Number(PORT), "127.0.0.1");
