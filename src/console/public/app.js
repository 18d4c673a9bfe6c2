import { io } from '/socket.io/socket.io.esm.min.js';
import { GuildClient } from '/console/client/guild-client.js';
import { ConnectionPill } from './connection-pill.js';
import { DoorForm } from './door-form.js';
import { byId, oncePerFrame, setText } from './dom.js';
import { EventFeed } from './event-feed.js';
import { GuildHead } from './guild-head.js';
import { GuildList } from './guild-list.js';
import { MemberList } from './member-list.js';
import { showRecipes } from './recipes.js';
import { memberTouchedBy } from './touched-member.js';

/** Milliseconds between two looks at the list of guilds. */
const listFreshness = 20_000;

/** Refusals that something shown at the door can change. */
const doorRefusals = new Set(['guild.guarded', 'access.key_unknown', 'access.scope_missing', 'access.key_required']);

const announce = (text) => setText(byId('announcer'), text);
const guildList = new GuildList();
const memberList = new MemberList();
const head = new GuildHead();
const door = new DoorForm();
const feed = new EventFeed(announce);

let guilds = [];
/** The guild asked for in the address: an alias or id. */
let chosen;
/** What was shown at the doors that let us in, by alias. Never stored. */
const shownAtDoor = new Map();
/** The room of the chosen guild; undefined while its door is shut. */
let room;
/** The guild as its room shows it; undefined while it is not on show. */
let state;

const client = new GuildClient(io);
const pill = new ConnectionPill({ retryNow: () => client.retryNow(), announce });

client.on('status', ({ name }) => {
  showConnection();
  if (name === 'connected') void loadGuilds();
});

function showConnection() {
  pill.show(client.status, room?.status);
}

function watch(auth) {
  unwatch();
  const entering = client.join(chosen, auth);
  room = entering;
  entering.on('joined', joined);
  entering.on('event', happened);
  entering.on('status', (status) => {
    if (room !== entering) return;
    showConnection();
    if (status.name === 'refused') refused(status);
    if (status.name === 'live') void loadGuilds();
  });
  // A connection that was refused before is no news to the room.
  if (entering.status.name === 'refused') refused(entering.status);
  showConnection();
}

function unwatch() {
  const left = room;
  room = undefined;
  left?.leave();
  showConnection();
}

const drawHead = oncePerFrame(() => {
  if (!state) return;
  const { memberCount, onlineCount } = head.show(state);
  guildList.setCounts(state.id, memberCount, onlineCount);
});

function joined({ recovered, guild }) {
  if (recovered && state === guild) return feed.note('Reconnected. Nothing was missed.');
  const again = state?.id === guild.id;
  state = guild;
  memberList.reset(state.members);
  head.provenance(state);
  drawHead();
  showRecipes(state);
  showView('room');
  setTitle(state.name);
  if (again) feed.note('Reconnected with a new snapshot. What happened in between is not known.');
}

function happened(event) {
  const touched = memberTouchedBy(event);
  if (touched !== undefined) memberList.update(touched);
  if (event.type.startsWith('guild.')) {
    if (event.type === 'guild.removed') memberList.reset(state.members);
    head.provenance(state);
    setTitle(state.name);
    void loadGuilds();
  }
  drawHead();
  feed.add(event);
}

function refused({ fault, closing }) {
  // Not the room was refused but the whole connection, and why stands at the top: what is on show may stay.
  if (closing && state) return;
  const { code, message } = fault ?? closing;
  const guild = findGuild(chosen);
  if (doorRefusals.has(code)) {
    const tried = shownAtDoor.delete(chosen);
    askAtDoor(guild ?? { name: chosen, door: 'password' });
    if (tried) door.refuse(message);
    return;
  }
  state = undefined;
  setText(byId('fault-title'), guild?.name ?? chosen);
  setText(byId('fault-message'), message);
  showView('fault');
}

/** Only once for each guild: a refusal must not take away what is being typed. */
function askAtDoor(guild) {
  if (document.body.dataset.view === 'door' && byId('door').dataset.guild === chosen) return;
  state = undefined;
  byId('door').dataset.guild = chosen;
  door.show(guild, (auth) => {
    shownAtDoor.set(chosen, auth);
    watch(auth);
  });
  showView('door');
  setTitle(guild.name);
}

function choose(reference) {
  if (reference === chosen) return;
  chosen = reference;
  state = undefined;
  feed.clear();
  memberList.clearSearch();
  guildList.setCurrent(findGuild(reference)?.alias ?? reference);
  const guild = findGuild(reference);
  const auth = shownAtDoor.get(reference);
  if (guild && guild.door !== 'open' && !auth) {
    unwatch();
    return askAtDoor(guild);
  }
  showView('loading');
  watch(auth);
}

function findGuild(reference) {
  return guilds.find(({ alias, id }) => alias === reference || id === reference);
}

/** What a page may do by itself. Where the server wants no other try, somebody has to ask for it. */
function tryAgain() {
  if (client.status.name !== 'refused') client.retryNow();
}

let loading;
async function loadGuilds() {
  loading ??= fetchGuilds().finally(() => (loading = undefined));
  await loading;
}

async function fetchGuilds() {
  try {
    const response = await fetch('/api/v1/guilds', { headers: { accept: 'application/json' }, cache: 'no-cache' });
    if (!response.ok) throw new Error(`status ${response.status}`);
    guilds = (await response.json()).guilds;
  } catch {
    if (guilds.length === 0) guildList.fail('The list of guilds could not be loaded.');
    return;
  }
  guildList.show(guilds);
  drawHead();
  if (chosen === undefined) route();
  else guildList.setCurrent(findGuild(chosen)?.alias ?? chosen);
}

/** `#/guild/<alias>` names the guild; without it the default one is taken. Other fragments are places in the page. */
function route() {
  const named = /^#\/guild\/(.+)$/.exec(location.hash)?.[1];
  if (named !== undefined) return choose(decode(named));
  if (chosen !== undefined && location.hash !== '' && !location.hash.startsWith('#/')) return;
  const guild = guilds.find((entry) => entry.default) ?? guilds[0];
  if (!guild) return showView('empty');
  history.replaceState(null, '', `#/guild/${encodeURIComponent(guild.alias)}`);
  choose(guild.alias);
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** loading, room, door, fault or empty. */
function showView(view) {
  document.body.dataset.view = view;
}

function setTitle(name) {
  document.title = `${name} · Guildcast`;
}

for (const button of byId('pane-switch').querySelectorAll('button')) {
  button.addEventListener('click', () => {
    document.body.dataset.pane = button.dataset.pane;
    for (const other of byId('pane-switch').querySelectorAll('button')) {
      other.setAttribute('aria-pressed', String(other === button));
    }
  });
}

byId('skip').addEventListener('click', (event) => {
  // The fragment of the address is taken: it names the guild.
  event.preventDefault();
  byId('members').focus();
});
window.addEventListener('hashchange', route);
window.addEventListener('online', tryAgain);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') tryAgain();
});
setInterval(() => {
  if (document.visibilityState === 'visible' && client.status.name === 'connected') void loadGuilds();
}, listFreshness);

await loadGuilds();
