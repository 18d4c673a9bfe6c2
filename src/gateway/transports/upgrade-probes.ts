import { type EngineConnection } from './engine-member.js';

/** Tries of one client to get from polling to a WebSocket. */
const mostProbes = 16;

type UpgradingConnection = EngineConnection & { close(discard: boolean): void };

/** Each probe of a client that upgrades is answered at once: one who goes on probing is ended. */
export function boundProbes(connection: UpgradingConnection): void {
  if (connection.transport.name !== 'polling') return;
  let probes = 0;
  connection.on('upgrading', () => {
    probes += 1;
    if (probes > mostProbes) connection.close(true);
  });
}
