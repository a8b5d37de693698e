/**
 * The files of a small project, for each runtime.
 *
 * @module
 */

import { VERSION } from "./version.ts";

/** What a project can be made for. */
export type TargetRuntime = "deno" | "node" | "bun" | "workers";

/** All of them. */
export const RUNTIMES: readonly TargetRuntime[] = [
  "deno",
  "node",
  "bun",
  "workers",
];

const PACKAGE = "@dotflow/dotflow";

/**
 * The files of a project.
 *
 * @param runtime What it is made for.
 * @param name The name of the project.
 * @returns Texts by path.
 */
export function filesOf(
  runtime: TargetRuntime,
  name: string,
): Readonly<Record<string, string>> {
  return PROJECTS[runtime](name);
}

const PROJECTS: Readonly<
  Record<TargetRuntime, (name: string) => Record<string, string>>
> = {
  deno: (name) => ({
    "deno.json": json({
      imports: {
        [PACKAGE]: `npm:${PACKAGE}@^${VERSION}`,
        [`${PACKAGE}/`]: `npm:/${PACKAGE}@^${VERSION}/`,
      },
      tasks: {
        start: "deno run --allow-env --allow-read=. --allow-write=.output " +
          "main.ts",
        dotflow: `deno run -A npm:${PACKAGE}@^${VERSION}/cli`,
      },
    }),
    "flow.ts": flow(name, true),
    "main.ts": main("ts"),
    "README.md": readme(name, "deno task start", "deno task dotflow", "ts"),
    ".gitignore": ignored(),
  }),
  node: (name) => ({
    "package.json": json(manifest(name, "node main.js")),
    "flow.js": flow(name, false),
    "main.js": main("js"),
    "README.md": readme(name, "npm install && npm start", "npx dotflow", "js"),
    ".gitignore": ignored(),
  }),
  bun: (name) => ({
    "package.json": json(manifest(name, "bun main.ts")),
    "flow.ts": flow(name, true),
    "main.ts": main("ts"),
    "README.md": readme(
      name,
      "bun install && bun start",
      "bunx --bun dotflow",
      "ts",
    ),
    ".gitignore": ignored(),
  }),
  workers: (name) => ({
    "package.json": json({
      ...manifest(name, "wrangler dev"),
      devDependencies: { wrangler: "^4.0.0" },
    }),
    "wrangler.jsonc": json({
      name,
      main: "src/index.ts",
      compatibility_date: "2025-09-01",
      compatibility_flags: ["nodejs_compat"],
      r2_buckets: [{ binding: "BUCKET", bucket_name: name }],
    }),
    "src/index.ts": WORKER.replaceAll("NAME", name),
    "README.md": `# ${name}

\`\`\`sh
npm install
npx wrangler dev
curl http://localhost:8787/
\`\`\`

Each request is a run; what it has finished is kept in the R2 bucket, which
\`wrangler dev\` has on this machine. Before \`npx wrangler deploy\`, make it with
\`npx wrangler r2 bucket create ${name}\`.
`,
    ".gitignore": "node_modules/\n.wrangler/\n",
  }),
};

function json(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}

function manifest(name: string, start: string) {
  return {
    name,
    private: true,
    type: "module",
    scripts: { start },
    dependencies: { [PACKAGE]: `^${VERSION}` },
  };
}

function flow(name: string, typed: boolean): string {
  const number = typed ? ": number" : "";
  return `import { action, Config, DotFlow } from "${PACKAGE}";
import { StorageFile } from "${PACKAGE}/providers/storage-file";

export const extract = action(
  "extract",
  { retry: 3, timeout: "10s" },
  () => [3, 1, 2],
);

export const total = action("total", ({ previousContext }) =>
  previousContext.storage.reduce((sum${number}, n${number}) => sum + n, 0));

export const workflow = new DotFlow({
  workflowId: "${name}",
  config: new Config({ storage: new StorageFile({ path: ".output" }) }),
});
workflow.task.add(extract).add(total);
`;
}

function main(extension: "ts" | "js"): string {
  return `import { workflow } from "./flow.${extension}";

// With { resume: true }, a run that was killed goes on where it stopped.
const run = await workflow.start();
console.log(run.status, workflow.resultStorage());
`;
}

function readme(
  name: string,
  start: string,
  command: string,
  extension: "ts" | "js",
): string {
  return `# ${name}

\`\`\`sh
${start.replace(" && ", "\n")}
\`\`\`

The steps are in \`flow.${extension}\`; what a run has finished is kept in
\`.output\`.

\`\`\`sh
${command} start --workflow ./flow.${extension}#workflow
${command} schedule --workflow ./flow.${extension}#workflow --every 10s
${command} runs show ${name}
\`\`\`
`;
}

function ignored(): string {
  return "node_modules/\n.output/\n";
}

const WORKER = `import { action, Config, DotFlow } from "${PACKAGE}";
import {
  type R2Binding,
  StorageR2,
} from "${PACKAGE}/providers/storage-r2";

const extract = action("extract", { retry: 3 }, () => [3, 1, 2]);
const total = action("total", ({ previousContext }) =>
  previousContext.storage.reduce((sum: number, n: number) => sum + n, 0));

interface Env {
  readonly BUCKET: R2Binding;
}

interface Context {
  waitUntil(work: Promise<unknown>): void;
}

export default {
  async fetch(_request: Request, env: Env, context: Context) {
    const workflow = new DotFlow({
      workflowId: "NAME",
      config: new Config({ storage: new StorageR2({ bucket: env.BUCKET }) }),
    });
    workflow.task.add(extract).add(total);
    const run = await workflow.start({
      waitUntil: (work) => context.waitUntil(work),
    });
    return Response.json({
      status: run.status,
      results: workflow.resultStorage(),
    });
  },
};
`;
