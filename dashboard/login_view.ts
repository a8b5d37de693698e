/**
 * The form that asks for the token of the server.
 *
 * @module
 */

import type { Api } from "./api.ts";
import { el } from "./dom.ts";
import { messageOf, problemLine, type View } from "./page.ts";

/** Asks for the token. */
export class LoginView implements View {
  /** What is shown. */
  readonly element: HTMLElement;
  /** What the tab is called. */
  readonly title = "Sign in";
  #input = el("input", {
    type: "password",
    name: "token",
    required: true,
    autocomplete: "current-password",
    spellcheck: "false",
  });
  #problem = problemLine();

  /**
   * @param api The server.
   * @param refused Whether it has just refused a token.
   * @param entered Called when a token is accepted.
   */
  constructor(api: Api, refused: boolean, entered: () => void) {
    if (refused) {
      this.#problem.say("The server does not know this token. Enter another.");
    }
    const enter = async () => {
      api.signIn(this.#input.value.trim());
      try {
        await api.get("api/runs", { limit: 1 });
        entered();
      } catch (error) {
        // At 401, this form has been replaced by another one already.
        this.#problem.say(messageOf(error));
      }
    };
    this.element = el(
      "form",
      {
        class: "card",
        onsubmit: (event) => {
          event.preventDefault();
          void enter();
        },
      },
      el("h1", {}, "Sign in"),
      el(
        "p",
        { class: "hint" },
        "Enter a token of this server. It is kept until you close this tab.",
      ),
      this.#problem.element,
      el(
        "label",
        { class: "field" },
        el("span", {}, "Token"),
        this.#input,
      ),
      el("button", { type: "submit", class: "primary" }, "Sign in"),
    );
  }

  /** It is of no place. */
  show(): boolean {
    return false;
  }

  /** Puts the focus on the field. */
  focus(): void {
    this.#input.focus();
  }

  /** Ends it. */
  close(): void {}
}
