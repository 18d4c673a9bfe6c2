import { Fault } from '../domain/fault.js';

/** An id that the 64-bit column can hold: eighteen digits always fit. Fault `notification.not_found` for any other text. */
export function storedId(id: string): string {
  if (!/^\d{1,18}$/.test(id)) throw notificationNotFound();
  return id;
}

export function notificationNotFound(): Fault {
  return new Fault('notification.not_found', 'There is no such notification.');
}
