const fs = require("node:fs");
const http = require("node:http");

const answer = `running on ${process.arch}, built on ${fs.readFileSync("built-on", "utf8")}`;
const server = http.createServer((_request, response) => response.end(answer));
server.listen(8080, () => console.log(`listening on port 8080, ${answer}`));

// As process 1 it would ignore the signal, and whoever stops it would wait before each kill.
process.on("SIGTERM", () => process.exit(0));
