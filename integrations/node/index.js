// Ask redirect from Node: a client, and middleware for Express. README.md says how.
export { RedirectClient } from "./lib/client.js";
export { redirect } from "./lib/middleware.js";
export { cut, pieces } from "./lib/text.js";
