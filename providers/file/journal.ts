/**
 * The journal of one workflow: takes operations, and writes all that wait
 * together in one go. All that takes time happens in one loop, one step after
 * the other.
 *
 * @module
 */

import { Context } from "../../src/context.ts";
import { storageError } from "./files.ts";
import { Ledger } from "./ledger.ts";
import { type JournalOptions, Present } from "./present.ts";
import { type Draft, draft } from "./record.ts";

const EMPTY = new Ledger();

/** An operation that waits to be written. */
interface Write {
  /** What to write by what is known now; undefined for nothing. */
  plan(): Draft | undefined;
  /** Told how many keys were changed. */
  end(changed: number): void;
  /** Told why it could not be done. */
  fail(error: unknown): void;
}

/** An operation that waits to read. */
interface Read {
  /** Reads, once the present state is known. */
  end(): void;
  /** Told why it could not be done. */
  fail(error: unknown): void;
}

/** An append-only file of checkpoints, shared with other processes. */
export class Journal {
  readonly #path: string;
  readonly #present: Present;
  readonly #onIdle: () => void;
  #writes: Write[] = [];
  #reads: Read[] = [];
  #loop: Promise<void> | undefined;
  /** Whether somebody has looked in the present turn of the event loop. */
  #fresh = false;

  /**
   * @param options How it works.
   * @param onIdle Told whenever nothing is under way any more.
   */
  constructor(options: JournalOptions, onIdle: () => void) {
    this.#onIdle = onIdle;
    this.#present = new Present(options);
    this.#path = `${options.root}/${options.folder}`;
  }

  /** Whether nothing is under way. */
  get idle(): boolean {
    return this.#loop === undefined;
  }

  /**
   * Reads a context.
   *
   * @param key Its key.
   * @returns The context; at once where the file is open.
   */
  get(key: string): Context | Promise<Context> {
    return this.#read(() => {
      const entry = this.#ledger.entries.get(key);
      return entry === undefined
        ? new Context()
        : this.#present.segment!.context(entry);
    });
  }

  /**
   * Lists keys.
   *
   * @param prefix How they begin.
   * @returns The keys, in the order of their code units.
   */
  keys(prefix: string): string[] | Promise<string[]> {
    return this.#read(() => this.#ledger.keys(prefix));
  }

  /**
   * Stores a context, whatever was there.
   *
   * @param key Its key.
   * @param body The context, as `toBody` gives it.
   */
  put(key: string, body: string): Promise<void> {
    const put = draft({ op: "put", key }, body);
    return this.#write(() => put, () => {});
  }

  /**
   * Stores a context where nothing is.
   *
   * @param key Its key.
   * @param body The context, as `toBody` gives it.
   * @returns Whether nothing was there.
   */
  create(key: string, body: string): Promise<boolean> {
    const create = draft({ op: "create", key }, body);
    return this.#write(
      () => this.#ledger.entries.has(key) ? undefined : create,
      isSome,
    );
  }

  /**
   * Stores a context in the place of a certain other one.
   *
   * @param key Its key.
   * @param expected The other one, as `toBody` gives it.
   * @param body The context, as `toBody` gives it.
   * @returns Whether the other one was there.
   */
  swap(key: string, expected: string, body: string): Promise<boolean> {
    const plan = () => {
      const entry = this.#ledger.entries.get(key);
      return entry !== undefined &&
          this.#present.segment!.holds(entry, expected)
        ? draft({ op: "swap", key, expect: entry.offset }, body)
        : undefined;
    };
    return this.#write(plan, isSome);
  }

  /**
   * Removes a key.
   *
   * @param key The key.
   * @returns Whether it was there.
   */
  delete(key: string): Promise<boolean> {
    const remove = draft({ op: "delete", key });
    return this.#write(
      () => this.#ledger.entries.has(key) ? remove : undefined,
      isSome,
    );
  }

  /**
   * Removes keys.
   *
   * @param prefix How they begin.
   * @returns How many there were.
   */
  deletePrefix(prefix: string): Promise<number> {
    const remove = draft({ op: "deletePrefix", key: prefix });
    return this.#write(
      () => this.#ledger.hasPrefix(prefix) ? remove : undefined,
      (changed) => changed,
    );
  }

  /** Closes the file once nothing is under way; it is opened when needed. */
  async close(): Promise<void> {
    await this.#loop;
    this.#present.drop();
  }

  get #ledger(): Ledger {
    return this.#present.segment?.ledger ?? EMPTY;
  }

  /** Reads at once where the file is open and current, else in the loop. */
  #read<T>(read: () => T): T | Promise<T> {
    try {
      if (this.#isCurrent()) return read();
    } catch (error) {
      return Promise.reject(storageError("read", this.#path, error));
    }
    return new Promise((resolve, reject) => {
      const end = () => resolve(read());
      this.#reads.push({ end, fail: reject });
      this.#loop ??= this.#work();
    });
  }

  /** Looks for news, once for all that ask in one turn. */
  #isCurrent(): boolean {
    const { segment } = this.#present;
    if (segment === undefined || segment.ledger.sealed) return false;
    if (this.#fresh) return true;
    if (!segment.inPlace()) return false;
    segment.look();
    if (segment.ledger.sealed) return false;
    this.#fresh = true;
    queueMicrotask(() => this.#fresh = false);
    return true;
  }

  #write<T>(
    plan: () => Draft | undefined,
    answer: (changed: number) => T,
  ): Promise<T> {
    return new Promise((resolve, fail) => {
      const end = (changed: number) => resolve(answer(changed));
      this.#writes.push({ plan, end, fail });
      this.#loop ??= this.#work();
    });
  }

  /** Works until nothing waits any more. */
  async #work(): Promise<void> {
    // Lets all that is asked for in this turn go out together.
    await undefined;
    while (this.#reads.length + this.#writes.length > 0) {
      if (this.#reads.length > 0) await this.#answer(this.#reads.splice(0));
      if (this.#writes.length > 0) await this.#commit(this.#writes.splice(0));
      if (this.#present.isDue) await this.#present.compact();
    }
    this.#loop = undefined;
    this.#onIdle();
  }

  async #answer(reads: Read[]): Promise<void> {
    try {
      await this.#present.open();
      this.#present.segment?.look();
      await this.#present.follow();
    } catch (error) {
      this.#present.drop();
      const failure = storageError("read", this.#path, error);
      for (const read of reads) read.fail(failure);
      return;
    }
    for (const read of reads) {
      try {
        read.end();
      } catch (error) {
        read.fail(storageError("read", this.#path, error));
      }
    }
  }

  async #commit(writes: Write[]): Promise<void> {
    try {
      for (let waiting = writes; waiting.length > 0;) {
        waiting = await this.#attempt(waiting);
      }
    } catch (error) {
      // What the disk holds is not known now.
      this.#present.drop();
      const failure = storageError("write", this.#path, error);
      for (const write of [...writes, ...this.#writes.splice(0)]) {
        write.fail(failure);
      }
    }
  }

  /** Writes what is to be written, and gives back what has to go again. */
  async #attempt(writes: Write[]): Promise<Write[]> {
    const present = this.#present;
    if (!present.isOpen) await present.open();
    if (this.#ledger.sealed) await present.succeed();
    const planned: Write[] = [];
    const drafts: Draft[] = [];
    const again: Write[] = [];
    let looked = false;
    for (const write of writes) {
      let draft = write.plan();
      if (draft === undefined && !looked) {
        // The order of records answers whoever writes; the others must look.
        present.segment?.look();
        looked = true;
        draft = write.plan();
      }
      if (draft !== undefined) {
        planned.push(write);
        drafts.push(draft);
      } else if (this.#ledger.sealed) {
        again.push(write);
      } else {
        write.end(0);
      }
    }
    if (drafts.length === 0) return again;
    if (present.segment === undefined) {
      await present.create();
      return planned;
    }
    const changed = await present.write(drafts);
    for (let at = 0; at < planned.length; at++) {
      if (changed[at] > 0) planned[at].end(changed[at]);
      else again.push(planned[at]);
    }
    return again;
  }
}

function isSome(changed: number): boolean {
  return changed > 0;
}
