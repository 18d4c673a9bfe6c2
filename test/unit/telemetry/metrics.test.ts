import { describe, expect, it } from 'vitest';
import { Metrics } from '../../../src/telemetry/metrics.js';

/** The samples of one metric, without its help and type. */
async function samples(metrics: Metrics, name: string): Promise<string[]> {
  return (await metrics.expose()).split('\n').filter((line) => line.startsWith(name));
}

const byColour = { name: 'guildcast_test', help: 'For the test.', labels: { colour: ['red', 'blue'] } } as const;

describe('Metrics', () => {
  it('show every label value from the start', async () => {
    const metrics = new Metrics();
    const counter = metrics.counter({ ...byColour, labels: { colour: ['red', 'blue'], size: ['big', 'small'] } });
    counter.inc({ colour: 'blue', size: 'big' }, 3);
    counter.inc({ colour: 'blue', size: 'big' });
    expect(await samples(metrics, 'guildcast_test')).toEqual([
      'guildcast_test{colour="red",size="big"} 0',
      'guildcast_test{colour="red",size="small"} 0',
      'guildcast_test{colour="blue",size="big"} 4',
      'guildcast_test{colour="blue",size="small"} 0',
    ]);
  });

  it('count down what is a gauge', async () => {
    const metrics = new Metrics();
    const gauge = metrics.gauge(byColour);
    gauge.inc({ colour: 'red' });
    gauge.inc({ colour: 'red' });
    gauge.dec({ colour: 'red' });
    expect(await samples(metrics, 'guildcast_test{colour="red"}')).toEqual(['guildcast_test{colour="red"} 1']);
  });

  it('are apart in each application, but the process is the same', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.counter(byColour).inc({ colour: 'red' });
    other.counter(byColour);
    expect(await samples(other, 'guildcast_test{colour="red"}')).toEqual(['guildcast_test{colour="red"} 0']);
    for (const metrics of [one, other]) {
      expect(await samples(metrics, 'process_resident_memory_bytes ')).toHaveLength(1);
      expect(await samples(metrics, 'nodejs_eventloop_lag_p99_seconds ')).toHaveLength(1);
    }
  });

  it('take a name once', () => {
    const metrics = new Metrics();
    metrics.counter(byColour);
    expect(() => metrics.gauge(byColour)).toThrow(/already/);
  });
});

describe('a gauge that is read at a scrape', () => {
  const plain = { name: 'guildcast_test', help: 'For the test.', labels: {} } as const;

  it('says what is true at the time', async () => {
    const metrics = new Metrics();
    let value = 1;
    metrics.readAtScrape(plain, () => Promise.resolve([{ labels: {}, value }]));
    expect(await samples(metrics, 'guildcast_test')).toEqual(['guildcast_test 1']);
    value = 7;
    expect(await samples(metrics, 'guildcast_test')).toEqual(['guildcast_test 7']);
  });

  it('forgets labels that are not read any more', async () => {
    const metrics = new Metrics();
    let colours: ('red' | 'blue')[] = ['red', 'blue'];
    metrics.readAtScrape(byColour, () => colours.map((colour) => ({ labels: { colour }, value: 1 })));
    expect(await samples(metrics, 'guildcast_test')).toHaveLength(2);
    colours = ['blue'];
    expect(await samples(metrics, 'guildcast_test')).toEqual(['guildcast_test{colour="blue"} 1']);
  });

  it.each([plain, byColour])(
    'is left out while it cannot be read, and costs the others nothing ($labels)',
    async (about) => {
      const metrics = new Metrics();
      let broken = false;
      metrics.readAtScrape<{ colour: ['red'] }>(about as never, () => {
        if (broken) throw new Error('gone');
        return [{ labels: (about === plain ? {} : { colour: 'red' }) as { colour: 'red' }, value: 5 }];
      });
      metrics.counter({ name: 'guildcast_other', help: 'For the test.', labels: {} }).inc({});
      expect(await samples(metrics, 'guildcast_test')).toHaveLength(1);
      broken = true;
      expect(await samples(metrics, 'guildcast_test')).toEqual([]);
      expect(await samples(metrics, 'guildcast_other')).toEqual(['guildcast_other 1']);
      broken = false;
      expect(await samples(metrics, 'guildcast_test')).toHaveLength(1);
    },
  );

  it('is left out when nobody answers, so that the scrape comes to its end', async () => {
    const metrics = new Metrics();
    metrics.readAtScrape(plain, () => new Promise(() => undefined));
    expect(await samples(metrics, 'guildcast_test')).toEqual([]);
  });
});
