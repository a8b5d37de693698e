/**
 * What differs between runtimes, asked for only when it is needed.
 *
 * @module
 */

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
    return process?.env?.[name] || undefined;
  } catch {
    return undefined;
  }
}
