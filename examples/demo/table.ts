/**
 * The results as text, for a terminal.
 *
 * @module
 */

import type { Delays, Lateness } from "./delays.ts";
import type { Traffic } from "./traffic.ts";

/**
 * Writes two tables.
 *
 * @param traffic The airports and routes, the busiest first.
 * @param delays When and how far away flights are late.
 * @returns Several lines.
 */
export function makeTable({ airports, routes }: Traffic, delays: Delays) {
  const most = airports[0].flights;
  const busiest = airports.slice(0, 10).map((airport, index) =>
    [
      `${index + 1}`.padStart(2),
      airport.iata,
      `${airport.city}, ${airport.state}`.padEnd(22),
      airport.flights.toLocaleString("en").padStart(8),
      `${airport.routes}`.padStart(6),
      bar(airport.flights / most, 20),
    ].join("  ")
  );
  const [{ ends, flights }] = routes;
  return [
    "Busiest airports, 2008            flights  routes",
    "",
    ...busiest,
    "",
    `Busiest route: ${ends.join("–")}, ${flights.toLocaleString("en")} flights`,
    "",
    "Over 15 minutes late",
    "",
    `  by hour      ${spark(delays.hours)}   ${extremes(delays.hours, ":00")}`,
    `  by distance  ${spark(delays.distances).padEnd(delays.hours.length)}   ` +
    extremes(delays.distances, " miles"),
    "",
  ].join("\n");
}

function extremes(list: readonly Lateness[], unit: string): string {
  const sorted = [...list].sort((a, b) => share(a) - share(b));
  return [sorted[0], sorted[sorted.length - 1]]
    .map((one) => `${Math.round(share(one) * 100)} % at ${one.label}${unit}`)
    .join(" … ");
}

function spark(list: readonly Lateness[]): string {
  const most = Math.max(...list.map(share));
  return list
    .map((one) => "▁▂▃▄▅▆▇█"[Math.round(share(one) / most * 7)])
    .join("");
}

function bar(part: number, width: number): string {
  return "█".repeat(Math.round(part * width));
}

function share({ late, flights }: Lateness): number {
  return late / flights;
}
