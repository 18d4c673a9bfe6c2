import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { QUEUE_CONFIG } from '../../../src/queue/queue.config.js';
import { NotificationTemplateEntity } from '../../../src/queue/templates/notification-template.entity.js';
import { NotificationTemplateStore } from '../../../src/queue/templates/notification-template.store.js';
import { NotificationRenderer } from '../../../src/queue/types/notification-renderer.js';
import { createTestDatabase } from '../../support/test-database.js';
import { DatabaseProxy } from '../database/database-proxy.js';
import { aNotification, QueueBench, untilState } from './queue-fixture.js';

const outlast = { timeout: 15_000 };
const at = new Date();

describe('NotificationTemplateStore', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const modules: TestingModule[] = [];
  beforeEach(async () => (database = await createTestDatabase()));
  afterEach(async () => {
    for (const module of modules.splice(0)) await module.close();
    await database.drop();
  });

  /** A process of its own, as far as the database can tell. */
  async function open(url = database.url) {
    const module = await Test.createTestingModule({
      imports: [DatabaseModule.forRoot({ url, poolSize: 4 }), TypeOrmModule.forFeature([NotificationTemplateEntity])],
      providers: [
        NotificationTemplateStore,
        NotificationRenderer,
        { provide: QUEUE_CONFIG, useValue: { QUEUE_LOCALE: 'es' } },
      ],
    }).compile();
    modules.push(module);
    module.useLogger(false);
    await module.init();
    const renderer = module.get(NotificationRenderer);
    return {
      store: module.get(NotificationTemplateStore),
      rows: module.get(DataSource),
      titleOf: (type = 'deploy', payload: unknown = {}) => renderer.render({ type, payload }, at).embeds?.[0]?.title,
    };
  }

  it('keeps templates over a start', async () => {
    const { store } = await open();
    const body = { title: 'Deployed {{ a }}', fields: [{ name: 'n', value: 'v', inline: true }] };
    const saved = await store.save('deploy', 'es', body);
    expect(saved).toMatchObject({ type: 'deploy', locale: 'es', body, lastError: null });
    const { store: later, titleOf } = await open();
    expect(await later.get('deploy', 'es')).toEqual(saved);
    expect(titleOf('deploy', { a: 1 })).toBe('Deployed 1');
    expect(await later.get('deploy', 'en')).toBeNull();
  });

  it('uses what was written at once, and forgets what was removed', async () => {
    const { store, titleOf } = await open();
    expect(titleOf()).toBe('Deploy');
    await store.save('deploy', 'es', { title: 'one' });
    expect(titleOf()).toBe('one');
    const before = await store.get('deploy', 'es');
    await store.save('deploy', 'es', { title: 'two' });
    expect(titleOf()).toBe('two');
    expect((await store.get('deploy', 'es'))!.revision).not.toBe(before!.revision);
    expect(await store.remove('deploy', 'es')).toBe(true);
    expect(titleOf()).toBe('Deploy');
    expect(await store.remove('deploy', 'es')).toBe(false);
  });

  it('sees what another process wrote, and what somebody wrote into the table', async () => {
    const [here, there] = [await open(), await open()];
    await there.store.save('deploy', 'es', { title: 'from there' });
    await vi.waitFor(() => expect(here.titleOf()).toBe('from there'), outlast);
    await there.rows.query(`update notification_templates set body = '{"title":"by hand"}'`);
    await vi.waitFor(() => expect([here.titleOf(), there.titleOf()]).toEqual(['by hand', 'by hand']), outlast);
    await here.rows.query('truncate notification_templates');
    await vi.waitFor(() => expect([here.titleOf(), there.titleOf()]).toEqual(['Deploy', 'Deploy']), outlast);
  });

  it('stores nothing that cannot be read', async () => {
    const { store } = await open();
    await expect(store.save('deploy', 'es', { title: '{{ a' })).rejects.toMatchObject({
      code: 'request.invalid',
      details: { errors: [{ path: 'title' }] },
    });
    expect(await store.list()).toEqual([]);
  });

  it('lists by type and language', async () => {
    const { store } = await open();
    await store.save('b', 'es', { title: 'x' });
    await store.save('b', 'en', { title: 'x' });
    await store.save('a', 'es', { title: 'x' });
    expect((await store.list()).map(({ type, locale }) => `${type} ${locale}`)).toEqual(['a es', 'b en', 'b es']);
  });

  it('stores texts that a database would refuse', async () => {
    const { store, titleOf } = await open();
    await store.save('deploy', 'es', { title: 'a\0b\ud800' });
    expect(titleOf()).toBe('a\ufffdb\ufffd');
  });

  it('holds as many as there may be, also when several are written at once', async () => {
    const { store, rows } = await open();
    await rows.query(`
      insert into notification_templates (type, locale, body)
      select 'type' || n, 'es', '{"title":"x"}' from generate_series(1, 498) n`);
    const results = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((type) => store.save(type, 'es', { title: 'x' })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    const refused = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refused.reason).toMatchObject({ code: 'request.conflict' });
    await store.save('type1', 'es', { title: 'still' });
    expect((await store.get('type1', 'es'))!.body).toEqual({ title: 'still' });
  });

  it('notes why a template could not be used, for everybody, until another one is written', async () => {
    const [here, there] = [await open(), await open()];
    await here.store.save('deploy', 'es', { title: '{{ missing }}' });
    const { updatedAt, revision } = (await here.store.get('deploy', 'es'))!;
    expect(here.titleOf()).toBe('Deploy');
    const row = await vi.waitFor(async () => {
      const found = await there.store.get('deploy', 'es');
      expect(found!.lastError).toBe('template: it says nothing about this notification');
      return found!;
    }, outlast);
    expect(row.lastErrorAt).toBeInstanceOf(Date);
    expect([row.updatedAt, row.revision]).toEqual([updatedAt, revision]);
    const renewed = await here.store.save('deploy', 'es', { title: 'x' });
    expect([renewed.lastError, renewed.lastErrorAt]).toEqual([null, null]);
  });

  it('takes a late word about a former template for nothing', async () => {
    const { store } = await open();
    await store.save('deploy', 'es', { title: '{{ missing }}' });
    const former = store.find('deploy', 'es')!;
    await store.save('deploy', 'es', { title: 'x' });
    const query = vi.spyOn((store as unknown as { dataSource: DataSource }).dataSource, 'query');
    store.report(former, { message: 'late', place: 'title', reason: 'late', exhausting: false, name: 'x' });
    await query.mock.results[0]!.value;
    expect((await store.get('deploy', 'es'))!.lastError).toBeNull();
  });

  it('says what ails a row that somebody else wrote', async () => {
    const { rows, store, titleOf } = await open();
    await rows.query(
      `insert into notification_templates (type, locale, body) values ('deploy', 'es', '{"title":"{{"}')`,
    );
    await vi.waitFor(async () => {
      expect((await store.get('deploy', 'es'))!.lastError).toBe('template: it has expressions that cannot be read');
    }, outlast);
    expect(titleOf()).toBe('Deploy');
  });

  it('goes on with what was last known while the database is away, and refuses to write', async () => {
    const proxy = await DatabaseProxy.start(database.url);
    const { store, titleOf } = await open(proxy.url);
    await store.save('deploy', 'es', { title: 'kept {{ missing.a }}' });
    proxy.cut();
    await expect(store.save('deploy', 'es', { title: 'lost' })).rejects.toMatchObject({ code: 'service.unavailable' });
    await expect(store.list()).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(titleOf()).toBe('kept');
    await proxy.heal();
    await vi.waitFor(() => store.save('deploy', 'es', { title: 'back' }), outlast);
    expect(titleOf()).toBe('back');
    proxy.stop();
  });
});

describe('a delivery', () => {
  const bench = new QueueBench();
  afterEach(() => bench.rows('truncate notification_templates'));

  it('sends what the template says, and the form of ours when it fails', async () => {
    await bench.rows(`
      insert into notification_templates (type, locale, body) values
        ('backup_error', 'es', '{"content":"{{ error_message | inline_code }} {{ notification.priority }} {{ guild.id }}"}'),
        ('backup_success', 'es', '{"title":"{{ missing }}"}')`);
    const running = await bench.start();
    const first = await running.queue.publish(aNotification);
    await untilState(running, first.id, 'delivered');
    const second = await running.queue.publish({ ...aNotification, type: 'backup_success' });
    await untilState(running, second.id, 'delivered');
    const third = await running.queue.publish({ ...aNotification, locale: 'en' });
    await untilState(running, third.id, 'delivered');
    expect(bench.sender.sendings.map(({ message }) => message.content ?? message.embeds![0]!.title)).toEqual([
      '`disk full` normal',
      '✅ Backup Completado',
      '❌ Backup Error',
    ]);
  });
});
