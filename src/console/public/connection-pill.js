import { byId, setText } from './dom.js';

const words = {
  connecting: 'Connecting…',
  connected: 'Connected',
  joining: 'Entering…',
  live: 'Live',
  reconnecting: 'Reconnecting…',
  refused: 'Refused',
};

const spoken = { live: 'Live', reconnecting: 'Connection lost. Reconnecting.' };

/** Shows the state of the connection: while there is none why, when it is tried next, and a way to try at once. */
export class ConnectionPill {
  #pill = byId('connection');
  #text = byId('connection-text');
  #button = byId('retry-now');
  #reason = byId('connection-reason');
  #state = { name: 'connecting' };
  #wasConnected = false;
  #ticker;
  #announce;

  constructor({ retryNow, announce }) {
    this.#announce = announce;
    this.#button.addEventListener('click', retryNow);
  }

  /** @param client the status of the connection @param room that of the guild's room, if one is asked for */
  show(client, room) {
    this.#wasConnected ||= client.name === 'connected';
    const state = this.#stateOf(client, room);
    const before = this.#state;
    this.#state = state;
    this.#pill.dataset.state = state.name;
    document.body.dataset.connection = state.name;
    this.#pill.title = state.message ?? '';
    this.#button.hidden = state.until === undefined && !state.ended;
    this.#reason.hidden = state.reason === undefined;
    setText(this.#reason, state.reason ?? '');
    window.clearInterval(this.#ticker);
    if (state.until !== undefined) this.#ticker = setInterval(() => this.#draw(), 250);
    this.#draw();
    if (state.name === before.name && state.ended === before.ended) return;
    if (state.ended) this.#announce(`Connection refused. ${state.reason}`);
    else if (spoken[state.name]) this.#announce(`${spoken[state.name]} ${state.reason ?? ''}`.trim());
  }

  #stateOf(client, room) {
    if (client.name === 'waiting') {
      return { name: 'reconnecting', until: client.until, reason: (client.closing ?? client.fault)?.message };
    }
    if (client.name === 'refused') return { name: 'refused', ended: true, reason: client.closing.message };
    if (client.name === 'connecting') return { name: this.#wasConnected ? 'reconnecting' : 'connecting' };
    if (room === undefined) return { name: 'connected' };
    if (room.name === 'refused') return { name: 'refused', until: room.until, message: room.fault.message };
    return { name: room.name === 'live' ? 'live' : 'joining' };
  }

  #draw() {
    const { name, until } = this.#state;
    if (until === undefined) return setText(this.#text, words[name]);
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    setText(this.#text, `${name === 'refused' ? 'Refused, next try' : 'Reconnecting'} in ${seconds} s`);
  }
}
