import { type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { type Duplex } from 'node:stream';

/**
 * One for all. Node gives every write that still waits in a destroyed socket an error, and makes a new one, with its
 * stack, for each unless it was told why: some thousands of writes for each of fifty stuck readers, and the process
 * stands still for a second.
 */
const cutOff = new Error('The connection was cut off.');

/** Ends a connection at once, with whatever waits in it. */
export function cutSocket(socket: Duplex | ServerResponse): void {
  socket.destroy(cutOff);
}

/** Milliseconds in which a reader that is told to go has to take something of what waits for it. */
const readingTime = 1_000;

/**
 * For a connection that was told that it reads too slowly: what waits for a reader that has stopped altogether is not
 * kept until the end of its patience. Readers that were cut one after the other share no bytes.
 */
export function cutOnceUnread(socket: Duplex | ServerResponse): void {
  // Neither read nor written for so long; a great write that goes on counts as written.
  (socket as Socket | ServerResponse).setTimeout(readingTime, () => cutSocket(socket));
}
