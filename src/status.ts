/**
 * The words for where a task or a run stands, as the reference system has
 * them.
 *
 * @module
 */

/** Where a task stands. */
export type TaskStatus =
  | "Not started"
  | "In progress"
  | "Completed"
  | "Paused"
  | "Retry"
  | "Failed";

/** Where a run stands. */
export type WorkflowStatus =
  | "New"
  | "In progress"
  | "Completed"
  | "Failed"
  | "Cancelled";

/** The symbol shown beside a task's status. */
export const STATUS_SYMBOL: Readonly<Record<TaskStatus, string>> = {
  "Not started": "⚪",
  "In progress": "🔵",
  "Completed": "✅",
  "Paused": "◼️",
  "Retry": "❗",
  "Failed": "❌",
};
