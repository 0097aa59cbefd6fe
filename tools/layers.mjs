/**
 * Who may import whom, for ESLint. Each row: folders of components/, what they do without, and where a thing belongs that needs it.
 * `node tools/run.js floors` shows what comes of it.
 */
const pulumi = ["@pulumi/**", "**/pulumi/*"];
const lower = ["**/buildkit/*", "**/context/*", "**/registry/*", "**/transport/*"];
const middle = ["**/baseImages/*", "**/provenance/*"];
const upper = ["**/builder/*", "**/image/**", "**/cli/*"];
const kinds = ["**/nodes/*/**"];
const declared = "What is declared with Pulumi goes to `declare/` of its kind of node, `builder/` or `image/`.";

const rows = [
  {
    files: ["support"],
    without: [...pulumi, "**/arguments/*", ...lower, ...middle, "**/nodes/**", "**/session/*", ...upper],
    instead: "`support/` knows nothing of images and nodes. What knows more goes to the folder of what it knows.",
  },
  {
    files: ["pulumi", "arguments"],
    without: [...lower, ...middle, "**/nodes/**", "**/session/*", ...upper],
    instead:
      "`pulumi/` and `arguments/` are about Pulumi's programs alone. What knows more goes to the folder of what it knows.",
  },
  {
    files: ["buildkit", "context", "registry", "transport"],
    without: [...pulumi, ...middle, "**/nodes/**", "**/session/*", ...upper],
    instead: `This folder talks to one party and knows no node. What builds on a node goes to \`session/\`. ${declared}`,
  },
  {
    files: ["baseImages", "provenance"],
    without: [...pulumi, "**/nodes/**", "**/session/*", ...upper],
    instead: `What these folders are asked by is a step of \`image/hooks/\`. ${declared}`,
  },
  {
    files: ["nodes/*/declare"],
    without: ["@aws-sdk/**", "**/run/**", "**/shell/*", "**/session/*", ...upper],
    instead: "What is called when a build runs goes to `run/` of the kind; what both need to the kind's own folder.",
  },
  {
    files: ["nodes/*/run"],
    without: [...pulumi, "**/declare/*", "**/shell/*", "**/session/*", ...upper],
    instead: `\`run/\` works in hooks, without Pulumi. ${declared} What both need goes to the kind's own folder.`,
  },
  {
    files: ["nodes/*/shell"],
    without: [...pulumi, "**/declare/*", "**/session/*", ...upper],
    instead:
      "`shell/` is what the command line does with one kind of node. The words of the command line are in `cli/`.",
  },
  {
    files: ["nodes"],
    but: ["nodes/*/{declare,run,shell}"],
    without: ["**/declare/*", "**/run/**", "**/shell/*", "**/session/*", ...upper],
    instead:
      "Here is what several parts of a kind of node share. What one part alone needs goes to `declare/`, `run/` or `shell/`.",
  },
  {
    files: ["session"],
    without: [...pulumi, ...kinds, ...upper],
    instead: `\`session/\` knows no kind of node by name: what differs by kind is in \`nodes/KIND/\`. ${declared}`,
  },
  {
    files: ["builder"],
    without: [...kinds, "**/image/**", "**/cli/*"],
    instead:
      "A builder knows no image, and no kind of node by name: it asks the table in `nodes/kinds.ts`. What is about a builder and an image goes to `image/`.",
  },
  {
    files: ["image"],
    without: [...kinds, "**/cli/*"],
    instead: "An image knows no kind of node by name: it asks its builder, or its session.",
  },
  {
    files: ["cli"],
    without: [...pulumi, ...kinds, "**/builder/*", "**/image/**"],
    instead:
      "The command line runs without Pulumi, and knows no kind of node by name: it asks the `shell` of the table in `nodes/kinds.ts`. What it shares with builds is in `session/` or `transport/`.",
  },
];

const below = (folders = []) => folders.map((folder) => `components/${folder}/**/*.ts`);

export const layers = rows.map(({ files, but, without, instead }) => ({
  files: below(files),
  ignores: below(but),
  rules: { "no-restricted-imports": ["error", { patterns: [{ group: without, message: instead }] }] },
}));
