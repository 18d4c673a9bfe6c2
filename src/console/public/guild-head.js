import { byId, clock, el, number, setText } from './dom.js';
import { countByStatus, statuses } from './member-status.js';
import { fillPortrait, initialsOf, tint } from './portrait.js';

const partialWords = {
  'intent:presences': 'statuses are missing (the bot lacks the presence intent)',
  'intent:members': 'members are missing (the bot lacks the members intent)',
  'intent:message-content': 'message texts are missing (the bot lacks the message content intent)',
};

/** The guild's name, counts, and where what is shown comes from. */
export class GuildHead {
  #bar = byId('presence-bar');
  #segments = new Map(statuses.map((status) => [status, el('span', { 'data-status': status })]));

  constructor() {
    this.#bar.append(...this.#segments.values());
  }

  /** @returns the counts shown, `{memberCount, onlineCount}` */
  show(state) {
    setText(byId('guild-title'), state.name);
    tint(byId('guild-portrait'), state.id);
    fillPortrait(byId('guild-portrait'), state.iconUrl, initialsOf(state.name));
    const counts = countByStatus(state.members);
    const memberCount = state.members.size;
    const onlineCount = memberCount - counts.offline;
    setText(byId('count-members'), number(memberCount));
    setText(byId('count-online'), number(onlineCount));
    for (const [status, segment] of this.#segments) {
      segment.hidden = counts[status] === 0;
      segment.style.flexGrow = String(counts[status]);
    }
    const told = statuses.map((status) => `${number(counts[status])} ${status === 'dnd' ? 'do not disturb' : status}`);
    this.#bar.setAttribute('aria-label', told.join(', '));
    this.#bar.title = told.join(', ');
    return { memberCount, onlineCount };
  }

  /** Where it comes from, and what is not right with it. */
  provenance({ source, asOf, stale, partial, available }) {
    setText(byId('source'), source === 'mock' ? 'Demo data' : source);
    byId('source').title = `Data source: ${source}`;
    setText(byId('as-of'), clock(asOf));
    byId('as-of').setAttribute('datetime', asOf);
    const warnings = partial.map((what) => `Partial: ${partialWords[what] ?? what}`);
    if (!available) warnings.unshift('Stale: the source does not see this guild now');
    else if (stale) warnings.unshift('Stale: the source could not be asked again');
    byId('warnings').replaceChildren(...warnings.map((text) => el('li', { text })));
  }
}
