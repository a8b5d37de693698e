/**
 * Compares how long two things take, on machines where much else goes on.
 *
 * They are timed in pairs, one right after the other and by turns first, so that
 * what else goes on meets both alike; the first pairs, in which code is
 * compiled, do not count.
 *
 * **By the time of the processor**, which for things that compute all the time
 * is how long they take when nothing else goes on: the median of the ratios of
 * all pairs. Pairs are added until it is clear whether the median of all ratios
 * there could be is over the limit: until the limit is outside of an interval
 * that holds that median with 99 % (by the ranks of the ratios, whatever their
 * distribution). Where it is still not clear after the most pairs, the median of
 * those that were seen decides. Waiting takes nothing of the processor; so the
 * time of the clock has a limit too, though a wide one, since it doubles whenever
 * another process wants the same core.
 *
 * **By the clock alone**, where a runtime tells no other (workerd): the ratio of
 * the lower quartiles, since what else goes on only ever makes things longer.
 * Pairs are added as long as it is over the limit, so that a busy moment does not
 * decide; what is clearly over it stays so. Two equal things were found to differ
 * by up to 15 % in this way, so that the limit has to be a wide one.
 *
 * @module
 */

/** How long something took, in milliseconds. */
export interface Time {
  /** On the clock. */
  readonly wall: number;
  /** Of the processor, all threads together; undefined: nobody tells. */
  readonly processor: number | undefined;
}

/** What was found. */
export interface Comparison {
  /** Whether the second takes no longer than it may. */
  readonly holds: boolean;
  /** How many times as long it takes. */
  readonly ratio: number;
  /** How many times as long it takes on the clock. */
  readonly wall: number;
  /** How many pairs it took to find out. */
  readonly pairs: number;
}

/** How many pairs only warm up. */
const WARM_UP = 5;
/** From how many pairs on something is decided. */
const LEAST = 15;
/** The most pairs. */
const MOST = 100;
/** Of a normal distribution, 99 % are within so many deviations. */
const DEVIATIONS = 2.58;
/** How many times as long the second may take on the clock. */
const MOST_WALL = 2;

type Pair = readonly [one: Time, other: Time];

/**
 * Compares two things.
 *
 * @param one Does the first; gives how long it took.
 * @param other Does the second; gives how long it took.
 * @param most How many times as long the second may take.
 * @returns What was found.
 */
export async function compare(
  one: () => Promise<Time>,
  other: () => Promise<Time>,
  most: number,
): Promise<Comparison> {
  const all: Pair[] = [];
  for (let pair = 1;; pair++) {
    const early = pair % 2 === 0 ? await one() : undefined;
    const second = await other();
    const first = early ?? await one();
    if (pair <= WARM_UP) continue;
    all.push([first, second]);
    if (all.length < LEAST) continue;
    const found = first.processor === undefined
      ? judgeByClock(all, most)
      : judgeByProcessor(all, most);
    if (found.clear || all.length === MOST) {
      return { ...found, pairs: all.length };
    }
  }
}

function judgeByProcessor(all: readonly Pair[], most: number) {
  const ratios = sort(all.map(([one, two]) => two.processor! / one.processor!));
  const walls = sort(all.map(([one, other]) => other.wall / one.wall));
  const [ratio, wall] = [quantile(ratios, 0.5), quantile(walls, 0.5)];
  const { length } = ratios;
  const half = (length - DEVIATIONS * Math.sqrt(length)) / 2;
  const rank = Math.max(Math.floor(half), 0);
  const clear = ratios[length - 1 - rank] <= most || ratios[rank] > most;
  return { clear, holds: ratio <= most && wall <= MOST_WALL, ratio, wall };
}

function judgeByClock(all: readonly Pair[], most: number) {
  const [one, other] = [0, 1].map((side) =>
    quantile(sort(all.map((pair) => pair[side].wall)), 0.25)
  );
  const ratio = other / one;
  return { clear: ratio <= most, holds: ratio <= most, ratio, wall: ratio };
}

function sort(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** The value that a part of all is not over. */
function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const [low, high] = [Math.floor(place), Math.ceil(place)];
  return (sorted[low] + sorted[high]) / 2;
}
