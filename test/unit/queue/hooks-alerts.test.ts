import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/domain/fault.js';
import { alertmanagerHook } from '../../../src/queue/hooks/alertmanager.hook.js';
import { grafanaHook } from '../../../src/queue/hooks/grafana.hook.js';
import { uptimeKumaHook } from '../../../src/queue/hooks/uptime-kuma.hook.js';
import { alertmanagerBody, grafanaBody, uptimeKumaBodies } from '../../support/hook-bodies.js';

describe('Alertmanager', () => {
  it('tells a group, how urgent it is, and what each alert adds', () => {
    const told = alertmanagerHook.read(alertmanagerBody, {});
    expect(told).toMatchObject({
      payload: {
        title: '[FIRING:1] ProbeFailure',
        status: 'bad',
        state: 'firing',
        tags: ['alertmanager', 'critical'],
        url: 'http://prometheus.example.org:9093',
      },
      priority: 'critical',
    });
    expect(told?.payload.message).toBe(
      'BlackBox Probe Failure: https://server.example.org\n' +
        'Instance https://server.example.org has been down for over 5m. Job: http_checks',
    );
    expect(told?.payload.fields).toEqual([]);
  });

  it('tells the end of it as the same thing, and not as urgent', () => {
    const firing = alertmanagerHook.read(alertmanagerBody, {});
    const alerts = alertmanagerBody.alerts.map((alert) => ({ ...alert, status: 'resolved' }));
    const resolved = alertmanagerHook.read({ ...alertmanagerBody, status: 'resolved', alerts }, {});
    expect(resolved?.about).toEqual(firing?.about);
    expect(resolved?.payload).toMatchObject({ title: '[RESOLVED] ProbeFailure', status: 'good' });
    expect(resolved?.priority).toBeUndefined();
    const both = [...alertmanagerBody.alerts, { status: 'resolved', labels: { alertname: 'Disk', host: 'h1' } }];
    const mixed = alertmanagerHook.read({ ...alertmanagerBody, alerts: both }, {});
    expect(mixed?.payload.title).toBe('[FIRING:1] ProbeFailure');
    expect(mixed?.payload.fields).toEqual([{ name: 'Disk (resolved)', value: 'host: h1' }]);
    const other = alertmanagerHook.read({ ...alertmanagerBody, groupKey: '{}:{alertname="Other"}' }, {});
    expect(other?.about).not.toEqual(firing?.about);
  });

  it('shows ten alerts and counts the others', () => {
    const alerts = Array.from({ length: 14 }, (_, index) => ({
      status: 'firing',
      labels: { alertname: 'Disk', host: `h${index}`, severity: 'critical' },
      annotations: { summary: `disk of h${index} is full` },
    }));
    const told = alertmanagerHook.read({ ...alertmanagerBody, alerts, truncatedAlerts: 3 }, {});
    expect(told?.payload.fields).toHaveLength(10);
    expect(told?.payload.fields?.[1]).toEqual({ name: 'Disk', value: 'disk of h1 is full\nhost: h1' });
    expect(told?.payload.title).toContain('[FIRING:14');
    expect(told?.payload.message).toMatch(/\n7 more alerts are not shown\.$/);
  });

  it('shows those that fire before those that are over', () => {
    const alert = (index: number, status: string) => ({ status, labels: { alertname: 'Disk', host: `h${index}` } });
    const alerts = [...Array.from({ length: 10 }, (_, index) => alert(index, 'resolved')), alert(10, 'firing')];
    const told = alertmanagerHook.read({ ...alertmanagerBody, alerts }, {});
    expect(told?.payload.fields?.[0]).toEqual({ name: 'Disk', value: 'host: h10' });
    expect(told?.payload.message).toMatch(/\n1 more alert is not shown\.$/);
  });

  it.each([
    ['another version', { ...alertmanagerBody, version: '3' }],
    ['another status', { ...alertmanagerBody, status: 'burning' }],
    ['no group key', { ...alertmanagerBody, groupKey: undefined }],
    ['alerts that are no list', { ...alertmanagerBody, alerts: {} }],
    ['labels that are no texts', { ...alertmanagerBody, commonLabels: { alertname: {} } }],
    ['an alert that is null', { ...alertmanagerBody, alerts: [null] }],
    ['nothing', null],
    ['a list', []],
  ])('refuses %s with its place', (_name, body) => {
    expect(() => alertmanagerHook.read(body, {})).toThrow(Fault);
    expect(() => alertmanagerHook.read(body, {})).toThrow(/^[\w.]+: /);
  });
});

describe('Grafana', () => {
  const secret = 'a secret of the contact point';
  const raw = Buffer.from(JSON.stringify(grafanaBody));
  const now = new Date('2026-06-01T12:00:00Z');
  const stamp = (seconds: number): string => String(now.getTime() / 1000 + seconds);
  const sign = (...parts: (string | Buffer)[]): string => {
    const hmac = createHmac('sha256', secret);
    for (const part of parts) hmac.update(part);
    return hmac.digest('hex');
  };
  const matches = (signature: string, time?: string, body = raw): boolean | undefined => {
    const headers = {
      'x-grafana-alerting-signature': signature,
      ...(time !== undefined && { 'x-grafana-alerting-timestamp': time }),
    };
    return grafanaHook.signature?.matches({ headers, raw: body }, secret, now);
  };

  it('tells the group in its own words, and each alert', () => {
    const told = grafanaHook.read(grafanaBody, {});
    expect(told?.payload).toMatchObject({ title: '[FIRING:2]  (blue)', status: 'bad', tags: ['grafana'] });
    expect(told?.payload.fields).toEqual([
      {
        name: 'High memory usage',
        value: 'This alert was triggered for zone us-1\nThe system has high memory usage\nzone: us-1',
      },
      {
        name: 'High CPU usage',
        value: 'This alert was triggered for zone eu-1\nThe system has high CPU usage\nzone: eu-1',
      },
    ]);
    expect(told?.priority).toBeUndefined();
    expect(told?.delivery).toBeUndefined();
  });

  it('goes without the fields that are to leave its body one day', () => {
    const body = { ...grafanaBody, title: undefined, message: undefined, state: undefined };
    expect(grafanaHook.read(body, {})?.payload.title).toBe('[FIRING:2] Alerts');
  });

  it('tells organisations with the same key apart', () => {
    const one = grafanaHook.read(grafanaBody, {});
    expect(grafanaHook.read({ ...grafanaBody, status: 'resolved' }, {})?.about).toEqual(one?.about);
    expect(grafanaHook.read({ ...grafanaBody, orgId: 2 }, {})?.about).not.toEqual(one?.about);
  });

  it('knows a signature of the body alone, and one with its time', () => {
    expect(matches(sign(raw))).toBe(true);
    expect(matches(sign(`${stamp(-10)}:`, raw), stamp(-10))).toBe(true);
  });

  it('refuses a signature of before, of another time, or whose time was taken away', () => {
    expect(matches(sign(`${stamp(-301)}:`, raw), stamp(-301))).toBe(false);
    expect(matches(sign(`${stamp(301)}:`, raw), stamp(301))).toBe(false);
    expect(matches(sign(`${stamp(-10)}:`, raw), stamp(-9))).toBe(false);
    expect(matches(sign(`${stamp(-10)}:`, raw))).toBe(false);
    expect(matches(sign(raw), stamp(0))).toBe(false);
    expect(matches(sign('soon:', raw), 'soon')).toBe(false);
    expect(matches(sign(raw), undefined, Buffer.from('{}'))).toBe(false);
    expect(matches('')).toBe(false);
  });

  it('takes a repeated request for the first one where its time is signed', () => {
    const headers = { 'x-grafana-alerting-signature': 'AB', 'x-grafana-alerting-timestamp': '5' };
    const first = grafanaHook.read(grafanaBody, headers)?.delivery;
    expect(first).toBeDefined();
    expect(grafanaHook.read(grafanaBody, { ...headers, 'x-grafana-alerting-signature': 'ab' })?.delivery).toBe(first);
    expect(grafanaHook.read(grafanaBody, { ...headers, 'x-grafana-alerting-timestamp': '6' })?.delivery).not.toBe(
      first,
    );
  });

  it('shows its message where there are no alerts', () => {
    const told = grafanaHook.read({ ...grafanaBody, alerts: [] }, {});
    expect(told?.payload.message).toContain('**Firing**');
  });
});

describe('Uptime Kuma', () => {
  it('tells who is down, where and why, and that it is up again as the same thing', () => {
    const down = uptimeKumaHook.read(uptimeKumaBodies.down, {});
    expect(down).toMatchObject({
      payload: {
        title: 'Website is down',
        message: 'getaddrinfo ENOTFOUND test.example.com',
        status: 'bad',
        fields: [{ name: 'Watched', value: 'https://test.example.com', inline: true }],
      },
      priority: 'high',
    });
    const up = uptimeKumaHook.read(uptimeKumaBodies.up, {});
    expect(up?.payload).toMatchObject({ title: 'Website is up', status: 'good' });
    expect(up?.payload.fields?.[1]).toEqual({ name: 'Ping', value: '112 ms', inline: true });
    expect(up?.priority).toBeUndefined();
    expect(up?.about).toEqual(down?.about);
    const elsewhere = { ...uptimeKumaBodies.up, monitor: { ...uptimeKumaBodies.up.monitor, name: 'Of another one' } };
    expect(uptimeKumaHook.read(elsewhere, {})?.about).not.toEqual(down?.about);
  });

  it('names the host where there is no address, and says its own words where the heartbeat has none', () => {
    const { payload, about } = uptimeKumaHook.read(uptimeKumaBodies.port, {})!;
    expect(payload.fields?.[0]?.value).toBe('mc.example.com:25565');
    expect(payload.message).toBe('[Minecraft] [✅ Up]');
    expect(about).not.toEqual(uptimeKumaHook.read(uptimeKumaBodies.up, {})?.about);
  });

  it('tells its test, and states that are neither up nor down', () => {
    expect(uptimeKumaHook.read(uptimeKumaBodies.test, {})?.payload).toMatchObject({ message: 'Guildcast Testing' });
    const { up } = uptimeKumaBodies;
    const maintenance = { ...up, heartbeat: { ...up.heartbeat, status: 3 } };
    expect(uptimeKumaHook.read(maintenance, {})?.payload.title).toBe('Website is in maintenance');
    const unheard = uptimeKumaHook.read({ ...up, heartbeat: { ...up.heartbeat, status: 9 } }, {});
    expect(unheard?.payload.title).toBe('Website is in state 9');
    expect(unheard?.payload.status).toBeUndefined();
  });

  it.each([
    ['no message', { heartbeat: null, monitor: null }],
    ['a status that is a text', { heartbeat: { status: 'down' }, monitor: null, msg: '' }],
    ['a monitor that is a list', { heartbeat: null, monitor: [], msg: '' }],
    ['a text', 'down'],
  ])('refuses %s', (_name, body) => {
    expect(() => uptimeKumaHook.read(body, {})).toThrow(Fault);
  });
});
