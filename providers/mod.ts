/**
 * Every provider at once. To load only what one needs, import it from its own
 * path, such as `@dotflow/dotflow/providers/storage-file`.
 *
 * @module
 */

export { LogDefault } from "./log_default.ts";
export type { LogDefaultOptions } from "./log_default.ts";
export { LogOpenTelemetry } from "./log_opentelemetry.ts";
export type {
  LogOpenTelemetryOptions,
  OpenTelemetryLoggerProvider,
} from "./log_opentelemetry.ts";
export { LogSentry } from "./log_sentry.ts";
export type {
  LogSentryOptions,
  SentryOptions,
  ToucanLike,
  WorkerContext,
} from "./log_sentry.ts";
export { MetricsDefault } from "./metrics_default.ts";
export { MetricsOpenTelemetry } from "./metrics_opentelemetry.ts";
export type {
  MetricsOpenTelemetryOptions,
  OpenTelemetryMeterProvider,
} from "./metrics_opentelemetry.ts";
export { MetricsStatsd } from "./metrics_statsd.ts";
export type { MetricsStatsdOptions } from "./metrics_statsd.ts";
export { NotifyDefault } from "./notify_default.ts";
export { NotifyDiscord } from "./notify_discord.ts";
export type { NotifyDiscordOptions, NotifyOptions } from "./notify_discord.ts";
export { NotifySlack } from "./notify_slack.ts";
export type { NotifySlackOptions } from "./notify_slack.ts";
export { NotifyTelegram } from "./notify_telegram.ts";
export type { NotifyTelegramOptions } from "./notify_telegram.ts";
export { NotifyWebhook, verifySignature } from "./notify_webhook.ts";
export type {
  NotifyWebhookOptions,
  SignatureCheck,
  WebhookMessage,
  WebhookTask,
} from "./notify_webhook.ts";
export { SchedulerCron } from "./scheduler_cron.ts";
export type {
  Moment,
  Overlap,
  ScheduleOptions,
  SchedulerCronOptions,
} from "./scheduler_cron.ts";
export { SchedulerDefault } from "./scheduler_default.ts";
export { SchedulerInterval } from "./scheduler_interval.ts";
export type { SchedulerIntervalOptions } from "./scheduler_interval.ts";
export { SchedulerTrigger } from "./scheduler_trigger.ts";
export type {
  FireOptions,
  SchedulerTriggerOptions,
} from "./scheduler_trigger.ts";
export { ServerDefault } from "./server_default.ts";
export type { ServerDefaultOptions } from "./server_default.ts";
export { StorageDefault } from "./storage_default.ts";
export { StorageFile } from "./storage_file.ts";
export type { StorageFileOptions } from "./storage_file.ts";
export { StorageGCS } from "./storage_gcs.ts";
export type {
  GoogleKey,
  GoogleToken,
  StorageGCSOptions,
  TokenFunction,
} from "./storage_gcs.ts";
export { StorageR2 } from "./storage_r2.ts";
export type {
  R2Binding,
  R2Body,
  R2Condition,
  R2Head,
  R2List,
  StorageR2Options,
} from "./storage_r2.ts";
export { StorageRedis } from "./storage_redis.ts";
export type { RedisClient, StorageRedisOptions } from "./storage_redis.ts";
export { StorageS3 } from "./storage_s3.ts";
export type { Fetch, S3Credentials, StorageS3Options } from "./storage_s3.ts";
export { StorageUnstorage } from "./storage_unstorage.ts";
export type {
  StorageUnstorageOptions,
  UnstorageLike,
} from "./storage_unstorage.ts";
export { TracerDatadog } from "./tracer_datadog.ts";
export type { TracerDatadogOptions } from "./tracer_datadog.ts";
export { TracerDefault } from "./tracer_default.ts";
export { TracerOpenTelemetry } from "./tracer_opentelemetry.ts";
export type {
  OpenTelemetryTracerProvider,
  TracerOpenTelemetryOptions,
} from "./tracer_opentelemetry.ts";
export { TracerSentry } from "./tracer_sentry.ts";
export type { TracerSentryOptions } from "./tracer_sentry.ts";
