// What was meant to be reached, against what was measured.
import { bursts, singles } from './fan-out.mjs';
import { names } from './targets.mjs';

/** The number of clients that goals of the fan-out are about. */
const clients = 1_000;

const kib = 1024;
const times = (value) => `${value.toFixed(2)} ×`;
const inKib = (bytes) => `${(bytes / kib).toFixed(1)} KiB`;

/** @param medians how the report reads its figures; a value is undefined where something was not measured */
export function goalsOf({ delivery, idle, join }) {
  const cost = (name, load) => delivery({ name, load, clients });
  const ratio = (over, under) => (over === undefined || under === undefined ? undefined : over / under);
  const atMost = (what, bound, value, show) => ({ what, bound, value, show, least: false });
  const atLeast = (what, bound, value) => ({ what, bound, value, show: times, least: true });
  const transports = [names.webSocket, names.sse, names.socketIo];
  const { nchanWebSocket, nchanSse, nest } = names;
  return [
    atMost(
      `${names.sse}: single events, of Nchan's SSE`,
      1,
      ratio(cost(names.sse, singles), cost(nchanSse, singles)),
      times,
    ),
    atMost(
      `${names.webSocket}: single events, of Nchan's WebSocket`,
      1.2,
      ratio(cost(names.webSocket, singles), cost(nchanWebSocket, singles)),
      times,
    ),
    atMost(
      `${names.socketIo}: single events, of Nchan's WebSocket`,
      1.3,
      ratio(cost(names.socketIo, singles), cost(nchanWebSocket, singles)),
      times,
    ),
    atLeast(
      `${names.socketIo}: single events, cheaper than stock Nest`,
      1.9,
      ratio(cost(nest, singles), cost(names.socketIo, singles)),
    ),
    ...transports.map((name) =>
      atMost(
        `${name}: bursts, of Nchan's WebSocket`,
        0.15,
        ratio(cost(name, bursts), cost(nchanWebSocket, bursts)),
        times,
      ),
    ),
    atMost(`${names.webSocket}: an idle connection`, 13 * kib, idle(names.webSocket), inKib),
    atMost(`${names.sse}: an idle connection`, 24 * kib, idle(names.sse), inKib),
    atMost(`${names.socketIo}: an idle connection`, 30 * kib, idle(names.socketIo), inKib),
    atLeast(`${names.socketIo}: joins, cheaper than stock Nest`, 10, ratio(join(nest), join(names.socketIo))),
    atLeast(`${names.sse}: joins, cheaper than stock Nest`, 10, ratio(join(nest), join(names.sse))),
  ];
}

/** A row of a table: goal, bound, measured, outcome. */
export function goalRow({ what, bound, value, show, least }) {
  const limit = `${least ? '≥' : '≤'} ${show(bound)}`;
  if (value === undefined) return [what, limit, '–', 'not measured'];
  const met = least ? value >= bound : value <= bound;
  const distance = `${Math.abs((value / bound - 1) * 100).toFixed(0)} %`;
  return [what, limit, show(value), met ? `met, ${distance} to spare` : `**missed by ${distance}**`];
}
