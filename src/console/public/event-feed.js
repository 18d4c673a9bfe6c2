import { byId, calmly, clock, el, icon, number, oncePerFrame, plural, setText } from './dom.js';
import { plainText, sentenceOf } from './event-sentence.js';
import { dye } from './portrait.js';

/** Lines that are kept; older ones go. */
const maxLines = 200;

/** Milliseconds between two spoken summaries: a lively guild must not talk over everything else. */
const spokenPause = 15_000;

/** Milliseconds without a line after which the next one fades in. */
const calmPause = 400;

const icons = {
  presence: 'presence',
  member: 'member',
  message: 'message',
  notification: 'bell',
  guild: 'guild',
  other: 'spark',
};

/** What happens, newest first. It can be paused to read, and narrowed to some kinds. */
export class EventFeed {
  #list = byId('feed-lines');
  #pause = byId('feed-pause');
  #seen = 0;
  #paused = false;
  /** Oldest first. */
  #waiting = [];
  #spoken = { at: 0, count: 0, latest: '' };
  #drawnAt = 0;
  #announce;
  #draw = oncePerFrame(() => this.#flush());

  constructor(announce) {
    this.#announce = announce;
    this.#pause.addEventListener('click', () => this.#setPaused(!this.#paused));
    for (const chip of byId('feed-filters').querySelectorAll('button')) {
      chip.addEventListener('click', () => this.#toggle(chip));
    }
  }

  clear() {
    this.#waiting = [];
    this.#seen = 0;
    this.#list.replaceChildren();
    this.#setPaused(false);
    this.#count();
  }

  add(event) {
    this.#seen += 1;
    const sentence = sentenceOf(event);
    this.#push(() => lineOf(event, sentence));
    this.#summarise(plainText(sentence));
  }

  /** A line of the page itself, such as after a reconnection. */
  note(text) {
    this.#push(() => el('li', { class: 'feed-note' }, el('span', { text })));
  }

  #push(make) {
    this.#waiting.push(make);
    if (this.#waiting.length > maxLines) this.#waiting.shift();
    this.#draw();
  }

  #flush() {
    this.#count();
    if (this.#paused) return;
    const lines = this.#waiting.reverse().map((make) => make());
    this.#waiting = [];
    this.#list.prepend(...lines);
    while (this.#list.children.length > maxLines) this.#list.lastElementChild.remove();
    // In a flood, lines that are still fading in would never be readable.
    const calm = Date.now() - this.#drawnAt > calmPause;
    this.#drawnAt = Date.now();
    if (!calm || lines.length > 5 || calmly()) return;
    for (const line of lines) {
      line.animate([{ opacity: 0, transform: 'translateY(-6px)' }, {}], { duration: 260, easing: 'ease-out' });
    }
  }

  #count() {
    byId('feed-empty').hidden = this.#list.children.length + this.#waiting.length > 0;
    setText(byId('feed-count'), this.#seen === 0 ? '' : number(this.#seen));
    const waiting = this.#waiting.length;
    const label = this.#paused ? (waiting > 0 ? `Resume (${number(waiting)} new)` : 'Resume') : 'Pause';
    setText(byId('feed-pause-text'), label);
  }

  #setPaused(paused) {
    this.#paused = paused;
    this.#pause.dataset.paused = String(paused);
    this.#draw();
  }

  #toggle(chip) {
    const shown = chip.getAttribute('aria-pressed') !== 'true';
    chip.setAttribute('aria-pressed', String(shown));
    this.#list.classList.toggle(`without-${chip.dataset.kind}`, !shown);
  }

  /** Paused means quiet too. */
  #summarise(text) {
    if (this.#paused) return;
    const spoken = this.#spoken;
    spoken.count += 1;
    spoken.latest = text;
    if (Date.now() - spoken.at < spokenPause) return;
    this.#announce(spoken.count === 1 ? text : `${plural(spoken.count, 'event')}. Latest: ${text}`);
    this.#spoken = { at: Date.now(), count: 0, latest: '' };
  }
}

function lineOf(event, { kind, tone, parts, quote, note, next }) {
  const words = el('p', { class: 'feed-words' }, ...parts.map(partOf));
  const body = el('div', { class: 'feed-body' }, words);
  if (quote) body.append(el('blockquote', { class: 'feed-quote', dir: 'auto', text: quote }));
  const details = [note, next && `next try at ${clock(next)}`].filter(Boolean).join(' · ');
  if (details) body.append(el('p', { class: 'feed-detail', text: details }));
  const time = el('time', { class: 'feed-time', datetime: event.at, title: new Date(event.at).toLocaleString() });
  time.textContent = clock(event.at);
  return el(
    'li',
    { class: 'feed-line', 'data-kind': kind, 'data-type': event.type, 'data-tone': tone },
    el('span', { class: 'feed-icon', 'aria-hidden': true }, icon(icons[kind])),
    body,
    time,
  );
}

function partOf(part) {
  if (typeof part === 'string') return part;
  if (!part.member) return el('strong', { text: part.strong });
  const name = el('bdi', { class: 'feed-name', text: part.member.displayName });
  dye(name, part.member.roleColor);
  return name;
}
