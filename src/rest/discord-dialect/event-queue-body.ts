import { type Request } from 'express';
import { type z } from 'zod';
import { ZodValidationException } from 'nestjs-zod';
import { Fault } from '../../domain/fault.js';

/** The body of a mark, which may be left out. One that was not read, not being JSON, must not pass for none. */
export function readBody<T extends z.ZodType>(shape: T, request: Request): z.output<T> {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
  if (request.body === undefined && (Number(length) > 0 || coding !== undefined)) {
    throw new Fault('request.invalid', 'The body must be JSON, sent as application/json.');
  }
  const read = shape.safeParse(request.body);
  if (!read.success) throw new ZodValidationException(read.error);
  return read.data;
}
