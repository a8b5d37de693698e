/**
 * The figures that tests hand to the proof, and how they are printed.
 *
 * @module
 */

import { join } from "node:path";
import { BUILD } from "../process.ts";

/** What one test has counted in one runtime. */
interface Row {
  runtime: string;
  name: string;
  figures: Record<string, number>;
}

/** Collects what the tests of one runtime after another count. */
export class FigureBook {
  readonly #rows: Row[] = [];
  readonly #file = join(BUILD, "figures.jsonl");

  /**
   * Runs tests, and collects what they count.
   *
   * @param runtime Where they run.
   * @param tests Runs them.
   * @returns What `tests` gives.
   */
  async during<T>(runtime: string, tests: () => Promise<T>): Promise<T> {
    await Deno.writeTextFile(this.#file, "");
    Deno.env.set("DOTFLOW_TEST_FIGURES", this.#file);
    const result = await tests();
    const lines = (await Deno.readTextFile(this.#file)).split("\n");
    for (const line of lines.filter(Boolean)) {
      this.#rows.push({ runtime, ...JSON.parse(line) });
    }
    return result;
  }

  /** Prints all figures. */
  print(): void {
    for (const { runtime, name, figures } of this.#rows) {
      const cells = Object.entries(figures).map(([what, count]) => {
        const text = Number.isInteger(count) ? `${count}` : count.toFixed(1);
        return `${text.padStart(5)} ${what}`;
      });
      console.log(`${runtime.padEnd(6)}${name.padEnd(32)}${cells.join("")}`);
    }
  }
}
