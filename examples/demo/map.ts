/**
 * The outlines of the states, as the chart draws them.
 *
 * @module
 */

import { action, type StepContext } from "@dotflow/dotflow";
import { readJson } from "./data.ts";
import { pause } from "./flags.ts";
import { type Point, project } from "./projection.ts";

/** The part of the TopoJSON format that the file makes use of. */
interface Topology {
  readonly transform: { readonly scale: Point; readonly translate: Point };
  readonly arcs: readonly (readonly Point[])[];
  readonly objects: { readonly states: { readonly geometries: State[] } };
}

type State =
  | { readonly type: "Polygon"; readonly arcs: number[][] }
  | { readonly type: "MultiPolygon"; readonly arcs: number[][][] };

/** The borders of the states: arcs, and the rings that are made of them. */
interface Borders {
  /** In degrees, by number; those that only counties need are left out. */
  readonly arcs: ReadonlyMap<number, readonly Point[]>;
  /** Numbers of arcs; `~n` is arc n backwards. */
  readonly rings: readonly (readonly number[])[];
}

/** Reads the map of all counties and takes the borders of states out of it. */
export const readMap = action("read-map", async ({ signal, progress }) => {
  const { transform, arcs, objects } = await readJson<Topology>(
    "us-10m.json",
    signal,
  );
  const rings = objects.states.geometries.flatMap((state) =>
    state.type === "Polygon" ? state.arcs : state.arcs.flat()
  );
  const decode = (arc: readonly Point[]): Point[] => {
    const { scale, translate } = transform;
    let [x, y] = [0, 0];
    return arc.map(([dx, dy]) => {
      [x, y] = [x + dx, y + dy];
      return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
    });
  };
  const used = new Set(rings.flat().map((n) => n < 0 ? ~n : n));
  await pause(600, signal);
  progress(1, `${rings.length} rings of ${used.size} arcs`);
  const borders: Borders = {
    arcs: new Map(Array.from(used, (n) => [n, decode(arcs[n])])),
    rings,
  };
  return borders;
});

/** Projects the borders, and leaves out what is too small to be seen. */
export const drawStates = action(
  "draw-states",
  async ({ previousContext, signal, progress }: StepContext<Borders>) => {
    const { arcs, rings } = previousContext.storage;
    const projected = new Map(
      Array.from(arcs, ([n, arc]) => [n, simplify(arc)]),
    );
    const path = rings
      .map((ring) =>
        ring.flatMap((n) =>
          n < 0 ? projected.get(~n)!.toReversed() : projected.get(n)!
        )
      )
      .filter(isVisible)
      .map((ring) => `M${ring.map(([x, y]) => `${x},${y}`).join("L")}Z`)
      .join("");
    await pause(800, signal);
    progress(1, `${Math.round(path.length / 1_024)} KB of outlines`);
    return path;
  },
);

/** The arc in pixels, without points that lie closer than one can see. */
function simplify(arc: readonly Point[]): Point[] {
  const points = arc.map(project).filter((point) => point !== undefined);
  const kept: Point[] = [];
  for (const [index, point] of points.entries()) {
    const last = kept.at(-1);
    const isEnd = index === points.length - 1;
    if (
      last === undefined || isEnd ||
      Math.hypot(point[0] - last[0], point[1] - last[1]) > 0.7
    ) kept.push([round(point[0]), round(point[1])]);
  }
  return kept;
}

function isVisible(ring: readonly Point[]): boolean {
  const size = (axis: 0 | 1) => {
    const values = ring.map((point) => point[axis]);
    return Math.max(...values) - Math.min(...values);
  };
  return ring.length > 3 && size(0) + size(1) > 2.5;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
