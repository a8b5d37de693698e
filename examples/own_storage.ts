/**
 * A storage of one's own: `post` and `get` are enough for a resume. This one
 * keeps texts in a Map, in the place of a database or a key-value store.
 *
 * ```sh
 * deno run -A examples/own_storage.ts
 * ```
 *
 * @module
 */

import { action, Config, Context, DotFlow, Storage } from "@dotflow/dotflow";

class StorageMap extends Storage {
  readonly texts: Map<string, string> = new Map();

  post(key: string, context: Context): void {
    this.texts.set(key, context.toText());
  }

  get(key: string): Context {
    const text = this.texts.get(key);
    return text === undefined ? new Context() : Context.fromText(text, key);
  }
}

const storage = new StorageMap();
let broken = true;

/** What another process would build again after a crash. */
function build(): DotFlow {
  const config = new Config({ storage });
  const workflow = new DotFlow({ workflowId: "numbers", config });
  workflow.task
    .add(action("load", () => {
      console.log("load runs");
      return [1n, 2n, 3n];
    }))
    .add(action("add", ({ previousContext }) => {
      console.log("add runs");
      if (broken) throw new RangeError("Cannot add yet");
      return previousContext.storage.reduce((a: bigint, b: bigint) => a + b);
    }));
  return workflow;
}

console.log((await build().start()).status);
broken = false;
const again = build();
console.log((await again.start({ resume: true })).status);
console.log(again.resultStorage());
console.log([...storage.texts.keys()].length, "keys");
