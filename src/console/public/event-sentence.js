// Turns an event into words. A sentence is a list of parts: plain text, `{member}` (a person, drawn in the role's
// colour) or `{strong}`.

const becameWords = {
  online: 'is online',
  idle: 'is idle',
  dnd: 'is on do not disturb',
  offline: 'went offline',
};

const activityWords = {
  playing: 'is playing',
  streaming: 'is streaming',
  listening: 'is listening to',
  watching: 'is watching',
  competing: 'is competing in',
};

const fieldWords = {
  username: 'user name',
  displayName: 'name',
  avatarUrl: 'picture',
  roleColor: 'colour',
  roleIds: 'roles',
  voiceChannelId: 'voice channel',
};

const listForm = new Intl.ListFormat('en', { type: 'conjunction' });

/**
 * @param event a domain event, of any type: one that is not known here is named and no more
 * @returns {{ kind: string, tone?: string, parts: (string | object)[], quote?: string, note?: string, next?: string }}
 */
export function sentenceOf(event) {
  const say = sentences[event.type];
  try {
    if (say) return say(event.data);
  } catch {
    // An event of another version may lack what its sentence needs. Its name still says something.
  }
  return { kind: 'other', parts: [{ strong: String(event.type) }, ' happened'] };
}

const sentences = {
  'presence.updated': ({ member, ...presence }) => ({
    kind: 'presence',
    tone: presence.status,
    parts: [{ member }, ` ${presenceWords(presence)}`],
  }),
  'member.joined': ({ member }) => ({ kind: 'member', tone: 'good', parts: [{ member }, ' joined the guild'] }),
  'member.left': ({ member }) => ({ kind: 'member', tone: 'quiet', parts: [{ member }, ' left the guild'] }),
  'member.updated': ({ member, previous }) => ({
    kind: 'member',
    parts: [{ member }, changeWords(member, previous)],
  }),
  'message.created': ({ author, channelName, content, attachments }) => ({
    kind: 'message',
    parts: [{ member: author }, ' in ', { strong: `#${channelName}` }],
    quote: content || undefined,
    note: fileWords(attachments),
  }),
  'message.updated': ({ author, channelName, content, attachments }) => ({
    kind: 'message',
    parts: [{ member: author }, ' edited a message in ', { strong: `#${channelName}` }],
    quote: content || undefined,
    note: fileWords(attachments),
  }),
  'message.deleted': ({ ids, channelName }) => ({
    kind: 'message',
    tone: 'quiet',
    parts: [
      ids.length === 1 ? 'A message in ' : `${ids.length} messages in `,
      { strong: `#${channelName}` },
      ids.length === 1 ? ' was deleted' : ' were deleted',
    ],
  }),
  'typing.started': ({ member, channelName }) => ({
    kind: 'message',
    tone: 'quiet',
    parts: [{ member }, ' is typing in ', { strong: `#${channelName}` }],
  }),
  'channel.created': ({ channel }) => ({ kind: 'guild', parts: [...channelWords(channel), ' is there now'] }),
  'channel.updated': ({ channel, previous }) => ({
    kind: 'guild',
    parts: [...channelWords({ ...channel, ...previous }), ' is now ', { strong: nameOf(channel) }],
  }),
  'channel.deleted': ({ channel }) => ({
    kind: 'guild',
    tone: 'quiet',
    parts: [...channelWords(channel), ' is no longer shown'],
  }),
  'guild.updated': ({ guild }) => ({ kind: 'guild', parts: ['The guild is ', { strong: guild.name }] }),
  'guild.unavailable': () => ({
    kind: 'guild',
    tone: 'bad',
    parts: ['The source lost sight of the guild. What is shown is what was last known.'],
  }),
  'guild.removed': () => ({ kind: 'guild', tone: 'bad', parts: ['The guild is no longer shown'] }),
  'announcement.created': ({ data }) => ({
    kind: 'guild',
    parts: ['Announcement: ', typeof data.text === 'string' ? data.text : JSON.stringify(data)],
  }),
  'notification.accepted': (data) => ({
    kind: 'notification',
    parts: [...notificationWords(data), ' was accepted'],
  }),
  'notification.delivered': (data) => ({
    kind: 'notification',
    tone: 'good',
    parts: [...notificationWords(data), ' was delivered'],
    note: data.attempts > 1 ? `at attempt ${data.attempts}` : undefined,
  }),
  'notification.retrying': (data) => ({
    kind: 'notification',
    tone: 'warn',
    parts: [...notificationWords(data), ` will be tried again (attempt ${data.attempts} failed)`],
    note: data.reason,
    next: data.nextAttemptAt,
  }),
  'notification.unknown': (data) => ({
    kind: 'notification',
    tone: 'warn',
    parts: [...notificationWords(data), ' was sent, and nobody knows whether it arrived'],
    note: data.reason,
  }),
  'notification.dead': (data) => ({
    kind: 'notification',
    tone: 'bad',
    parts: [...notificationWords(data), ` was given up after ${data.attempts} attempts`],
    note: data.reason,
  }),
  'notification.superseded': (data) => ({
    kind: 'notification',
    parts: [...notificationWords(data), ' gave way to another one'],
    note: data.reason,
  }),
  'notification.off': (data) => ({
    kind: 'notification',
    parts: [...notificationWords(data), ' met a target that is switched off now'],
    note: data.reason,
  }),
};

function presenceWords({ status, previous, activities, platforms }) {
  if (status !== previous) return previous === 'offline' && status === 'online' ? 'came online' : becameWords[status];
  const [activity] = activities;
  // Either the activity is over, or they sign in elsewhere; which of the two, the event does not tell.
  if (!activity)
    return platforms ? `${becameWords[status]} (${listForm.format(platforms)})` : 'has no activity any more';
  return activityText(activity);
}

/** As a clause: `is playing Chess`. */
export function activityText({ type, name, state }) {
  if (type === 'custom') return `says: ${state ?? name}`;
  return `${activityWords[type] ?? 'is at'} ${name}`;
}

function changeWords(member, previous) {
  const fields = Object.keys(previous);
  if (fields.includes('displayName')) return `, once ${previous.displayName}, has a new name`;
  if (fields.includes('voiceChannelId') && fields.length === 1) {
    return member.voiceChannelId === null ? ' left a voice channel' : ' entered a voice channel';
  }
  const words = [...new Set(fields.flatMap((field) => fieldWords[field] ?? []))];
  return words.length > 0 ? `: ${listForm.format(words)} changed` : ' changed';
}

function fileWords(count) {
  return count > 0 ? `with ${count} ${count === 1 ? 'file' : 'files'}` : undefined;
}

function channelWords(channel) {
  return [channel.kind === 'voice' ? 'The voice channel ' : 'The channel ', { strong: nameOf(channel) }];
}

function nameOf({ kind, name }) {
  return kind === 'voice' ? name : `#${name}`;
}

function notificationWords({ type, target }) {
  return ['Notification ', { strong: type }, ` to a ${target}`];
}

/** The sentence without its looks, for those who hear it. */
export function plainText({ parts, quote }) {
  const words = parts.map((part) => (typeof part === 'string' ? part : (part.strong ?? part.member.displayName)));
  return words.join('') + (quote ? `: ${quote}` : '');
}
