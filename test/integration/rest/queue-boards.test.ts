import { type INestApplication } from '@nestjs/common';
import request, { type Test } from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BoardRepository } from '../../../src/queue/boards/board.repository.js';
import { QueueBoards } from '../../../src/queue/boards/queue-boards.js';
import { QueueBoardsController } from '../../../src/rest/queue-boards.controller.js';
import { QueueBench } from '../queue/queue-fixture.js';
import { keys, startProbeApp } from './probe-app.js';

const path = '/api/v1/admin/queue/boards';

describe(path, () => {
  const bench = new QueueBench();
  let app: INestApplication;
  beforeAll(async () => {
    app = await startProbeApp({
      controllers: [QueueBoardsController],
      providers: [
        { provide: QueueBoards, useFactory: () => new QueueBoards(new BoardRepository(bench.observer.database)) },
      ],
    });
  });
  beforeEach(() =>
    bench.rows(
      `insert into notification_boards (collapse_key, publisher, destination, message_id, nonce)
       select 'key/' || n % 2, 'p', 'channel:' || n, case when n > 1 then '7000' || n end, 'secret-nonce'
       from generate_series(1, 5) n`,
    ),
  );
  afterAll(() => app.close());

  const get = (query = '', key = keys.admin): Test =>
    request(app.getHttpServer() as never)
      .get(`${path}${query}`)
      .auth(key, { type: 'bearer' });
  const forget = (id: string, key = keys.admin): Test =>
    request(app.getHttpServer() as never)
      .delete(`${path}/${id}`)
      .auth(key, { type: 'bearer' });
  const ids = (body: unknown) => (body as { boards: { id: string }[] }).boards.map(({ id }) => id);

  it('lists boards, newest first, page by page, also of one key', async () => {
    const first = await get('?limit=2').expect(200);
    expect(first.body).toEqual({
      boards: [
        {
          id: '5',
          collapseKey: 'key/1',
          publisher: 'p',
          destination: 'channel:5',
          messageId: '70005',
          updatedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        },
        expect.objectContaining({ id: '4' }),
      ],
      next: '4',
    });
    const second = await get('?limit=3&before=4').expect(200);
    expect(ids(second.body)).toEqual(['3', '2', '1']);
    expect((second.body as { boards: object[] }).boards[2]).toMatchObject({ messageId: null });
    expect((await get('?limit=3&before=1').expect(200)).body).toEqual({ boards: [], next: null });
    expect(ids((await get(`?collapseKey=${encodeURIComponent('key/0')}`).expect(200)).body)).toEqual(['4', '2']);
    expect(ids((await get('?collapseKey=nothing').expect(200)).body)).toEqual([]);
  });

  it('forgets one', async () => {
    await forget('3').expect(204);
    expect(ids((await get().expect(200)).body)).toEqual(['5', '4', '2', '1']);
    const again = await forget('3').expect(404);
    expect(again.body).toMatchObject({ code: 'resource.not_found', detail: 'There is no such board.' });
  });

  it.each([
    '?limit=0',
    '?limit=201',
    '?limit=x',
    '?before=x',
    '?before=-1',
    '?collapseKey=',
    '?collapseKey=a%00b',
    '?other=1',
  ])('refuses %s', async (query) => {
    expect((await get(query).expect(400)).body).toMatchObject({ code: 'request.invalid' });
  });

  it('refuses an id that is none', async () => {
    await forget('x').expect(400);
    await forget('9'.repeat(19)).expect(400);
  });

  it('is for operators', async () => {
    await get('', keys.publish).expect(403);
    await forget('1', keys.publish).expect(403);
    await request(app.getHttpServer() as never)
      .get(path)
      .expect(401);
  });
});
