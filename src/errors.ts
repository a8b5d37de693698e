/**
 * Every error that a caller may want to catch. Each has a stable `code`, so
 * that a handler does not depend on the text of a message.
 *
 * @module
 */

import { DotFlowError } from "./dotflow_error.ts";

export { DotFlowError };
export { RunEndedError, RunUnfinishedError } from "./run_errors.ts";
export {
  CorruptCheckpointError,
  StorageError,
  StorageNotConditionalError,
  UnstorableValueError,
} from "./storage_errors.ts";

/** An option is unknown, or its value is not one of those allowed. */
export class InvalidOptionError extends DotFlowError {
  /**
   * Makes an `InvalidOptionError`.
   *
   * @param message Names the option, what was given and what is allowed.
   * @param options The `cause`, where there is one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super("InvalidOptionError", message, options);
  }
}

/** What was given as a provider is not of its family. */
export class NotCallableObject extends DotFlowError {
  /**
   * Makes a `NotCallableObject`.
   *
   * @param family The family, such as `storage`.
   * @param given What was given, in words.
   */
  constructor(family: string, given: string) {
    const base = family[0].toUpperCase() + family.slice(1);
    super(
      "NotCallableObject",
      `Cannot use ${given} as ${family}: pass an instance of a class that ` +
        `extends ${base}`,
    );
  }
}

/** A step is neither an action, nor a list of actions, nor a string. */
export class MissingActionDecorator extends DotFlowError {
  /**
   * Makes a `MissingActionDecorator`.
   *
   * @param given What was given, in words.
   */
  constructor(given: string) {
    super(
      "MissingActionDecorator",
      `Cannot use ${given} as a step: wrap the function in action(…)`,
    );
  }
}

/** A step or callback given as a string does not resolve. */
export class ImportModuleError extends DotFlowError {
  /**
   * Makes an `ImportModuleError`.
   *
   * @param specifier The string that was given.
   * @param reason Why it does not resolve.
   * @param options The `cause`, where there is one.
   */
  constructor(specifier: string, reason: string, options?: ErrorOptions) {
    super(
      "ImportModuleError",
      `Cannot import ${JSON.stringify(specifier)}: ${reason}`,
      options,
    );
  }
}

/** The mode given to `start` does not exist. */
export class ExecutionModeNotExist extends DotFlowError {
  /**
   * Makes an `ExecutionModeNotExist`.
   *
   * @param message Names the mode that was given and those that exist.
   */
  constructor(message: string) {
    super("ExecutionModeNotExist", message);
  }
}

/** The `onInputChange` given to `start` is none of the allowed words. */
export class InvalidOnInputChange extends DotFlowError {
  /**
   * Makes an `InvalidOnInputChange`.
   *
   * @param message Names what was given and what is allowed.
   */
  constructor(message: string) {
    super("InvalidOnInputChange", message);
  }
}

/** A run is to be resumed with another input than it was started with. */
export class InputChangedError extends DotFlowError {
  /**
   * Makes an `InputChangedError`.
   *
   * @param workflowId The workflow.
   * @param runId The run that was to be resumed.
   */
  constructor(workflowId: string, runId: string) {
    super(
      "InputChangedError",
      `Cannot resume run ${JSON.stringify(runId)} of workflow ` +
        `${JSON.stringify(workflowId)}: its input has changed; give the ` +
        `same input, or set onInputChange to "reset" or "reuse"`,
    );
  }
}

/** A run is to be resumed with tasks that do not continue its own. */
export class WorkflowChangedError extends DotFlowError {
  /**
   * Makes a `WorkflowChangedError`.
   *
   * @param workflowId The workflow.
   * @param difference The first difference, in words.
   */
  constructor(workflowId: string, difference: string) {
    super(
      "WorkflowChangedError",
      `Cannot resume workflow ${JSON.stringify(workflowId)}: ${difference}; ` +
        `undo the change, or set onWorkflowChange to "reset" or "reuse"`,
    );
  }
}

/** Thrown by a step: no further attempt is made. */
export class NonRetryableError extends DotFlowError {
  /**
   * Makes a `NonRetryableError`.
   *
   * @param message What went wrong.
   * @param options The `cause`, where there is one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super("NonRetryableError", message, options);
  }
}

/** An attempt of a task took longer than its `timeout`. */
export class TaskTimeoutError extends DotFlowError {
  /**
   * Makes a `TaskTimeoutError`.
   *
   * @param taskId The task.
   * @param timeoutMs The time it had, in milliseconds.
   */
  constructor(taskId: string, timeoutMs: number) {
    super(
      "TaskTimeoutError",
      `Cannot finish task ${JSON.stringify(taskId)} within ${timeoutMs} ms`,
    );
  }
}

/** A run took longer than the `timeout` given to `start`. */
export class WorkflowTimeoutError extends DotFlowError {
  /**
   * Makes a `WorkflowTimeoutError`.
   *
   * @param workflowId The workflow.
   * @param timeoutMs The time it had, in milliseconds.
   */
  constructor(workflowId: string, timeoutMs: number) {
    super(
      "WorkflowTimeoutError",
      `Cannot finish workflow ${JSON.stringify(workflowId)} within ` +
        `${timeoutMs} ms`,
    );
  }
}

/** A run was cancelled, by its `signal` or by `run.cancel`. */
export class WorkflowCancelledError extends DotFlowError {
  /**
   * Makes a `WorkflowCancelledError`.
   *
   * @param workflowId The workflow.
   * @param options The `cause`: the reason that was given.
   */
  constructor(workflowId: string, options?: ErrorOptions) {
    super(
      "WorkflowCancelledError",
      `Cannot go on with workflow ${JSON.stringify(workflowId)}: it was ` +
        `cancelled`,
      options,
    );
  }
}

/** A workflow is owned by another run, here or elsewhere. */
export class WorkflowLockedError extends DotFlowError {
  /** Who owns it, for people; undefined where nobody does any more. */
  readonly owner: string | undefined;
  /** Since when, by the owner's clock. */
  readonly since: Date | undefined;
  /** Whether the run had begun, and lost the workflow amid it. */
  readonly isLost: boolean;

  /**
   * Makes a `WorkflowLockedError`.
   *
   * @param message Names the workflow, who owns it, and what to do.
   * @param owner The owner; `since` is in milliseconds since the epoch.
   * @param isLost Whether the run had begun, and lost the workflow amid it.
   */
  constructor(
    message: string,
    owner?: { readonly name: string; readonly since: number },
    isLost: boolean = false,
  ) {
    super("WorkflowLockedError", message);
    this.isLost = isLost;
    this.owner = owner?.name;
    this.since = owner && new Date(owner.since);
  }
}

/** A provider could not deliver what it was told. */
export class DeliveryError extends DotFlowError {
  /**
   * Makes a `DeliveryError`.
   *
   * @param to Where it was to go, such as `Telegram`.
   * @param reason Why not, without secrets.
   */
  constructor(to: string, reason: string) {
    super("DeliveryError", `Cannot deliver to ${to}: ${reason}`);
  }
}

/** The result of a run was asked for before there was one. */
export class NotStartedError extends DotFlowError {
  /**
   * Makes a `NotStartedError`.
   *
   * @param workflowId The workflow.
   */
  constructor(workflowId: string) {
    super(
      "NotStartedError",
      `Cannot read results of workflow ${JSON.stringify(workflowId)}: ` +
        `await start() first`,
    );
  }
}
