import { type PrepareOptions, prepare } from "../../tools/prepare";

const options = JSON.parse(process.argv[2]) as PrepareOptions;
prepare(["greeter"], options).then(
  ([tool]) => console.log(`made ready: ${tool.path}`),
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
