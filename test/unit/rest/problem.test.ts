import {
  BadRequestException,
  HttpException,
  InternalServerErrorException,
  MethodNotAllowedException,
  NotFoundException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { ZodSerializationException, ZodValidationException } from 'nestjs-zod';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Fault, type FaultCode, faultCodes } from '../../../src/domain/fault.js';
import { problem, problemOf, refusalOf } from '../../../src/rest/problem.js';

describe('refusalOf', () => {
  it.each(Object.keys(faultCodes) as FaultCode[])('makes a whole problem of the fault %s', (code) => {
    const refusal = refusalOf(new Fault(code, 'For people.'));
    const whole = problemOf(refusal!, '/here');
    expect(problem.parse(whole)).toEqual(whole);
    expect(whole).toMatchObject({
      type: `urn:guildcast:fault:${code}`,
      ...faultCodes[code],
      code,
      detail: 'For people.',
      instance: '/here',
    });
  });

  it('rounds the time to wait up, so that nobody comes back too early', () => {
    const wait = (retryAfter: number): unknown => refusalOf(new Fault('rate.limited', '', { retryAfter }))?.retryAfter;
    expect([wait(0), wait(0.2), wait(2.1), wait(30)]).toEqual([1, 1, 3, 30]);
  });

  it('tells where zod found what', () => {
    const shape = z.object({ target: z.object({ userId: z.string() }), tags: z.array(z.string()) });
    const { error } = shape.safeParse({ target: {}, tags: ['a', 1] });
    const refusal = refusalOf(new ZodValidationException(error));
    expect(refusal).toMatchObject({ status: 400, code: 'request.invalid' });
    expect(refusal?.errors?.map(({ path }) => path)).toEqual(['target.userId', 'tags.1']);
    expect(refusal?.detail).toContain('target.userId');
  });

  it('bounds the list of faults', () => {
    const { error } = z.array(z.string()).safeParse(Array.from({ length: 5_000 }, () => 1));
    expect(refusalOf(new ZodValidationException(error))?.errors).toHaveLength(50);
  });

  it.each([
    [new NotFoundException('Cannot GET /x'), 404, 'resource.not_found'],
    [new BadRequestException('no'), 400, 'request.invalid'],
    [new MethodNotAllowedException(), 405, 'request.invalid'],
    [new HttpException('slow down', 429), 429, 'rate.limited'],
    [new ServiceUnavailableException('later'), 503, 'service.unavailable'],
  ])('keeps the status of %s', (exception, status, code) => {
    expect(refusalOf(exception)).toMatchObject({ status, code, detail: exception.message });
  });

  it('names a status that the code does not have by itself', () => {
    expect(problemOf({ status: 405, code: 'request.invalid' }, '/').title).toBe('Method Not Allowed');
  });

  it.each([
    new Error('password is hunter2'),
    new InternalServerErrorException('inner detail'),
    new ZodSerializationException(z.string().safeParse(1).error),
    Object.assign(new Error('upstream said 404'), { status: 404 }),
    Object.assign(new Error('too much'), { status: 413, expose: false }),
    'a text',
    undefined,
    null,
  ])('has nothing to say about %s', (exception) => {
    expect(refusalOf(exception)).toBeUndefined();
  });

  it('passes on what Express itself lets clients read', () => {
    const large = Object.assign(new Error('request entity too large'), { status: 413, expose: true });
    expect(refusalOf(large)).toMatchObject({ status: 413, code: 'request.too_large' });
  });
});
