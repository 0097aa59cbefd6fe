import { anyCharacter, anyFolders } from "../context/expressionSteps";
import { LinearExpression } from "../context/linearExpression";
import { describeChange, type Listing } from "../context/listing";

/** What differs between two contexts below some paths of COPY or ADD, in words; nothing where they are the same there. */
export function changedBelow(before: Listing, now: Listing, paths: readonly string[]): string | undefined {
  const patterns = paths.map(patternOf);
  const [old, current] = [before, now].map((listing) =>
    Object.fromEntries(Object.entries(listing).filter(([name]) => patterns.some((each) => each.test(name)))),
  );
  return describeChange(old, current) || undefined;
}

/** As BuildKit takes a source: one of Go's patterns from the context's root, and all below a folder. */
function patternOf(source: string): Pick<LinearExpression, "test"> {
  const path = source.replace(/^(\.?\/)+/, "").replace(/\/+$/, "");
  if (path === "" || path === ".") {
    return { test: () => true };
  }
  const glob = path
    .replace(/[.+^${}()|]/g, "\\$&")
    .replace(/\*\*\/|\*+|\?/g, (each) => (each === "?" ? anyCharacter : each === "**/" ? anyFolders : "[^/]*"));
  const expression = new LinearExpression(glob);
  return { test: (name) => withParents(name).some((each) => expression.test(each)) };
}

/** `a/b/c`, `a/b` and `a`. */
function withParents(name: string): string[] {
  const parts = name.split("/");
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}
