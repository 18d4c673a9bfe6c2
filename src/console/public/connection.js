import { io } from '/socket.io/socket.io.esm.min.js';
import { stepTo } from './cursor.js';

/** Seconds between tries, each a little shorter or longer so that not all pages come back at once. */
const delays = [1, 2, 4, 8, 15];

/** Milliseconds. */
const answerTimeout = 10_000;

/**
 * Refusals that may pass by themselves, with the seconds until the guild is asked for again where the server does not
 * say. Any other needs the visitor. A guild can be unknown while its source is still starting.
 */
const passing = new Map([
  ['guild.unavailable', 5],
  ['guild.not_found', 15],
  ['rate.limited', 10],
  ['service.unavailable', 5],
  ['service.failed', 10],
]);

/**
 * One socket and the one guild it watches. Reconnects by itself and takes up the guild where it was; every event is
 * handed on once and in order, or `joined` starts again from a snapshot.
 *
 * `on.state({name, until?, message?})`, name: `connecting`, `connected` (no guild), `joining`, `live`, `reconnecting`
 * (`until`, in ms since 1970, when waiting), `refused` (`until` where it is tried again) · `on.joined({guildId,
 * recovered, snapshot})` · `on.event(event)` · `on.refused({code, message})`
 */
export class Connection {
  #on;
  #socket;
  #failures = 0;
  #timer;
  #lastWord;
  #wanted;

  constructor(on) {
    this.#on = on;
    this.#socket = io({
      autoConnect: false,
      // Done here, so that the page can say when the next try is.
      reconnection: false,
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      timeout: answerTimeout,
    });
    this.#socket.on('connect', () => this.#connected());
    this.#socket.on('disconnect', () => this.#lost());
    this.#socket.on('connect_error', () => this.#lost());
    this.#socket.on('error', (message) => (this.#lastWord = message?.error));
    this.#socket.onAny((type, event) => this.#receive(type, event));
  }

  get connected() {
    return this.#socket.connected;
  }

  open() {
    this.#on.state({ name: 'connecting' });
    this.#socket.connect();
  }

  /** Not later: now. */
  retryNow() {
    if (this.#timer === undefined) return;
    this.#clearTimer();
    if (this.#socket.connected) this.#join();
    else this.#reconnect();
  }

  /** Leaves the guild watched before. `guild` is an id or an alias. */
  watch(guild, auth) {
    this.unwatch();
    this.#wanted = { guild, auth, guildId: undefined, cursor: undefined, joining: false };
    if (this.#socket.connected) this.#join();
  }

  unwatch() {
    const left = this.#wanted;
    this.#wanted = undefined;
    if (this.#socket.connected) {
      this.#clearTimer();
      this.#on.state({ name: 'connected' });
      if (left) this.#socket.emit('leave', { guildId: left.guildId ?? left.guild });
    }
  }

  #connected() {
    this.#lastWord = undefined;
    if (this.#wanted) this.#join();
    else this.#on.state({ name: 'connected' });
  }

  #join() {
    const wanted = this.#wanted;
    if (!wanted) return;
    wanted.joining = true;
    this.#on.state({ name: 'joining' });
    const { guild, guildId, cursor, auth } = wanted;
    const request = { guildId: guildId ?? guild, cursor, auth };
    this.#socket.timeout(answerTimeout).emit('join', request, (failure, answer) => {
      if (wanted !== this.#wanted) return;
      // No answer: the connection is lost, or as good as that. Closing it starts the way back.
      if (failure) return void this.#socket.disconnect();
      this.#failures = 0;
      wanted.joining = false;
      if (answer.error) this.#refused(wanted, answer.error);
      else this.#joined(wanted, answer);
    });
  }

  #joined(wanted, answer) {
    wanted.guildId = answer.guildId;
    wanted.cursor = answer.cursor;
    this.#on.joined(answer);
    this.#on.state({ name: 'live' });
  }

  #refused(wanted, error) {
    // Whoever is told may forget what was shown: the next entry starts from a snapshot.
    wanted.cursor = undefined;
    this.#on.refused(error);
    if (!passing.has(error.code)) return this.#on.state({ name: 'refused', message: error.message });
    const until = this.#wait(error.retryAfter ?? passing.get(error.code), () => this.#join());
    this.#on.state({ name: 'refused', message: error.message, until });
  }

  #receive(type, event) {
    const wanted = this.#wanted;
    if (!wanted || wanted.joining || event?.type !== type || event.guildId !== wanted.guildId) return;
    const step = stepTo(wanted.cursor, event.cursor);
    if (step === 'old') return;
    if (step === 'gap') {
      wanted.cursor = undefined;
      return this.#join();
    }
    wanted.cursor = event.cursor;
    this.#on.event(event);
  }

  #lost() {
    if (this.#socket.connected) return;
    this.#failures += 1;
    const usual = delays[Math.min(this.#failures, delays.length) - 1] * (0.8 + Math.random() * 0.4);
    const seconds = Math.max(usual, this.#lastWord?.retryAfter ?? 0);
    const until = this.#wait(seconds, () => this.#reconnect());
    this.#on.state({ name: 'reconnecting', until, message: this.#lastWord?.message });
  }

  #reconnect() {
    this.#on.state({ name: 'reconnecting' });
    this.#socket.connect();
  }

  #wait(seconds, then) {
    this.#clearTimer();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      then();
    }, seconds * 1000);
    return Date.now() + seconds * 1000;
  }

  #clearTimer() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
