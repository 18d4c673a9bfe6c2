// How the processes of a benchmark talk: orders over IPC. One with an id is answered, one without is only obeyed.
let nextId = 0;

/** @throws what the other side threw, and when it ends without an answer */
export function ask(child, order, argument) {
  const id = (nextId += 1);
  return new Promise((resolve, reject) => {
    const settle = (act) => {
      child.off('message', hear);
      child.off('exit', ended);
      act();
    };
    const hear = (message) => {
      if (message.id !== id) return;
      settle(() => (message.error ? reject(new Error(message.error)) : resolve(message.answer)));
    };
    const ended = () => settle(() => reject(new Error(`a process ended while it was asked to ${order}`)));
    child.on('message', hear);
    child.on('exit', ended);
    child.send({ id, order, argument }, (error) => error && ended());
  });
}

export function tell(child, order, argument) {
  // Who is asked next says that it has ended.
  child.send({ order, argument }, () => undefined);
}

/** Takes orders from the parent, and ends with it. */
export function obey(orders) {
  process.on('message', async ({ id, order, argument }) => {
    try {
      const answer = await orders[order](argument);
      if (id !== undefined) process.send({ id, answer: answer ?? null });
    } catch (error) {
      if (id === undefined) throw error;
      process.send({ id, error: String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
}
