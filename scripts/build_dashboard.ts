/**
 * Makes `server/assets.ts`, from which a server serves the dashboard: the page
 * of `dashboard/`, bundled and minified, as text in a module. So it comes from
 * memory in every runtime, and nobody who uses it has a build step.
 *
 * ```sh
 * deno task build:dashboard
 * ```
 *
 * @module
 */

import { join } from "node:path";
import { ROOT } from "./process.ts";
import { loadEsbuild } from "./tools.ts";

const SOURCES = join(ROOT, "dashboard");
const ASSETS = join(ROOT, "server/assets.ts");

const HEAD = `// deno-fmt-ignore-file
// deno-lint-ignore-file
/**
 * The dashboard, as \`deno task build:dashboard\` makes it of \`dashboard/\`: do
 * not edit it here.
 *
 * @module
 */

/** A file of the dashboard. */
export interface Asset {
  /** Its media type. */
  readonly type: string;
  /** What it says. */
  readonly body: string;
}

/** The files of the dashboard, by their paths on the server. */
`;

/**
 * Bundles the dashboard.
 *
 * @returns What the module has to say.
 */
export async function buildAssets(): Promise<string> {
  const page = (await Deno.readTextFile(join(SOURCES, "index.html")))
    .replace(/\s*\n\s*/g, " ").replaceAll("> <", "><");
  const [script, style] = await Promise.all(["main.ts", "app.css"].map(bundle));
  const html = { type: "text/html; charset=utf-8", body: page.trim() };
  const assets = {
    "/": html,
    "/device": html,
    "/app.js": { type: "text/javascript; charset=utf-8", body: script },
    "/app.css": { type: "text/css; charset=utf-8", body: style },
  };
  const lines = Object.entries(assets).map(([path, asset]) =>
    `  ${JSON.stringify(path)}: ${JSON.stringify(asset)},\n`
  );
  return `${HEAD}export const ASSETS: Readonly<Record<string, Asset>> = {\n${
    lines.join("")
  }};\n`;
}

/**
 * Compares the module with the sources.
 *
 * @returns What is wrong, a line each.
 */
export async function checkDashboard(): Promise<string[]> {
  const problems: string[] = [];
  const told = await Deno.readTextFile(ASSETS).catch(() => "");
  if (told !== await buildAssets()) {
    problems.push("server/assets.ts is stale: run deno task build:dashboard");
  }
  for await (const { name } of Deno.readDir(SOURCES)) {
    const text = await Deno.readTextFile(join(SOURCES, name));
    problems.push(
      ...findUnsafe(text).map((what) => `dashboard/${name}: ${what}`),
    );
  }
  return problems;
}

/** Ways to make markup or code of text. */
const UNSAFE =
  /\b(innerHTML|outerHTML|insertAdjacentHTML|setHTML\w*|srcdoc|DOMParser|createContextualFragment|eval|document\.write\w*|new Function|javascript:)|\sstyle=/g;

/**
 * Finds what could make markup or code of text.
 *
 * @param source A source of the dashboard.
 * @returns What is wrong, a line each.
 */
export function findUnsafe(source: string): string[] {
  return [...source.matchAll(UNSAFE)].map(([found]) =>
    `"${found.trim()}" could make more than text of a text`
  );
}

async function bundle(file: string): Promise<string> {
  const { build } = await loadEsbuild();
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(SOURCES, file)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    // What has `light-dark()` in its style sheets.
    target: ["chrome123", "firefox120", "safari17.5"],
    charset: "utf8",
    tsconfigRaw: {},
    logLevel: "silent",
  });
  return outputFiles[0].text.trim();
}

if (import.meta.main) {
  await Deno.mkdir(join(ROOT, "server"), { recursive: true });
  await Deno.writeTextFile(ASSETS, await buildAssets());
  await loadEsbuild().then(({ stop }) => stop());
}
