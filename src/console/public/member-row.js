import { calmly, el, setText } from './dom.js';
import { activityText } from './event-sentence.js';
import { dye, fillPortrait, initialOf } from './portrait.js';

const statusWords = { online: 'Online', idle: 'Idle', dnd: 'Do not disturb', offline: 'Offline' };

/** One member's row: made once, changed in place. */
export class MemberRow {
  #portrait = el('span', { class: 'portrait', 'aria-hidden': true });
  #dot = el('span', { class: 'status-dot' });
  #name = el('bdi', { class: 'member-name' });
  #bot = el('abbr', { class: 'bot', title: 'This member is a program', text: 'Bot', hidden: true });
  #line = el('span', { class: 'member-line' });
  #status = el('span', { class: 'member-status' });
  #activity = el('bdi', { class: 'member-activity' });
  node;

  constructor(member) {
    this.#line.append(this.#status, this.#activity);
    this.node = el(
      'li',
      { class: 'member' },
      el('span', { class: 'portrait-frame' }, this.#portrait, this.#dot),
      el('span', { class: 'member-text' }, el('span', { class: 'member-head' }, this.#name, this.#bot), this.#line),
    );
    this.show(member);
  }

  show({ id, username, displayName, avatarUrl, bot, roleColor, status, activities }) {
    const [activity] = status === 'offline' ? [] : activities;
    this.node.dataset.memberId = id;
    this.node.dataset.status = status;
    this.node.title = username === displayName ? displayName : `${displayName} (${username})`;
    dye(this.node, roleColor);
    fillPortrait(this.#portrait, avatarUrl, initialOf(displayName));
    setText(this.#name, displayName);
    this.#bot.hidden = !bot;
    setText(this.#status, statusWords[status] ?? status);
    setText(this.#activity, activity ? activityText(activity).replace(/^(is|says:) /, '') : '');
  }

  /** Draws the eye for a moment. */
  flash() {
    if (calmly()) return;
    this.node.animate([{ backgroundColor: 'var(--flash)' }, { backgroundColor: 'transparent' }], {
      duration: 1400,
      easing: 'ease-out',
    });
  }
}
