/** Tells the parent the port, and publishes `bursts` texts of the parent's, all in one turn of the event loop. */
export function serve(port, publish) {
  process.on('message', ({ burst }) => {
    for (let n = 0; n < burst; n += 1) publish(`at ${performance.timeOrigin + performance.now()} of a benchmark`);
  });
  process.on('disconnect', () => process.exit());
  process.send({ port });
}
