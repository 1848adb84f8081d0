import type { Attributes, Counter, Histogram, Meter, Span, Tracer } from '@opentelemetry/api';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';

import { faultOf } from './fault.ts';

/** A call of a store that is recorded. */
export interface RecordedCall {
  /** Of the method: `commit`, `read` … */
  readonly operation: string;
  /** What is known before the call. */
  readonly attributes: Attributes;
}

/** Records the calls of a store: a span each, and what they add up to. */
export class OperationRecorder {
  readonly #tracer: Tracer;
  readonly #duration: Histogram;
  readonly #conflicts: Counter;
  readonly #repeats: Counter;
  readonly #length: Histogram;

  constructor(tracer: Tracer, meter: Meter) {
    this.#tracer = tracer;
    this.#duration = meter.createHistogram('agent_sessions.operation.duration', {
      description: 'Time that a call of the session store took',
      unit: 's',
    });
    this.#conflicts = meter.createCounter('agent_sessions.conflicts', {
      description: 'Commits that were refused, because others had written meanwhile',
      unit: '{commit}',
    });
    this.#repeats = meter.createCounter('agent_sessions.repeats', {
      description: 'Commits that had been made before, and changed nothing',
      unit: '{commit}',
    });
    this.#length = meter.createHistogram('agent_sessions.session.length', {
      description: 'Messages of a session after a commit',
      unit: '{message}',
    });
  }

  /**
   * Makes a call, and records it.
   *
   * @param attributesOf - what is known after it, of its result
   */
  async record<Result>(
    { operation, attributes }: RecordedCall,
    call: () => Promise<Result>,
    attributesOf: (result: Result) => Attributes,
  ): Promise<Result> {
    const span = this.start(operation, attributes);
    const startedAt = performance.now();
    try {
      const result = await call();
      if (span.isRecording()) span.setAttributes(attributesOf(result));
      this.end(span, operation, startedAt);
      return result;
    } catch (error) {
      this.end(span, operation, startedAt, error);
      throw error;
    }
  }

  start(operation: string, attributes: Attributes): Span {
    return this.#tracer.startSpan(`session.${operation}`, { kind: SpanKind.INTERNAL, attributes });
  }

  /** @param error - what the call has thrown. @defaultValue it went well */
  end(span: Span, operation: string, startedAt: number, error?: unknown): void {
    const fault = error === undefined ? {} : faultOf(error);
    if (error !== undefined && span.isRecording()) {
      span.setAttributes(fault);
      // Without its message, which may name ids.
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
    const seconds = (performance.now() - startedAt) / 1000;
    this.#duration.record(seconds, { 'agent_sessions.operation': operation, ...fault });
    if (fault['error.type'] === 'conflict') this.#conflicts.add(1);
  }

  /** Counts what a commit came to. */
  count(length: number | undefined, repeated: boolean): void {
    if (repeated) this.#repeats.add(1);
    else if (length !== undefined) this.#length.record(length);
  }
}
