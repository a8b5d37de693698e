/**
 * The usual projection for maps of the United States: Albers' equal-area conic
 * projection, with Alaska (at a third of its size) and Hawaii below the
 * Southwest. The figures are those of `geoAlbersUsa` in D3.
 *
 * @module
 */

/** Longitude and latitude in degrees, or x and y in pixels. */
export type Point = readonly [number, number];

/** The size of the map, in pixels. */
export const MAP = { width: 975, height: 610 };

const SCALE = 1_300;

const mainland = conic({
  parallels: [29.5, 45.5],
  axis: -96,
  center: [-0.6, 38.7],
  scale: SCALE,
  place: [0, 0],
});
const alaska = conic({
  parallels: [55, 65],
  axis: -154,
  center: [-2, 58.5],
  scale: SCALE * 0.35,
  place: [-0.307, 0.201],
});
const hawaii = conic({
  parallels: [8, 18],
  axis: -157,
  center: [-3, 19.9],
  scale: SCALE,
  place: [-0.205, 0.212],
});

/**
 * Finds a place on the map.
 *
 * @param point Longitude and latitude.
 * @returns Its pixels; undefined for what lies in the Caribbean or the Pacific.
 */
export function project([longitude, latitude]: Point): Point | undefined {
  if (latitude > 50) return alaska([longitude, latitude]);
  if (longitude > -161 && longitude < -154 && latitude > 18) {
    return hawaii([longitude, latitude]);
  }
  if (longitude < -126 || longitude > -66 || latitude < 24) return undefined;
  return mainland([longitude, latitude]);
}

interface Conic {
  /** Where the cone cuts the globe, in degrees of latitude. */
  readonly parallels: readonly [number, number];
  /** The meridian that stands upright, in degrees. */
  readonly axis: number;
  /** What comes to `place`: degrees from the axis, and of latitude. */
  readonly center: Point;
  /** Pixels per radian. */
  readonly scale: number;
  /** The distance from the middle of the map, in scales of the mainland. */
  readonly place: Point;
}

/** https://mathworld.wolfram.com/AlbersEqual-AreaConicProjection.html */
function conic({ parallels, axis, center, scale, place }: Conic) {
  const [low, high] = parallels.map((degrees) => Math.sin(radians(degrees)));
  const n = (low + high) / 2;
  const c = 1 + low * (2 * n - low);
  const raw = (east: number, latitude: number): Point => {
    const rho = Math.sqrt(c - 2 * n * Math.sin(radians(latitude))) / n;
    const theta = n * radians(east);
    return [rho * Math.sin(theta), rho * Math.cos(theta)];
  };
  const [x0, y0] = raw(...center);
  const left = MAP.width / 2 + place[0] * SCALE;
  const top = MAP.height / 2 + place[1] * SCALE;
  return ([longitude, latitude]: Point): Point => {
    // Beyond the date line, the Aleutians go on to the west.
    const [x, y] = raw((longitude - axis + 540) % 360 - 180, latitude);
    return [left + scale * (x - x0), top + scale * (y - y0)];
  };
}

function radians(degrees: number): number {
  return degrees * Math.PI / 180;
}
