/**
 * Which airports and routes are the busiest?
 *
 * @module
 */

import { action, type StepContext } from "@dotflow/dotflow";
import { readCsv } from "./data.ts";
import { pause } from "./flags.ts";

/** The flights between two airports, both ways together. */
export interface Route {
  readonly ends: readonly [string, string];
  readonly flights: number;
}

/** An airport with the flights that began or ended there. */
export interface Airport {
  readonly iata: string;
  readonly city: string;
  readonly state: string;
  readonly longitude: number;
  readonly latitude: number;
  readonly flights: number;
  readonly routes: number;
}

/** Airports and routes, the busiest first. */
export interface Traffic {
  readonly airports: readonly Airport[];
  readonly routes: readonly Route[];
}

/** Sources fail, and this one always does at first, so that one can see it. */
export const readRoutes = action(
  "read-routes",
  { retry: 3, retryDelay: "900ms", backoff: true },
  async ({ attempt, signal, progress }) => {
    await pause(400, signal);
    if (attempt === 1) {
      throw new Error("503 from the source (made up, the first time only)");
    }
    const flights = new Map<string, number>();
    for (const row of await readCsv("flights-airport.csv", signal)) {
      const ends = [row.origin, row.destination].sort().join();
      flights.set(ends, (flights.get(ends) ?? 0) + Number(row.count));
    }
    progress(1, `${flights.size.toLocaleString("en")} routes`);
    return Array.from(flights, ([ends, count]): Route => {
      const [one, other] = ends.split(",");
      return { ends: [one, other], flights: count };
    });
  },
);

/** Adds up the flights of each airport and finds out where it lies. */
export const locateAirports = action(
  "locate-airports",
  async ({ previousContext, signal, progress }: StepContext<Route[]>) => {
    const routes = previousContext.storage;
    const totals = new Map<string, { flights: number; routes: number }>();
    for (const { ends, flights } of routes) {
      for (const iata of ends) {
        const total = totals.get(iata) ?? { flights: 0, routes: 0 };
        total.flights += flights;
        total.routes++;
        totals.set(iata, total);
      }
    }
    const airports: Airport[] = [];
    for (const row of await readCsv("airports.csv", signal)) {
      const total = totals.get(row.iata);
      if (total === undefined) continue;
      const { iata, city, state, longitude, latitude } = row;
      airports.push({
        ...{ iata, city, state, ...total },
        longitude: Number(longitude),
        latitude: Number(latitude),
      });
    }
    await pause(700, signal);
    progress(1, `${airports.length} airports`);
    return { airports, routes };
  },
);

/** Sorts both, and keeps no more routes than a map can show. */
export const rankAirports = action(
  "rank-airports",
  async ({ previousContext, signal, progress }: StepContext<Traffic>) => {
    const { airports, routes } = previousContext.storage;
    const busiest = <T extends { flights: number }>(list: readonly T[]) =>
      [...list].sort((a, b) => b.flights - a.flights);
    const ranked: Traffic = {
      airports: busiest(airports),
      routes: busiest(routes).slice(0, 400),
    };
    await pause(1_200, signal);
    progress(1, `${ranked.airports[0].city} leads`);
    return ranked;
  },
);
