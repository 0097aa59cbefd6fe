const port = 8080;

require("node:http")
  .createServer((request, response) => response.end(`running on ${process.arch}\n`))
  .listen(port, () => console.log(`listening on port ${port}, running on ${process.arch}`));

// As process 1 it would ignore the signal.
process.on("SIGTERM", () => process.exit(0));
