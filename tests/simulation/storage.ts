/**
 * The `Storage` of each actor of a virtual world: it asks the bucket.
 *
 * @module
 */

import type { Context, Storage } from "@dotflow/dotflow";
import type { Bucket } from "./bucket.ts";
import type { Actor } from "./actor.ts";

/** The engine under test; a mutant is another copy of it. */
export type Engine = typeof import("@dotflow/dotflow");

/** How a storage goes about it. */
export interface Manner {
  /**
   * How often a conditional write is sent in all. With more than one, it is as
   * a provider does it: what comes back as "condition false" after an attempt
   * without answer is read, to see whether it was this very write.
   */
  readonly attempts: number;
  /**
   * Whether all nodes are processes of one machine, on which the storage can
   * tell at once that one has died.
   */
  readonly oneMachine: boolean;
}

type Simulated = new (bucket: Bucket, actor: Actor, manner: Manner) => Storage;

const classes = new WeakMap<Engine, Simulated>();

/**
 * Makes the storage of an actor.
 *
 * @param engine The engine.
 * @param bucket The bucket.
 * @param actor Whose storage it is.
 * @param manner How it goes about it.
 * @returns The storage.
 */
export function makeStorage(
  engine: Engine,
  bucket: Bucket,
  actor: Actor,
  manner: Manner,
): Storage {
  let Simulated = classes.get(engine);
  if (Simulated === undefined) {
    Simulated = makeClass(engine);
    classes.set(engine, Simulated);
  }
  return new Simulated(bucket, actor, manner);
}

function makeClass({ Context, Storage, StorageError }: Engine): Simulated {
  /** The version that a Context was read at, or written as. */
  const versions = new WeakMap<Context, number>();

  /** A value with another name of the owner, if it is a record with one. */
  // deno-lint-ignore no-explicit-any
  const rename = (value: any, toName: (id: string) => string) => {
    const owner = value?.owner;
    if (!owner) return value;
    return { ...value, owner: { ...owner, id: toName(owner.id) } };
  };

  return class StorageSimulated extends Storage {
    override readonly swapsAtomically = true;
    readonly #bucket: Bucket;
    readonly #actor: Actor;
    readonly #attempts: number;
    override readonly isGone?: (holder: string) => boolean;

    constructor(bucket: Bucket, actor: Actor, manner: Manner) {
      super();
      this.#bucket = bucket;
      this.#actor = actor;
      this.#attempts = manner.attempts;
      if (manner.oneMachine) {
        this.isGone = (holder) => bucket.dead.has(holder);
      }
    }

    override holder(): string {
      return this.#actor.node!.name;
    }

    override async get(key: string): Promise<Context> {
      const stored = await this.#read(key);
      if (stored === undefined) return new Context();
      const { owners } = this.#actor.node!;
      const storage = rename(stored.value, (id) => owners.toInside(id));
      const context = new Context({ ...stored.origin, storage });
      versions.set(context, stored.version);
      return context;
    }

    override async post(key: string, context: Context): Promise<void> {
      const { write } = this.#prepare(key, context);
      versions.set(context, await this.#ask(`post ${key}`, write));
    }

    override async atomicSwap(
      key: string,
      expected: Context | null,
      next: Context,
    ): Promise<boolean> {
      const { writer, write } = this.#prepare(key, next);
      const version = expected ? versions.get(expected) : undefined;
      const swap = (): number | undefined =>
        this.#bucket.objects.get(key)?.version === version
          ? write()
          : undefined;
      for (let attempt = 1, unclear = false;; attempt++) {
        let written: number | undefined;
        try {
          written = await this.#ask(`swap ${key}`, swap);
        } catch (error) {
          if (attempt >= this.#attempts) throw error;
          unclear = true;
          continue;
        }
        if (written === undefined && unclear) {
          const stored = await this.#read(key);
          if (stored?.writer === writer) written = stored.version;
        }
        if (written === undefined) return false;
        versions.set(next, written);
        return true;
      }
    }

    override async delete(key: string): Promise<boolean> {
      return await this.#ask(`delete ${key}`, () => {
        if (!this.#bucket.objects.has(key)) return false;
        this.#bucket.write(key, undefined, this.#actor);
        return true;
      });
    }

    override async deletePrefix(prefix: string): Promise<number> {
      return await this.#ask(`remove ${prefix}`, () => {
        const keys = this.#bucket.keys(prefix);
        for (const key of keys) {
          this.#bucket.write(key, undefined, this.#actor);
        }
        return keys.length;
      });
    }

    override async listKeys(prefix: string): Promise<string[]> {
      return await this.#ask(`list ${prefix}`, () => this.#bucket.keys(prefix));
    }

    #read(key: string) {
      return this.#ask(`get ${key}`, () => this.#bucket.objects.get(key));
    }

    async #ask<T>(what: string, apply: () => T): Promise<T> {
      try {
        return await this.#bucket.request(this.#actor, what, apply);
      } catch (error) {
        throw new StorageError(`Cannot ${what}: ${(error as Error).message}`);
      }
    }

    /** Makes a write: how it is done at the bucket, once it gets there. */
    #prepare(key: string, context: Context) {
      const { owners } = this.#actor.node!;
      const { taskId, workflowId, runId, time, storage } = context;
      const origin = { taskId, workflowId, runId, time };
      const value = rename(storage, (id) => owners.toOutside(id));
      const writer = this.#bucket.newVersion();
      const write = () => {
        const version = this.#bucket.newVersion();
        const stored = { origin, value, version, writer };
        this.#bucket.write(key, stored, this.#actor);
        return version;
      };
      return { writer, write };
    }
  };
}
