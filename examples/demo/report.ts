/**
 * What becomes of the answers: a table and a chart.
 *
 * @module
 */

import { mkdir, writeFile } from "node:fs/promises";
import { action, type StepContext } from "@dotflow/dotflow";
import { drawChart } from "./chart.ts";
import type { Delays } from "./delays.ts";
import { pause } from "./flags.ts";
import { makeTable } from "./table.ts";
import type { Traffic } from "./traffic.ts";

/** The folder for everything that the demonstration leaves behind. */
export const FOLDER = ".output";

/** What the three groups have found out. */
export interface Answers {
  readonly traffic: Traffic;
  readonly delays: Delays;
  readonly states: string;
}

type ReportContext = StepContext<unknown, unknown, Answers>;

/** A step may run twice, so it writes the same file again: nothing is added. */
export const writeTable = action(
  "write-table",
  async ({ input, signal, progress }: ReportContext) => {
    const table = makeTable(input.traffic, input.delays);
    await pause(300, signal);
    await write("flights.txt", table, progress);
    return table;
  },
);

/** The chart goes to a file, and only its name to the checkpoint. */
export const writeChart = action(
  "write-chart",
  async ({ input, signal, progress }: ReportContext) => {
    const { traffic, delays, states } = input;
    const chart = drawChart(traffic, delays, states);
    await pause(600, signal);
    return await write("flights.svg", chart, progress);
  },
);

async function write(
  name: string,
  text: string,
  progress: StepContext["progress"],
): Promise<string> {
  const path = `${FOLDER}/${name}`;
  await mkdir(FOLDER, { recursive: true });
  await writeFile(path, text);
  progress(1, path);
  return path;
}
