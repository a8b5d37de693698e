/**
 * Questions to whoever sits at the terminal.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { Signals } from "./signals.ts";
import { EXIT, Interrupted } from "./usage.ts";

/**
 * Asks on standard error, which must not be read by anybody else.
 *
 * @param question The question, with a space at its end.
 * @returns The answer without space around it; undefined where the input has
 * ended, as by Ctrl-D.
 * @throws {Interrupted} At Ctrl-C and SIGTERM.
 */
export async function ask(question: string): Promise<string | undefined> {
  const { stdin: input, stderr: output } = process;
  const lines = createInterface({ input, output });
  const signals = new Signals(() => {}, () => {});
  try {
    return await new Promise((resolve, reject) => {
      const leave = (code: number) => {
        output.write("\n");
        reject(new Interrupted(code));
      };
      // While a terminal is read, Ctrl-C is a key; a signal comes from elsewhere.
      lines.on("SIGINT", () => leave(EXIT.interrupted));
      void signals.first.then(() => leave(signals.code!));
      lines.on("close", () => {
        output.write("\n");
        resolve(undefined);
      });
      lines.question(question, (answer) => resolve(answer.trim()));
    });
  } finally {
    signals.close();
    lines.removeAllListeners("close");
    lines.close();
  }
}
