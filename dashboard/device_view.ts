/**
 * Approves a login of the command line, by the code that it shows.
 *
 * @module
 */

import { el, replace } from "./dom.ts";
import { formatTime } from "./format.ts";
import { messageOf, type Page, problemLine, type View } from "./page.ts";

/** What waits for an answer; fields that a server may tell. */
type Pending = Readonly<Record<string, unknown>>;

/** Asks for the code, then for the answer. */
export class DeviceView implements View {
  /** What is shown. */
  readonly element: HTMLElement;
  /** What the tab is called. */
  readonly title = "Approve a login";
  #page: Page;
  #input = el("input", {
    name: "code",
    required: true,
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    class: "code",
  });
  #problem = problemLine();
  #step = el("div", { class: "stack" });
  #heading = el("h1", { tabindex: "-1" }, "Approve a login");

  constructor(page: Page) {
    this.#page = page;
    this.element = el(
      "div",
      { class: "card" },
      this.#heading,
      this.#problem.element,
      this.#step,
    );
    const given = new URLSearchParams(location.search).get("code");
    this.#input.value = given ?? "";
    this.#ask();
    if (given) void this.#find();
  }

  /** It is of no place behind `#`. */
  show(): boolean {
    return true;
  }

  /** Puts the focus on the field, or on the heading. */
  focus(): void {
    if (this.#input.isConnected) this.#input.focus();
    else this.#heading.focus();
  }

  /** Ends it. */
  close(): void {}

  #ask(): void {
    replace(
      this.#step,
      el(
        "form",
        {
          class: "stack",
          onsubmit: (event) => {
            event.preventDefault();
            void this.#find();
          },
        },
        el("p", { class: "hint" }, "Enter the code that dotflow login shows."),
        el("label", { class: "field" }, el("span", {}, "Code"), this.#input),
        el("button", { type: "submit", class: "primary" }, "Continue"),
      ),
    );
  }

  async #find(): Promise<void> {
    const code = this.#input.value.trim().toUpperCase();
    if (code === "") return;
    const path = `api/login/${encodeURIComponent(code)}`;
    await this.#try(async () => {
      this.#decide(code, path, await this.#page.api.get<Pending>(path));
    });
  }

  #decide(code: string, path: string, pending: Pending): void {
    const answer = (approve: boolean) => () =>
      void this.#try(async () => {
        await this.#page.api.post(path, { approve });
        this.#end(approve);
      });
    const facts = Object.entries(pending).filter(([name, value]) =>
      name !== "user_code" && isPlain(value)
    );
    replace(
      this.#step,
      el(
        "p",
        {},
        "A command line asks for a token of this server. Approve only what ",
        "you have started yourself, and only if it shows this code:",
      ),
      el("p", { class: "code" }, code),
      el(
        "dl",
        { class: "facts" },
        ...facts.map(([name, value]) =>
          el(
            "div",
            {},
            el("dt", {}, name.replaceAll("_", " ")),
            el("dd", {}, toFact(value)),
          )
        ),
      ),
      el(
        "p",
        { class: "actions" },
        el(
          "button",
          { type: "button", class: "primary", onclick: answer(true) },
          "Approve",
        ),
        el("button", { type: "button", onclick: answer(false) }, "Deny"),
      ),
    );
    this.#heading.focus();
  }

  #end(approved: boolean): void {
    replace(
      this.#step,
      el(
        "p",
        { role: "status" },
        approved
          ? "✓ Approved. You can close this page and go back to the terminal."
          : "⊘ Denied. Nobody was given a token.",
      ),
    );
    this.#heading.focus();
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      this.#problem.say("");
      await work();
    } catch (error) {
      this.#problem.say(messageOf(error));
    }
  }
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

function toFact(value: unknown): string {
  const text = String(value);
  const iso = /^\d{4}-\d\d-\d\dT/.test(text);
  return iso ? formatTime(Date.parse(text)) : text;
}
