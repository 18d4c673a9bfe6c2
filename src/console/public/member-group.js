import { el, number, plural } from './dom.js';
import { MemberRow } from './member-row.js';

/** Rows that are added at a time: enough to fill a large screen, few enough to be made within a frame or two. */
const batch = 120;

const collator = new Intl.Collator('en', { sensitivity: 'base', numeric: true });

/** By name, then by id so that the order is total. */
export function compareMembers(a, b) {
  return collator.compare(a.displayName, b.displayName) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/**
 * Members under one heading, in order. Only the first rows exist; more are made when the end comes into view, so that
 * ten thousand members cost what a hundred do. A change touches one row.
 */
export class MemberGroup {
  #members = [];
  #rows = new Map();
  #limit = batch;
  #list;
  #heading;
  #more;
  node;

  constructor(id, title, scroller) {
    this.title = title;
    this.#heading = el('h2', { id: `${id}-heading`, class: 'group-heading' });
    this.#list = el('ul', { class: 'member-list', role: 'list', 'aria-labelledby': `${id}-heading` });
    this.#more = el('button', { type: 'button', class: 'more', hidden: true });
    this.#more.addEventListener('click', () => this.#showMore());
    this.node = el('section', { class: 'member-group', 'data-group': id, hidden: true });
    this.node.append(this.#heading, this.#list, this.#more);
    const seen = (entries) => entries.some((entry) => entry.isIntersecting) && this.#showMore();
    new window.IntersectionObserver(seen, { root: scroller, rootMargin: '600px' }).observe(this.#more);
  }

  get size() {
    return this.#members.length;
  }

  /** `members` in any order. */
  reset(members) {
    this.#members = members.sort(compareMembers);
    this.#rows.clear();
    this.#limit = batch;
    this.#list.replaceChildren();
    this.#fill();
  }

  add(member) {
    const at = this.#placeOf(member);
    this.#members.splice(at, 0, member);
    if (at < this.#rows.size) this.#insertRow(member, at);
    if (this.#rows.size > this.#limit) this.#dropRow(this.#members[this.#rows.size - 1]);
    this.#fill();
    return this.#rows.get(member.id);
  }

  /** `member` as it was when it was added. */
  remove(member) {
    const at = this.#placeOf(member);
    if (this.#members[at]?.id !== member.id) return;
    this.#members.splice(at, 1);
    this.#dropRow(member);
    this.#fill();
  }

  /** In place: name and group are the same as before. */
  replace(member) {
    const at = this.#placeOf(member);
    if (this.#members[at]?.id === member.id) this.#members[at] = member;
    const row = this.#rows.get(member.id);
    row?.show(member);
    return row;
  }

  #showMore() {
    this.#limit += batch;
    this.#fill();
  }

  /** Makes the rows that may exist and do not yet. */
  #fill() {
    const end = Math.min(this.#limit, this.#members.length);
    while (this.#rows.size < end) this.#insertRow(this.#members[this.#rows.size], this.#rows.size);
    const rest = this.#members.length - this.#rows.size;
    this.node.hidden = this.#members.length === 0;
    this.#heading.textContent = `${this.title} · ${number(this.#members.length)}`;
    // Hidden and shown again, the observer looks anew: a screen that is still not full gets the next rows.
    this.#more.hidden = true;
    if (rest > 0) {
      this.#more.textContent = `Show more (${plural(rest, 'member')})`;
      requestAnimationFrame(() => (this.#more.hidden = this.#members.length === this.#rows.size));
    }
  }

  #insertRow(member, at) {
    const row = new MemberRow(member);
    this.#rows.set(member.id, row);
    this.#list.insertBefore(row.node, this.#list.children[at] ?? null);
  }

  #dropRow(member) {
    this.#rows.get(member.id)?.node.remove();
    this.#rows.delete(member.id);
  }

  /** The first place whose member does not come before this one. */
  #placeOf(member) {
    let low = 0;
    let high = this.#members.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareMembers(this.#members[middle], member) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
