// A program that publishes: numbers its notifications, and says on its standard output what became of each. Arguments:
// the built publisher, JSON of the settings, a name, how many (0: without end), and `flush` to end with that.
const [built, settings, name, count, last] = process.argv.slice(2);
const { createPublisher } = await import(built);
const publisher = createPublisher(JSON.parse(settings), {});
for (let number = 1; number <= Number(count) || Number(count) === 0; number += 1) {
  const { state } = await publisher.publish({ type: 'counted', payload: { name, number } });
  process.stdout.write(`${number} ${state}\n`);
}
if (last === 'flush') process.stdout.write(`${JSON.stringify(await publisher.flush())}\n`);
