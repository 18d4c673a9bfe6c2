import { byId, el, icon, number, plural, setText } from './dom.js';
import { fillPortrait, initialsOf, tint } from './portrait.js';

/** The guilds to choose from. Items stay as they are when the list is shown again, so that the focus stays too. */
export class GuildList {
  #list = byId('guild-list');
  #items = new Map();
  #current;
  #broughtIntoView;

  show(all) {
    const guilds = [...all.filter((guild) => guild.default), ...all.filter((guild) => !guild.default)];
    const items = guilds.map((guild) => {
      const item = this.#items.get(guild.id) ?? createItem();
      this.#fill(item, guild);
      return [guild.id, item];
    });
    this.#items = new Map(items);
    const nodes = items.map(([, { node }]) => node);
    const same =
      nodes.length === this.#list.children.length && nodes.every((node, at) => node === this.#list.children[at]);
    if (!same) this.#list.replaceChildren(...nodes);
    byId('guild-list-note').hidden = guilds.length > 0;
    setText(byId('guild-list-note'), 'No guild is shown yet.');
  }

  /** For when no list could be had. */
  fail(text) {
    byId('guild-list-note').hidden = false;
    setText(byId('guild-list-note'), text);
  }

  setCurrent(alias) {
    this.#current = alias;
    for (const item of this.#items.values()) {
      mark(item, alias);
      // Where the list is a strip, the chosen one may be out of sight. Once: the strip is the visitor's then.
      if (item.alias !== alias || alias === this.#broughtIntoView) continue;
      this.#broughtIntoView = alias;
      item.node.scrollIntoView({ block: 'nearest', inline: 'center' });
    }
  }

  /** What the room itself says is newer than any list. */
  setCounts(guildId, memberCount, onlineCount) {
    const item = this.#items.get(guildId);
    if (item) showCounts(item, memberCount, onlineCount);
  }

  #fill(item, guild) {
    item.alias = guild.alias;
    item.guarded = guild.door !== 'open';
    item.link.href = `#/guild/${encodeURIComponent(guild.alias)}`;
    item.link.title = guild.name;
    item.node.classList.toggle('guarded', item.guarded);
    item.lock.hidden = !item.guarded;
    setText(item.name, guild.name);
    tint(item.portrait, guild.id);
    fillPortrait(item.portrait, guild.iconUrl, initialsOf(guild.name));
    if (guild.memberCount !== null || !item.counted) showCounts(item, guild.memberCount, guild.onlineCount);
    mark(item, this.#current);
  }
}

function createItem() {
  const portrait = el('span', { class: 'guild-icon', 'aria-hidden': true });
  const name = el('bdi', { class: 'guild-name' });
  const counts = el('span', { class: 'guild-counts' });
  const lock = el('span', { class: 'guild-lock', hidden: true }, icon('lock'));
  const link = el('a', { class: 'guild-link' }, portrait, el('span', { class: 'guild-text' }, name, counts), lock);
  return { node: el('li', {}, link), link, portrait, name, counts, lock, counted: false };
}

function mark({ link, alias }, current) {
  if (alias === current) link.setAttribute('aria-current', 'page');
  else link.removeAttribute('aria-current');
}

function showCounts(item, memberCount, onlineCount) {
  item.counted = memberCount !== null;
  if (memberCount === null) return setText(item.counts, item.guarded ? 'Guarded' : 'Not readable now');
  setText(item.counts, `${number(onlineCount)} online of ${plural(memberCount, 'member')}`);
}
