import { byId, plural, setText } from './dom.js';
import { MemberGroup } from './member-group.js';

/** The members of the guild, those who are there first. */
export class MemberList {
  #scroller = byId('members');
  #groups = {
    here: new MemberGroup('here', 'Online', this.#scroller),
    away: new MemberGroup('away', 'Offline', this.#scroller),
  };
  /** The members as they are in their groups. */
  #placed = new Map();
  #members = new Map();
  #query = '';

  constructor() {
    byId('member-groups').append(this.#groups.here.node, this.#groups.away.node);
    const search = byId('member-search');
    search.addEventListener('input', () => {
      this.#query = search.value.trim().toLowerCase();
      this.#rebuild();
      this.#scroller.scrollTop = 0;
    });
    this.clearSearch = () => {
      search.value = '';
      this.#query = '';
    };
  }

  /** `members` by id; the map is the caller's and is read again on every search. */
  reset(members) {
    this.#members = members;
    this.#rebuild();
    this.#scroller.scrollTop = 0;
  }

  /** After the member changed, came or went. */
  update(id) {
    const before = this.#placed.get(id);
    const now = this.#members.get(id);
    const shown = now && this.#matches(now) ? now : undefined;
    if (!before && !shown) return;
    const stays = before && shown && groupOf(before) === groupOf(shown) && before.displayName === shown.displayName;
    if (stays) {
      this.#groups[groupOf(shown)].replace(shown)?.flash();
    } else {
      if (before) this.#groups[groupOf(before)].remove(before);
      if (shown) this.#groups[groupOf(shown)].add(shown)?.flash();
    }
    if (shown) this.#placed.set(id, shown);
    else this.#placed.delete(id);
    this.#note();
  }

  #rebuild() {
    const shown = [...this.#members.values()].filter((member) => this.#matches(member));
    this.#placed = new Map(shown.map((member) => [member.id, member]));
    for (const [name, group] of Object.entries(this.#groups)) {
      group.reset(shown.filter((member) => groupOf(member) === name));
    }
    this.#note();
  }

  #matches({ username, displayName }) {
    if (this.#query === '') return true;
    return displayName.toLowerCase().includes(this.#query) || username.toLowerCase().includes(this.#query);
  }

  #note() {
    const found = this.#placed.size;
    const note = byId('member-note');
    note.hidden = found > 0;
    setText(note, this.#query === '' ? 'Nobody is here.' : 'Nobody has such a name.');
    setText(byId('search-result'), this.#query === '' ? '' : `${plural(found, 'member')} found`);
  }
}

function groupOf({ status }) {
  return status === 'offline' ? 'away' : 'here';
}
