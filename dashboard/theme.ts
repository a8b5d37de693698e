/**
 * Light or dark: as the system has it, until somebody says otherwise.
 *
 * @module
 */

import { el, setAttribute, setText } from "./dom.ts";

const KEY = "dotflow-theme";
const THEMES = ["auto", "light", "dark"] as const;
const SYMBOLS = { auto: "◐", light: "○", dark: "●" } as const;

/**
 * Makes the button that changes the theme, and sets the one chosen before.
 *
 * @returns The button.
 */
export function themeButton(): HTMLElement {
  const symbol = el("span", { class: "symbol", "aria-hidden": "true" });
  const word = el("span");
  let theme = read();
  const show = () => {
    setAttribute(document.documentElement, "data-theme", theme);
    setText(symbol, SYMBOLS[theme]);
    setText(word, theme);
  };
  const button = el(
    "button",
    {
      type: "button",
      class: "quiet",
      onclick: () => {
        theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
        localStorage.setItem(KEY, theme);
        show();
      },
    },
    symbol,
    el("span", { class: "unseen" }, "Theme: "),
    word,
  );
  show();
  return button;
}

function read(): (typeof THEMES)[number] {
  const stored = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === stored) ?? "auto";
}
