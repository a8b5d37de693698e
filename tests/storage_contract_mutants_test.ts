import { Context } from "@dotflow/dotflow";
import { storageContract } from "@dotflow/dotflow/testing";
import assert from "node:assert/strict";
import { test } from "./harness.ts";
import { StorageText, type Texts } from "./storages.ts";

type Mutant = new (texts?: Texts) => StorageText;

/** Runs one test of the contract over a storage with a planted fault. */
async function outcome(name: string, Storage: Mutant): Promise<unknown> {
  const contract = storageContract.find((test) => test.name === name);
  assert.ok(contract, `no test is named "${name}"`);
  return await contract.run({
    open: () => new Storage(),
    reopen: (storage) => new Storage((storage as StorageText).texts),
  }).then(() => undefined, (error) => error);
}

/** Plants a fault, which has to be caught where it is said to be. */
function mutant(
  fault: string,
  caughtBy: string,
  message: RegExp,
  Storage: Mutant,
): void {
  test(`storage contract: a storage that ${fault} is caught`, async () => {
    assert.equal(await outcome(caughtBy, StorageText), undefined);
    assert.match(String(await outcome(caughtBy, Storage)), message);
  });
}

/** Hides a method. */
const none = undefined as never;

mutant(
  "keeps values as plain JSON",
  "a value is read as it was stored",
  /Cannot read|undefined: expected/,
  class extends StorageText {
    override post(key: string, { storage, ...rest }: Context): Promise<void> {
      const text = JSON.stringify(storage);
      const copy = text === undefined ? null : JSON.parse(text);
      return super.post(key, new Context({ ...rest, storage: copy }));
    }
  },
);

mutant(
  "loses the sign of zero",
  "a value is read as it was stored",
  /-0: expected/,
  class extends StorageText {
    override async get(key: string): Promise<Context> {
      const context = await super.get(key);
      if (context.storage !== 0) return context;
      return new Context({ ...context, time: context.time, storage: 0 });
    }
  },
);

mutant(
  "keeps the bare value only",
  "the origin of a value is kept",
  /the ids: expected/,
  class extends StorageText {
    override async get(key: string): Promise<Context> {
      const { storage } = await super.get(key);
      return new Context({ storage });
    }
  },
);

mutant(
  "takes a void result for nothing",
  "a void result is not absent",
  /the task: expected "void"/,
  class extends StorageText {
    override async get(key: string): Promise<Context> {
      const context = await super.get(key);
      return context.storage === undefined ? new Context() : context;
    }
  },
);

mutant(
  "appends instead of writing over",
  "post writes over what was there",
  /the value: expected/,
  class extends StorageText {
    override async post(key: string, context: Context): Promise<void> {
      if (!this.texts.has(key)) await super.post(key, context);
    }
  },
);

mutant(
  "gives null where nothing is",
  "an absent key gives an empty Context",
  /got no Context/,
  class extends StorageText {
    override async get(key: string): Promise<Context> {
      return this.texts.has(key) ? await super.get(key) : null as never;
    }
  },
);

mutant(
  "hands out shared references",
  "what is read is a copy",
  /after a change/,
  class extends StorageText {
    #contexts = new Map<string, Context>();
    override post(key: string, context: Context): Promise<void> {
      this.#contexts.set(key, context);
      return super.post(key, context);
    }
    override async get(key: string): Promise<Context> {
      return this.#contexts.get(key) ?? await super.get(key);
    }
  },
);

mutant(
  "keeps what it reads in a cache of its own",
  "a further instance reads what was stored",
  /the other way/,
  class extends StorageText {
    #cache = new Map<string, Context>();
    override async get(key: string): Promise<Context> {
      const known = this.#cache.get(key) ?? await super.get(key);
      this.#cache.set(key, known);
      return known;
    }
  },
);

mutant(
  "turns into text what it cannot keep",
  "a value that cannot be kept is refused, and the earlier one stays",
  /expected an error with code UNSTORABLE_VALUE, but got none/,
  class extends StorageText {
    override post(key: string, context: Context): Promise<void> {
      const storage = String(context.storage);
      return super.post(key, new Context({ ...context, storage }));
    }
  },
);

mutant(
  "cuts long keys off",
  "keys of hostile workflow ids are kept apart",
  /before it is stored|expected/,
  class extends StorageText {
    override post(key: string, context: Context): Promise<void> {
      return super.post(key.slice(0, 64), context);
    }
    override get(key: string): Promise<Context> {
      return super.get(key.slice(0, 64));
    }
  },
);

mutant(
  "folds case",
  "any text is a key of its own",
  /"WF" before it is stored/,
  class extends StorageText {
    override post(key: string, context: Context): Promise<void> {
      return super.post(key.toLowerCase(), context);
    }
    override get(key: string): Promise<Context> {
      return super.get(key.toLowerCase());
    }
  },
);

mutant(
  "makes keys without encoding the ids",
  "key never makes one key of two places",
  /have one key/,
  class extends StorageText {
    override key(task: { workflowId: string; taskId: string }): string {
      return `${task.workflowId}/${task.taskId}`;
    }
  },
);

mutant(
  "removes by the prefix without its slash",
  "deletePrefix removes what begins so, and counts it",
  /the count: expected 4/,
  class extends StorageText {
    override deletePrefix(prefix: string): Promise<number> {
      return super.deletePrefix(prefix.replace(/\/$/, ""));
    }
  },
);

mutant(
  "lists by the prefix without its slash",
  "keys are listed by prefix, in order",
  /the keys of "wf-1\/"/,
  class extends StorageText {
    override listKeys(prefix: string): Promise<string[]> {
      return super.listKeys(prefix.replace(/\/$/, ""));
    }
  },
);

mutant(
  "lists in the order of storing",
  "keys are listed by prefix, in order",
  /the keys of/,
  class extends StorageText {
    override listKeys(prefix: string): Promise<string[]> {
      const keys = [...this.texts.keys()];
      return Promise.resolve(keys.filter((key) => key.startsWith(prefix)));
    }
  },
);

mutant(
  "lists no more than a page",
  "more than a thousand keys are listed",
  /the keys: expected/,
  class extends StorageText {
    override async listKeys(prefix: string): Promise<string[]> {
      return (await super.listKeys(prefix)).slice(0, 1_000);
    }
  },
);

mutant(
  "removes everything for an empty prefix",
  "deletePrefix refuses an empty prefix",
  /expected an error with code INVALID_OPTION, but got none/,
  class extends StorageText {
    override async deletePrefix(prefix: string): Promise<number> {
      const keys = await this.listKeys(prefix);
      for (const key of keys) this.texts.delete(key);
      return keys.length;
    }
  },
);

mutant(
  "always says that there was something to delete",
  "delete tells whether there was something",
  /the second delete/,
  class extends StorageText {
    override delete(key: string): boolean {
      super.delete(key);
      return true;
    }
  },
);

mutant(
  "swaps in two steps",
  "of many that create at once, one wins",
  /the number of those who created it: expected 1, but got 32/,
  class extends StorageText {
    override async atomicSwap(
      key: string,
      expected: Context | null,
      next: Context,
    ): Promise<boolean> {
      const before = this.texts.get(key);
      await null;
      if (before !== expected?.toText()) return false;
      this.texts.set(key, next.toText());
      return true;
    }
  },
);

mutant(
  "loses counts",
  "no count is lost when many count at once",
  /the count: expected/,
  class extends StorageText {
    override async atomicSwap(
      key: string,
      expected: Context | null,
      next: Context,
    ): Promise<boolean> {
      if (expected === null) return super.atomicSwap(key, expected, next);
      await this.post(key, next);
      return true;
    }
  },
);

mutant(
  "takes a void result for nothing when it swaps",
  "a swap for nothing creates, once",
  /the second create/,
  class extends StorageText {
    override async atomicSwap(
      key: string,
      expected: Context | null,
      next: Context,
    ): Promise<boolean> {
      const { storage } = await this.get(key);
      if (storage === undefined) this.texts.delete(key);
      return super.atomicSwap(key, expected, next);
    }
  },
);

mutant(
  "swaps only what it has read itself",
  "what a swap wrote can be expected at once",
  /swap 1: expected true/,
  class extends StorageText {
    #read = new WeakSet<Context>();
    override async get(key: string): Promise<Context> {
      const context = await super.get(key);
      this.#read.add(context);
      return context;
    }
    override async atomicSwap(
      key: string,
      expected: Context | null,
      next: Context,
    ): Promise<boolean> {
      if (expected !== null && !this.#read.has(expected)) return false;
      return await super.atomicSwap(key, expected, next);
    }
  },
);

mutant(
  "creates what it was to swap",
  "what was deleted can only be created",
  /a swap: expected false/,
  class extends StorageText {
    override atomicSwap(
      key: string,
      expected: Context | null,
      next: Context,
    ): Promise<boolean> {
      return super.atomicSwap(key, this.texts.has(key) ? expected : null, next);
    }
  },
);

mutant(
  "keeps silent about a method it lacks",
  "it has what it is said to have",
  /it has listKeys, or lacks names it: expected true/,
  class extends StorageText {
    override listKeys = none;
  },
);
