/**
 * When, and how far away, are flights late?
 *
 * @module
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { action, type StepContext } from "@dotflow/dotflow";
import { readJson } from "./data.ts";
import { flags, pause } from "./flags.ts";

/** Some flights, and how many of them were over 15 minutes late. */
export interface Lateness {
  readonly label: string;
  readonly flights: number;
  readonly late: number;
}

/** The two answers. */
export interface Delays {
  readonly hours: readonly Lateness[];
  readonly distances: readonly Lateness[];
}

interface Flight {
  /** Minutes. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
  /** Hours since midnight. */
  readonly time: number;
}

/** How many flights, and how many late ones, by hour and by distance. */
interface Counts {
  readonly byHour: { flights: number; late: number }[];
  readonly byDistance: { flights: number; late: number }[];
}

const SLICES = 25;
const LATE_MINUTES = 15;
const MILES = [250, 500, 1_000, 1_500, 2_500, Infinity];

/** The slow step: goes through 200,000 flights and tells how far it is. */
export const countDelays = action(
  "count-delays",
  { timeout: "30s" },
  async ({ signal, progress }) => {
    const flights = await readJson<Flight[]>("flights-200k.json", signal);
    const zero = () => ({ flights: 0, late: 0 });
    const counts: Counts = {
      byHour: Array.from({ length: 24 }, zero),
      byDistance: MILES.map(zero),
    };
    const size = Math.ceil(flights.length / SLICES);
    for (let done = 0; done < flights.length; done += size) {
      progress(done / flights.length);
      for (const flight of flights.slice(done, done + size)) {
        const band = MILES.findIndex((miles) => flight.distance < miles);
        const hour = Math.floor(flight.time);
        for (const count of [counts.byHour[hour], counts.byDistance[band]]) {
          count.flights++;
          if (flight.delay > LATE_MINUTES) count.late++;
        }
      }
      await pause(100, signal);
    }
    progress(1, `${flights.length.toLocaleString("en")} flights`);
    return counts;
  },
);

/** This is where `--crash` strikes: what is committed so far must stay. */
export const delaysByHour = action(
  "delays-by-hour",
  async ({ previousContext, signal, progress }: StepContext<Counts>) => {
    await pause(300, signal);
    if (flags.crash) crash();
    // Hardly anything leaves between midnight and 5 but what is hours late.
    const hours = previousContext.storage.byHour
      .map((count, hour): Lateness => ({ label: `${hour}`, ...count }))
      .slice(5);
    progress(1, `worst at ${worst(hours).label}:00`);
    return { hours, byDistance: previousContext.storage.byDistance };
  },
);

/** The second answer, from the same counts. */
export const delaysByDistance = action(
  "delays-by-distance",
  async (
    { previousContext, signal, progress }: StepContext<
      Pick<Counts, "byDistance"> & Pick<Delays, "hours">
    >,
  ): Promise<Delays> => {
    await pause(500, signal);
    const { hours, byDistance } = previousContext.storage;
    const distances = byDistance.map((count, band): Lateness => {
      const [from, to] = [MILES[band - 1] ?? 0, MILES[band]];
      return {
        label: to === Infinity ? `${from}+` : `${from}–${to}`,
        ...count,
      };
    });
    progress(1, `worst at ${worst(distances).label} miles`);
    return { hours, distances };
  },
);

function worst(list: readonly Lateness[]): Lateness {
  return list.reduce((a, b) => b.late / b.flights > a.late / a.flights ? b : a);
}

/** Dies as by `kill -9`: no handler, no `finally`, no goodbye. */
function crash(): never {
  writeSync(
    1,
    "💥 kill -9. Start again without --crash, and it goes on from here\n",
  );
  process.kill(process.pid, "SIGKILL");
  throw new Error("Cannot be reached");
}
