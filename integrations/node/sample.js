// A search page of Express with redirect before it. Try it: README.md, "See it work".
import express from "express";
import { redirect } from "./index.js";

const FORM = '<!doctype html><title>Search</title><form action="/search"><input name="q"> <button>Search</button></form>';
const service = process.env.REDIRECT_SERVICE ?? "http://127.0.0.1:8080";
const app = express();

app.use(redirect({ service, key: process.env.REDIRECT_KEY, paths: { "/search": "web" } }));
app.get("/", (_request, response) => response.send(FORM));
app.all("/search", (request, response) => {
  response.send(`${FORM}${card(request.redirect)}<p>Results of your platform.`);
});

/** What stands above the results of a search that is only likely, in the language of the person. */
function card(answer) {
  if (answer?.action !== "warn" || !answer.page) return "";
  const text = escaped(answer.text ?? "").replaceAll("\n\n", "<p>");
  const places = answer.resources.filter(({ url }) => url);
  const links = places.map(({ url, name }) => `<li><a href="${escaped(url)}">${escaped(name)}</a>`).join("");
  const heading = `<h2><a href="${escaped(answer.page)}">${escaped(answer.title ?? "")}</a></h2>`;
  return `<aside dir="auto">${heading}<p>${text}<ul>${links}</ul></aside>`;
}

function escaped(text) {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
