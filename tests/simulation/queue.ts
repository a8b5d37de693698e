/**
 * What is going to happen in a virtual world, the earliest first.
 *
 * @module
 */

import type { Node, Timer } from "./node.ts";

/** Something that happens. */
export interface Event {
  /** When, in true time. */
  at: number;
  /** What comes first of what happens at the same time. */
  order: number;
  /** Whose turn it is; undefined: nobody's, it makes no promises. */
  readonly node: Node | undefined;
  /** What happens. */
  readonly run: () => void;
  /** The timer that it is, if it is one. */
  readonly timer: Timer | undefined;
}

/** Events, the earliest first: a heap. */
export class Queue {
  readonly #heap: Event[] = [];

  first(): Event | undefined {
    return this.#heap[0];
  }

  push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isEarlier(event, heap[above])) break;
      heap[at] = heap[above];
      at = above;
    }
    heap[at] = event;
  }

  shift(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isEarlier(heap[below + 1], heap[below])) {
        below++;
      }
      if (!isEarlier(heap[below], last)) break;
      heap[at] = heap[below];
      at = below;
    }
    heap[at] = last;
  }
}

function isEarlier(one: Event, other: Event): boolean {
  return one.at < other.at || one.at === other.at && one.order < other.order;
}
