/**
 * The examples of the documents, checked as the files that a reader would make
 * of them: `deno check --doc-only` prints them anew, which can move what a
 * comment such as `@ts-expect-error` is about.
 *
 * @module
 */

import { join } from "node:path";
import { mustRun, ROOT } from "../process.ts";

/** Not in `.build`, where nothing is checked. */
const FOLDER = join(ROOT, ".examples");

/**
 * Type-checks every example of some documents.
 *
 * @param documents The documents, in Markdown.
 * @returns Resolves when all are right.
 */
export async function checkDocuments(
  documents: readonly string[],
): Promise<void> {
  Deno.mkdirSync(FOLDER, { recursive: true });
  try {
    await mustRun("deno", ["check", "--quiet", ...documents.flatMap(extract)]);
  } finally {
    Deno.removeSync(FOLDER, { recursive: true });
  }
}

function extract(document: string): string[] {
  const text = Deno.readTextFileSync(join(ROOT, document));
  const examples = [...text.matchAll(/^```ts\n(.*?)^```$/gms)];
  return examples.map(([, code], index) => {
    const path = join(FOLDER, `${document}-${index + 1}.ts`);
    Deno.writeTextFileSync(path, code);
    return path;
  });
}
