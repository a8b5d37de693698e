/**
 * What every view has: the server, the words for those who do not see the
 * page, and how the connection stands.
 *
 * @module
 */

import type { Api } from "./api.ts";
import { el, setAttribute, setText } from "./dom.ts";
import type { LiveState } from "./live.ts";
import type { Route } from "./route.ts";

/** How long to wait between two announcements, in milliseconds. */
const ANNOUNCE_MS = 2_000;

/** What views are given. */
export interface Page {
  /** The server. */
  readonly api: Api;
  /** The place of the list, with the filters that it has. */
  home(): string;
  /** Tells something to those who do not see it. */
  announce(text: string): void;
  /** Shows how the connection stands. */
  state(state: LiveState): void;
}

/** A view: what is shown at a place. */
export interface View {
  /** What is shown. */
  readonly element: HTMLElement;
  /** What the tab is called. */
  readonly title: string;
  /** Shows another place of the same view; says whether it is one. */
  show(route: Route): boolean;
  /** Where the focus goes when somebody comes here. */
  focus(): void;
  /** Ends it. */
  close(): void;
}

/** Tells what changes, at a pace that can be listened to. */
export class Announcer {
  /** A region that is read aloud and not seen. */
  readonly element: HTMLElement = el("div", {
    class: "unseen",
    role: "status",
    "aria-live": "polite",
  });
  #next = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Tells a text; of several in a short time, the last one. */
  announce(text: string): void {
    this.#next = text;
    if (this.#timer === undefined) this.#say();
  }

  #say(): void {
    if (this.#next === "") {
      this.#timer = undefined;
      return;
    }
    setText(this.element, this.#next);
    this.#next = "";
    this.#timer = setTimeout(() => this.#say(), ANNOUNCE_MS);
  }
}

const STATES: Readonly<Record<LiveState, { symbol: string; word: string }>> = {
  connecting: { symbol: "○", word: "Connecting" },
  live: { symbol: "●", word: "Live" },
  waiting: { symbol: "↻", word: "Reconnecting" },
};

/** Shows whether what is seen is what is now. */
export class LiveBadge {
  /** What is shown. */
  readonly element: HTMLElement;
  #symbol = el("span", { class: "symbol", "aria-hidden": "true" });
  #word = el("span");

  constructor() {
    this.element = el("span", { class: "live" }, this.#symbol, this.#word);
    this.element.hidden = true;
  }

  /** Shows how the connection stands; nothing without one. */
  show(state: LiveState | undefined): void {
    this.element.hidden = state === undefined;
    if (state === undefined) return;
    setAttribute(this.element, "data-state", state);
    setText(this.#symbol, STATES[state].symbol);
    setText(this.#word, STATES[state].word);
  }
}

/**
 * Makes the line that says what is wrong, where something is.
 *
 * @returns The line, and what writes it; an empty text hides it.
 */
export function problemLine(): {
  element: HTMLElement;
  say: (text: string) => void;
} {
  const element = el("p", { class: "problem", role: "alert" });
  element.hidden = true;
  const say = (text: string) => {
    element.hidden = text === "";
    setText(element, text === "" ? "" : `⚠ ${text}`);
  };
  return { element, say };
}

/**
 * Says what went wrong.
 *
 * @param error What was thrown.
 * @returns The message; empty for a call that was given up.
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error) || error.name === "AbortError") return "";
  return error.message;
}
