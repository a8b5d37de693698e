/**
 * Figures of the server, in the text format of Prometheus.
 *
 * @module
 */

/** A figure that may go up and down. */
export interface Gauge {
  /** What it counts. */
  readonly help: string;
  /** How many there are. */
  readonly value: number;
}

/** Counts what is answered. */
export class Metrics {
  readonly #answers = new Map<string, number>();
  #storageFailures = 0;

  /**
   * Counts an answer.
   *
   * @param method The method of the request.
   * @param status The status of the answer.
   */
  answered(method: string, status: number): void {
    // A method may be any word, and there must be no more counts for that.
    const known = /^(GET|HEAD|POST|PATCH)$/.test(method) ? method : "other";
    const labels = `method="${known}",status="${status}"`;
    this.#answers.set(labels, (this.#answers.get(labels) ?? 0) + 1);
  }

  /** Counts a failure of the storage. */
  storageFailed(): void {
    this.#storageFailures++;
  }

  /**
   * Writes the figures.
   *
   * @param gauges Further ones, by name.
   * @returns Text, in lines.
   */
  write(gauges: Readonly<Record<string, Gauge>>): string {
    const lines = [
      "# HELP dotflow_server_requests_total Requests that were answered.",
      "# TYPE dotflow_server_requests_total counter",
      ...[...this.#answers].map(([labels, count]) =>
        `dotflow_server_requests_total{${labels}} ${count}`
      ),
      "# HELP dotflow_server_storage_failures_total Failures of the storage.",
      "# TYPE dotflow_server_storage_failures_total counter",
      `dotflow_server_storage_failures_total ${this.#storageFailures}`,
    ];
    for (const [name, { help, value }] of Object.entries(gauges)) {
      lines.push(
        `# HELP ${name} ${help}`,
        `# TYPE ${name} gauge`,
        `${name} ${value}`,
      );
    }
    return lines.join("\n") + "\n";
  }
}
