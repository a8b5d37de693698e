/**
 * Reads a stream of server-sent events. The browser's own reader sends no
 * token, so the stream is one of `fetch`.
 *
 * @module
 */

/** An event as it came. */
export interface StreamEvent {
  /** Its name; `"message"` where it has none. */
  readonly name: string;
  /** Its data. */
  readonly data: string;
}

/** Takes a stream apart, however it is cut into chunks. */
export class EventParser {
  /** The id of the last event; empty where there was none. */
  lastId = "";
  #rest = "";
  #name = "";
  #data: string[] = [];

  /**
   * Takes the next chunk.
   *
   * @param chunk The text.
   * @returns The events that are whole now.
   */
  take(chunk: string): StreamEvent[] {
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    const events: StreamEvent[] = [];
    for (const line of lines) {
      if (line !== "") this.#takeLine(line);
      else if (this.#data.length > 0) {
        const data = this.#data.join("\n");
        events.push({ name: this.#name || "message", data });
      }
      if (line === "") [this.#name, this.#data] = ["", []];
    }
    return events;
  }

  /** Forgets what is not whole: the stream begins anew. */
  restart(): void {
    [this.#rest, this.#name, this.#data] = ["", "", []];
  }

  #takeLine(line: string): void {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    if (field === "event") this.#name = value;
    if (field === "id") this.lastId = value;
  }
}
