const seconds = 5;

console.log(`working on ${process.arch}, log level ${process.env.LOG_LEVEL}`);
setInterval(() => console.log("working"), seconds * 1000);

// As process 1 it would ignore the signal.
process.on("SIGTERM", () => process.exit(0));
