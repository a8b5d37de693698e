/**
 * The chart: a map of the traffic above, and below it when flights are late.
 *
 * @module
 */

import type { Delays, Lateness } from "./delays.ts";
import { MAP, project } from "./projection.ts";
import type { Airport, Traffic } from "./traffic.ts";

const PAGE = { width: 1_040, height: 1_010, margin: 32 };
const INK = "#23303d";
const FADED = "#74808c";
const BARS = { width: 462, height: 116, top: 816 };

/**
 * Draws everything.
 *
 * @param traffic The airports and routes, the busiest first.
 * @param delays When and how far away flights are late.
 * @param states The outlines of the states, as an SVG path.
 * @returns The text of an SVG file.
 */
export function drawChart(
  traffic: Traffic,
  delays: Delays,
  states: string,
): string {
  const { width, height, margin } = PAGE;
  const right = width - margin - BARS.width;
  // Both rows of bars have the same scale.
  const most = Math.max(...[...delays.hours, ...delays.distances].map(share));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" \
height="${height}" viewBox="0 0 ${width} ${height}" \
font-family="system-ui, 'Helvetica Neue', 'DejaVu Sans', sans-serif" \
font-size="12" fill="${FADED}">
<rect width="100%" height="100%" fill="#fbfaf7"/>
${text(margin, 50, "Where America flies, and when it is late", 27, INK, 600)}
${
    text(
      margin,
      76,
      "Flights at each airport and on the busiest routes in 2008. " +
        "A circle’s area is its number of flights.",
      14,
    )
  }
<g transform="translate(${margin},96)">
<path d="${states}" fill="#e8e4da" stroke="#fbfaf7" stroke-width="0.8" \
stroke-linejoin="round"/>
${drawRoutes(traffic)}
${drawAirports(traffic.airports)}
${drawLegend()}
</g>
${drawBars(margin, "by hour of departure", delays.hours, most)}
${drawBars(right, "by distance in miles", delays.distances, most)}
${
    text(
      margin,
      height - 22,
      "U.S. Bureau of Transportation Statistics and Census Bureau, by way of " +
        "vega-datasets. Lateness: a sample of 200,000 flights. Alaska is " +
        "drawn smaller; the Caribbean is left out.",
      11,
    )
  }
</svg>
`;
}

/** Routes within the mainland, the busier the bolder. */
function drawRoutes({ airports, routes }: Traffic): string {
  const places = new Map(
    airports
      .filter(({ state }) => state !== "AK" && state !== "HI")
      .map(({ iata, longitude, latitude }) => [
        iata,
        project([longitude, latitude]),
      ]),
  );
  const lines = routes.toReversed().map(({ ends, flights }) => {
    const [from, to] = ends.map((iata) => places.get(iata));
    if (!from || !to) return "";
    const share = flights / routes[0].flights;
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const bend = dx > 0 ? 0.14 : -0.14;
    const x = (from[0] + to[0]) / 2 + dy * bend;
    const y = (from[1] + to[1]) / 2 - dx * bend;
    return `<path d="M${px(from)}Q${px([x, y])} ${px(to)}" ` +
      `stroke-width="${(0.4 + 2 * share).toFixed(2)}" ` +
      `stroke-opacity="${(0.1 + 0.4 * share).toFixed(2)}"/>`;
  });
  return `<g fill="none" stroke="#2f6f8f">${lines.join("")}</g>`;
}

function drawAirports(airports: readonly Airport[]): string {
  const circles: string[] = [];
  const labels: string[] = [];
  for (const [rank, airport] of airports.entries()) {
    const { iata, city, flights, longitude, latitude } = airport;
    const place = project([longitude, latitude]);
    if (place === undefined) continue;
    const [x, y] = place;
    circles.push(
      `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" ` +
        `r="${radius(flights).toFixed(1)}"><title>${escape(city)} (${iata}): ` +
        `${count(flights)} flights</title></circle>`,
    );
    if (rank < 12) {
      labels.push(
        text(x, y + 4, iata, rank < 5 ? 12 : 10, "#fff", 700, "middle"),
      );
    }
  }
  return `<g fill="#d4583f" fill-opacity="0.82" stroke="#fbfaf7" ` +
    `stroke-width="0.7">${circles.join("")}</g>${labels.join("")}`;
}

/** Three circles, one in the other. */
function drawLegend(): string {
  const [x, bottom] = [MAP.width - 92, MAP.height - 40];
  const sizes = [800_000, 400_000, 100_000].map((flights) => {
    const r = radius(flights);
    const top = bottom - 2 * r;
    return `<circle cx="${x}" cy="${bottom - r}" r="${r}" fill="none" ` +
      `stroke="${FADED}"/><path d="M${x},${top}h34" stroke="${FADED}" ` +
      `stroke-width="0.5"/>${text(x + 38, top + 4, count(flights), 10)}`;
  });
  return sizes.join("") +
    text(x, bottom + 18, "flights", 10, FADED, 400, "middle");
}

function drawBars(
  left: number,
  title: string,
  list: readonly Lateness[],
  most: number,
): string {
  const { width, height, top } = BARS;
  const step = width / list.length;
  const bars = list.map((one, index) => {
    const x = left + index * step;
    const tall = height * share(one) / most;
    const percent = Math.round(share(one) * 100);
    return `<rect x="${(x + step * 0.12).toFixed(1)}" ` +
      `y="${(top + height - tall).toFixed(1)}" ` +
      `width="${(step * 0.76).toFixed(1)}" height="${
        tall.toFixed(1)
      }" rx="2" ` +
      `fill="${heat(share(one) / most)}"><title>${percent} % of ` +
      `${count(one.flights)} flights</title></rect>` +
      text(
        x + step / 2,
        top + height - tall - 6,
        `${percent}`,
        10,
        INK,
        600,
        "middle",
      ) +
      text(
        x + step / 2,
        top + height + 16,
        one.label,
        10,
        FADED,
        400,
        "middle",
      );
  });
  return text(
    left,
    top - 44,
    "Flights over 15 minutes late, in %",
    16,
    INK,
    600,
  ) +
    text(left, top - 25, title, 13) + bars.join("");
}

function radius(flights: number): number {
  return Math.max(1.4, Math.sqrt(flights) / 38);
}

function share({ late, flights }: Lateness): number {
  return flights === 0 ? 0 : late / flights;
}

/** From calm to hot. */
function heat(part: number): string {
  const [calm, hot] = [[125, 168, 184], [212, 88, 63]];
  const mixed = calm.map((from, i) =>
    Math.round(from + (hot[i] - from) * part)
  );
  return `rgb(${mixed.join()})`;
}

function text(
  x: number,
  y: number,
  words: string,
  size: number,
  color = FADED,
  weight = 400,
  anchor = "start",
): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" ` +
    `fill="${color}" font-weight="${weight}" text-anchor="${anchor}">` +
    `${escape(words)}</text>`;
}

function px([x, y]: readonly [number, number]): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

function count(flights: number): string {
  return flights.toLocaleString("en");
}

function escape(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
