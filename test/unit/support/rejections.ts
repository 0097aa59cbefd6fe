/**
 * For tests of outputs that are errors: with a listener of their own, the library leaves rejections to them, and ends no test
 * for one (see `failTestsOf`).
 */
export function expectRejections(): void {
  const ignore = () => undefined;
  before(() => void process.on("unhandledRejection", ignore));
  after(() => void process.off("unhandledRejection", ignore));
}
