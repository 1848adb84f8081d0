import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** Keeps the spans and metrics of a store in memory. */
export class Recording {
  readonly #spans = new InMemorySpanExporter();
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.#spans)],
  });
  readonly #meterProvider = new MeterProvider({
    // It is asked by hand; this long it does not ask by itself.
    readers: [
      new PeriodicExportingMetricReader({
        exporter: this.#metrics,
        exportIntervalMillis: 2 ** 31 - 1,
      }),
    ],
  });

  get providers() {
    return { tracerProvider: this.#tracerProvider, meterProvider: this.#meterProvider };
  }

  get spans() {
    return this.#spans.getFinishedSpans();
  }

  /** The metrics until now, by their names: how often each was recorded. */
  async metrics(): Promise<ReadonlyMap<string, readonly unknown[]>> {
    await this.#meterProvider.forceFlush();
    const metrics = this.#metrics.getMetrics().at(-1)?.scopeMetrics[0]?.metrics ?? [];
    return new Map(metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]));
  }

  async end(): Promise<void> {
    await this.#meterProvider.shutdown();
  }
}
