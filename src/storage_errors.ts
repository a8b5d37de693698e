/**
 * The errors of storing and reading back.
 *
 * @module
 */

import { DotFlowError } from "./dotflow_error.ts";

/** A stored checkpoint is damaged, foreign or of a future version. */
export class CorruptCheckpointError extends DotFlowError {
  /**
   * Makes a `CorruptCheckpointError`.
   *
   * @param place The file or key where it lies.
   * @param reason What is wrong with it.
   * @param options The `cause`, where there is one.
   */
  constructor(place: string, reason: string, options?: ErrorOptions) {
    super(
      "CorruptCheckpointError",
      `Cannot read checkpoint ${JSON.stringify(place)}: ${reason}; it was ` +
        `left untouched, move it away or restore it from a backup`,
      options,
    );
  }
}

/** A storage did not do what it was asked for. */
export class StorageError extends DotFlowError {
  /**
   * Makes a `StorageError`.
   *
   * @param message Names the operation, the place and the reason.
   * @param options The `cause`, where there is one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super("StorageError", message, options);
  }
}

/** A storage has conditional writes that do not keep two writers apart. */
export class StorageNotConditionalError extends DotFlowError {
  /**
   * Makes a `StorageNotConditionalError`.
   *
   * @param reason What the storage did.
   */
  constructor(reason: string) {
    super(
      "StorageNotConditionalError",
      `Cannot rely on the conditional writes of the storage: ${reason}; use ` +
        `one that keeps two writers apart, or make sure by other means that ` +
        `nobody else runs this workflow and set ownership to false in Config`,
    );
  }
}

/** A value has a part that no storage can keep. */
export class UnstorableValueError extends DotFlowError {
  /** The path inside the value, such as `result.users[3].socket`. */
  readonly path: string;

  /**
   * Makes an `UnstorableValueError`.
   *
   * @param path The path inside the value.
   * @param reason Why it cannot be kept, and what to do.
   */
  constructor(path: string, reason: string) {
    super("UnstorableValueError", `Cannot store ${path}: ${reason}`);
    this.path = path;
  }
}
