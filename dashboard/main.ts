/**
 * The dashboard: what is where, and how one gets there.
 *
 * @module
 */

import { Api } from "./api.ts";
import { DeviceView } from "./device_view.ts";
import { el, replace } from "./dom.ts";
import { LoginView } from "./login_view.ts";
import type { LiveState } from "./live.ts";
import { Announcer, LiveBadge, type Page, type View } from "./page.ts";
import { readRoute, type Route, toRuns } from "./route.ts";
import { RunView } from "./run_view.ts";
import { RunsView } from "./runs_view.ts";
import { themeButton } from "./theme.ts";

/** The whole page. */
class App {
  #api = new Api();
  #announcer = new Announcer();
  #live = new LiveBadge();
  #view: View | undefined;
  /** The list stays while one of its runs is looked at. */
  #runs: RunsView | undefined;
  #runsState: LiveState = "connecting";
  #main = el("main", { id: "main", tabindex: "-1" });
  #signOut = el("button", {
    type: "button",
    class: "quiet",
    onclick: () => {
      this.#api.signIn("");
      this.#signIn(false);
    },
  }, "Sign out");

  start(): void {
    this.#api.onDenied = () => this.#signIn(this.#api.signedIn);
    replace(
      document.body,
      el(
        "a",
        {
          class: "skip",
          href: "#main",
          onclick: (event) => {
            event.preventDefault();
            this.#main.focus();
          },
        },
        "Skip to content",
      ),
      el(
        "header",
        { class: "top" },
        el(
          "a",
          { class: "brand", href: isDevice() ? "./" : "#/runs" },
          el("span", { class: "mark", "aria-hidden": "true" }),
          "dotflow",
        ),
        this.#live.element,
        el("span", { class: "space" }),
        themeButton(),
        this.#signOut,
      ),
      this.#main,
      this.#announcer.element,
    );
    addEventListener("hashchange", () => {
      if (this.#api.readAddress()) this.#restart();
      else this.#go(true);
    });
    this.#api.readAddress();
    this.#go(false);
  }

  /** Begins anew, with another token. */
  #restart(): void {
    if (this.#view !== this.#runs) this.#view?.close();
    this.#runs?.close();
    this.#runs = this.#view = undefined;
    this.#go(true);
  }

  /** Shows the place that the address names. */
  #go(moved: boolean): void {
    this.#signOut.hidden = !this.#api.signedIn;
    if (this.#view instanceof LoginView) return;
    const route = readRoute(location.hash);
    if (this.#view?.show(route)) return;
    const before = this.#view;
    this.#open(this.#viewOf(route));
    if (!moved) return;
    if (before instanceof RunView && this.#view instanceof RunsView) {
      this.#view.focusRun(before.name);
    } else this.#view?.focus();
  }

  #viewOf(route: Route): View {
    if (isDevice()) return new DeviceView(this.#page());
    if (route.view === "runs") {
      this.#runs ??= new RunsView(
        this.#page((state) => {
          this.#runsState = state;
          return this.#view === this.#runs;
        }),
        route.filters,
      );
      return this.#runs;
    }
    const name = { workflow_id: route.workflow, run_id: route.run };
    return new RunView(this.#page(), name, route.task);
  }

  #page(isSeen: (state: LiveState) => boolean = () => true): Page {
    return {
      api: this.#api,
      home: () => this.#runs?.place ?? toRuns(),
      announce: (text) => this.#announcer.announce(text),
      state: (state) => {
        if (isSeen(state)) this.#live.show(state);
      },
    };
  }

  #open(view: View): void {
    if (this.#view !== this.#runs) this.#view?.close();
    this.#view = view;
    if (view === this.#runs) this.#live.show(this.#runsState);
    else if (!(view instanceof RunView)) this.#live.show(undefined);
    replace(this.#main, view.element);
    document.title = `${view.title} · dotflow`;
    if (view === this.#runs) view.show(readRoute(location.hash));
  }

  #signIn(refused: boolean): void {
    this.#api.signIn("");
    this.#runs?.close();
    this.#runs = undefined;
    this.#signOut.hidden = true;
    this.#open(new LoginView(this.#api, refused, () => this.#restart()));
    this.#view?.focus();
  }
}

function isDevice(): boolean {
  return /\/device\/?$/.test(location.pathname);
}

new App().start();
