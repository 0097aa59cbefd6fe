const fs = require("node:fs");

const place = `on ${process.arch}, built on ${fs.readFileSync("built-on", "utf8").trim()}`;
const work = () => console.log(`${new Date().toISOString()} a job was done ${place}`);
work();
setInterval(work, 60_000);

// As process 1 it would ignore the signal, and whoever stops it would wait before each kill.
process.on("SIGTERM", () => process.exit(0));
