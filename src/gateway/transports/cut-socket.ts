/**
 * One for all. Node gives every write that still waits in a destroyed socket an error, and makes a new one, with its
 * stack, for each unless it was told why: some thousands of writes for each of fifty stuck readers, and the process
 * stands still for a second.
 */
const cutOff = new Error('The connection was cut off.');

/** Ends a connection at once, with whatever waits in it. */
export function cutSocket(socket: { destroy(error: Error): unknown }): void {
  socket.destroy(cutOff);
}
