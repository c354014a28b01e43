import type { Metric } from "./text.ts";

/** What the control plane itself takes, by the names that Prometheus' clients share. */
export function processMetrics(): Metric[] {
  const { user, system } = process.cpuUsage();
  return [
    {
      name: "process_start_time_seconds",
      help: "When the control plane was started, in seconds since 1970; counters begin then.",
      type: "gauge",
      series: [{ value: Math.round(Date.now() / 1000 - process.uptime()) }],
    },
    {
      name: "process_cpu_seconds_total",
      help: "Processor time of the control plane.",
      type: "counter",
      series: [{ value: (user + system) / 1e6 }],
    },
    {
      name: "process_resident_memory_bytes",
      help: "Memory of the control plane.",
      type: "gauge",
      series: [{ value: process.memoryUsage.rss() }],
    },
  ];
}
