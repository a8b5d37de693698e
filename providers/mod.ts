/**
 * Every provider at once. To load only what one needs, import it from its own
 * path, such as `@dotflow/dotflow/providers/storage-file`.
 *
 * @module
 */

export { LogDefault } from "./log_default.ts";
export type { LogDefaultOptions } from "./log_default.ts";
export { MetricsDefault } from "./metrics_default.ts";
export { NotifyDefault } from "./notify_default.ts";
export { SchedulerDefault } from "./scheduler_default.ts";
export { ServerDefault } from "./server_default.ts";
export { StorageDefault } from "./storage_default.ts";
export { StorageFile } from "./storage_file.ts";
export type { StorageFileOptions } from "./storage_file.ts";
export { TracerDefault } from "./tracer_default.ts";
