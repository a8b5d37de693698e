/**
 * A set of links that the Tab key reaches as one; arrow keys go through it.
 *
 * @module
 */

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowUp: -1,
  ArrowRight: 1,
  ArrowDown: 1,
  Home: -Infinity,
  End: Infinity,
};

/**
 * Makes the links of an element such a set, those of later too.
 *
 * @param container The element.
 * @returns Call it when links came or went.
 */
export function rove(container: Element): () => void {
  const links =
    () => [...container.querySelectorAll<HTMLElement | SVGElement>("a")];
  const choose = (chosen: Element | undefined) => {
    for (const link of links()) {
      link.setAttribute("tabindex", link === chosen ? "0" : "-1");
    }
  };
  container.addEventListener("focusin", ({ target }) => {
    choose((target as Element).closest("a") ?? undefined);
  });
  container.addEventListener("keydown", (event) => {
    const { key, ctrlKey, altKey, metaKey } = event as KeyboardEvent;
    const step = STEPS[key];
    if (step === undefined || ctrlKey || altKey || metaKey) return;
    const all = links();
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (at < 0) return;
    event.preventDefault();
    all[Math.min(all.length - 1, Math.max(0, at + step))].focus();
  });
  return () => {
    const all = links();
    choose(all.find((link) => link === document.activeElement) ?? all.at(-1));
  };
}
