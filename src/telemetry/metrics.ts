import { Injectable, Logger } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { processMetrics } from './process.metrics.js';

/** Every label with all the values it can have: what is not bounded, such as an id or an address, is no label. */
type LabelValues = Record<string, readonly string[]>;
type Labels<V extends LabelValues> = { [K in keyof V & string]: V[K][number] };

export interface CountedMetric<V extends LabelValues> {
  /** `by` is 1 when left out. */
  inc(labels: Labels<V>, by?: number): void;
}

export interface GaugedMetric<V extends LabelValues> extends CountedMetric<V> {
  dec(labels: Labels<V>, by?: number): void;
}

export interface TimedMetric {
  observe(seconds: number): void;
}

/** What a gauge is at the time of a scrape. */
type Reading<V extends LabelValues> = readonly { labels: Labels<V>; value: number }[];

interface About<V extends LabelValues> {
  name: `guildcast_${string}`;
  help: string;
  labels: V;
}

/** Milliseconds that a gauge may take to find its value: a scraper does not wait for ever. */
const patience = 2_000;

/**
 * The measurements of one application. Each feature defines its own in its `*.metrics.ts`; a name can be taken once.
 * Counters and gauges show all their label values from the start, as 0, so that the first event is a change too.
 */
@Injectable()
export class Metrics {
  private readonly logger = new Logger(Metrics.name);
  private readonly registry = new Registry();
  /** The process is measured once, however many applications run in it. */
  private readonly process = processMetrics();
  private readonly failing = new Set<string>();

  /** Of the text that `expose` gives. */
  readonly contentType = this.registry.contentType;

  counter<const V extends LabelValues>({ name, help, labels }: About<V>): CountedMetric<V> {
    const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [this.registry] });
    for (const combination of combinationsOf(labels)) counter.inc(combination, 0);
    return counter;
  }

  gauge<const V extends LabelValues>({ name, help, labels }: About<V>): GaugedMetric<V> {
    const gauge = new Gauge({ name, help, labelNames: Object.keys(labels), registers: [this.registry] });
    for (const combination of combinationsOf(labels)) gauge.set(combination, 0);
    return gauge;
  }

  /** How long something takes, in seconds; `buckets` are upper bounds. */
  histogram({ name, help, buckets }: Omit<About<Record<never, never>>, 'labels'> & { buckets: number[] }): TimedMetric {
    return new Histogram({ name, help, buckets, registers: [this.registry] });
  }

  /**
   * A gauge that is read when somebody asks. One that cannot be read, or takes longer than two seconds, is left out of
   * the answer: no number is better than an old one.
   */
  readAtScrape<const V extends LabelValues>(
    { name, help, labels }: About<V>,
    read: () => Reading<V> | Promise<Reading<V>>,
  ): void {
    const { logger, failing } = this;
    new Gauge({
      name,
      help,
      labelNames: Object.keys(labels),
      registers: [this.registry],
      async collect() {
        let reading: Reading<V> = [];
        try {
          reading = await inTime(read);
          failing.delete(name);
        } catch (error) {
          if (!failing.has(name)) logger.warn(`${name} cannot be read: ${String(error)}`);
          failing.add(name);
        }
        this.reset();
        // A reset gauge without labels is 0, which would be a lie.
        if (Object.keys(labels).length === 0) this.remove();
        for (const { labels: combination, value } of reading) this.set(combination, value);
      },
    });
  }

  /** All measurements as Prometheus reads them. */
  expose(): Promise<string> {
    return Registry.merge([this.registry, this.process]).metrics();
  }
}

function combinationsOf(labels: LabelValues): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (combinations, [label, values]) =>
      combinations.flatMap((combination) => values.map((value) => ({ ...combination, [label]: value }))),
    [{}],
  );
}

async function inTime<T>(work: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience} ms`)), patience);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
