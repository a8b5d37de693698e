/**
 * Making elements, without a line of HTML: whatever is shown is a text node,
 * so that nothing a task returns can become markup.
 *
 * @module
 */

/** What an element may hold; nothing is shown for `null` and `false`. */
export type Child = Node | string | number | null | undefined | false;

/** Attributes, and listeners by `on…`; `false` and `undefined` are left out. */
export type Attributes = Readonly<
  Record<
    string,
    string | number | boolean | undefined | ((event: Event) => void)
  >
>;

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element.
 *
 * @param tag Its name.
 * @param attributes Its attributes and listeners.
 * @param children What it holds.
 * @returns The element.
 */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * Makes an element of a drawing.
 *
 * @param tag Its name.
 * @param attributes Its attributes and listeners.
 * @param children What it holds.
 * @returns The element.
 */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill<Kind extends Element>(
  element: Kind,
  attributes: Attributes,
  children: readonly Child[],
): Kind {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value);
    } else if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...nodes(children));
  return element;
}

/**
 * Replaces what an element holds.
 *
 * @param element The element.
 * @param children What it holds from now on.
 */
export function replace(element: Element, ...children: Child[]): void {
  element.replaceChildren(...nodes(children));
}

function nodes(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child) => {
    if (child === null || child === undefined || child === false) return [];
    return [typeof child === "number" ? String(child) : child];
  });
}

/**
 * Writes a text where it is another one than before.
 *
 * @param element The element.
 * @param text The text.
 */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Sets an attribute where it has another value than before.
 *
 * @param element The element.
 * @param name The attribute.
 * @param value Its value.
 */
export function setAttribute(
  element: Element,
  name: string,
  value: string,
): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * Sets properties of an element's style. The policy of the page forbids style
 * attributes; this is what it allows.
 *
 * @param element The element.
 * @param style The properties.
 */
export function setStyle(
  element: HTMLElement | SVGElement,
  style: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(style)) {
    if (element.style.getPropertyValue(name) !== value) {
      element.style.setProperty(name, value);
    }
  }
}
