import { Counter, Gauge, type Metric as PromMetric, Registry } from "prom-client";

export type Labels = Readonly<Record<string, string>>;

/** A metric with all its series at one moment. */
export type Metric = {
  /** As Prometheus has it: OpenTelemetry's name with underscores, then its unit. */
  readonly name: string;
  readonly help: string;
} & (
  | { readonly type: "gauge" | "counter"; readonly series: readonly Series[] }
  | { readonly type: "histogram"; readonly bounds: readonly number[]; readonly series: readonly TimedSeries[] }
);

export interface Series {
  readonly labels?: Labels;
  readonly value: number;
}

export interface TimedSeries {
  readonly labels: Labels;
  /** By bound, each with what is in the lower ones. */
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sum: number;
}

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Metrics in Prometheus' text format; one without series is left out. */
export async function metricsText(metrics: readonly Metric[]): Promise<string> {
  const registry = new Registry();
  for (const metric of metrics) if (metric.series.length > 0) register(registry, metric);
  return registry.metrics();
}

function register(registry: Registry, metric: Metric): void {
  const { name, help } = metric;
  if (metric.type === "histogram") {
    // The library's own can only be fed one observation at a time, and these were counted before it was loaded.
    registry.registerMetric({ name, get: async () => histogram(metric) } as unknown as PromMetric);
    return;
  }
  const labelNames = [...new Set(metric.series.flatMap(({ labels = {} }) => Object.keys(labels)))];
  const options = { name, help, labelNames, registers: [registry] };
  const target = metric.type === "gauge" ? new Gauge(options) : new Counter(options);
  for (const { labels = {}, value } of metric.series) target.inc(labels, value);
}

function histogram({ name, help, bounds, series }: Metric & { readonly type: "histogram" }) {
  const values = series.flatMap(({ labels, buckets, count, sum }) => [
    ...bounds.map((le, at) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: String(le) },
      value: buckets[at],
    })),
    { metricName: `${name}_bucket`, labels: { ...labels, le: "+Inf" }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]);
  return { name, help, type: "histogram", values, aggregator: "sum" };
}
