/**
 * What differs between runtimes, asked for only when it is needed.
 *
 * @module
 */

/** What a program in Deno may be allowed to do. */
export type Permission =
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "read"; readonly path: string };

/** What answers whether something is allowed, without asking the user. */
interface Permissions {
  querySync?(permission: Permission): { readonly state: string };
}

/**
 * Reads a variable of the environment.
 *
 * @param name The variable.
 * @returns Its value; undefined where it is not set, or may not be read, or
 * where there is no environment.
 */
export function environment(name: string): string | undefined {
  try {
    const { process } = globalThis as {
      process?: { env?: Record<string, string | undefined> };
    };
    if (!process?.env || !isAllowed({ name: "env", variable: name })) {
      return undefined;
    }
    return process.env[name] || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Tells whether something may be done without the user being asked for it: on a
 * terminal, Deno asks for each permission that is missing, and no library may
 * cause that for what it can do without.
 *
 * @param permission What is to be done.
 * @returns Whether it may; true where a runtime knows no permissions.
 */
export function isAllowed(permission: Permission): boolean {
  // No API of the web or of Node tells of it: the one place that names Deno.
  const { Deno: host } = globalThis as {
    Deno?: { permissions?: Permissions };
  };
  const state = host?.permissions?.querySync?.(permission).state;
  return state === undefined || state === "granted";
}

/** What is used of `node:fs`, where it can be had at once. */
interface Files {
  existsSync(path: string): boolean;
}

/**
 * Tells where the settings of the user are kept.
 *
 * @returns The path; undefined where there is no home, or it may not be known.
 */
export function configPath(): string | undefined {
  const home = environment("HOME") ?? environment("USERPROFILE");
  return home && `${home}/.dotflow/config.json`;
}

/**
 * Tells whether a file may be there, without waiting.
 *
 * @param path The file.
 * @returns False where it is not there for certain, or may not be read.
 */
export function mayExist(path: string): boolean {
  if (!isAllowed({ name: "read", path })) return false;
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): Files | undefined };
  };
  try {
    return process?.getBuiltinModule?.("node:fs")?.existsSync(path) ?? true;
  } catch {
    return true;
  }
}
