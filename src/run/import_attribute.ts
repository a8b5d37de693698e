/**
 * Steps and callbacks that are given as strings.
 *
 * @module
 */

import { ImportModuleError } from "../errors.ts";

/**
 * Imports what a string such as `./steps.ts#extract` or `./steps.ts:extract`
 * names. Relative paths start at the working directory.
 *
 * @param specifier The module and, behind `#` or `:`, the name of the export.
 * @returns What the module exports under that name.
 * @throws {ImportModuleError} If there is no such module or export.
 */
export async function importAttribute(specifier: string): Promise<unknown> {
  const parts = /^(.+)[#:]([^#:/\\]+)$/.exec(specifier);
  if (parts === null) {
    throw new ImportModuleError(
      specifier,
      `it names no export; write "${specifier}#name"`,
    );
  }
  const [, path, name] = parts;
  let module: Record<string, unknown>;
  try {
    module = await import(await toUrl(path));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = hintFor(path, name, cause);
    throw new ImportModuleError(specifier, reason + hint, { cause });
  }
  if (!Object.hasOwn(module, name)) {
    const names = Object.keys(module).join(", ") || "nothing";
    throw new ImportModuleError(
      specifier,
      `the module does not export ${JSON.stringify(name)}, but ${names}`,
    );
  }
  return module[name];
}

/** What is wrong most often, and what to do then. */
function hintFor(path: string, name: string, cause: unknown): string {
  if (/^[^./\\:@][^:]*\.[cm]?[jt]sx?$/.test(path)) {
    return `; did you mean "./${path}#${name}"?`;
  }
  const { code } = Object(cause);
  return code === "ERR_UNKNOWN_FILE_EXTENSION" && /\.[cm]?tsx?$/.test(path)
    ? "; this runtime loads no TypeScript, use JavaScript"
    : "";
}

async function toUrl(path: string): Promise<string> {
  if (!/^(\.{0,2}[/\\]|[a-z]:[/\\])/i.test(path)) return path;
  // Only the operating system knows where the working directory is.
  const { pathToFileURL } = await import("node:url");
  return pathToFileURL(path).href;
}
