/**
 * Which reporter tells how runs go on.
 *
 * @module
 */

import process from "node:process";
import { streamsOf, takeOver } from "../console.ts";
import { styleOf } from "../style.ts";
import { JsonReporter } from "./json.ts";
import { LiveReporter } from "./live.ts";
import { PlainReporter } from "./plain.ts";
import type { Reporter, ReporterOptions } from "./reporter.ts";

/**
 * Makes the reporter that flags and streams ask for: JSON where it is wanted,
 * the live display where standard error is a terminal, else plain lines.
 *
 * @param options What flags say.
 * @returns The reporter.
 */
export function chooseReporter(options: ReporterOptions): Reporter {
  const { out, err } = streamsOf();
  const style = styleOf(err, options.color);
  if (options.json) {
    const reporter = new JsonReporter(out, err);
    return closing(reporter, takeOver((text) => err.write(text), ["stdout"]));
  }
  if (options.plain || !err.isTTY || process.env.TERM === "dumb") {
    return new PlainReporter(out, err, style);
  }
  const reporter = new LiveReporter(out, err, style);
  const names = out.isTTY ? ["stdout", "stderr"] as const : ["stderr"] as const;
  const giveBack = takeOver((text) => reporter.print(text), names);
  return closing(reporter, giveBack);
}

/** Gives the streams back with the terminal, also where a step ends it all. */
function closing(reporter: Reporter, giveBack: () => void): Reporter {
  const close = () => {
    process.off("exit", close);
    giveBack();
    reporter.close();
  };
  process.on("exit", close);
  return {
    take: (event) => reporter.take(event),
    note: (text) => reporter.note(text),
    end: (run) => reporter.end(run),
    close,
  };
}
