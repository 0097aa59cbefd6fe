const fs = require("node:fs");
const http = require("node:http");

const page = `<!doctype html><title>Farm</title><p>Running on ${process.arch}, built on ${fs.readFileSync("built-on", "utf8")}`;
const server = http.createServer((_request, response) => {
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(page);
});
server.listen(8080, () => console.log("listening on port 8080"));

// As process 1 it would ignore the signal, and whoever stops it would wait before each kill.
process.on("SIGTERM", () => process.exit(0));
